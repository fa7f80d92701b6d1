"""A customs member over real HTTP: what it signs, what it does not, and that its signature is the contract's."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.customs_member import CustomsMember
from oracle.inbox import Inbox
from oracle.key_file import write_key_file
from oracle.signed_book import SignedBook
from settlement import typed_data
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.structs import Attestation
from settlement.ids import id_text
from settlement.wire.clearance import AttestedState
from settlement.wire.client import HanseClient, Unreachable
from tests.contracts.harness import new_evm
from tests.oracle.mail import ACCEPTED, CLEARED, CONTROL, MRN, ORDER, OTHER_MRN, OTHER_ORDER, RELEASED, notice
from tests.oracle.mail import link as named
from tests.oracle.service import CHAIN_ID, CLEARANCE, HOUR_S, NOW_AT, Service, running

Mail = tuple[str, bytes]


def new_member(folder: Path, api: HanseClient, number: int = 1) -> CustomsMember:
    home = folder / f"customs-{number}"
    home.mkdir()
    key = write_key_file(home / "key", bytes(31) + bytes([number]))
    return CustomsMember(f"customs-{number}", key, Inbox(home / "inbox"), SignedBook(home / "signed"), api)


def restarted(member: CustomsMember, folder: Path) -> CustomsMember:
    home = folder / member.name
    return CustomsMember(
        member.name, member.key, Inbox(home / "inbox"), SignedBook(home / "signed"), member.api
    )


def deliver(member: CustomsMember, *mail: Mail) -> None:
    for kind, raw in mail:
        member.inbox.put(kind, raw, NOW_AT, None)


def states(service: Service) -> list[dict[str, Any]]:
    return [one["state"] for one in service.attestations]


@pytest.fixture
def member(tmp_path: Path, api: HanseClient) -> CustomsMember:
    return new_member(tmp_path, api)


def signed_by(handed: dict[str, Any]) -> str:
    """Whose key signed what was handed in, for the service's clearance oracle."""
    message = AttestedState.model_validate(handed["state"]).message()
    typed = typed_data.typed_message("Attestation", CHAIN_ID, CLEARANCE, message)
    return typed_data.recover(typed, bytes.fromhex(handed["signature"][2:]))


def test_step__cleared_order__state_is_signed_and_handed_in(service: Service, member: CustomsMember) -> None:
    order = service.accept(ORDER, 600_00, 400_00)
    deliver(member, named(), notice(ACCEPTED, 1), notice(CLEARED, 2))
    member.step()
    handed = service.attestations[0]
    state = handed["state"]
    assert (state["order"], state["seq"], state["phase"]) == (order, 3, "cleared")
    assert (state["released"], state["hold"], state["jurisdiction"]) == ("100000", False, 276)
    assert state["deadline_at"] % HOUR_S == 0
    assert 0 < state["deadline_at"] - NOW_AT <= 2 * HOUR_S
    assert signed_by(handed) == member.key.address


def test_step__signature__recovers_over_the_contracts_digest(service: Service, member: CustomsMember) -> None:
    """I-20: what the member signs is ClearanceOracle's digest of the same words."""
    evm = new_evm()
    deployer = member.key.address
    contract = evm.deploy(ClearanceOracle.deploy(deployer, deployer, deployer), deployer, "ClearanceOracle")
    service.accept(ORDER, 600_00)
    deliver(member, named(), notice(CONTROL, 2))
    member.step()
    message = AttestedState.model_validate(states(service)[0]).message()
    state = Attestation(
        order=message["order"],
        jurisdiction=message["jurisdiction"],
        seq=message["seq"],
        phase=Phase(message["phase"]),
        hold=message["hold"],
        refused=message["refused"],
        released=message["released"],
        duty=message["duty"],
        declarations=message["declarations"],
        messages=message["messages"],
        event_at=message["eventAt"],
        deadline=message["deadline"],
    )
    typed = typed_data.typed_message("Attestation", CHAIN_ID, contract, message)
    assert typed_data.digest(typed) == evm.view(contract, ClearanceOracle.digest_of(state))


