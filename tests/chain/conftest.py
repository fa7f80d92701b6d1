"""Fixtures of the chain's tests: a network on the embedded node, copied fresh for each test, and both databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chain.trade import Trade, open_trade, prepare


@pytest.fixture(scope="session")
def prepared_network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a chain on which the network stands: members, cash, a line, a committee, observers."""
    folder = tmp_path_factory.mktemp("network")
    prepare(folder)
    return folder


@pytest.fixture
def trade(prepared_network: Path, tmp_path: Path) -> Iterator[Trade]:
    """The network on a running node of this test's own."""
    found = open_trade(prepared_network, tmp_path / "trade")
    yield found
    found.client.close()
    found.node.__exit__()
