"""Two halves that arrive at once on PostgreSQL: the later one waits for the earlier one's commit and sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

from sqlalchemy import text

from settlement import typed_data
from settlement.chain.bindings.enums import Status
from settlement.store.engine import reading
from settlement.store.handles import Session
from settlement.store.repositories.intents import intents_of_subject
from settlement.store.repositories.members import ACTIVE
from settlement.use_cases.authenticate import authenticate
from settlement.use_cases.caller import Caller
from settlement.use_cases.hand_in_attestation import hand_in_attestation
from settlement.use_cases.sign_act import sign_act
from settlement.wire.act import SignatureWish
from settlement.wire.clearance import AttestationWish
from settlement.wire.model import instant_text
from tests.api.service import Service, secret_of, wait_until


def caller(service: Service, actor: str) -> Caller:
    with reading(service.context.engine) as session:
        return authenticate(session, f"Bearer {service.keys[actor]}")


def is_anyone_waiting(service: Service) -> bool | None:
    """Whether some transaction waits for an advisory lock."""
    with service.context.engine.connect() as connection:
        waiting = connection.execute(
            text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        )
        return waiting.scalar_one() > 0 or None


def while_open(
    service: Service, first: Callable[[Session], Any], second: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """Do ``first`` in a transaction that stays open until ``second`` waits for it; the answer of ``second``."""
    with ThreadPoolExecutor(1) as pool:
        opened: AbstractContextManager[Session] = service.context.writing()
        with opened as session:
            first(session)
            later: Future[dict[str, Any]] = pool.submit(second)
            wait_until(lambda: is_anyone_waiting(service), "the other half to wait")
            assert not later.done()
        return later.result(60)


def test_t05__both_halves_of_an_order_at_once__go_out_together(postgresql_service: Service) -> None:
    """I-05: neither signature misses the other: exactly one acceptance is wanted."""
    service = postgresql_service
    order = service.draft()
    buyers = order["acts"][0]
    suppliers = service.client("supplier").post(f"/v1/orders/{order['id']}/acceptances", {})
    signature = "0x" + typed_data.sign(buyers["typed_data"], secret_of("buyer")).hex()
    who, now = caller(service, "buyer"), service.now()

    def sign_first(session: Session) -> None:
        wish = SignatureWish(signature=signature)
        answer = sign_act(
            session, service.context, who, buyers["id"], wish, now_at=now, received_at=int(time.time())
        )
        assert answer.transaction is None

    answer = while_open(service, sign_first, lambda: service.sign("supplier", suppliers))
    assert service.done(answer)["kind"] == "accept"
    assert service.order(order["id"])["phase"] == "accepted"


def test_t05__second_and_third_attestation_at_once__make_k(postgresql_service: Service) -> None:
    """I-17, I-18: the one that waited counts the other's signature and relays both."""
    service = postgresql_service
    order = service.accepted()["id"]
    state = service.state(order)
    wish = AttestationWish.model_validate(service.attestation("customs1", state))
    who, now = caller(service, "customs1"), service.now()

    def hand_in_first(session: Session) -> None:
        handed = hand_in_attestation(
            session, service.context, who, wish, now_at=now, received_at=int(time.time())
        )
        assert handed.transaction is None

    answer = while_open(service, hand_in_first, lambda: service.hand_in("customs2", state))
    service.done(answer)
    assert service.order(order)["phase"] == "settled"


def test_o06__k_agree_on_two_deadlines__one_attestation_is_wanted(service: Service) -> None:
    """I-18: the same state, signed again with a later deadline before the first is mined, is not relayed twice."""
    order = service.accepted()["id"]
    now = service.now()
    hours = [now - now % 3_600 + ahead * 3_600 for ahead in (1, 2)]
    handed = [
        (
            caller(service, actor),
            service.attestation(actor, service.state(order, deadline_at=instant_text(deadline_at))),
        )
        for deadline_at in hours
        for actor in ("customs1", "customs2")
    ]
    with service.context.writing() as session:
        ids = set()
        for who, wish in handed:
            answer = hand_in_attestation(
                session,
                service.context,
                who,
                AttestationWish.model_validate(wish),
                now_at=now,
                received_at=int(time.time()),
            )
            ids.add(answer.transaction.id if answer.transaction else None)
        assert len(ids) == 2
        assert [one.kind for one in intents_of_subject(session, order)].count("attest") == 1
    wait_until(lambda: service.order(order)["phase"] == "settled" or None, "the settlement")
    assert len(service.order(order)["settlements"]) == 1


def test_status__active__is_the_contracts() -> None:
    """The projection's number for an active key is the enum's."""
    assert ACTIVE == Status.ACTIVE
