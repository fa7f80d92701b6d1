"""Take a purchase order in: stored as received, normalised, its fields under one root, its terms ready to sign."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from settlement import typed_data
from settlement.days import DAY_S
from settlement.documents.detect import read_order
from settlement.documents.order import Order
from settlement.errors import Conflict, InputRefused, NotPermitted
from settlement.ids import MemberId, OrderId, fingerprint, id_text
from settlement.merkle import OrderTree, new_salts
from settlement.money import minor_from_text
from settlement.store.handles import Session
from settlement.store.repositories import cash, clients, documents, members, order_drafts, receivables
from settlement.store.repositories.locks import lock_subject
from settlement.store.repositories.orders_seen import renew_draft
from settlement.store.tables_private import OrderDraft
from settlement.use_cases.acts import WEEK_S, Signatory, open_act
from settlement.use_cases.caller import Caller
from settlement.use_cases.context import Context
from settlement.use_cases.order_document import check_declarations, check_party, normalised, signed_fields
from settlement.use_cases.replace_draft import replace_draft
from settlement.wire.trade import OrderTerms
from settlement.wire.words import FUND_BY, ROLES, SETTLE_ON

_LONGEST_LIFE_S: Final = 730 * DAY_S
"""Source: Receivables.sol LONGEST_LIFE."""


@dataclass(frozen=True)
class SentOrder:
    """An order as it came: the document's bytes and the terms beside it."""

    content: bytes
    content_type: str
    terms: OrderTerms


@dataclass(frozen=True)
class Placed:
    """Which order it is, and whether it was made by this request."""

    order_id: str
    is_new: bool


def create_order(
    session: Session, context: Context, caller: Caller, sent: SentOrder, *, now_at: int, received_at: int
) -> Placed:
    """Make the order's draft and the buyer's act; the same bytes and terms again give the same order.

    Other bytes or terms take the place of a draft that does not bind yet (``replace_draft``), so that nobody is kept
    from its own number by a slip or a stranger's hand.

    Units:  ``now_at`` business time, ``received_at`` wall time.
    Holds:  I-05 before the chain does: one draft per fingerprint.
    Raises: NotPermitted when the caller is not a party; InputRefused for a document or terms that cannot be used;
            Conflict when the fingerprint is taken by another document or other terms that still bind.
    """
    terms = sent.terms
    if caller.acting_member() not in {terms.buyer, terms.supplier}:
        raise NotPermitted("an order is created by its buyer or its supplier")
    order = read_order(sent.content, sent.content_type)
    check_declarations(terms.declarations, len(order.lines))
    order_id = id_text(_fingerprint(session, order, terms))
    if cash.find_currency(session, order.currency.number) is None:
        raise Conflict(f"{order.currency.code} is not listed in this network", code="currency_not_listed")
    if terms.expires_at <= now_at:
        raise InputRefused(
            "expires_at lies in the past of business time; see GET /v1/clock", field="terms/expires_at"
        )
    if terms.expires_at > now_at + _LONGEST_LIFE_S:
        raise InputRefused(
            f"expires_at lies more than two years ahead; the latest is {now_at + _LONGEST_LIFE_S}",
            field="terms/expires_at",
        )

    lock_subject(session, order_id)
    stored = order_drafts.find_draft(session, order_id)
    difference = None if stored is None else _difference(context, stored, terms, order, now_at)
    if stored is not None and difference is None:
        _renew_if_over(session, context, caller, stored, terms, order, now_at, received_at)
        return Placed(order_id, is_new=False)
    documents.put_document(session, sent.content, sent.content_type, received_at)
    draft, typed = _draft(context, caller, order_id, order, terms, now_at, received_at)
    if stored is None or difference is None:
        order_drafts.add_draft(session, draft)
    else:
        replace_draft(session, caller, stored, draft, difference, now_at)
    order_drafts.set_draft_act(
        session, order_id, _open(session, caller, order_id, typed, terms.buyer, received_at)
    )
    return Placed(order_id, is_new=True)


def _draft(
    context: Context,
    caller: Caller,
    order_id: str,
    order: Order,
    terms: OrderTerms,
    now_at: int,
    received_at: int,
) -> tuple[OrderDraft, dict[str, Any]]:
    """The draft with fresh salts, and the typed terms to sign."""
    fields = signed_fields(order, terms.declarations)
    salts = new_salts(fields)
    root = OrderTree.build(fields, salts).root
    typed = _typed(context, _message(order, terms, root, now_at))
    draft = OrderDraft(
        order_id=order_id,
        created_by=caller.client_id,
        document_sha256=order.source_sha256,
        normalised=normalised(order, fields),
        root=f"0x{root.hex()}",
        salts={name: salt.hex() for name, salt in salts.items()},
        number=order.reference,
        year=order.issued_on.year,
        buyer=terms.buyer,
        supplier=terms.supplier,
        currency=order.currency.number,
        face_minor=order.face_minor,
        jurisdiction=terms.jurisdiction,
        terms=typed["message"],
        terms_hash=f"0x{typed_data.struct_hash(typed).hex()}",
        declarations=[term.model_dump() for term in terms.declarations],
        created_at=received_at,
    )
    return draft, typed


