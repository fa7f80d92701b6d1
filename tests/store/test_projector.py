"""Blocks into the projection and out of it again."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, func
from sqlmodel import col, select

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.chain.bindings import registry, trusted_network
from settlement.chain.bindings.enums import IndexState, Status
from settlement.chain.bindings.receivables import Held
from settlement.errors import ChainError, Conflict, InvariantBroken
from settlement.ids import id_text, undertaking_account
from settlement.store import projector
from settlement.store.engine import reading, transaction
from settlement.store.events import EVENTS, OUTBOX_TYPES
from settlement.store.projector import CURSOR, apply_blocks, rollback_to, window_blocks
from settlement.store.rebuild import state_hash
from settlement.store.repositories import cash, cover, cursors, lines, loans, members, outbox, receivables
from settlement.store.repositories.clearance import attestations_of, seats_of, sitting_committee
from settlement.store.repositories.settlements import settlements_of
from settlement.store.repositories.shares import shares_of, shares_set_aside
from settlement.store.tables_private import Retraction
from settlement.store.tables_projection import PROJECTION_TABLES, AccountBalance, Outbox, Undertaking
from tests.store.story import (
    BANK,
    BUCKET,
    BUYER,
    CUSTOMS,
    EXPIRING,
    FIRST,
    INSURER,
    POLICY,
    POOL,
    RESOLVED,
    SECOND,
    SHARED,
    SHARES,
    SILENT,
    SUPPLIER,
    USD,
    VOIDED,
    Story,
    address,
    block_hash,
    whole_story,
)


def project_all(engine: Engine, story: Story) -> None:
    """Every block in a transaction of its own, as a follower at the head does."""
    for block, events in story:
        with transaction(engine) as session:
            apply_blocks(session, [(block, events)])


def test_events__every_class_of_the_bindings__has_a_projection() -> None:
    declared = [event for events in registry.EVENTS.values() for event in events.values()]
    assert len(declared) > 40
    assert [event for event in declared if event not in EVENTS or event not in OUTBOX_TYPES] == []


def test_story__tells_every_event_of_the_trade_contracts() -> None:
    told = {type(placed.event).__name__ for _, events in whole_story() for placed in events}
    trade = {handler.__name__ for handler in EVENTS if EVENTS[handler].__name__ != "_no_row"}
    assert trade - told == set()


def test_apply_blocks__whole_story__gives_the_sums_of_the_orders(database: Engine) -> None:
    project_all(database, whole_story())
    with reading(database) as session:
        first = receivables.find_receivable(session, id_text(FIRST))
        second = receivables.find_receivable(session, id_text(SECOND))
        assert first is not None
        assert second is not None
        assert (first.phase, first.seq, first.paid_minor, first.settlements) == (5, 5, 100_000, 2)
        assert (first.late_accrued, first.late_since_at, first.duty_paid_minor) == (0, 0, 700)
        assert (first.released_minor, first.holder, first.draws_closed) == (100_000, SUPPLIER, True)
        assert (second.phase, second.reduced_minor, second.refused, second.lapsed) == (5, 50_000, True, True)
        paid = settlements_of(session, id_text(FIRST))
        assert [row.buyer_debited_minor for row in paid] == [55_000, 45_713]
        for order in (first, second):
            assert order.face_minor == order.paid_minor + order.reduced_minor


def test_apply_blocks__whole_story__gives_the_loans(database: Engine) -> None:
    project_all(database, whole_story())
    with reading(database) as session:
        loan = loans.find_loan(session, id_text(FIRST))
        assert loan is not None
        assert (loan.principal_minor, loan.drawn_minor, loan.fee_minor, loan.draws) == (0, 70_000, 350, 2)
        assert (loan.interest_paid_minor, loan.repayments, loan.draws_closed) == (1_200, 2, True)
        assert [row.source for row in loans.repayments_of(session, id_text(SECOND))] == [1, 2]
        line = lines.find_line(session, 1)
        assert line is not None
        assert (line.version, line.limit_minor, line.used_minor) == (2, 900_000, 0)
        assert len(lines.versions_of(session, 1)) == 2


def test_apply_blocks__whole_story__gives_the_shares_and_the_undertaking(database: Engine) -> None:
    """I-01, I-05: every leaf is paid and reduced up to its face, and no account of them keeps cash."""
    project_all(database, whole_story())
    with reading(database) as session:
        root = receivables.find_receivable(session, id_text(SHARED))
        assert root is not None
        assert (root.holder, root.face_minor, root.paid_minor, root.reduced_minor) == (
            INSURER, 30_000, 15_000, 15_000,
        )  # fmt: skip
        rows = shares_of(session, [id_text(SHARED)])[id_text(SHARED)]
        assert [(row.share, row.face_minor) for row in rows] == [(id_text(id_), face) for id_, face in SHARES]
        assert [row.holder for row in rows] == [INSURER, BANK, BANK, BANK, BANK]
        assert [row.paid_minor for row in rows] == [row.face_minor // 2 for row in rows]
        assert [row.reduced_minor for row in rows] == [row.face_minor // 2 for row in rows]
        assert shares_set_aside(session) == []
        given = session.get(Undertaking, id_text(SHARED))
        assert given is not None
        assert (given.guarantor, given.left_minor, given.claim_minor) == (BANK, 0, 2_000)
        assert cash.balance_minor(session, USD, undertaking_account(SHARED)) == 0


def test_apply_blocks__numbers_above_2_to_63__come_back_exactly(database: Engine) -> None:
    story = whole_story()
    drawn = next(index for index, (_, events) in enumerate(story) if any(_is_second_draw(e) for e in events))
    project_all(database, story[: drawn + 1])
    with reading(database) as session:
        loan = loans.find_loan(session, id_text(FIRST))
        policy = cover.find_policy(session, id_text(POLICY))
        assert loan is not None
        assert policy is not None
        assert loan.accrued_millionths == 2**80
        assert (policy.attach, policy.nonce) == (2**63 + 1, 2**64 - 1)


def _is_second_draw(placed: PlacedEvent) -> bool:
    return type(placed.event).__name__ == "Drawn" and getattr(placed.event, "index", 0) == 1


def test_apply_blocks__buyer_short__keeps_the_late_charge_until_it_is_paid(database: Engine) -> None:
    story = whole_story()
    short = next(
        i for i, (_, events) in enumerate(story) if any(type(e.event).__name__ == "Unpaid" for e in events)
    )
    project_all(database, story[: short + 1])
    with reading(database) as session:
        order = receivables.find_receivable(session, id_text(FIRST))
        assert order is not None
        assert (order.late_accrued, order.late_since_at) == (12_345, story[short][0].timestamp)


def test_apply_blocks__whole_story__conserves_cash(database: Engine) -> None:
    """I-01: the accounts sum up to what was deposited and not withdrawn."""
    project_all(database, whole_story())
    with reading(database) as session:
        totals = select(AccountBalance.currency, func.sum(col(AccountBalance.balance_minor)))
        by_currency = session.exec(totals.group_by(col(AccountBalance.currency)))
        assert {currency: int(total) for currency, total in by_currency} == {USD: 3_600_000}
        assert cash.balance_minor(session, USD, FIRST) == 0
        assert cash.balance_minor(session, USD, CUSTOMS) == 700
        kinds = {row.account: row.kind for row in cash.accounts_of(session, POOL)}
        assert kinds == {id_text(POOL): "pool"}
        held = cash.find_account(session, USD, FIRST)
        free = cash.find_account(session, USD, BANK)
        assert held is not None
        assert free is not None
        assert (held.kind, free.kind) == ("order", "member")
        pool = cover.find_pool(session, INSURER, USD)
        assert pool is not None
        assert (pool.capital_minor, pool.locked_minor) == (578_000, 0)


def test_held__by_a_minority__shows_on_the_order_and_not_on_its_state(database: Engine) -> None:
    story = whole_story()
    until = next(
        number
        for number, (_, events) in enumerate(story)
        if any(isinstance(one.event, Held) for one in events)
    )
    project_all(database, story[: until + 1])
    with reading(database) as session:
        order = receivables.find_receivable(session, id_text(FIRST))
        assert order is not None
        assert (order.hold, order.seq) == (True, 1)
        assert [state.hold for state in attestations_of(session, id_text(FIRST))] == [False]


def test_apply_blocks__whole_story__gives_network_and_evidence(database: Engine) -> None:
    project_all(database, whole_story())
    with reading(database) as session:
        revoked = members.find_key(session, address(77))
        assert revoked is not None
        assert revoked.status == 3
        assert [key.key for key in members.keys_of(session, BUYER, active_only=True)] == [address(BUYER)]
        committee = sitting_committee(session, 276)
        assert committee is not None
        assert committee.version == 2
        seats = seats_of(session, committee)
        assert [seat.suspended for seat in seats] == [False, True, False, False]
        assert (seats[3].key, seats[3].seat) == (address(43), 3), "the reserve moved up behind all others"
        bucket = cover.find_bucket(session, "0x" + BUCKET.hex())
        assert bucket is not None
        assert (bucket.fixed, bucket.median, bucket.observations, bucket.version) == (True, 2**63 + 7, 1, 2)
        decided = {
            row.bucket: (row.state, row.fixed, row.median, row.observations)
            for row in (cover.find_bucket(session, "0x" + one.hex()) for one in (RESOLVED, VOIDED, SILENT))
            if row is not None
        }
        assert list(decided.values()) == [
            (IndexState.HELD, True, 380, 2),
            (IndexState.VOID, False, 0, 2),
            (IndexState.NO_DATA, False, 0, 0),
        ]
        assert cover.unfixed_buckets(session) == []
        payout = cover.find_payout(session, id_text(POLICY))
        expired = cover.find_policy(session, id_text(EXPIRING))
        assert payout is not None
        assert expired is not None
        assert (payout.to_loss_payee_minor, expired.settled, expired.payout_minor) == (20_900, True, 0)
        assert cover.open_policies(session) == []


def test_outbox__events_of_an_order__are_numbered_without_gap(database: Engine) -> None:
    project_all(database, whole_story())
    with reading(database) as session:
        events = outbox.list_events(session, None, limit=200, cursor=None).rows
        assert [event.position for event in events] == list(range(1, len(events) + 1))
        of_first = [event for event in events if event.order == id_text(FIRST)]
        assert [event.sequence for event in of_first] == list(range(1, len(of_first) + 1))
        assert of_first[0].type == "order.accepted"
        assert "cover.paid" in {event.type for event in of_first}
        assert of_first[0].body["terms"]["face"] == 100_000


def test_apply_blocks__many_in_one_transaction__is_the_same_as_one_by_one(
    database: Engine, tmp_path: object
) -> None:
    story = whole_story()
    with transaction(database) as session:
        apply_blocks(session, story)
    together = state_hash(database)
    with transaction(database) as session:
        rollback_to(session, story[0][0].number)
    project_all(database, story[1:])
    assert state_hash(database) == together


def test_rollback__to_any_block_and_on_again__gives_the_same_state(database: Engine) -> None:
    story = whole_story()
    hashes = []
    for block, events in story:
        with transaction(database) as session:
            apply_blocks(session, [(block, events)])
        hashes.append(state_hash(database))
    telling = [block for block, events in story if events]
    assert len(set(hashes)) == len(telling), "only the empty blocks change nothing"
    for kept in range(len(story) - 2, -1, -3):
        with transaction(database) as session:
            rollback_to(session, story[kept][0].number)
        assert state_hash(database) == hashes[kept]
        with transaction(database) as session:
            apply_blocks(session, story[kept + 1 :])
        assert state_hash(database) == hashes[-1]


def test_rollback__then_another_branch__tells_what_was_taken_back(database: Engine) -> None:
    story = whole_story()
    kept = 8
    fork = whole_story(branch="other", forked_at=story[kept][0].number + 1)
    project_all(database, story)
    with reading(database) as session:
        told = outbox.list_events(session, None, limit=200, cursor=None).rows
    with transaction(database) as session:
        rollback_to(session, story[kept][0].number)
    with transaction(database) as session:
        apply_blocks(session, fork[kept + 1 :])
    with reading(database) as session:
        cursor = cursors.find_cursor(session, CURSOR)
        assert cursor is not None
        assert cursor.block_hash == fork[-1][0].hash
        lost = [row.position for row in told if row.block_number > story[kept][0].number]
        taken_back = session.exec(select(Retraction.position).order_by(col(Retraction.id)))
        assert list(taken_back) == lost
        assert (
            session.exec(select(Outbox.block_hash).where(Outbox.position == lost[-1])).one()
            != told[-1].block_hash
        )
        assert window_blocks(session)[0] == fork[-1][0]


def test_rollback__below_the_window__says_that_only_a_rebuild_helps(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(projector, "WINDOW", 3)
    story = whole_story()
    project_all(database, story)
    with reading(database) as session:
        assert len(window_blocks(session)) == 3
    with pytest.raises(ChainError, match="hanse rebuild"), transaction(database) as session:
        rollback_to(session, story[-5][0].number)
    with transaction(database) as session:
        rollback_to(session, story[-3][0].number)


def test_apply_blocks__that_does_not_follow__is_refused(database: Engine) -> None:
    story = whole_story()
    project_all(database, story[:3])
    stranger = BlockHeader(story[3][0].number, block_hash(1), block_hash(2), story[3][0].timestamp)
    for block in (stranger, story[4][0], story[2][0]):
        with pytest.raises(ChainError, match="does not follow"), transaction(database) as session:
            apply_blocks(session, [(block, [])])


def test_apply_blocks__event_of_another_version__stops_and_leaves_nothing_of_the_block(
    database: Engine,
) -> None:
    story = whole_story()
    project_all(database, story[:5])
    before = state_hash(database)
    block, events = story[5]
    with pytest.raises(ChainError, match="does not project"), transaction(database) as session:
        apply_blocks(session, [(block, [*events, PlacedEvent("Receivables", object(), 99, block_hash(5))])])
    assert state_hash(database) == before
    with transaction(database) as session:
        apply_blocks(session, [(block, events)])


def test_apply_blocks__event_of_something_unknown__breaks_off(database: Engine) -> None:
    story = whole_story()
    event = trusted_network.MemberStatusSet(4_000, Status.ACTIVE)
    with pytest.raises(InvariantBroken, match="rebuild"), transaction(database) as session:
        apply_blocks(session, [(story[0][0], [PlacedEvent("TrustedNetwork", event, 0, block_hash(5))])])


def test_apply_blocks__by_a_second_follower__is_refused(postgresql_database: Engine) -> None:
    story = whole_story()
    project_all(postgresql_database, story[:4])
    with transaction(postgresql_database) as slow:
        cursor = cursors.find_cursor(slow, CURSOR)
        assert cursor is not None
        place = (cursor.block_number, cursor.block_hash)
        project_all(postgresql_database, story[4:5])
        with pytest.raises(Conflict, match="another follower"):
            cursors.move_cursor(slow, CURSOR, place, story[4][0].number, story[4][0].hash)
    with reading(postgresql_database) as session:
        assert [block.number for block in window_blocks(session)][:1] == [story[4][0].number]


def test_projection__every_table__is_filled_by_the_story(database: Engine) -> None:
    project_all(database, whole_story())
    with reading(database) as session:
        empty = [
            model.__name__
            for model in PROJECTION_TABLES
            if session.exec(select(model).limit(1)).first() is None
        ]
    assert empty == []


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_t25__reorg_under_settled_orders__leaves_what_the_new_branch_says(
    sqlite_database: Engine, postgresql_database: Engine, depth: int
) -> None:
    story = whole_story()[:-1]
    kept = len(story) - 1 - depth
    fork = whole_story(branch="other", forked_at=story[kept][0].number + 1)[:-1]
    with transaction(postgresql_database) as session:
        apply_blocks(session, fork)
    project_all(sqlite_database, story)
    assert state_hash(sqlite_database) != state_hash(postgresql_database)
    with transaction(sqlite_database) as session:
        rollback_to(session, story[kept][0].number)
    project_all(sqlite_database, fork[kept + 1 :])
    assert state_hash(sqlite_database) == state_hash(postgresql_database)
