"""Foundry's anvil as a second node to compare with, where `npm install --no-save --prefix tests/nodes` was run."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Self

import pytest

from hanse.tree import free_port
from hanse.waiting import wait_for
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import Rpc

NODES = Path(__file__).resolve().parents[2] / "nodes"


def installed(name: str) -> str | None:
    """A program of Foundry's: on the path, or as npm put it here.

    Not npm's launcher, which takes as long to start as the program runs, and hides its status.
    """
    native = sorted((NODES / "node_modules/@foundry-rs").glob(f"{name}-*/bin/{name}*"))
    return shutil.which(name) or (str(native[0]) if native else None)


BINARY = installed("anvil")

needs_anvil = pytest.mark.skipif(
    BINARY is None, reason="anvil is not installed (npm install --no-save --prefix tests/nodes)"
)


class Anvil:
    """A fresh anvil of the fork that our node runs, on a port of its own."""

    def __init__(self, *arguments: str) -> None:
        assert BINARY is not None
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        command = [BINARY, "--port", str(self.port), "--hardfork", "prague", "--silent", *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            wait_for(self._answers, "anvil")
        except BaseException:
            self.close()
            raise

    def _answers(self) -> str | None:
        try:
            with Rpc(self.port) as rpc:
                return str(rpc("eth_chainId"))
        except OSError:
            return None

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


AnyNode = LocalNode | Anvil
