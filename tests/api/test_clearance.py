"""Customs members over HTTP: agreement, disagreement, holds, repeats, wrong hands."""

from __future__ import annotations

from typing import Any

import pytest

from settlement.chain.bindings.structs import Attestation
from settlement.chain.messages import struct_from_message
from settlement.chain.wanted import Kind
from settlement.store.repositories.handed_attestations import handed_for
from settlement.store.repositories.intents import FAILED, QUEUED, add_intent, move_intent
from settlement.use_cases.hand_in_attestation import content_of
from settlement.wire.clearance import AttestedState
from settlement.wire.client import Refused
from settlement.wire.model import instant_text
from tests.api.service import COUNTRY, CUSTOMS, HOUR, Service, address_of, minor


def committee(service: Service, order: str) -> dict[str, Any]:
    return service.client("customs1").get("/v1/clearance/attestations", order=order)


def test_committee__split__nothing_settles_until_k_agree(service: Service) -> None:
    """I-17: one sees a release, one a hold; shown with who saw what; the second release settles."""
    order = service.accepted()["id"]
    release, hold = service.state(order), service.state(order, hold=True)
    service.hand_in("customs1", release)
    service.hand_in("customs2", hold)
    split = committee(service, order)
    assert (split["standing"], split["is_divided"]) == ("divided", True)
    assert split["silent"] == [service.members["customs3"]]
    assert {tuple(state["members"]): state["hold"] for state in split["states"]} == {
        (service.members["customs1"],): False,
        (service.members["customs2"],): True,
    }
    assert service.order(order)["settlements"] == []

    service.done(service.hand_in("customs3", release))
    assert service.order(order)["phase"] == "settled"
    assert committee(service, order)["recorded_seq"] == 1


def test_o06__late_and_repeated_signatures__are_kept_in_silence(service: Service) -> None:
    """I-18: a third signature, and the second once more, change nothing."""
    order = service.accepted()["id"]
    state = service.state(order)
    service.hand_in("customs1", state)
    done = service.hand_in("customs2", state)
    again = service.hand_in("customs2", state)
    late = service.hand_in("customs3", state)
    assert late["transaction"] is None
    assert again["signatures"] == done["signatures"] == 2
    assert late["signatures"] == 3
    assert len(service.order(order)["settlements"]) == 1


def test_i21__second_content_under_one_number__is_refused(service: Service) -> None:
    """I-21: what a member signed for a number stands; only its deadline may be later."""
    order = service.accepted()["id"]
    state = service.state(order)
    service.hand_in("customs1", state)
    with pytest.raises(Refused) as refused:
        service.hand_in("customs1", state | {"released": "1"})
    assert (refused.value.status, refused.value.code) == (409, "equivocation")


def test_i21__same_content_with_a_later_deadline__is_no_contradiction(service: Service) -> None:
    """I-21: the deadline is no part of what a member claims."""
    order = service.accepted()["id"]
    state = service.state(order)
    service.hand_in("customs1", state)
    later = service.hand_in("customs1", state | {"deadline_at": instant_text(_hours_ahead(service, 2))})
    assert later["signatures"] == 1
    assert committee(service, order)["contradicting"] == []


def test_i21__the_second_content__is_kept_as_proof_and_its_signer_counts_for_neither(
    service: Service,
) -> None:
    """I-21: both signatures stay, a third is no further proof, and k others are needed."""
    order, member = service.accepted()["id"], service.members["customs1"]
    state = service.state(order)
    other = state | {"released": "1"}
    service.hand_in("customs1", state)
    wish = service.attestation("customs1", other)
    answers = [
        service.ask("POST", "/v1/clearance/attestations", "customs1", wish, Idempotency_Key=f"proof-{order}")
        for _ in range(2)
    ]
    assert {one.status_code for one in answers} == {409}
    assert answers[0].content == answers[1].content
    with pytest.raises(Refused) as refused:
        service.hand_in("customs1", state | {"released": "2"})
    assert refused.value.code == "equivocation"

    with service.context.reading() as session:
        kept = handed_for(session, order)
    assert {row.message["released"] for row in kept} == {int(state["released"]), 1}
    assert {row.signature for row in kept} >= {wish["signature"]}
    view = committee(service, order)
    assert view["contradicting"] == [member]
    assert [one["members"] for one in view["states"]] == [[member], [member]]

    for wrong in (other, state):
        half = service.hand_in("customs2" if wrong is other else "customs3", wrong)
        assert (half["signatures"], half["transaction"]) == (1, None)
    assert committee(service, order)["standing"] == "divided"
    assert service.order(order)["settlements"] == []