def test_step__nothing_received__signs_nothing_and_asks_nothing(
    service: Service, member: CustomsMember
) -> None:
    service.accept(ORDER, 600_00)
    member.step()
    assert (service.attestations, service.asked) == ([], [])


def test_step__others_saw_a_release__is_not_signed_along(
    service: Service, api: HanseClient, tmp_path: Path
) -> None:
    """I-21: a member signs what came into its own inbox and nothing else."""
    service.accept(ORDER, 600_00)
    saw, missed = new_member(tmp_path, api, 1), new_member(tmp_path, api, 2)
    deliver(saw, named(), notice(ACCEPTED, 1), notice(RELEASED, 2))
    deliver(missed, named(), notice(ACCEPTED, 1))
    saw.step()
    missed.step()
    released, accepted = states(service)
    assert (released["seq"], released["phase"], released["released"]) == (3, "released", "60000")
    assert (accepted["seq"], accepted["phase"], accepted["released"]) == (2, "accepted", "0")
    service.bases[id_text(ORDER)]["seq"] = 3
    missed.step()
    missed.step()
    assert len(service.attestations) == 2


def test_step__nothing_new__hands_nothing_in_again(service: Service, member: CustomsMember) -> None:
    service.accept(ORDER, 600_00)
    deliver(member, named(), notice(ACCEPTED, 1))
    for _ in range(3):
        member.step()
    deliver(member, notice(ACCEPTED, 1))
    member.step()
    assert len(service.attestations) == 1


def test_step__deadline_passed_unused__same_content_with_a_later_one(
    service: Service, member: CustomsMember
) -> None:
    """I-21: only the deadline differs."""
    service.accept(ORDER, 600_00)
    deliver(member, named(), notice(CLEARED, 1))
    member.step()
    service.now_at += 2 * HOUR_S
    member.step()
    first, second = states(service)
    assert second["deadline_at"] > service.now_at > first["deadline_at"]
    assert {**first, "deadline_at": 0} == {**second, "deadline_at": 0}
    assert [signed_by(one) for one in service.attestations] == [member.key.address] * 2


def test_step__state_is_on_chain__the_order_rests_until_new_mail(
    service: Service, member: CustomsMember
) -> None:
    service.accept(ORDER, 600_00)
    deliver(member, named())
    member.step()
    service.bases[id_text(ORDER)]["seq"] = 1
    member.step()
    asked = len(service.asked)
    service.now_at += 5 * HOUR_S
    member.step()
    assert (len(service.asked), len(service.attestations)) == (asked, 1)
    deliver(member, notice(CLEARED, 1))
    member.step()
    assert [one["seq"] for one in states(service)] == [1, 2]


def test_step__after_a_restart__same_content_and_never_another(
    service: Service, member: CustomsMember, tmp_path: Path
) -> None:
    """I-21: what was signed is known after a restart, even if the service now tells another value."""
    service.accept(ORDER, 600_00)
    deliver(member, named(), notice(CLEARED, 1))
    member.step()
    restarted(member, tmp_path).step()
    assert states(service)[0] == states(service)[1]
    service.accept(ORDER, 900_00)
    again = restarted(member, tmp_path)
    again.step()
    assert len(service.attestations) == 2
    assert "was signed before" in again.describe()["trouble"][id_text(ORDER)]


def test_step__conflict_of_message_ids__silences_only_that_order(
    service: Service, member: CustomsMember
) -> None:
    service.accept(ORDER, 600_00)
    other = service.accept(OTHER_ORDER, 700_00)
    deliver(member, named(), named(OTHER_ORDER, OTHER_MRN))
    deliver(member, notice(RELEASED, 3, name="m1"), notice(CONTROL, 3, name="m1"))
    deliver(member, notice(CLEARED, 4, number=OTHER_MRN))
    member.step()
    assert [(one["order"], one["seq"]) for one in states(service)] == [(other, 2)]
    assert "two contents" in member.describe()["trouble"][id_text(ORDER)]