def _fingerprint(session: Session, order: Order, terms: OrderTerms) -> OrderId:
    """The order's id from both members' LEIs; the document must name the same companies.

    Raises: InputRefused.
    """
    if terms.buyer == terms.supplier:
        raise InputRefused("buyer and supplier are the same member", field="terms/supplier")
    buyer = _lei(session, "buyer", terms.buyer, order)
    supplier = _lei(session, "supplier", terms.supplier, order)
    return fingerprint(buyer, supplier, order.reference, order.issued_on.year)


def _lei(session: Session, role: str, member: int, order: Order) -> str:
    row = members.find_member(session, member)
    bit = ROLES["buyer"] if role == "buyer" else ROLES["supplier"]
    if row is None or not row.roles & bit:
        raise InputRefused(
            f"member {member} is no {role} of this network; GET /v1/members", field=f"terms/{role}"
        )
    company = clients.find_company(session, row.lei)
    if company is None:
        raise InputRefused(
            f"the LEI of member {member} is not known here; the operator enrolls it", field=f"terms/{role}"
        )
    check_party(role, order.buyer if role == "buyer" else order.supplier, company.lei, company.name)
    return company.lei


def _message(order: Order, terms: OrderTerms, root: bytes, now_at: int) -> dict[str, Any]:
    return {
        "buyer": terms.buyer,
        "supplier": terms.supplier,
        "number": order.reference,
        "year": order.issued_on.year,
        "currency": order.currency.number,
        "face": order.face_minor,
        "document": root,
        "settleOn": SETTLE_ON[terms.settle_on],
        "fundBy": FUND_BY[terms.fund_by],
        "tenorDays": terms.tenor_days,
        "lateBps": terms.late_bps,
        "dutyCap": minor_from_text(terms.duty_cap),
        "jurisdiction": terms.jurisdiction,
        "expiry": terms.expires_at,
        "deadline": min(now_at + WEEK_S, terms.expires_at),
    }


def _typed(context: Context, message: dict[str, Any]) -> dict[str, Any]:
    deployment = context.deployment
    return typed_data.typed_message("PurchaseOrder", deployment.chain_id, deployment.receivables, message)


def _open(
    session: Session, caller: Caller, order_id: str, typed: dict[str, Any], buyer: int, received_at: int
) -> str:
    act = open_act(
        session,
        caller,
        kind="order",
        subject=order_id,
        signatories=[Signatory("buyer", MemberId(buyer))],
        typed=typed,
        received_at=received_at,
    )
    return act.id


def _difference(
    context: Context, stored: OrderDraft, terms: OrderTerms, order: Order, now_at: int
) -> str | None:
    """In what the order sent differs from the one that is stored under its number; none when they are the same."""
    if stored.document_sha256 != order.source_sha256:
        return (
            f"order {stored.number} of {stored.year} between these parties exists with another document"
            f" (SHA-256 {stored.document_sha256})"
        )
    now = _typed(context, _message(order, terms, bytes.fromhex(stored.root[2:]), now_at))["message"]
    # The deadline is the act's, not the order's.
    is_same = {**stored.terms, "deadline": 0} == {**now, "deadline": 0}
    if not is_same or (stored.declarations or []) != [term.model_dump() for term in terms.declarations]:
        return f"order {stored.number} of {stored.year} between these parties exists with other terms"
    return None


def _renew_if_over(
    session: Session,
    context: Context,
    caller: Caller,
    stored: OrderDraft,
    terms: OrderTerms,
    order: Order,
    now_at: int,
    received_at: int,
) -> None:
    """The same order sent again changes nothing, except that terms whose deadline passed unaccepted get a new one."""
    is_accepted = receivables.find_receivable(session, stored.order_id) is not None
    if is_accepted or stored.terms["deadline"] >= now_at:
        return
    typed = _typed(context, _message(order, terms, bytes.fromhex(stored.root[2:]), now_at))
    act = _open(session, caller, stored.order_id, typed, terms.buyer, received_at)
    renew_draft(session, stored.order_id, typed["message"], f"0x{typed_data.struct_hash(typed).hex()}", act)
