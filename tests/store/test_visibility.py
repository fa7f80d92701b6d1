"""What each member sees of the projection, and nobody else (T02)."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.chain.bindings import clearance_oracle, structs
from settlement.chain.bindings.enums import Phase
from settlement.ids import id_text
from settlement.store.engine import reading, transaction
from settlement.store.projector import apply_block, apply_blocks
from settlement.store.repositories import cover, lines, loans, outbox, receivables, settlements
from settlement.store.repositories.clearance import find_seat, jurisdictions_of
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
    SUPPLIER,
    USD,
    address,
    block_hash,
    whole_story,
)

STRANGER = 99
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
        (BANK, FINANCED),
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
        assert find_seat(session, address(40), 276) is not None
        assert find_seat(session, address(41), 276) is None, "suspended"
    last = whole_story()[-1][0]
    event = clearance_oracle.CommitteeSeated(276, 3, 1, 0, (structs.Seat(address(60), 7),))
    header = BlockHeader(last.number + 1, block_hash(9_999), last.hash, last.timestamp + 1)
    with transaction(projected) as session:
        apply_block(session, header, [PlacedEvent("ClearanceOracle", event, 0, block_hash(1))])
    with reading(projected) as session:
        assert jurisdictions_of(session, CUSTOMS) == set()
        assert receivables.find_receivable(session, id_text(FIRST), CUSTOMS) is None
        assert receivables.find_receivable(session, id_text(FIRST), 7) is not None


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
