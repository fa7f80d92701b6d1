"""Nodes in processes of their own, played over HTTP: ours and, where it is installed, anvil."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

from hanse.bench_chain.http_load import ask, ask_many, http_request, play_requests, timed_requests
from hanse.bench_chain.load import FUNDS_WEI, Lanes, in_turn
from hanse.tree import free_port
from hanse.waiting import wait_for
from settlement.chain.local.formats.hashing import keccak
from settlement.errors import ChainError
from settlement.settings import LOCAL_CHAIN_ID

_ROOT: Final = Path(__file__).resolve().parents[3]
_GRACE_S: Final = 20
_POLL_S: Final = 1 / 1000


class NodePlayer:
    """A node that is played by so many clients at once."""

    def __init__(self, name: str, command: Sequence[str], clients: int, funded: Sequence[bytes]) -> None:
        """``command`` without its port, which is put at its end."""
        self.name = name
        self.clients = clients
        self.port = free_port()
        # It sees the end of this process by the pipe, however that ends.
        self._read_end, self._write_end = os.pipe()
        self._process = subprocess.Popen(
            [part.format(pipe=self._read_end) for part in (*command, str(self.port))],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(self._read_end,),
        )
        try:
            wait_for(self._answering, f"{name} answering on port {self.port}")
            for address in funded:
                ask(self.port, "anvil_setBalance", "0x" + address.hex(), hex(FUNDS_WEI))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _answering(self) -> bool | None:
        if self._process.poll() is not None:
            raise ChainError(f"{self.name} ended at once with status {self._process.returncode}")
        try:
            ask(self.port, "eth_chainId")
        except OSError:
            return None
        return True

    def prepare(self, raws: Sequence[bytes]) -> None:
        self.send([raws])
        self._check([raws])

    def play(self, lanes: Lanes) -> float:
        """Seconds until all of them are mined.

        Raises: ChainError when one of them failed.
        """
        took_s = self.send(lanes)
        self._check(lanes)
        return took_s

    def send(self, lanes: Sequence[Sequence[bytes]]) -> float:
        """Seconds until all of them are mined, whatever became of them there."""
        requests = self._shared_out([[_sending(raw) for raw in lane] for lane in lanes])
        last = ["0x" + keccak(lane[-1]).hex() for lane in lanes if lane]
        started = time.perf_counter()
        play_requests(self.port, requests)
        ended = time.perf_counter()
        if not self._are_mined(last):
            # Some nodes answer before they mine. The others are not charged for being asked.
            while not self._are_mined(last):
                time.sleep(_POLL_S)
            ended = time.perf_counter()
        return ended - started

    def _check(self, lanes: Sequence[Sequence[bytes]]) -> None:
        hashes = [["0x" + keccak(raw).hex()] for lane in lanes for raw in lane]
        receipts = ask_many(self.port, "eth_getTransactionReceipt", hashes)
        failed = sum(receipt["status"] != "0x1" for receipt in receipts)
        if failed:
            raise ChainError(
                f"{failed} transactions of the bench failed on {self.name}; its figures say nothing"
            )

    def call(self, to: bytes, calldata: bytes, count: int) -> float:
        """Seconds for that many calls, shared out among the clients."""
        request = http_request("eth_call", {"to": "0x" + to.hex(), "data": "0x" + calldata.hex()}, "latest")
        each = -(-count // self.clients)
        return (
            timed_requests(self.port, [[request] * each for _ in range(self.clients)])
            * count
            / (each * self.clients)
        )

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read_end)
        os.close(self._write_end)

    def _shared_out(self, lanes: Lanes) -> Lanes:
        """One lane for each client; a sender's transactions stay in one of them."""
        lanes = [lane for lane in lanes if lane]
        shares = (list(in_turn(lanes[client :: self.clients])) for client in range(self.clients))
        return [share for share in shares if share]

    def _are_mined(self, hashes: Sequence[str]) -> bool:
        return all(ask_many(self.port, "eth_getTransactionReceipt", [[one] for one in hashes]))


def our_node(folder: Path, clients: int, funded: Sequence[bytes]) -> NodePlayer:
    """Our node with a new chain in ``folder``, every block on disk before it is answered."""
    command = [sys.executable, "-m", "settlement.chain.local", "--quiet", "--data", str(folder)]
    return NodePlayer(_named("node", clients), [*command, "--parent-fd", "{pipe}", "--port"], clients, funded)


def anvil(path: str, clients: int, funded: Sequence[bytes]) -> NodePlayer:
    """A real anvil under the same rules, in memory as it is by default."""
    command = [path, "--silent", "--hardfork", "prague", "--chain-id", str(LOCAL_CHAIN_ID), "--port"]
    return NodePlayer(_named("anvil", clients), command, clients, funded)


def find_anvil() -> str | None:
    """Where it is installed, if it is."""
    ours = _ROOT / "tests/nodes/node_modules/.bin/anvil"
    return str(ours) if ours.exists() else shutil.which("anvil")


def _named(kind: str, clients: int) -> str:
    return f"{kind}, {clients} client{'s' if clients > 1 else ''}"


def _sending(raw: bytes) -> bytes:
    return http_request("eth_sendRawTransaction", "0x" + raw.hex())
