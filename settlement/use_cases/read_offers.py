"""Lines that would lend on an order, cheapest first."""

from __future__ import annotations

from settlement.days import DAY_S
from settlement.errors import NotFound, NotPermitted
from settlement.interest import YEAR_DAYS, accrue_up, due_up
from settlement.money import ceil_ratio, floor_share
from settlement.store import tables_projection as tables
from settlement.store.handles import Session
from settlement.store.repositories import cash, lines, members
from settlement.store.tables_private import OrderDraft
from settlement.use_cases.amounts import amount
from settlement.use_cases.caller import Caller
from settlement.use_cases.visibility import visible_order
from settlement.wire.page import Page
from settlement.wire.trade import Offer
from settlement.wire.words import ROLES

_BPS = 10_000


def read_offers(session: Session, caller: Caller, order_id: str, now_at: int) -> Page[Offer]:
    """Every standing offer the order is eligible for, by what drawing at once until expiry would cost.

    Units:  ``now_at`` business time.
    Raises: NotFound; NotPermitted for the buyer: what its supplier pays for cash is the supplier's affair.
    """
    seen = visible_order(session, caller, order_id)
    draft = seen.draft
    if draft is None:
        raise NotFound(f"order {order_id} was not created here; there is nothing to offer")
    if not caller.sees_all and caller.member != draft.supplier:
        raise NotPermitted("offers are for the supplier")
    buyer = members.find_member(session, draft.buyer)
    supplier = members.find_member(session, draft.supplier)
    if buyer is None or supplier is None:
        raise NotFound(f"a party of order {order_id} is no member of the network")
    found: list[tuple[int, Offer]] = []
    for line, terms in lines.offers_in(session, draft.currency):
        funder = members.find_member(session, line.funder)
        if funder is not None and _is_eligible(draft, line, terms, buyer, supplier, funder, now_at):
            free_minor = cash.balance_minor(session, line.currency, line.funder)
            suppliers_minor = cash.balance_minor(session, line.currency, draft.supplier)
            if terms.committed and not _is_backed(draft, terms, free_minor, suppliers_minor):
                continue
            found.append(_offer(draft, line, terms, free_minor, now_at))
    found.sort(key=lambda one: (one[0], one[1].line))
    return Page(items=[offer for _, offer in found])


def _is_eligible(
    draft: OrderDraft,
    line: tables.Line,
    terms: tables.LineVersion,
    buyer: tables.Member,
    supplier: tables.Member,
    funder: tables.Member,
    now_at: int,
) -> bool:
    """What the contract asks of a reserve: lanes, cap, life, headroom, an offer and a funder in good standing."""
    is_standing = (
        funder.status == members.ACTIVE
        and funder.valid_until_at > now_at
        and bool(funder.roles & ROLES["funder"])
    )
    is_lane = bool(terms.buyer_lanes >> buyer.lane & 1) and bool(terms.supplier_lanes >> supplier.lane & 1)
    return (
        is_standing
        and is_lane
        and line.funder != draft.supplier
        and terms.expiry_at > now_at
        and _is_short_enough(draft, terms, now_at)
        and draft.face_minor <= terms.order_cap_minor
        and _reserve_minor(draft, terms) <= line.limit_minor - line.used_minor
    )


def _is_short_enough(draft: OrderDraft, terms: tables.LineVersion, now_at: int) -> bool:
    """Whether the latest due date that the order can get is one that the line takes."""
    latest = int(draft.terms["expiry"]) + int(draft.terms["tenorDays"]) * DAY_S
    return terms.longest_days == 0 or latest <= now_at + terms.longest_days * DAY_S


def _is_backed(
    draft: OrderDraft, terms: tables.LineVersion, funders_minor: int, suppliers_minor: int
) -> bool:
    """A committed line needs the funder's cash for the reserve now, and the supplier's for the fee (I-11)."""
    return funders_minor >= _reserve_minor(draft, terms) and suppliers_minor >= _commitment_minor(
        draft, terms
    )


def _commitment_minor(draft: OrderDraft, terms: tables.LineVersion) -> int:
    return ceil_ratio(_reserve_minor(draft, terms) * terms.commitment_bps, _BPS)


def _reserve_minor(draft: OrderDraft, terms: tables.LineVersion) -> int:
    return floor_share(draft.face_minor, max(_advances(terms)), _BPS)


def _advances(terms: tables.LineVersion) -> tuple[int, int, int]:
    return terms.advance_accepted_bps, terms.advance_shipped_bps, terms.advance_released_bps


def _offer(
    draft: OrderDraft, line: tables.Line, terms: tables.LineVersion, free_minor: int, now_at: int
) -> tuple[int, Offer]:
    """The offer, behind its price in millionths of what it lends: a small advance is not a cheap one."""
    drawable = [min(free_minor, floor_share(draft.face_minor, bps, _BPS)) for bps in _advances(terms)]
    days = max(1, ceil_ratio(draft.terms["expiry"] - now_at, DAY_S) + draft.terms["tenorDays"])
    # The estimate takes what may be drawn by terms, so that a funder short of cash does not look cheap.
    principal = floor_share(draft.face_minor, terms.advance_accepted_bps, _BPS)
    interest = due_up(accrue_up(0, principal, terms.rate_bps, days * DAY_S, YEAR_DAYS[terms.day_count]))
    commitment = _commitment_minor(draft, terms)
    fee = ceil_ratio(principal * terms.fee_bps, _BPS) + commitment
    unit = draft.currency
    offer = Offer(
        line=line.line,
        version=line.version,
        funder=line.funder,
        rate_bps=terms.rate_bps,
        fee_bps=terms.fee_bps,
        drawable_accepted=amount(drawable[0], unit),
        drawable_shipped=amount(drawable[1], unit),
        drawable_released=amount(drawable[2], unit),
        headroom=amount(line.limit_minor - line.used_minor, unit),
        cost_estimate=amount(interest + fee, unit),
        estimate_days=days,
        is_committed=terms.committed,
        commitment_fee=amount(commitment, unit),
    )
    return ceil_ratio((interest + fee) * 1_000_000, max(1, principal)), offer
