"""The id of an order before it is on chain, against the contract's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.chain.bindings.order_desk import OrderDesk
from settlement.ids import fingerprint, lei_hash
from tests.contracts.harness import Evm, new_evm, signer

DEPLOYER = signer(0).address


@pytest.fixture(scope="module")
def deployed() -> tuple[Evm, str]:
    evm = new_evm()
    return evm, evm.deploy(OrderDesk.deploy(*[DEPLOYER] * 4), DEPLOYER, "OrderDesk")


@settings(max_examples=60)
@given(
    number=st.text(st.sampled_from("ABCXYZ0189"), min_size=1, max_size=32),
    year=st.integers(0, 2**16 - 1),
    buyer=st.text("ABC123", min_size=20, max_size=20),
    supplier=st.text("ABC123", min_size=20, max_size=20),
)
def test_fingerprint__random_order__is_the_contracts_and_leaves_room_for_shares(
    deployed: tuple[Evm, str], number: str, year: int, buyer: str, supplier: str
) -> None:
    """I-05: one identity, whoever computes it; its low 8 bits number the shares of a split."""
    evm, at = deployed
    found = fingerprint(buyer, supplier, number, year)
    assert found == evm.view(at, OrderDesk.fingerprint(lei_hash(buyer), lei_hash(supplier), number, year))
    assert found & 0xFF == 0
