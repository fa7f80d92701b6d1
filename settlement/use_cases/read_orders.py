"""Orders as the API shows them: from draft to settled, with amounts, settlements and evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from settlement.chain.bindings.enums import Phase
from settlement.days import DAY_S
from settlement.errors import NotFound
from settlement.store import tables_projection as tables
from settlement.store.handles import Session
from settlement.store.repositories import acts, lines, loans, orders_seen, settlements, shares
from settlement.store.tables_private import OrderDraft
from settlement.use_cases.accept_order import newest_acts
from settlement.use_cases.acts import view_act
from settlement.use_cases.amounts import amount
from settlement.use_cases.caller import Caller
from settlement.use_cases.read_evidence import evidence_of
from settlement.use_cases.visibility import SeenOrder, is_loan_partner, seen_by, visible_order
from settlement.wire.page import Page
from settlement.wire.trade import Funding, Order, OrderSummary, Settlement
from settlement.wire.words import FUND_BY_WORDS, SETTLE_ON_WORDS

_RECOURSE_SOURCE = 2
_OF_THE_LOAN = (
    "drawn",
    "fees",
    "outstanding",
    "interest_paid",
    "recovered_from_supplier",
    "funding",
    "maturity_at",
)


def list_orders(session: Session, caller: Caller, limit: int, cursor: str | None) -> Page[OrderSummary]:
    """The caller's orders, drafts included, by id."""
    page = orders_seen.orders_seen(session, seen_by(caller), limit=limit, cursor=cursor)
    drafts = orders_seen.drafts_by_id(session, page.rows)
    accepted = orders_seen.receivables_by_id(session, page.rows)
    split = shares.shares_of(session, page.rows)
    items = [
        _summary(SeenOrder(one, drafts.get(one), accepted.get(one)), split.get(one, [])) for one in page.rows
    ]
    return Page(items=items, next=page.next_cursor)


def read_order(session: Session, caller: Caller, order_id: str, now_at: int) -> Order:
    """One order. Units: ``now_at`` business time.

    Raises: NotFound.
    """
    seen = visible_order(session, caller, order_id)
    is_partner = is_loan_partner(session, caller, seen)
    of_order = shares.shares_of(session, [seen.id]).get(seen.id, [])
    body = _terms(seen) | _money(seen, of_order) | _progress(seen)
    body |= _loan(session, seen) if is_partner else dict.fromkeys(_OF_THE_LOAN)
    body["settlements"] = [
        view_settlement(row, _currency(seen)) for row in settlements.settlements_of(session, seen.id)
    ]
    body["evidence"] = evidence_of(session, seen.id, with_loan=is_partner)
    # What the parties sign between them is not shown to those who lend on it, insure it or clear it.
    is_party = caller.sees_all or caller.member in seen.parties
    rows = [acts.find_act(session, one) for one in newest_acts(session, seen.id)] if is_party else []
    body["acts"] = [view_act(session, row, now_at) for row in rows if row is not None]
    return Order.model_validate(body)


def phase_of(row: tables.Receivable | None) -> str:
    """An order's phase in the API's words: a closed one is settled, refused, or closed short."""
    if row is None:
        return "draft"
    if row.phase != Phase.CLOSED:
        return Phase(row.phase).name.lower()
    if row.refused:
        return "refused"
    return "settled" if row.reduced_minor == 0 else "closed"


def open_minor(row: tables.Receivable) -> int:
    """What is neither paid nor reduced (I-07). Units: minor units."""
    return row.face_minor - row.reduced_minor - row.paid_minor


@dataclass(frozen=True)
class Whole:
    """An order with all of its shares, as its parties know it: its own leaf keeps the rest alone. Units: minor units."""

    face_minor: int
    reduced_minor: int
    paid_minor: int

    @property
    def open_minor(self) -> int:
        """What is neither paid nor reduced (I-07)."""
        return self.face_minor - self.reduced_minor - self.paid_minor


def whole_of(row: tables.Receivable, of_order: Sequence[tables.Share]) -> Whole:
    """The sums over an order's own leaf and its shares."""
    leaves: tuple[tables.Receivable | tables.Share, ...] = (row, *of_order)
    return Whole(
        sum(leaf.face_minor for leaf in leaves),
        sum(leaf.reduced_minor for leaf in leaves),
        sum(leaf.paid_minor for leaf in leaves),
    )


@dataclass(frozen=True)
class _Basics:
    number: str
    year: int
    currency: int
    face_minor: int


def _basics(seen: SeenOrder) -> _Basics:
    row: tables.Receivable | OrderDraft | None = seen.receivable or seen.draft
    if row is None:
        raise NotFound(f"there is no order {seen.id}")
    return _Basics(row.number, row.year, row.currency, row.face_minor)


def _currency(seen: SeenOrder) -> int:
    return _basics(seen).currency


def _whole(seen: SeenOrder, of_order: Sequence[tables.Share]) -> Whole:
    if seen.receivable is None:
        return Whole(_basics(seen).face_minor, 0, 0)
    return whole_of(seen.receivable, of_order)


def _summary(seen: SeenOrder, of_order: Sequence[tables.Share]) -> OrderSummary:
    basics, row, whole = _basics(seen), seen.receivable, _whole(seen, of_order)
    buyer, supplier = seen.parties
    return OrderSummary.model_validate(
        {
            "id": seen.id,
            "number": basics.number,
            "phase": phase_of(row),
            "buyer": buyer,
            "supplier": supplier,
            "face": amount(whole.face_minor, basics.currency),
            "open": amount(whole.open_minor, basics.currency),
            "paid": amount(whole.paid_minor, basics.currency),
        }
    )


