"""The harness itself: two engines agree, gas is a transaction's, snapshots go back, signatures are the contracts'."""

from __future__ import annotations

from typing import Any

import pytest
from eth.vm.forks.prague.transactions import PragueTransactionBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.chain.abi import Call, Panic, UnknownError
from settlement.chain.bindings import errors, structs
from settlement.chain.bindings.access_manager import AccessManager, RoleGranted, RoleRevoked
from settlement.typed_data import digest, typed_message
from tests.contracts.harness import Evm, Reverted, engines, new_evm, reverts, signer, typed_digest
from tests.contracts.harness.port import CALL_GAS
from tests.contracts.harness.pyevm import COINBASE, PyEvm

ADMIN, OTHER, THIRD = (signer(index).address for index in range(3))


@pytest.fixture(params=engines())
def evm(request: pytest.FixtureRequest) -> Evm:
    return new_evm(request.param)


def deployed(evm: Evm) -> str:
    return evm.deploy(AccessManager.deploy(ADMIN), ADMIN, "AccessManager")


def test_call__grant__event_and_effect(evm: Evm) -> None:
    manager = deployed(evm)
    outcome = evm.call(manager, AccessManager.grant_role(5, OTHER, 60), ADMIN)
    granted = outcome.one(RoleGranted)
    assert (granted.role_id, granted.account, granted.delay, granted.since) == (5, OTHER, 60, evm.now)
    assert outcome.every(RoleRevoked) == []
    assert evm.view(manager, AccessManager.has_role(5, OTHER)) == (True, 60)
    assert evm.view(manager, AccessManager.has_role(5, THIRD)) == (False, 0)


def test_call__not_permitted__custom_error_decoded(evm: Evm) -> None:
    manager = deployed(evm)
    expected = errors.AccessManagerUnauthorizedAccount(msgsender=OTHER, role_id=0)
    with reverts(expected):
        evm.call(manager, AccessManager.grant_role(5, OTHER, 0), OTHER)
    with reverts(errors.AccessManagerUnauthorizedAccount):
        evm.call(manager, AccessManager.grant_role(5, OTHER, 0), OTHER)
    with pytest.raises(AssertionError, match="expected"), reverts(Panic):
        evm.call(manager, AccessManager.grant_role(5, OTHER, 0), OTHER)
    with pytest.raises(pytest.fail.Exception, match="DID NOT RAISE"), reverts(expected):
        evm.call(manager, AccessManager.grant_role(5, OTHER, 0), ADMIN)


def test_deploy__constructor_reverts__decoded(evm: Evm) -> None:
    zero = "0x" + "00" * 20
    with reverts(errors.AccessManagerInvalidInitialAdmin(initial_admin=zero)):
        evm.deploy(AccessManager.deploy(zero), ADMIN, "AccessManager")


def test_send_raw__unknown_selector__bare_revert(evm: Evm) -> None:
    done = evm.send_raw(deployed(evm), b"\x00\x01\x02\x03", ADMIN)
    assert (done.is_success, done.output) == (False, b"")


def test_view__a_state_changing_call__leaves_no_trace(evm: Evm) -> None:
    manager = deployed(evm)
    with evm.branch():
        evm.call(manager, AccessManager.grant_role(5, OTHER, 0), ADMIN)
        assert evm.view(manager, AccessManager.has_role(5, OTHER)).is_member
    assert not evm.view(manager, AccessManager.has_role(5, OTHER)).is_member


def test_time__delay_of_a_grant__runs_out(evm: Evm) -> None:
    manager = deployed(evm)
    evm.call(manager, AccessManager.set_grant_delay(5, 3600), ADMIN)
    evm.advance(5 * 86_400)
    evm.call(manager, AccessManager.grant_role(5, OTHER, 0), ADMIN)
    evm.advance(3599)
    assert not evm.view(manager, AccessManager.has_role(5, OTHER)).is_member
    evm.advance(1)
    assert evm.view(manager, AccessManager.has_role(5, OTHER)).is_member


def test_snapshot__restored_many_times__state_time_and_contracts_are_back(evm: Evm) -> None:
    manager = deployed(evm)
    base, at = evm.snapshot(), evm.now
    for _ in range(3):
        evm.call(manager, AccessManager.grant_role(5, OTHER, 0), ADMIN)
        second = deployed(evm)
        later = evm.snapshot()
        evm.advance(10)
        evm.restore(later)
        assert evm.now == at
        assert evm.view(manager, AccessManager.has_role(5, OTHER)).is_member
        evm.restore(base)
        assert evm.code(second) == b""
        assert second not in evm.contracts
        assert not evm.view(manager, AccessManager.has_role(5, OTHER)).is_member
        with pytest.raises(ValueError, match="taken after"):
            evm.restore(later)


class TransactionLab:
    """The same state driven by py-evm's own transaction executor: signed, validated, refunded."""

    def __init__(self, evm: PyEvm) -> None:
        # py-evm's Address is a NewType of bytes.
        self.state: Any = evm._state
        self.key = signer(0).key

    def gas(self, to: Any, payload: bytes) -> int:
        sender = self.key.public_key.to_canonical_address()
        self.state.set_balance(sender, 10**24)
        self.state.lock_changes()
        transaction = PragueTransactionBuilder.create_unsigned_transaction(
            nonce=self.state.get_nonce(sender),
            gas_price=1,
            gas=CALL_GAS,
            to=to,
            value=0,
            data=payload,
        ).as_signed_transaction(self.key, chain_id=31337)
        before: int = self.state.get_balance(COINBASE)
        self.state.apply_transaction(transaction)
        after: int = self.state.get_balance(COINBASE)
        return after - before


