"""Repositories of the private tables: clients, keyed requests, acts, documents, drafts, attestations, identity."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import Engine

from settlement.errors import ChainError, Conflict, InputRefused
from settlement.store.engine import reading, transaction
from settlement.store.repositories import (
    acts,
    clients,
    cover,
    documents,
    handed_attestations,
    idempotency,
    network,
    order_drafts,
)
from settlement.store.repositories.idempotency import KeyState
from settlement.store.tables_private import HandedAttestation, OrderDraft
from settlement.store.tables_projection import Policy

NOW = 1_760_000_000
KEY = ("cli_1", "POST /v1/orders", "key-1")


def _begin(engine: Engine, body_hash: str = "body", now: int = NOW) -> KeyState:
    with transaction(engine) as session:
        return idempotency.begin_keyed(session, *KEY, body_hash=body_hash, now=now, lock_s=60).state


def test_begin_keyed__same_body_after_the_answer__replays_it_byte_for_byte(database: Engine) -> None:
    assert _begin(database) is KeyState.FRESH
    answer = '{"id":"po_1" , "note":"\u20ac"}'
    with transaction(database) as session:
        idempotency.finish_keyed(
            session, *KEY, status=201, response=answer, headers={"location": "/v1/orders/1"}
        )
    with transaction(database) as session:
        found = idempotency.begin_keyed(session, *KEY, body_hash="body", now=NOW + 5, lock_s=60)
        assert found.state is KeyState.REPLAY
        assert (found.row.status, found.row.response) == (201, answer)
        assert found.row.headers == {"location": "/v1/orders/1"}


def test_begin_keyed__other_body__is_told_apart(database: Engine) -> None:
    assert _begin(database) is KeyState.FRESH
    assert _begin(database, body_hash="other") is KeyState.OTHER_BODY


def test_begin_keyed__while_the_first_runs__is_in_flight_until_its_lock_ends(database: Engine) -> None:
    assert _begin(database) is KeyState.FRESH
    assert _begin(database, now=NOW + 59) is KeyState.IN_FLIGHT
    assert _begin(database, now=NOW + 60) is KeyState.FRESH
    assert _begin(database, now=NOW + 61) is KeyState.IN_FLIGHT


def test_abandon_keyed__a_failure_of_ours__can_be_tried_again(database: Engine) -> None:
    assert _begin(database) is KeyState.FRESH
    with transaction(database) as session:
        idempotency.abandon_keyed(session, *KEY)
    assert _begin(database, body_hash="other") is KeyState.FRESH


def test_begin_keyed__by_twenty_at_once__lets_one_through(database: Engine) -> None:
    start = threading.Barrier(20)
    states: list[KeyState] = []

    def work() -> None:
        start.wait()
        states.append(_begin(database))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states.count(KeyState.FRESH) == 1
    assert states.count(KeyState.IN_FLIGHT) == 19


def test_purge_keys__old_ones__are_forgotten(database: Engine) -> None:
    assert _begin(database) is KeyState.FRESH
    with transaction(database) as session:
        idempotency.purge_keys(session, NOW)
    assert _begin(database) is KeyState.IN_FLIGHT
    with transaction(database) as session:
        idempotency.purge_keys(session, NOW + 1)
    assert _begin(database) is KeyState.FRESH


def test_find_client__by_the_hash_of_its_key__and_no_other(database: Engine) -> None:
    with transaction(database) as session:
        added = clients.add_client(
            session, name="bank", member_id=3, scopes=["funder"], key_hash="aa", created_at=NOW
        )
    with reading(database) as session:
        found = clients.find_client_by_key_hash(session, "aa")
        assert found is not None
        assert (found.id, found.scopes) == (added.id, ["funder"])
        assert clients.find_client_by_key_hash(session, "ab") is None
        assert [client.id for client in clients.clients_of_member(session, 3)] == [added.id]
        assert clients.clients_of_member(session, None) == []


def test_put_company__again__takes_the_new_name(database: Engine) -> None:
    for name in ("Old", "New"):
        with transaction(database) as session:
            clients.put_company(session, lei_hash="0x11", lei="LEI", name=name, created_at=NOW)
    with reading(database) as session:
        found = clients.find_company(session, "0x11")
        assert found is not None
        assert found.name == "New"


def _act(engine: Engine) -> str:
    with transaction(engine) as session:
        return acts.add_act(
            session,
            kind="acceptance",
            subject="0xab",
            required=[{"role": "supplier", "member_id": 2}],
            typed_data={"primaryType": "Acceptance"},
            payload={"line": 1},
            expires_at=NOW + 600,
            client_id="cli_1",
            created_at=NOW,
        ).id


def test_add_signature__the_same_again__changes_nothing__another_is_refused(database: Engine) -> None:
    act_id = _act(database)
    for signature in ("0x01", "0x01"):
        with transaction(database) as session:
            acts.add_signature(
                session, act_id, role="supplier", signature=signature, signer="0xa", received_at=NOW
            )
    with pytest.raises(Conflict, match="signed for role supplier"), transaction(database) as session:
        acts.add_signature(session, act_id, role="supplier", signature="0x02", signer="0xb", received_at=NOW)
    with reading(database) as session:
        assert {role: row.signature for role, row in acts.signatures_of(session, act_id).items()} == {
            "supplier": "0x01"
        }


def test_move_act__twice__moves_once(database: Engine) -> None:
    act_id = _act(database)
    with transaction(database) as session:
        assert acts.move_act(session, act_id, (acts.OPEN, acts.SIGNED), acts.SUBMITTED, "int_1")
        assert not acts.move_act(session, act_id, (acts.OPEN, acts.SIGNED), acts.SUBMITTED, "int_2")
    with reading(database) as session:
        found = acts.find_act(session, act_id)
        assert found is not None
        assert (found.state, found.intent_id) == ("submitted", "int_1")
        assert [act.id for act in acts.acts_about(session, "0xab", ["acceptance"])] == [act_id]
        assert acts.acts_about(session, "0xab", ["draw"]) == []


def test_put_document__same_bytes__is_one_row_with_its_first_time(database: Engine) -> None:
    content = b"<Order/>\r\n"
    for received_at in (NOW, NOW + 9):
        with transaction(database) as session:
            stored = documents.put_document(session, content, "application/xml", received_at)
            assert stored.received_at == NOW
    with reading(database) as session:
        found = documents.find_document(session, hashlib.sha256(content).hexdigest())
        assert found is not None
        assert found.content == content


def _draft(order_id: str, sha256: str, **values: Any) -> OrderDraft:
    row: dict[str, Any] = {
        "buyer": 1,
        "supplier": 2,
        "created_at": NOW,
        "number": "PO1",
    } | values
    return OrderDraft(
        order_id=order_id,
        created_by="cli_1",
        document_sha256=sha256,
        normalised={"lines": []},
        root="0x01",
        salts=["00"],
        year=2026,
        currency=840,
        face_minor=100,
        jurisdiction=276,
        terms={"face": 100},
        terms_hash="0x02",
        **row,
    )


def test_add_draft__same_fingerprint__keeps_the_first(database: Engine) -> None:
    """P01, P02: the second one is told which draft stands."""
    with transaction(database) as session:
        sha256 = documents.put_document(session, b"order", "application/json", NOW).sha256
        assert order_drafts.add_draft(session, _draft("0xaa", sha256))[1] is True
    with transaction(database) as session:
        stored, is_new = order_drafts.add_draft(session, _draft("0xaa", sha256, number="PO2"))
        assert (stored.number, is_new) == ("PO1", False)


def test_find_draft__by_a_stranger__is_nothing(database: Engine) -> None:
    with transaction(database) as session:
        sha256 = documents.put_document(session, b"order", "application/json", NOW).sha256
        order_drafts.add_draft(session, _draft("0xaa", sha256))
    with reading(database) as session:
        assert order_drafts.find_draft(session, "0xaa", 1) is not None
        assert order_drafts.find_draft(session, "0xaa", 2) is not None
        assert order_drafts.find_draft(session, "0xaa", 3) is None
        assert order_drafts.find_draft(session, "0xaa") is not None


def _policy(n: int, **values: Any) -> Policy:
    row: dict[str, Any] = {"insurer": 1, "insured": 2, "bought_at": NOW + n // 3} | values
    return Policy(
        policy=f"0x{n:02x}",
        order="0xaa",
        currency=840,
        sum_minor=100,
        premium_minor=1,
        peril=1,
        place="0x01",
        first_day=1,
        last_day=2,
        attach=1,
        exhaust=2,
        waiting_days=1,
        nonce=n,
        deadline_at=NOW,
        terms_hash="0x02",
        block_number=1,
        **row,
    )


def test_list_policies__in_pages_with_equal_times__gives_each_once_newest_first(database: Engine) -> None:
    with transaction(database) as session:
        session.add_all([*(_policy(n) for n in range(7)), _policy(255, insurer=8, insured=9)])
    seen: list[str] = []
    cursor: str | None = None
    with reading(database) as session:
        while True:
            page = cover.list_policies(session, 1, limit=3, cursor=cursor)
            seen += [row.policy for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
    assert seen == ["0x06", "0x05", "0x04", "0x03", "0x02", "0x01", "0x00"]


FOREIGN_CURSORS = [
    "!",
    "\u00e9",
    "A" * 5000,
    *(
        base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        for text in (
            "{}",
            '["x"]',
            "[1,2]",
            '[1.5,"x"]',
            '[99999999999999999999,"x"]',
            '[true,"x"]',
            '[1,"\\u0000"]',
        )
    ),
]


@pytest.mark.parametrize("cursor", FOREIGN_CURSORS)
def test_page__cursor_of_somebody_else__is_refused(database: Engine, cursor: str) -> None:
    with reading(database) as session, pytest.raises(InputRefused, match="cursor"):
        cover.list_policies(session, 1, limit=3, cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 201])
def test_page__limit_out_of_bounds__is_refused(database: Engine, limit: int) -> None:
    with reading(database) as session, pytest.raises(InputRefused, match="limit"):
        cover.list_policies(session, 1, limit=limit, cursor=None)


def _handed(key: str, digest: str, seq: int = 1) -> HandedAttestation:
    return HandedAttestation(
        order="0xaa",
        seq=seq,
        key=key,
        digest=digest,
        member=4,
        jurisdiction=276,
        content_hash=f"content-{digest}",
        message={"seq": seq},
        signature="0x",
        received_at=NOW,
    )


def test_hand_in__the_same_twice__counts_once(database: Engine) -> None:
    """I-18: one signature of one member on one state is one row."""
    with transaction(database) as session:
        assert handed_attestations.hand_in(session, _handed("0xk1", "d1"))
    with transaction(database) as session:
        assert not handed_attestations.hand_in(session, _handed("0xk1", "d1"))
        assert handed_attestations.hand_in(session, _handed("0xk2", "d1"))
        assert handed_attestations.hand_in(session, _handed("0xk3", "d2"))
        assert handed_attestations.hand_in(session, _handed("0xk1", "d3", seq=2))
    with reading(database) as session:
        first = handed_attestations.handed_for(session, "0xaa", 1)
        assert Counter(row.digest for row in first) == {"d1": 2, "d2": 1}
        assert len(handed_attestations.handed_for(session, "0xaa")) == 4


IDENTITY: dict[str, Any] = {
    "chain_id": 31337,
    "genesis_hash": "0x01",
    "deployment_block": 12,
    "addresses": {"Receivables": "0x2"},
}


def _identity(engine: Engine, **other: Any) -> None:
    with transaction(engine) as session:
        network.remember_identity(session, created_at=NOW, **(IDENTITY | other))


def test_remember_identity__the_same_network__is_kept(database: Engine) -> None:
    _identity(database)
    _identity(database)
    with reading(database) as session:
        found = network.find_identity(session)
        assert found is not None
        assert found.chain_id == 31337


@pytest.mark.parametrize(
    "other",
    [
        {"chain_id": 1},
        {"genesis_hash": "0x02"},
        {"deployment_block": 13},
        {"addresses": {"Receivables": "0x3"}},
    ],
)
def test_remember_identity__another_network__is_refused_with_what_to_do(
    database: Engine, other: dict[str, Any]
) -> None:
    _identity(database)
    with pytest.raises(ChainError, match="HANSE_CHAIN_URL"):
        _identity(database, **other)


def test_remember_identity__by_two_parts_at_once__is_one_row(postgresql_database: Engine) -> None:
    with transaction(postgresql_database) as first:
        network.remember_identity(first, created_at=NOW, **IDENTITY)
        second = threading.Thread(target=_identity, args=(postgresql_database,))
        second.start()
    second.join()
    with reading(postgresql_database) as session:
        assert network.find_identity(session) is not None


def test_remember_identity__another_network_at_once__is_refused_too(postgresql_database: Engine) -> None:
    refused: list[ChainError] = []

    def bind() -> None:
        try:
            _identity(postgresql_database, chain_id=1)
        except ChainError as error:
            refused.append(error)

    with transaction(postgresql_database) as first:
        network.remember_identity(first, created_at=NOW, **IDENTITY)
        second = threading.Thread(target=bind)
        second.start()
    second.join()
    assert [one.code for one in refused] == ["other_network"]