def test_relay__that_failed__is_tried_again_with_the_next_signature(service: Service) -> None:
    order = service.accepted()["id"]
    state = service.state(order)
    service.hand_in("customs1", state)
    with service.context.writing() as session:
        [signed] = handed_for(session, order)
        failed = add_intent(
            session,
            signer="relayer",
            kind=Kind.ATTEST.value,
            to_address=service.context.deployment.clearance_oracle,
            calldata="0x",
            effect_key=f"{order}:1",
            occasion=signed.digest,
            subject=order,
            created_at=0,
        )
        assert move_intent(session, failed.id, (QUEUED,), FAILED)
    second = service.done(service.hand_in("customs2", state))
    assert second["id"] != failed.id
    assert service.order(order)["phase"] == "settled"


def _hours_ahead(service: Service, hours: int) -> int:
    now = service.now()
    return now - now % HOUR + hours * HOUR


def test_o05__signature_that_is_no_seat_of_the_caller__is_refused(service: Service) -> None:
    """I-20: another member's key, a key of no committee, another jurisdiction."""
    order = service.accepted()["id"]
    state = service.state(order)
    for signer in ("customs2", "buyer", "other_customs"):
        answer = service.ask(
            "POST", "/v1/clearance/attestations", "customs1", service.attestation("customs1", state, signer)
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "not_a_seat"), signer
    wrong = service.attestation("customs1", state | {"jurisdiction": COUNTRY + 1})
    assert service.ask("POST", "/v1/clearance/attestations", "customs1", wrong).status_code == 422
    good = service.attestation("customs1", state)
    good["state"] = state | {"released": "5"}
    assert service.ask("POST", "/v1/clearance/attestations", "customs1", good).status_code == 409


def test_o08__times_that_the_contract_refuses__are_422(service: Service) -> None:
    order = service.accepted()["id"]
    now = service.now()
    for change in (
        {"deadline_at": instant_text(_hours_ahead(service, 1) + 60)},
        {"deadline_at": instant_text(_hours_ahead(service, 4))},
        {"deadline_at": instant_text(_hours_ahead(service, -1))},
        {"event_at": instant_text(now + 2 * HOUR)},
    ):
        wish = service.attestation("customs1", service.state(order, **change))
        assert service.ask("POST", "/v1/clearance/attestations", "customs1", wish).status_code == 422, change


def test_d04__hold_then_release_of_part_then_the_rest__pays_as_it_goes(service: Service) -> None:
    """I-19: no payment while a hold is on; the released value is cumulative."""
    order = service.accepted()["id"]
    held = service.state(order, hold=True, phase="shipped", released="0")
    part = service.state(order, seq=2, released=str(30_000_00))
    rest = service.state(order, seq=3)
    for state, paid, phase in (
        (held, 0, "shipped"),
        (part, 30_000_00, "released"),
        (rest, 100_000_00, "settled"),
    ):
        service.hand_in(CUSTOMS[0], state)
        service.done(service.hand_in(CUSTOMS[1], state))
        seen = service.order(order)
        assert (minor(seen["paid"]), seen["phase"], seen["hold"]) == (paid, phase, state["hold"])
    assert [one["number"] for one in service.order(order)["settlements"]] == [1, 2]


def test_content_hash__is_the_contracts_own(service: Service) -> None:
    """I-21: two signatures with different content hashes prove equivocation on chain; the deadline is no content."""
    order = service.accepted()["id"]
    plain = AttestedState.model_validate(service.state(order))
    for change in (
        {},
        {"deadline_at": plain.deadline_at + 3_600},
        {"hold": True},
        {"released": "1"},
        {"phase": "shipped"},
    ):
        state = plain.model_copy(update=change)
        attestation = struct_from_message(Attestation, state.message())
        assert content_of(state) == "0x" + service.context.chain.clearance.content(attestation).hex()
        assert (content_of(state) == content_of(plain)) == (set(change) <= {"deadline_at"})


