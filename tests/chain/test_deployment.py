"""A deployment that may die at any point and ends up at the same addresses."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from settlement.chain.client import ChainClient
from settlement.chain.deployment import (
    CONTRACTS,
    Deployment,
    contract_address,
    deploy_suite,
    is_deployed,
    load_deployment,
)
from settlement.chain.direct import send_and_wait
from settlement.chain.local.server import LocalNode
from settlement.chain.signer import demo_signer
from settlement.errors import ChainError, Conflict, NotFound


class Killed(BaseException):
    """The process died here."""


class MortalClient(ChainClient):
    """A client whose process dies at its n-th send: before the bytes are out, or just after."""

    def __init__(self, url: str, *, sends: int, is_sent: bool) -> None:
        super().__init__(url, 31337)
        self.sends = sends
        self.is_sent = is_sent

    def send_many(self, raws: Sequence[bytes]) -> list[ChainError | None]:
        if self.sends:
            self.sends -= 1
            return super().send_many(raws)
        if self.is_sent:
            super().send_many(raws)
        raise Killed


@pytest.fixture
def node(tmp_path: Path) -> Iterator[LocalNode]:
    """A new chain."""
    with LocalNode(tmp_path / "chain") as found:
        yield found


@pytest.fixture
def client(node: LocalNode) -> Iterator[ChainClient]:
    """A client of the new chain."""
    with ChainClient(node.url, 31337) as found:
        yield found


def _deploy(client: ChainClient, folder: Path) -> Deployment:
    return deploy_suite(client, demo_signer("governor"), folder / "deployment.json")


def test_deploy_suite__a_new_chain__has_every_contract_as_built(client: ChainClient, tmp_path: Path) -> None:
    deployment = _deploy(client, tmp_path)
    assert list(deployment.addresses) == list(deployment.code) == list(CONTRACTS)
    # Modules are called where Receivables lies.
    assert deployment.addresses["CreditLines"] == deployment.receivables != deployment.code["CreditLines"]
    assert "CreditLines" not in deployment.names.values()
    assert all(is_deployed(client, name, address) for name, address in deployment.code.items())
    assert deployment.block == 0
    assert load_deployment(tmp_path / "deployment.json") == deployment
    assert (tmp_path / "deployment.json").stat().st_mode & 0o777 == 0o600


def test_deploy_suite__again__sends_nothing(client: ChainClient, tmp_path: Path) -> None:
    first = _deploy(client, tmp_path)
    head = client.head()
    assert _deploy(client, tmp_path) == first
    assert client.head() == head


@pytest.mark.parametrize("is_sent", [False, True], ids=["before the bytes are out", "just after"])
def test_t24__deployment_killed_at_every_send__goes_on_at_the_same_addresses(
    node: LocalNode, client: ChainClient, tmp_path: Path, is_sent: bool
) -> None:
    planned = [contract_address(demo_signer("governor").address, nonce) for nonce in range(len(CONTRACTS))]
    for step in range(len(CONTRACTS)):
        # Each run does one step and dies in the next, so that every step is died in.
        sends = 0 if is_sent or step == 0 else 1
        with MortalClient(node.url, sends=sends, is_sent=is_sent) as mortal, pytest.raises(Killed):
            _deploy(mortal, tmp_path)
        with pytest.raises(Conflict, match="half done"):
            load_deployment(tmp_path / "deployment.json")
    assert list(_deploy(client, tmp_path).code.values()) == planned
    assert client.nonce(demo_signer("governor").address) == len(CONTRACTS)


def test_deploy_suite__killed_while_its_transaction_waits_in_the_pool__waits_for_it(
    node: LocalNode, client: ChainClient, tmp_path: Path
) -> None:
    client.ask("evm_setAutomine", False)
    with MortalClient(node.url, sends=0, is_sent=True) as mortal, pytest.raises(Killed):
        _deploy(mortal, tmp_path)
    client.ask("evm_mine")
    client.ask("evm_setAutomine", True)
    assert is_deployed(client, "Governance", _deploy(client, tmp_path).governance)
    assert client.nonce(demo_signer("governor").address) == len(CONTRACTS)


def test_deploy_suite__a_nonce_spent_on_something_else__is_told(
    node: LocalNode, client: ChainClient, tmp_path: Path
) -> None:
    with MortalClient(node.url, sends=2, is_sent=False) as mortal, pytest.raises(Killed):
        _deploy(mortal, tmp_path)
    governor = demo_signer("governor")
    send_and_wait(client, governor, governor.address, b"")
    with pytest.raises(Conflict, match="spent on something else than CashLedger"):
        _deploy(client, tmp_path)


def test_deploy_suite__a_file_of_another_chain__is_refused(client: ChainClient, tmp_path: Path) -> None:
    _deploy(client, tmp_path)
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"genesis_hash": "0x" + "0" * 64}))
    with pytest.raises(Conflict, match="another chain"):
        _deploy(client, tmp_path)


def test_deploy_suite__another_key__is_refused(client: ChainClient, tmp_path: Path) -> None:
    _deploy(client, tmp_path)
    with pytest.raises(Conflict, match="use the same key"):
        deploy_suite(client, demo_signer("relayer"), tmp_path / "deployment.json")


def test_deploy_suite__other_code_at_an_address__is_refused(client: ChainClient, tmp_path: Path) -> None:
    deployment = _deploy(client, tmp_path)
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"is_complete": False}))
    client.ask("anvil_setCode", deployment.index_oracle, "0x6001")
    with pytest.raises(Conflict, match="not the IndexOracle of this version"):
        _deploy(client, tmp_path)


def test_load_deployment__nothing_deployed__is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="hanse deploy"):
        load_deployment(tmp_path / "deployment.json")


def test_load_deployment__a_damaged_file__is_told(tmp_path: Path) -> None:
    (tmp_path / "deployment.json").write_text("{")
    with pytest.raises(ChainError, match="no deployment file"):
        load_deployment(tmp_path / "deployment.json")
