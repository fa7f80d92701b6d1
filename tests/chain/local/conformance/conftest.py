"""Prepared chains: on our node, and on anvil where it is installed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from settlement.chain.local.formats.blocks import INITIAL_BASE_FEE
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from tests.chain.local.anvil import Anvil
from tests.chain.local.client import Rpc
from tests.chain.local.conformance.prepared import GENESIS_AT, Prepared, prepare

# Anvil mines its first block at the fee it starts with; by EIP-1559 ours is an eighth less after an empty genesis.
ANVIL = (
    "--block-base-fee-per-gas",
    str(INITIAL_BASE_FEE * 7 // 8),
    "--disable-default-create2-deployer",
    "--steps-tracing",
)


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalNode]:
    """Our node; its chain began at the fixed time."""
    settings = ChainSettings(genesis_at=GENESIS_AT)
    with LocalNode(tmp_path_factory.mktemp("conformance") / "chain", settings=settings) as node:
        yield node


@pytest.fixture(scope="module")
def prepared(ours: LocalNode) -> Iterator[Prepared]:
    """What to ask our node for."""
    with Rpc(ours.port) as rpc:
        yield prepare(rpc)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Prepared, str]]:
    """A second chain of our node, and the dump that puts it back."""
    folder = tmp_path_factory.mktemp("changing") / "chain"
    with LocalNode(folder, settings=ChainSettings(genesis_at=GENESIS_AT)) as node, Rpc(node.port) as rpc:
        yield prepare(rpc), str(rpc("anvil_dumpState"))


@pytest.fixture
def changing(kept: tuple[Prepared, str]) -> Iterator[Prepared]:
    """That chain, put back after each test."""
    chain, state = kept
    yield chain
    chain.rpc("anvil_loadState", state)
    assert chain.rpc.number("eth_blockNumber") == chain.head


@pytest.fixture(scope="module")
def anvil_prepared() -> Iterator[Prepared]:
    """The same on anvil."""
    with Anvil("--timestamp", str(GENESIS_AT), *ANVIL) as node, Rpc(node.port) as rpc:
        yield prepare(rpc)
