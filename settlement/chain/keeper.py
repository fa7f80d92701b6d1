"""Calls what falls due by time alone: payments, lapses, ends of disputes, undertakings and reserves, recourse, indices,
cover payouts and expiries, customs seats of members that lost their standing.

Exit days of pools need nobody: what an investor wants out, it signs for.

The projection says what may be due, the chain at business time whether it is; then one intent is queued for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from settlement.chain.bindings.enums import IndexState, Phase, SettleOn
from settlement.chain.client import NOBODY, ChainClient
from settlement.chain.deployment import Deployment
from settlement.chain.gateways import open_gateways
from settlement.chain.pace import Pace
from settlement.chain.policy_terms import policy_terms
from settlement.chain.wanted import Wanted
from settlement.days import DAY_S
from settlement.errors import ChainError, Conflict
from settlement.ids import OrderId, bucket_of, id_from_text
from settlement.payout import payout_at, payout_without_data
from settlement.store import tables_projection as rows
from settlement.store.engine import reading, transaction
from settlement.store.handles import Engine, Session
from settlement.store.repositories.cash import balance_minor
from settlement.store.repositories.clearance import unfit_seats
from settlement.store.repositories.cover import find_bucket, held_buckets, open_policies, unfixed_buckets
from settlement.store.repositories.intents import QUEUED, SENT, add_intent, intents_about
from settlement.store.repositories.lines import find_version
from settlement.store.repositories.loans import drawable_loans, outstanding_loans
from settlement.store.repositories.receivables import open_receivables
from settlement.store.repositories.shares import shares_of, shares_set_aside
from settlement.store.repositories.undertakings import live_undertakings
from settlement.waterfall import delivered_down

POSTING_GRACE_S: Final = 5 * DAY_S
"""How long after an order's expiry customs may still post for it; it does not lapse before.

Units:  seconds.
Source: Bounds.POSTING_GRACE.
"""
ASK_AGAIN_S: Final = 10
"""Business time after which something that was not due is asked about again though nothing around it changed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Candidate:
    """Something that may be due; ``marks`` change when the projection around it does."""

    wanted: Wanted
    marks: tuple[int, ...]


