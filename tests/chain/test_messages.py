"""What members sign and what the contracts take are the same values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.structs import Attestation, Draw, Policy, PurchaseOrder, Withdrawal
from settlement.chain.messages import message_from_struct, struct_from_message
from settlement.errors import InputRefused
from settlement.typed_data import digest, struct_hash, typed_message
from tests.chain.trade import Trade


@given(
    st.integers(0, 2**256 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**56 - 1),
    st.integers(0, 2**32 - 1),
)
def test_struct_from_message__of_its_own_message__is_the_struct(
    order: int, index: int, amount: int, deadline: int
) -> None:
    draw = Draw(order, index, amount, deadline)
    assert struct_from_message(Draw, message_from_struct(draw)) == draw


def test_struct_from_message__with_bytes_and_enums__survives_the_round_trip(trade: Trade) -> None:
    order = trade.order()
    message = message_from_struct(order)
    assert message["document"] == "0x" + order.document.hex()
    assert type(message["settleOn"]) is int
    assert struct_from_message(PurchaseOrder, message) == order


def test_struct_from_message__a_missing_field__is_refused_by_name() -> None:
    with pytest.raises(InputRefused, match="Draw lacks deadline") as refused:
        struct_from_message(Draw, {"order": 1, "index": 0, "amount": 5})
    assert refused.value.field == "deadline"


@pytest.mark.parametrize("value", ["5", 5.0, True, None])
def test_t14__an_amount_that_is_no_whole_number__is_refused(value: object) -> None:
    message = {"member": 1, "currency": 840, "amount": value, "nonce": 1, "deadline": 5}
    with pytest.raises(InputRefused, match="not a whole number"):
        struct_from_message(Withdrawal, message)


@pytest.mark.parametrize("value", ["0x12", "0xzz", 5, b"\x01"])
def test_struct_from_message__bytes_of_another_length__are_refused(trade: Trade, value: object) -> None:
    message = message_from_struct(trade.order()) | {"document": value}
    with pytest.raises(InputRefused):
        struct_from_message(PurchaseOrder, message)


def test_struct_hash__of_an_order__is_the_contracts_terms_hash(trade: Trade) -> None:
    order = trade.order()
    typed = typed_message("PurchaseOrder", 31337, trade.deployment.receivables, message_from_struct(order))
    assert struct_hash(typed) == trade.gateways.receivables.terms_hash(order)


def test_digest__of_an_attestation__is_the_contracts_digest(trade: Trade) -> None:
    attestation = Attestation.from_abi((5, 276, 1, 3, False, True, 7, 8, b"\1" * 32, b"\2" * 32, 9, 10))
    at = trade.deployment.clearance_oracle
    typed = typed_message("Attestation", 31337, at, message_from_struct(attestation))
    assert digest(typed) == trade.client.call(at, ClearanceOracle.digest_of(attestation))


def test_digest__of_a_policy__is_its_id(trade: Trade) -> None:
    policy: Policy = trade.policy(trade.order())
    at = trade.deployment.disruption_cover
    typed = typed_message("Policy", 31337, at, message_from_struct(policy))
    assert int.from_bytes(digest(typed), "big") == trade.client.call(at, DisruptionCover.policy_id(policy))
