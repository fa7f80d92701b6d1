"""Intents, leases and broadcasts: what several processes take from each other."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from settlement.errors import Conflict
from settlement.store.engine import reading, transaction
from settlement.store.repositories import broadcasts, intents, leases
from settlement.store.tables_private import Intent, SignerLease

NOW = 1_760_000_000


def queue(engine: Engine, count: int, signer: str = "relayer") -> list[str]:
    """Queue this many intents, oldest first."""
    with transaction(engine) as session:
        return [_add(session, signer, f"{signer}-{n}").id for n in range(count)]


def _add(session: Session, signer: str, effect: str, occasion: str = "") -> Intent:
    return intents.add_intent(
        session,
        signer=signer,
        kind="settle",
        to_address="0x" + "11" * 20,
        calldata="0x",
        effect_key=effect,
        occasion=occasion,
        created_at=NOW,
    )


def test_add_intent__same_effect_and_occasion__is_one_row(database: Engine) -> None:
    with transaction(database) as session:
        first = _add(session, "relayer", "order", "due-1")
        assert _add(session, "relayer", "order", "due-1").id == first.id
        assert _add(session, "relayer", "order", "due-2").id != first.id
        assert len(intents.intents_about(session, "settle", "order")) == 2


def test_add_intent__by_two_keepers_at_once__is_one_row(postgresql_database: Engine) -> None:
    with transaction(postgresql_database) as first:
        kept = _add(first, "relayer", "order", "due-1").id
        found: list[str] = []

        def second() -> None:
            with transaction(postgresql_database) as session:
                found.append(_add(session, "relayer", "order", "due-1").id)

        waiting = threading.Thread(target=second)
        waiting.start()
    waiting.join()
    assert found == [kept]


def test_queued_intents__of_a_signer__are_the_oldest_in_order(database: Engine) -> None:
    ids = queue(database, 5)
    others = queue(database, 2, signer="governor")
    with reading(database) as session:
        assert [one.id for one in intents.queued_intents(session, "relayer", 3)] == ids[:3]
        assert intents.queued_intents(session, "relayer", 0) == []
        assert [one.id for one in intents.queued_intents(session, "governor", 10)] == others


def test_has_open_intents__queued_or_sent__and_not_when_failed(database: Engine) -> None:
    (intent_id,) = queue(database, 1)
    expected = ((intents.QUEUED, True, True), (intents.SENT, True, False), (intents.FAILED, False, False))
    for state, is_open, is_beside in expected:
        with transaction(database) as session:
            intents.move_intent(session, intent_id, intents.STATES, state)
            assert intents.has_open_intents(session, "relayer") is is_open
            assert not intents.has_open_intents(session, "governor")
            assert intents.has_queued_besides(session, "governor") is is_beside
            assert not intents.has_queued_besides(session, "relayer")


def test_move_intent__no_longer_in_that_state__says_so(database: Engine) -> None:
    (intent_id,) = queue(database, 1)
    with transaction(database) as session:
        values = {"error": "no cash", "error_code": "conflict"}
        assert intents.move_intent(session, intent_id, (intents.QUEUED,), intents.FAILED, values)
        assert not intents.move_intent(session, intent_id, (intents.QUEUED,), intents.SENT)
        found = intents.find_intent(session, intent_id)
        assert found is not None
        assert (found.state, found.error) == ("failed", "no cash")


def _lease(engine: Engine, holder: str, now: int) -> SignerLease | None:
    with transaction(engine) as session:
        return leases.take_lease(session, "relayer", holder, now=now, ttl_s=10)


def test_take_lease__held_by_another__is_refused_until_it_ends(database: Engine) -> None:
    first = _lease(database, "one", NOW)
    assert first is not None
    assert _lease(database, "two", NOW + 9) is None
    extended = _lease(database, "one", NOW + 9)
    assert extended is not None
    assert extended.fence == first.fence
    assert _lease(database, "two", NOW + 18) is None
    second = _lease(database, "two", NOW + 19)
    assert second is not None
    assert second.fence == first.fence + 1


def test_take_lease__released__is_free_at_once(database: Engine) -> None:
    first = _lease(database, "one", NOW)
    assert first is not None
    with transaction(database) as session:
        leases.release_lease(session, first)
    assert _lease(database, "two", NOW) is not None


def test_record_broadcast__under_a_lost_lease__stores_nothing(database: Engine) -> None:
    (intent_id,) = queue(database, 1)
    old = _lease(database, "one", NOW)
    assert old is not None
    assert _lease(database, "two", NOW + 11) is not None
    with pytest.raises(Conflict, match="lease"), transaction(database) as session:
        _broadcast(session, old, intent_id, 0)
    with reading(database) as session:
        found = intents.find_intent(session, intent_id)
        assert found is not None
        assert found.state == "queued"
        assert broadcasts.broadcasts_of_intent(session, intent_id) == []


def test_record_broadcast__under_the_lease__stores_nonce_bytes_and_state_together(database: Engine) -> None:
    (intent_id,) = queue(database, 1)
    lease = _lease(database, "one", NOW)
    assert lease is not None
    with transaction(database) as session:
        _broadcast(session, lease, intent_id, 7)
    with reading(database) as session:
        found = leases.find_lease(session, "relayer")
        assert found is not None
        assert found.next_nonce == 8
        assert [row.nonce for row in broadcasts.broadcasts_of_intent(session, intent_id)] == [7]
        assert [intent.id for intent in intents.intents_in(session, (intents.SENT,))] == [intent_id]


def test_record_broadcast__of_a_failed_intent__is_refused(database: Engine) -> None:
    (intent_id,) = queue(database, 1)
    lease = _lease(database, "one", NOW)
    assert lease is not None
    with transaction(database) as session:
        intents.move_intent(session, intent_id, (intents.QUEUED,), intents.FAILED)
    with pytest.raises(Conflict, match="neither queued nor sent"), transaction(database) as session:
        _broadcast(session, lease, intent_id, 0)


def _broadcast(session: Session, lease: SignerLease, intent_id: str, nonce: int) -> None:
    broadcasts.record_broadcast(
        session,
        lease,
        intent_id,
        nonce=nonce,
        raw="0x02",
        tx_hash=f"0x{nonce:064x}",
        max_fee=10**9,
        created_at=NOW,
    )
