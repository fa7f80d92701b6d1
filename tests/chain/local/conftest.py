"""A fresh node, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.chain.local.server import LocalNode
from tests.chain.local.anvil import Anvil, AnyNode, needs_anvil
from tests.chain.local.client import Rpc


@pytest.fixture
def node(tmp_path: Path) -> Iterator[LocalNode]:
    """A node on a thread of this process, its chain empty."""
    with LocalNode(tmp_path / "chain") as running:
        yield running


@pytest.fixture
def rpc(node: LocalNode) -> Iterator[Rpc]:
    """One connection to the node."""
    with Rpc(node.port) as client:
        yield client


@pytest.fixture(params=["ours", pytest.param("anvil", marks=needs_anvil)])
def any_node(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[AnyNode]:
    """Our node, and then anvil: what a client is tried on must pass on both."""
    with LocalNode(tmp_path / "chain") if request.param == "ours" else Anvil() as running:
        yield running