def test_step__order_accepted_after_the_first_message__is_found_then(
    service: Service, member: CustomsMember
) -> None:
    deliver(member, notice(ACCEPTED, 1))
    member.step()
    terms = ({"number": MRN, "lines": []},)
    order = service.accept(ORDER, 600_00, declarations=terms)
    service.bases[order]["phase"] = "draft"
    member.step()
    assert service.attestations == []
    service.bases[order]["phase"] = "accepted"
    member.step()
    assert [one["seq"] for one in states(service)] == [1]


def test_step__one_order_without_its_document__others_are_signed(
    service: Service, member: CustomsMember
) -> None:
    lost = id_text(OTHER_ORDER)
    service.bases[lost] = {"phase": "accepted"}
    service.withheld.add(lost)
    order = service.accept(ORDER, 600_00, declarations=({"number": MRN, "lines": []},))
    deliver(member, notice(ACCEPTED, 1))
    member.step()
    assert [one["order"] for one in states(service)] == [order]
    assert "404" in member.describe()["trouble"][lost]


def test_step__service_down__goes_on_when_it_is_back(tmp_path: Path) -> None:
    with running() as (gone, _):
        url = gone.url
    with HanseClient(url, "hk_test") as nowhere:
        member = new_member(tmp_path, nowhere)
        deliver(member, named(), notice(CLEARED, 1))
        with pytest.raises(Unreachable):
            member.step()
        with running() as (service, api):
            service.accept(ORDER, 600_00)
            member.api = api
            member.step()
            assert [one["seq"] for one in states(service)] == [2]


def test_step__service_refuses__is_shown_and_tried_again(service: Service, member: CustomsMember) -> None:
    service.accept(ORDER, 600_00)
    service.refusal = (409, "not_a_seat")
    deliver(member, named())
    member.step()
    assert "not_a_seat" in member.describe()["trouble"][id_text(ORDER)]
    service.refusal = None
    member.step()
    assert len(service.attestations) == 1
    assert member.describe()["trouble"] == {}


def test_describe__member__shows_what_it_saw_and_no_secret(service: Service, member: CustomsMember) -> None:
    service.accept(ORDER, 600_00)
    deliver(member, named(), notice(ACCEPTED, 1), ("wco", b"<no/>"))
    member.step()
    seen = member.describe()
    assert [one["declaration"] for one in seen["messages"]] == [MRN]
    assert seen["links"] == [{"order": id_text(ORDER), "declaration": MRN}]
    assert len(seen["unreadable"]) == 1
    assert seen["handed_in"] == {id_text(ORDER): 2}
    assert member.key.secret.hex() not in repr(seen) + repr(member)


STORY: tuple[Mail, ...] = (
    named(),
    named(OTHER_ORDER, OTHER_MRN),
    notice(ACCEPTED, 1),
    notice(CONTROL, 2),
    notice(RELEASED, 3),
    notice(CLEARED, 4, number=OTHER_MRN),
)


@settings(max_examples=5)
@given(data=st.data())
def test_five_members__same_messages_in_other_orders_and_repeated__identical_contents(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    """I-21: honest members that saw the same sign the same."""
    mails = [data.draw(shuffled(STORY), label=f"customs-{n}") for n in range(1, 6)]
    folder = tmp_path_factory.mktemp("committee")
    with running() as (service, api):
        service.accept(ORDER, 600_00, 400_00)
        service.accept(OTHER_ORDER, 500_00)
        keys = set()
        for number, mail in enumerate(mails, start=1):
            member = new_member(folder, api, number)
            deliver(member, *mail)
            member.step()
            keys.add(member.key.address)
        contents = {repr(sorted(one.items())) for one in states(service)}
        assert (len(service.attestations), len(contents)) == (10, 2)
        assert {signed_by(one) for one in service.attestations} == keys


@st.composite
def shuffled(draw: st.DrawFn, mail: Iterable[Mail]) -> list[Mail]:
    """The same mail in another order, some of it twice."""
    once = list(mail)
    twice = draw(st.lists(st.sampled_from(once), max_size=3))
    return draw(st.permutations(once + twice))