ABROAD = COUNTRY + 7


def _seat_abroad(service: Service, threshold: int, *seats: tuple[str, str]) -> None:
    """A version of a committee of its own, so that other tests' orders keep theirs."""
    committee = {
        "jurisdiction": ABROAD,
        "threshold": threshold,
        "treasury": service.members["treasury"],
        "seats": [{"member": service.members[actor], "key": address_of(key)} for actor, key in seats],
    }
    operator = service.client("operator")
    service.done(operator.post("/v1/network/committees", committee, wait_s=30))


def _hand_abroad(service: Service, actor: str, key: str, state: dict[str, Any]) -> Any:
    """What an actor hands in, signed by one of its keys."""
    wish = service.attestation(actor, state, key)
    return service.ask("POST", "/v1/clearance/attestations", actor, wish, Prefer="wait=30")


def test_o04__a_version_that_left__counts_for_its_grace_alone_and_by_itself(service: Service) -> None:
    """I-17, I-20: what the chain takes is relayed, what it refuses is refused here, in words."""
    _seat_abroad(service, 2, ("customs1", "one"), ("customs2", "two"), ("customs3", "three"))
    first, second, third = (service.accepted(jurisdiction=ABROAD)["id"] for _ in range(3))
    states = {
        order: service.state(order, jurisdiction=ABROAD, deadline_at=instant_text(_hours_ahead(service, 2)))
        for order in (first, second, third)
    }
    assert _hand_abroad(service, "customs1", "one", states[first]).json()["signatures"] == 1
    _seat_abroad(service, 2, ("customs1", "new"), ("other_customs", "other"), ("customs3", "three"))

    # Whoever sits no more completes the quorum that it began.
    done = _hand_abroad(service, "customs2", "two", states[first])
    assert (done.json()["signatures"], done.json()["threshold"]) == (2, 2)
    service.done(done.json())
    assert service.order(first)["phase"] == "settled"
    # But it sees no more than it must.
    assert service.ask("GET", f"/v1/orders/{second}", "customs2").status_code == 404

    # One of each version is no quorum, a key that sits in both makes one with either.
    assert _hand_abroad(service, "customs2", "two", states[second]).json()["signatures"] == 1
    apart = _hand_abroad(service, "other_customs", "other", states[second]).json()
    assert (apart["signatures"], apart["transaction"]) == (1, None)
    view = service.client("customs3").get("/v1/clearance/attestations", order=second)
    assert view["standing"] == "waiting"
    service.done(_hand_abroad(service, "customs3", "three", states[second]).json())
    assert service.order(second)["phase"] == "settled"

    service.client("operator").post("/v1/clock/advance", {"seconds": 2 * HOUR + 60})
    late = states[third] | {"deadline_at": instant_text(_hours_ahead(service, 1))}
    gone = _hand_abroad(service, "customs2", "two", late)
    assert gone.status_code == 404
    old_key = _hand_abroad(service, "customs1", "one", late)
    assert (old_key.status_code, old_key.json()["code"]) == (409, "not_a_seat")
    assert "what the committee before signed counted until" in old_key.json()["detail"]
    assert _hand_abroad(service, "customs1", "new", late).status_code == 200
    service.done(_hand_abroad(service, "customs3", "three", late).json())
    assert service.order(third)["phase"] == "settled"


def test_i20__suspended_within_the_grace__its_signature_is_refused(service: Service) -> None:
    """I-20: a suspension bites inside the grace of an old version."""
    _seat_abroad(service, 1, ("customs1", "left"))
    order = service.accepted(jurisdiction=ABROAD)["id"]
    _seat_abroad(service, 1, ("customs1", "stays"))
    service.govern(service.context.chain.clearance.suspend_seat(address_of("left")))
    state = service.state(order, jurisdiction=ABROAD)
    refused = _hand_abroad(service, "customs1", "left", state)
    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_seat")
    service.done(_hand_abroad(service, "customs1", "stays", state).json())
    assert service.order(order)["phase"] == "settled"
