"""What each member sees of the projection, and nobody else (T02)."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.chain.bindings import clearance_oracle, settlement_desk, share_desk, structs
from settlement.chain.bindings.enums import Phase
from settlement.ids import id_text
from settlement.store.engine import reading, transaction
from settlement.store.projector import apply_blocks, window_blocks
from settlement.store.repositories import cover, lines, loans, orders_seen, outbox, receivables, settlements
from settlement.store.repositories.clearance import jurisdictions_of, quorums
from tests.store.story import (
    BANK,
    BUYER,
    CANCELLED,
    CHANGED,
    CUSTOMS,
    FIRST,
    INSURER,
    POLICY,
    SECOND,
    SHARED,
    SHARES,
    STARTED_AT,
    SUPPLIER,
    USD,
    accepted,
    address,
    block_hash,
    whole_story,
)

STRANGER = 99
FACTOR, NEXT, GUARANTOR = 7, 8, 9
SOLD = 2**251 + (43 << 8)
FINANCED = {FIRST, SECOND, CHANGED}
SETTLED = {FIRST, SHARED}
EVERY = FINANCED | {CANCELLED, SHARED}


@pytest.fixture
def projected(database: Engine) -> Engine:
    """A database with the whole story."""
    with transaction(database) as session:
        apply_blocks(session, whole_story())
    return database


@pytest.mark.parametrize(
    ("member", "orders"),
    [
        (BUYER, EVERY),
        (SUPPLIER, EVERY),
        (BANK, FINANCED | {SHARED}),
        (CUSTOMS, EVERY),
        (INSURER, {FIRST, SHARED}),
        (STRANGER, set()),
        (None, EVERY),
    ],
)
def test_t02__orders_loans_and_settlements__are_seen_by_their_parties_only(
    projected: Engine, member: int | None, orders: set[int]
) -> None:
    ids = {id_text(order) for order in orders}
    with reading(projected) as session:
        page = receivables.visible_orders(session, member, limit=200, cursor=None)
        assert {row.order for row in page.rows} == ids
        lent = loans.list_loans(session, member, limit=200, cursor=None).rows
        assert {row.order for row in lent} == {id_text(order) for order in orders & FINANCED}
        paid = settlements.list_settlements(session, member, limit=200, cursor=None).rows
        assert {row.order for row in paid} == {id_text(order) for order in orders & SETTLED}
        for order in EVERY:
            found = receivables.find_receivable(session, id_text(order), member)
            assert (found is not None) == (order in orders)
            lent_on = loans.find_loan(session, id_text(order), member)
            assert (lent_on is not None) == (order in orders & FINANCED)
        if member is not None:
            told = outbox.list_events(session, member, limit=200, cursor=None).rows
            assert {event.order for event in told} == ids


def test_t02__policies__are_seen_by_insurer_insured_and_the_orders_parties(projected: Engine) -> None:
    with reading(projected) as session:
        for member, is_seen in ((INSURER, True), (SUPPLIER, True), (BANK, True), (STRANGER, False)):
            assert (cover.find_policy(session, id_text(POLICY), member) is not None) == is_seen
            page = cover.list_policies(session, member, limit=200, cursor=None)
            assert len(page.rows) == (2 if is_seen else 0)


def test_t02__a_suspended_or_former_committee__sees_nothing_any_more(projected: Engine) -> None:
    with reading(projected) as session:
        assert jurisdictions_of(session, CUSTOMS) == {276}
        (sitting,) = quorums(session, 276, STARTED_AT + 10**6)
        assert sitting.numbers == {address(40): 0, address(42): 2, address(43): 3}, "one is suspended"
    last = whole_story()[-1][0]
    event = clearance_oracle.CommitteeSeated(276, 3, 1, 0, (structs.Seat(address(60), 7),))
    header = BlockHeader(last.number + 1, block_hash(9_999), last.hash, last.timestamp + 1)
    with transaction(projected) as session:
        apply_blocks(session, [(header, [PlacedEvent("ClearanceOracle", event, 0, block_hash(1))])])
    with reading(projected) as session:
        assert jurisdictions_of(session, CUSTOMS) == set()
        assert receivables.find_receivable(session, id_text(FIRST), CUSTOMS) is None
        assert receivables.find_receivable(session, id_text(FIRST), 7) is not None


def _go_on(database: Engine, *events: object) -> None:
    """One more block, of these events, on whatever is projected."""
    with transaction(database) as session:
        last = window_blocks(session)[0]
        place = block_hash(last.number + 1, "more")
        header = BlockHeader(last.number + 1, place, last.hash, last.timestamp + 1)
        apply_blocks(
            session, [(header, [PlacedEvent("any", event, at, place) for at, event in enumerate(events)])]
        )


def _seeing(database: Engine, order: int = SOLD) -> set[int]:
    """Who of these members sees the order, in every list alike."""
    members = (BUYER, SUPPLIER, BANK, FACTOR, NEXT, GUARANTOR, STRANGER)
    found = set()
    with reading(database) as session:
        for member in members:
            page = receivables.visible_orders(session, member, limit=200, cursor=None)
            told = outbox.list_events(session, member, limit=200, cursor=None).rows
            seen = orders_seen.orders_seen(session, member, limit=200, cursor=None).rows
            one = receivables.find_receivable(session, id_text(order), member)
            ways = {
                one is not None,
                id_text(order) in {row.order for row in page.rows},
                id_text(order) in {event.order for event in told},
                id_text(order) in seen,
            }
            assert len(ways) == 1, member
            if ways == {True}:
                found.add(member)
    return found


def test_t02__a_share_of_an_order__shows_it_to_whoever_holds_the_share_now(projected: Engine) -> None:
    """Who holds only a share is party; who handed it on is not any more, but for the supplier."""
    _go_on(projected, accepted(SOLD, 60_000, line=0))
    assert _seeing(projected) == {BUYER, SUPPLIER}
    _go_on(projected, share_desk.ShareIssued(SOLD, SOLD | 1, FACTOR, 5_000))
    assert _seeing(projected) == {BUYER, SUPPLIER, FACTOR}
    _go_on(projected, share_desk.Assigned(SOLD | 1, FACTOR, NEXT, 5_000))
    assert _seeing(projected) == {BUYER, SUPPLIER, NEXT}


def test_t02__a_receivable_handed_on_twice__is_hidden_from_who_had_it_in_between(projected: Engine) -> None:
    _go_on(projected, accepted(SOLD, 60_000, line=0))
    _go_on(projected, share_desk.Assigned(SOLD, SUPPLIER, FACTOR, 60_000))
    assert _seeing(projected) == {BUYER, SUPPLIER, FACTOR}
    _go_on(projected, share_desk.Assigned(SOLD, FACTOR, NEXT, 60_000))
    assert _seeing(projected) == {BUYER, SUPPLIER, NEXT}


def test_t02__a_guarantor__sees_the_order_while_its_cash_is_in_it_or_owed(projected: Engine) -> None:
    until = STARTED_AT + 95 * 86_400
    _go_on(projected, accepted(SOLD, 60_000, line=0))
    _go_on(projected, settlement_desk.Undertaken(SOLD, GUARANTOR, 9_000, until))
    assert _seeing(projected) == {BUYER, SUPPLIER, GUARANTOR}
    # Nothing is left in it, and the buyer owes it all.
    _go_on(projected, settlement_desk.UndertakingCalled(SOLD, 9_000, 9_000))
    assert _seeing(projected) == {BUYER, SUPPLIER, GUARANTOR}
    _go_on(projected, settlement_desk.GuarantorRefunded(SOLD, GUARANTOR, 9_000))
    assert _seeing(projected) == {BUYER, SUPPLIER}
    _go_on(projected, settlement_desk.Undertaken(SOLD, GUARANTOR, 1_000, until))
    # A larger one displaces it.
    _go_on(
        projected,
        settlement_desk.UndertakingReturned(SOLD, GUARANTOR, 1_000),
        settlement_desk.Undertaken(SOLD, NEXT, 2_000, until),
    )
    assert _seeing(projected) == {BUYER, SUPPLIER, NEXT}


def test_t02__what_happens_to_a_share__is_told_under_its_order(projected: Engine) -> None:
    with reading(projected) as session:
        told = outbox.list_events(session, BANK, limit=200, cursor=None, order=id_text(SHARED)).rows
        types = [event.type for event in told]
        assert {"order.assigned", "share.settled", "share.paid", "share.reduced"} <= set(types)
        assert types.count("share.settled") == len(SHARES)
        assert [event.sequence for event in told] == list(range(1, len(told) + 1))
        assert outbox.list_events(session, STRANGER, limit=200, cursor=None).rows == []


def test_quorums__a_new_version_sits__the_former_one_counts_for_two_hours_more(projected: Engine) -> None:
    """As Committees has it: a suspension bites in both, and who sits abroad now has left."""
    seats = tuple(structs.Seat(address(key), 7) for key in (42, 60, 61))
    _go_on(
        projected,
        clearance_oracle.CommitteeSeated(276, 3, 3, 0, seats),
        clearance_oracle.CommitteeSeated(528, 1, 1, 0, (structs.Seat(address(43), 8),)),
    )
    with reading(projected) as session:
        now = window_blocks(session)[0].timestamp
        sitting, former = quorums(session, 276, now + 2 * 3_600)
        assert (sitting.committee.version, sitting.committee.threshold) == (3, 3)
        assert sitting.numbers == {address(42): 0, address(60): 1, address(61): 2}
        assert (former.committee.version, former.committee.threshold) == (2, 2)
        # 41 was suspended, 43 sits abroad.
        assert former.numbers == {address(40): 0, address(42): 2}
        assert len(quorums(session, 276, now + 2 * 3_600 + 1)) == 1
        assert [one.committee.version for one in quorums(session, 528, now)] == [1]
        assert quorums(session, 999, now) == []
    _go_on(
        projected,
        clearance_oracle.SeatSuspended(276, address(42)),
        clearance_oracle.SeatSuspended(276, address(40)),
    )
    with reading(projected) as session:
        sitting, former = quorums(session, 276, now + 60)
        assert (set(sitting.numbers), former.numbers) == ({address(60), address(61)}, {})


def test_visible_orders__in_pages_and_by_phase__gives_each_once(projected: Engine) -> None:
    with reading(projected) as session:
        first = receivables.visible_orders(session, BUYER, limit=1, cursor=None)
        second = receivables.visible_orders(session, BUYER, limit=3, cursor=first.next_cursor)
        third = receivables.visible_orders(session, BUYER, limit=1, cursor=second.next_cursor)
        assert third.next_cursor is None
        newest_first = [id_text(order) for order in (SHARED, CANCELLED, CHANGED, SECOND, FIRST)]
        assert [row.order for row in (*first.rows, *second.rows, *third.rows)] == newest_first
        accepted = receivables.visible_orders(session, BUYER, limit=9, cursor=None, phases=[Phase.ACCEPTED])
        assert [row.order for row in accepted.rows] == [id_text(CHANGED)]
        shipped = receivables.visible_orders(session, BUYER, limit=9, cursor=None, phases=[Phase.SHIPPED])
        assert shipped.rows == []
        assert [row.order for row in receivables.open_receivables(session)] == [id_text(CHANGED)]


def test_offers_in__a_currency__gives_the_current_version_only(projected: Engine) -> None:
    with reading(projected) as session:
        offers = lines.offers_in(session, USD)
        assert [(line.line, terms.version, terms.rate_bps) for line, terms in offers] == [(1, 2, 650)]
        assert lines.offers_in(session, 978) == []
        assert [line.line for line in lines.list_lines(session, BANK, limit=9, cursor=None).rows] == [1]
        assert lines.list_lines(session, BUYER, limit=9, cursor=None).rows == []