class Keeper:
    """Queues each time-driven verb once when it is due.

    Holds:  while one intent for an effect is on its way, no second is queued; two keepers queue the same one.
    """

    def __init__(self, engine: Engine, client: ChainClient, deployment: Deployment) -> None:
        self._engine = engine
        self._client = client
        self._gateways = open_gateways(client, deployment)
        # What was found not due: its marks, and the business time of asking.
        self._asked: dict[tuple[str, str], tuple[tuple[int, ...], int]] = {}

    def run(self, stop: threading.Event) -> None:
        """Step until told to stop; trouble is logged and waited out."""
        pace = Pace(stop)
        while not stop.is_set():
            try:
                pace.rest(has_moved=self.step() > 0)
            except (ChainError, Conflict) as trouble:
                log.warning("keeper_paused", code=trouble.code, reason=trouble.message)
                pace.recover()

    def step(self) -> int:
        """Queue what is due now; how many were queued.

        Raises: ChainError when the node does not answer.
        """
        now = self._client.time()
        with reading(self._engine) as session:
            candidates = [
                *self._orders(session, now),
                *self._undertakings(session, now),
                *self._loans(session, now),
                *self._indices(session),
                *self._policies(session, now),
                *self._seats(session, now),
            ]
        due = [one.wanted for one in candidates if self._is_due(one, now)]
        if not due:
            return 0
        with transaction(self._engine) as session:
            return sum(self._want(session, one) for one in due)

    def _is_due(self, candidate: Candidate, now: int) -> bool:
        """The chain's word, at business time; asked again only when something changed or time has passed."""
        key = (candidate.wanted.kind, candidate.wanted.effect_key)
        marks, asked_at = self._asked.get(key, (None, 0))
        if marks == candidate.marks and now - asked_at < ASK_AGAIN_S:
            return False
        self._asked[key] = (candidate.marks, now)
        return self._client.simulate(NOBODY, candidate.wanted.to, candidate.wanted.calldata) is None

    def _want(self, session: Session, wanted: Wanted) -> bool:
        before = intents_about(session, wanted.kind, wanted.effect_key)
        if any(one.state in (QUEUED, SENT) for one in before):
            return False
        # Counting earlier occasions makes two keepers agree on the next one.
        intent = add_intent(
            session,
            signer=wanted.signer,
            kind=wanted.kind,
            to_address=wanted.to,
            calldata="0x" + wanted.calldata.hex(),
            effect_key=wanted.effect_key,
            occasion=f"keeper-{len(before)}",
            subject=wanted.subject,
            created_at=int(time.time()),
        )
        log.info("fell_due", kind=wanted.kind, effect=wanted.effect_key, intent=intent.id)
        return True

    def _orders(self, session: Session, now: int) -> Iterator[Candidate]:
        """Payments that are due or whose late buyer has cash, lapses, overdue disputes, money set aside."""
        by_order = shares_of(session)
        guaranteed = {row.order: row.block_number for row, _ in live_undertakings(session)}
        for row in open_receivables(session, closed_phase=int(Phase.CLOSED)):
            order = OrderId(id_from_text(row.order))
            shares = by_order.get(row.order, [])
            free = balance_minor(session, row.currency, row.buyer)
            marks = (row.block_number, free, guaranteed.get(row.order, 0))
            if not row.hold and (_is_payment_due(row, shares, now) or (row.late_since_at and free)):
                yield Candidate(self._gateways.receivables.settle(order, ""), marks)
            if now > row.expiry_at and (not row.lapsed or _may_lapse_again(row, shares)):
                yield Candidate(self._gateways.receivables.lapse(order), marks)
            if row.disputed_minor and now > row.dispute_until_at:
                yield Candidate(self._gateways.receivables.dismiss(order), marks)
        for share, aside in shares_set_aside(session):
            share_id = OrderId(id_from_text(share.share))
            wanted = self._gateways.receivables.settle(share_id, "")
            yield Candidate(wanted, (share.block_number, aside))

    def _undertakings(self, session: Session, now: int) -> Iterator[Candidate]:
        """Undertakings that are over, and guarantors whose buyer has cash again."""
        for row, order in live_undertakings(session):
            order_id = OrderId(id_from_text(row.order))
            marks = (row.block_number, order.block_number)
            if row.left_minor and (now >= row.expiry_at or order.phase == Phase.CLOSED):
                yield Candidate(self._gateways.receivables.return_undertaking(order_id), marks)
            free = balance_minor(session, order.currency, order.buyer)
            if row.claim_minor and free:
                yield Candidate(self._gateways.receivables.refund_guarantor(order_id), (*marks, free))

    def _loans(self, session: Session, now: int) -> Iterator[Candidate]:
        """Loans past maturity, or above what a reduced order carries, while the supplier has cash; idle reserves."""
        for loan, order in outstanding_loans(session):
            version = find_version(session, loan.line, loan.version)
            grace_days = 0 if version is None else version.grace_days
            matures_at = (order.due_at or order.expiry_at) + grace_days * DAY_S
            free = balance_minor(session, order.currency, order.holder)
            if free and (now >= matures_at or order.reduced_minor):
                marks = (loan.block_number, order.block_number, free)
                yield Candidate(self._gateways.lines.recourse(OrderId(id_from_text(loan.order)), ""), marks)

        for loan, order in drawable_loans(session):
            # Without a hold the lapse frees the reserve at the same time.
            if order.hold and now > order.expiry_at + POSTING_GRACE_S:
                wanted = self._gateways.lines.release(OrderId(id_from_text(loan.order)))
                yield Candidate(wanted, (loan.block_number, order.block_number))

    def _indices(self, session: Session) -> Iterator[Candidate]:
        """Indices that can be fixed, and held ones that nobody resolved in time."""
        for bucket in unfixed_buckets(session):
            wanted = self._gateways.index.fix(bytes.fromhex(bucket.bucket[2:]))
            yield Candidate(wanted, (bucket.block_number,))
        for bucket in held_buckets(session):
            wanted = self._gateways.index.give_up(bytes.fromhex(bucket.bucket[2:]))
            yield Candidate(wanted, (bucket.block_number,))

    def _policies(self, session: Session, now: int) -> Iterator[Candidate]:
        """Policies that an index triggered, and policies that ran out."""
        for row in open_policies(session):
            policy, terms = id_from_text(row.policy), policy_terms(row)
            day = _triggering_day(session, row)
            if day is not None:
                yield Candidate(self._gateways.cover.pay(policy, terms, day), (row.block_number, day))
            elif now > (row.last_day + 1) * DAY_S:
                yield Candidate(self._gateways.cover.expire(policy, terms), (row.block_number,))

    def _seats(self, session: Session, now: int) -> Iterator[Candidate]:
        """Seats whose member may sit no more, or whose key is given up: what they sign must not count (P33)."""
        for seat, member in unfit_seats(session, now):
            marks = (seat.block_number, member.block_number)
            yield Candidate(self._gateways.clearance.unseat(seat.key), marks)


