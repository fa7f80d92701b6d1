"""viem and ethers as they come: one script each, run unchanged on our node and on anvil, sees the same on both."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from settlement.chain.local.server import LocalNode
from tests.chain.local.anvil import NODES, Anvil, needs_anvil

NODE_JS = shutil.which("node")
SCRIPTS = ("viem", "ethers")


def _seen(script: str, url: str) -> dict[str, Any]:
    """What the script printed.

    Raises: AssertionError with what it wrote instead.
    """
    if NODE_JS is None or not (NODES / "node_modules" / script).is_dir():
        pytest.skip(f"{script} is not installed (npm install --no-save --prefix tests/nodes)")
    command = [NODE_JS, str(NODES / f"{script}.mjs"), url]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def _different(ours: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    return {step: (ours[step], theirs.get(step)) for step in ours if ours[step] != theirs.get(step)}


@pytest.mark.parametrize("script", SCRIPTS)
def test_client__on_our_node__every_step_works(tmp_path: Path, script: str) -> None:
    with LocalNode(tmp_path / "chain") as node:
        assert len(_seen(script, node.url)) > 8


@needs_anvil
@pytest.mark.parametrize("script", SCRIPTS)
def test_client__on_anvil__sees_what_it_sees_on_our_node(tmp_path: Path, script: str) -> None:
    with LocalNode(tmp_path / "chain") as ours, Anvil() as theirs:
        assert _different(_seen(script, ours.url), _seen(script, theirs.url)) == {}


def test_client__of_a_node_that_is_not_there__fails() -> None:
    with pytest.raises(AssertionError, match=r"(?i)error"):
        _seen("viem", "http://127.0.0.1:9")