def _terms(seen: SeenOrder) -> dict[str, Any]:
    """What both signed: from the chain once it is there, from the draft before."""
    row, draft = seen.receivable, seen.draft
    buyer, supplier = seen.parties
    if row is not None:
        signed = {
            "settle_on": SETTLE_ON_WORDS[row.settle_on],
            "fund_by": FUND_BY_WORDS[row.fund_by],
            "tenor_days": row.tenor_days,
            "late_bps": row.late_bps,
            "jurisdiction": row.jurisdiction,
            "expires_at": row.expiry_at,
            "document_root": row.document_root,
            "terms_hash": row.terms_hash,
        }
    elif draft is not None:
        signed = {
            "settle_on": SETTLE_ON_WORDS[draft.terms["settleOn"]],
            "fund_by": FUND_BY_WORDS[draft.terms["fundBy"]],
            "tenor_days": draft.terms["tenorDays"],
            "late_bps": draft.terms["lateBps"],
            "jurisdiction": draft.jurisdiction,
            "expires_at": draft.terms["expiry"],
            "document_root": draft.root,
            "terms_hash": draft.terms_hash,
        }
    else:
        raise NotFound(f"there is no order {seen.id}")
    return signed | {
        "id": seen.id,
        "number": _basics(seen).number,
        "year": _basics(seen).year,
        "buyer": buyer,
        "supplier": supplier,
        "source": draft.normalised["source"] if draft else None,
        "document_sha256": draft.document_sha256 if draft else None,
    }


def _money(seen: SeenOrder, of_order: Sequence[tables.Share]) -> dict[str, Any]:
    row, basics, whole = seen.receivable, _basics(seen), _whole(seen, of_order)
    duty_cap = row.duty_cap_minor if row else seen.draft.terms["dutyCap"] if seen.draft else 0
    minor = {
        "face": whole.face_minor,
        "open": whole.open_minor,
        "paid": whole.paid_minor,
        "reduced": whole.reduced_minor,
        "released": row.released_minor if row else 0,
        "duty_cap": duty_cap,
        "duty_paid": row.duty_paid_minor if row else 0,
    }
    return {name: amount(value, basics.currency) for name, value in minor.items()}


def _loan(session: Session, seen: SeenOrder) -> dict[str, Any]:
    """What only borrower and lender see: ``_OF_THE_LOAN``."""
    row, unit, loan = seen.receivable, _currency(seen), loans.find_loan(session, seen.id)
    recovered = sum(
        one.interest_minor + one.principal_minor
        for one in loans.repayments_of(session, seen.id)
        if one.source == _RECOURSE_SOURCE
    )
    return {
        "drawn": amount(loan.drawn_minor if loan else 0, unit),
        "fees": amount(loan.fee_minor if loan else 0, unit),
        "outstanding": amount(loan.principal_minor if loan else 0, unit),
        "interest_paid": amount(loan.interest_paid_minor if loan else 0, unit),
        "recovered_from_supplier": amount(recovered, unit),
        "funding": _funding(session, row) if row else None,
        "maturity_at": maturity_of(session, row) if row else None,
    }


def _progress(seen: SeenOrder) -> dict[str, Any]:
    row = seen.receivable
    return {
        "phase": phase_of(row),
        "hold": row.hold if row else False,
        "refused": row.refused if row else False,
        "holder": row.holder if row else None,
        "due_at": row.due_at or None if row else None,
        "accepted_at": row.accepted_at if row else None,
        "seq": row.seq if row else 0,
        "reason": reason_of(row),
    }


def _funding(session: Session, row: tables.Receivable) -> Funding | None:
    line = lines.find_line(session, row.line) if row.line else None
    return None if line is None else Funding(line=row.line, version=row.version, funder=line.funder)


def maturity_of(session: Session, row: tables.Receivable) -> int | None:
    """When the loan falls due whatever happens: (due or expiry) + grace. Units: unix seconds; none without a line."""
    terms = lines.find_version(session, row.line, row.version) if row.line else None
    return None if terms is None else (row.due_at or row.expiry_at) + terms.grace_days * DAY_S


def reason_of(row: tables.Receivable | None) -> str | None:
    """Why an order stands still or ended short, in words for its parties."""
    if row is None:
        return None
    if row.refused:
        return "customs refused the goods: what was not released is no longer owed, and the loan falls due from the supplier"
    if row.phase == Phase.CLOSED and row.reduced_minor:
        return "the order expired before all was delivered: the undelivered part is no longer owed"
    if row.hold:
        return "customs hold the goods: nothing is paid until the hold is lifted"
    if row.late_since_at:
        return "the buyer was short when payment fell due: a late charge runs"
    return None


def view_settlement(row: tables.Settlement, currency: int) -> Settlement:
    """One payment under an order."""
    return Settlement(
        order=row.order,
        number=row.number,
        face=amount(row.face_minor, currency),
        late=amount(row.late_minor, currency),
        to_funder=amount(row.to_funder_minor, currency),
        to_holder=amount(row.to_holder_minor, currency),
        to_customs=amount(row.to_customs_minor, currency),
        buyer_debited=amount(row.buyer_debited_minor, currency),
        settled_at=row.settled_at,
        hash=row.tx_hash,
    )
