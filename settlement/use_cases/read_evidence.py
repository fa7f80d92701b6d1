"""The transactions that did something to an order, with their gas where this service sent them."""

from __future__ import annotations

from settlement.chain.wanted import Kind
from settlement.store.handles import Session
from settlement.store.repositories import clearance, intents, loans, settlements
from settlement.wire.trade import Evidence

_VERBS = {
    Kind.ACCEPT.value: "accept",
    Kind.DRAW.value: "draw",
    Kind.ATTEST.value: "attest",
    Kind.SETTLE.value: "settle",
    Kind.REPAY.value: "repay",
    Kind.RECOURSE.value: "recourse",
    Kind.LAPSE.value: "lapse",
}
_OF_THE_LOAN = {"draw", "repay", "recourse"}
_SOURCE_VERBS = {1: "repay", 2: "recourse"}


def evidence_of(session: Session, order_id: str, *, with_loan: bool) -> list[Evidence]:
    """Oldest first by block; what others relayed is there by hash, without gas. ``with_loan``: the loan's rows too.

    A settlement inside an attestation stands twice, as what it attested and as what it paid: one hash, two verbs.
    """
    ours = {
        intent.tx_hash: intent
        for intent in intents.intents_of_subject(session, order_id)
        if intent.tx_hash is not None and intent.state in {intents.MINED, intents.FINAL}
    }
    found: dict[tuple[str, str], None] = {}
    for intent in ours.values():
        if intent.kind in _VERBS and intent.tx_hash is not None:
            found[_VERBS[intent.kind], intent.tx_hash] = None
    for draw in loans.draws_of(session, order_id):
        found["draw", draw.tx_hash] = None
    for attested in clearance.attestations_of(session, order_id):
        found["attest", attested.tx_hash] = None
    for paid in settlements.settlements_of(session, order_id):
        found["settle", paid.tx_hash] = None
    for repaid in loans.repayments_of(session, order_id):
        if repaid.source in _SOURCE_VERBS:
            found[_SOURCE_VERBS[repaid.source], repaid.tx_hash] = None
    rows = []
    for verb, tx_hash in found:
        if verb in _OF_THE_LOAN and not with_loan:
            continue
        sent = ours.get(tx_hash)
        rows.append(
            Evidence.model_validate(
                {
                    "verb": verb,
                    "hash": tx_hash,
                    "transaction": sent.id if sent else None,
                    "block": sent.block_number if sent else None,
                    "gas_used": sent.gas_used if sent else None,
                }
            )
        )
    return sorted(rows, key=lambda row: (row.block is None, row.block or 0))
