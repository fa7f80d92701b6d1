"""A fresh node, and a client of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.chain.local.server import LocalNode
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