def _is_payment_due(row: rows.Receivable, shares: Sequence[rows.Share], now: int) -> bool:
    """Whether the order's condition is met and something delivered is unpaid, in any leaf (R2, R3)."""
    needed = Phase.RELEASED if row.settle_on == SettleOn.RELEASE else Phase.CLEARED
    if row.phase < needed or _is_under_way(row) or (row.tenor_days and not 0 < row.due_at <= now):
        return False
    delivered = _delivered_minors(row, shares)
    # Only whole orders are disputed.
    disputed = (row.disputed_minor, *(0 for _ in shares))
    leaves = zip(_leaves(row, shares), delivered, disputed, strict=True)
    return any(due > leaf.paid_minor + withheld for leaf, due, withheld in leaves)


def _is_under_way(row: rows.Receivable) -> bool:
    """Whether the order waits for a carrier's word."""
    return row.settle_on == SettleOn.ARRIVAL and not row.arrived_at


def _may_lapse_again(row: rows.Receivable, shares: Sequence[rows.Share]) -> bool:
    """Whether a release taken back, or never arrived, since the first lapse left something undelivered (R4)."""
    delivered = [0] * (1 + len(shares)) if _is_under_way(row) else _delivered_minors(row, shares)
    return any(
        leaf.face_minor - leaf.reduced_minor > max(due, leaf.paid_minor)
        for leaf, due in zip(_leaves(row, shares), delivered, strict=True)
    )


def _delivered_minors(row: rows.Receivable, shares: Sequence[rows.Share]) -> list[int]:
    """D of R2 for the order's own leaf and its shares."""
    leaves = _leaves(row, shares)
    whole_minor = sum(leaf.face_minor for leaf in leaves)
    return [
        delivered_down(
            whole_minor,
            leaf.face_minor,
            leaf.face_minor - leaf.reduced_minor,
            row.released_minor,
            is_lapsed=row.lapsed,
        )
        for leaf in leaves
    ]


def _leaves(row: rows.Receivable, shares: Sequence[rows.Share]) -> tuple[rows.Receivable | rows.Share, ...]:
    """The order's own leaf, and its shares."""
    return (row, *shares)


def _triggering_day(session: Session, row: rows.Policy) -> int | None:
    terms = policy_terms(row)
    for day in range(row.first_day, row.last_day + 1):
        wanted = bucket_of(row.peril, bytes.fromhex(row.place[2:]), day)
        bucket = find_bucket(session, f"0x{wanted.hex()}")
        if bucket is None:
            continue
        # A day that pays nothing does not trigger: at the attachment itself a linear payout is still zero.
        if bucket.fixed and payout_at(terms, bucket.median):
            return day
        if bucket.state == IndexState.NO_DATA and payout_without_data(terms.sum, terms.no_data_bps):
            return day
    return None
