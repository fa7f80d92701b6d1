"""What a customs member needs to fold messages into the state of an order, and proofs of single fields."""

from __future__ import annotations

from settlement.errors import NotFound, NotPermitted
from settlement.merkle import OrderTree
from settlement.store.handles import Session
from settlement.store.repositories import clearance, order_drafts, shares
from settlement.store.tables_private import OrderDraft
from settlement.use_cases.amounts import amount
from settlement.use_cases.caller import Caller
from settlement.use_cases.read_orders import phase_of, whole_of
from settlement.use_cases.visibility import visible_order, visible_receivable
from settlement.wire.trade import Basis, FieldProof, ProofStep
from settlement.wire.words import SETTLE_ON_WORDS


def read_basis(session: Session, caller: Caller, order_id: str) -> Basis:
    """Face, lines' shares and declarations of the signed terms.

    Raises: NotFound for orders that are not accepted, or not cleared in the caller's jurisdiction.
    """
    row = visible_receivable(session, caller, order_id)
    if not caller.sees_all and row.jurisdiction not in clearance.jurisdictions_of(
        session, caller.acting_member()
    ):
        raise NotFound(f"order {order_id} is not cleared in a jurisdiction of yours")
    draft = _draft(session, order_id)
    # What customs release is a part of all that was ordered, whoever holds which share of it.
    whole = whole_of(row, shares.shares_of(session, [order_id]).get(order_id, []))
    return Basis.model_validate(
        {
            "order": order_id,
            "number": row.number,
            "jurisdiction": row.jurisdiction,
            "phase": phase_of(row),
            "seq": row.seq,
            "face": amount(whole.face_minor, row.currency),
            "duty_cap": amount(row.duty_cap_minor, row.currency),
            "settle_on": SETTLE_ON_WORDS[row.settle_on],
            "expires_at": row.expiry_at,
            "accepted_at": row.accepted_at,
            "lines": [
                {
                    "position": line["position"],
                    "id": line["id"],
                    "quantity": line["quantity"],
                    "unit": line["unit"],
                    "value": amount(line["value_minor"], row.currency),
                }
                for line in draft.normalised["lines"]
            ],
            "declarations": draft.declarations or [],
        }
    )


def read_proof(session: Session, caller: Caller, order_id: str, field: str) -> FieldProof:
    """One field of the order with the way to the root on chain; it shows nothing of the others.

    Whoever else is to see a field gets it from one of the parties: who lends on an order, insures it or clears it has
    no claim to its document.

    Raises: NotFound; NotPermitted for all but buyer and supplier; InputRefused when the order has no such field.
    """
    seen = visible_order(session, caller, order_id)
    if not caller.sees_all and caller.member not in seen.parties:
        raise NotPermitted(
            "the document's fields are shown to buyer and supplier; ask one of them for the proof"
        )
    draft = _draft(session, order_id)
    fields = draft.normalised["fields"]
    tree = OrderTree.build(fields, {name: bytes.fromhex(salt) for name, salt in draft.salts.items()})
    proof = tree.proof(field)
    return FieldProof(
        order=order_id,
        root=draft.root,
        field=proof.name,
        value=proof.value,
        salt=f"0x{proof.salt.hex()}",
        siblings=[
            ProofStep(hash=f"0x{step.node_hash.hex()}", is_left=step.is_left) for step in proof.siblings
        ],
    )


def _draft(session: Session, order_id: str) -> OrderDraft:
    draft = order_drafts.find_draft(session, order_id)
    if draft is None:
        raise NotFound(f"the document of order {order_id} is not kept here; ask the service that created it")
    return draft
