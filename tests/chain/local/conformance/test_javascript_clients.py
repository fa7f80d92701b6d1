"""viem and ethers as they come: one script each, run unchanged on our node and on anvil, sees the same on both."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
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


@pytest.fixture(scope="module", params=SCRIPTS)
def script(request: pytest.FixtureRequest) -> str:
    """The client's name."""
    return str(request.param)


@pytest.fixture(scope="module")
def seen_here(script: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the script saw on our node."""
    with LocalNode(tmp_path_factory.mktemp(script) / "chain") as node:
        return _seen(script, node.url)


def test_client__on_our_node__every_step_works(seen_here: dict[str, Any]) -> None:
    assert len(seen_here) > 8


@needs_anvil
def test_client__on_anvil__sees_what_it_sees_on_our_node(script: str, seen_here: dict[str, Any]) -> None:
    with Anvil() as anvil:
        assert _different(seen_here, _seen(script, anvil.url)) == {}


def test_client__of_another_chain__fails(tmp_path: Path) -> None:
    other = ChainSettings(chain_id=5)
    with (
        LocalNode(tmp_path / "chain", settings=other) as node,
        pytest.raises(AssertionError, match="ChainMismatchError"),
    ):
        _seen("viem", node.url)