@pytest.mark.parametrize(
    "call",
    [
        AccessManager.grant_role(5, OTHER, 0),  # writes fresh slots
        AccessManager.grant_role(0, ADMIN, 7),  # writes a slot that is set
        AccessManager.revoke_role(9, OTHER),  # clears a slot: refund
        AccessManager.label_role(7, "x" * 4000),  # much calldata: the floor of EIP-7623 is near
        AccessManager.has_role(5, OTHER),
        AccessManager.multicall((b"", b"\x00" * 9000)),  # reverts
    ],
    ids=lambda call: call.name,
)
def test_gas__any_call__is_what_a_transaction_pays(call: Call[Any]) -> None:
    direct, other = new_evm(), new_evm()
    assert isinstance(other, PyEvm)
    manager = deployed(other)
    assert deployed(direct) == manager
    for evm in (direct, other):
        evm.call(manager, AccessManager.grant_role(9, OTHER, 0), ADMIN)
    paid = TransactionLab(other).gas(bytes.fromhex(manager[2:]), call.data)
    try:
        gas: int | None = direct.call(manager, call, ADMIN).gas
    except Reverted as refused:
        gas = refused.gas
    assert gas == paid
    # The next transaction pays for cold slots again.
    assert direct.send_raw(manager, call.data, ADMIN).gas == TransactionLab(other).gas(
        bytes.fromhex(manager[2:]), call.data
    )


def test_gas__creation__is_what_a_transaction_pays() -> None:
    direct, other = new_evm(), new_evm()
    assert isinstance(direct, PyEvm)
    assert isinstance(other, PyEvm)
    code = AccessManager.deploy(ADMIN)
    _, done = direct._create(ADMIN, code)
    assert done.gas == TransactionLab(other).gas(b"", code)


def test_gas__revm__is_not_told() -> None:
    if "revm" not in engines():
        pytest.skip("no pyrevm wheel for this Python")
    evm = new_evm("revm")
    outcome = evm.call(deployed(evm), AccessManager.grant_role(5, OTHER, 0), ADMIN)
    with pytest.raises(AssertionError, match="py-evm"):
        _ = outcome.gas


CALLS = st.one_of(
    st.builds(
        AccessManager.grant_role, st.integers(0, 3), st.sampled_from([ADMIN, OTHER, THIRD]), st.integers(0, 9)
    ),
    st.builds(AccessManager.revoke_role, st.integers(0, 3), st.sampled_from([OTHER, THIRD])),
    st.builds(AccessManager.renounce_role, st.integers(0, 3), st.sampled_from([OTHER, THIRD])),
    st.builds(AccessManager.set_role_admin, st.integers(0, 3), st.integers(0, 3)),
    st.builds(AccessManager.set_grant_delay, st.integers(0, 3), st.integers(0, 99)),
    st.builds(AccessManager.multicall, st.lists(st.binary(max_size=8), max_size=2).map(tuple)),
)


@pytest.mark.skipif("revm" not in engines(), reason="no pyrevm wheel for this Python")
@settings(max_examples=25, deadline=None)
@given(steps=st.lists(st.tuples(CALLS, st.sampled_from([ADMIN, OTHER]), st.integers(0, 9)), max_size=12))
def test_engines__random_calls__same_success_output_and_logs(steps: list[tuple[Call[Any], str, int]]) -> None:
    both = [new_evm(engine) for engine in ("py-evm", "revm")]
    assert len({deployed(evm) for evm in both}) == 1
    manager = deployed(both[0])
    assert deployed(both[1]) == manager
    for call, sender, seconds in steps:
        told = [evm.send_raw(manager, call.data, sender) for evm in both]
        assert told[0].is_success == told[1].is_success
        assert told[0].output == told[1].output
        assert told[0].logs == (told[1].logs if told[1].is_success else ())
        assert both[0].advance(seconds) == both[1].advance(seconds)
    for role in range(4):
        asked = AccessManager.get_access(role, OTHER)
        assert both[0].view(manager, asked) == both[1].view(manager, asked)


def test_deploy__all_gas_burnt__nothing_to_decode(evm: Evm) -> None:
    with pytest.raises(Reverted) as caught:
        evm.deploy(b"\xfe", ADMIN, "AccessManager")
    assert caught.value.error == UnknownError(b"")


def test_signature__struct_of_the_bindings__digest_as_typed_data_says() -> None:
    contract = OTHER
    struct = structs.Acceptance(order=bytes(range(32)), line=7, version=2, deadline=1_800_000_000)
    fields = {"order": struct.order, "line": 7, "version": 2, "deadline": 1_800_000_000}
    expected = digest(typed_message("Acceptance", 31337, contract, fields))
    assert typed_digest(contract, struct) == expected
    assert typed_digest(contract, struct, chain_id=1) != expected
    signature = signer(1).sign(contract, struct)
    assert (len(signature), signature[64] in (27, 28)) == (65, True)


def test_signer__first_of_the_phrase__is_the_known_account() -> None:
    assert signer(0).address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
