"""What each event says about rows, for what no view of the contracts keeps: hashes, single draws, old versions.

Deliberately not the projector's code: it says only what an event tells by itself, so that both must agree.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.chain.bindings import (
    cash_ledger,
    clearance_oracle,
    credit_lines,
    disruption_cover,
    index_oracle,
    order_desk,
    receivables,
    settlement_desk,
    share_desk,
    trusted_network,
)
from settlement.chain.bindings.enums import IndexState
from settlement.ids import id_text, share_number, undertaking_account
from settlement.store import tables_projection as rows

BY_REPAYMENT: Final = 1
"""Source of a Repaid that anyone may cause; all others close the draws."""

FORMER_S: Final = 2 * 3_600
"""How long quorums of a former committee count; stated here again, so that the projection's number is checked too.

Units:  seconds.
Source: Committees.GRACE.
"""

Key = tuple[Any, ...]
Words = tuple[type[rows.ProjectionTable], Key, dict[str, Any]]

COMPLETE: Final[tuple[type[rows.ProjectionTable], ...]] = (
    rows.Member,
    rows.MemberKey,
    rows.ListedCurrency,
    rows.AccountBalance,
    rows.Line,
    rows.Loan,
    rows.IndexBucket,
    rows.Pool,
    rows.Receivable,
    rows.LineVersion,
    rows.Draw,
    rows.Repayment,
    rows.Attestation,
    rows.Settlement,
    rows.Committee,
    rows.CommitteeSeat,
    rows.ObserverSet,
    rows.ObserverSeat,
    rows.Observation,
    rows.Policy,
    rows.CoverPayout,
    rows.Share,
    rows.Undertaking,
)
"""Tables whose every row some event here tells of: a row too many or too few shows."""


@dataclass
class Told:
    """Everything that the events of a run of blocks tell, by table and key."""

    rows: dict[type[rows.ProjectionTable], dict[Key, dict[str, Any]]] = field(default_factory=dict)
    repayments: Counter[str] = field(default_factory=Counter)
    observers: int = 0

    def hear(self, block: BlockHeader, placed: PlacedEvent) -> None:
        """Take in one event."""
        tell = _TELLERS.get(type(placed.event))
        if tell is None:
            return
        for table, key, words in tell(self, placed.event, block, placed):
            self.rows.setdefault(table, {}).setdefault(key, {}).update(words)


Teller = Callable[[Told, Any, BlockHeader, PlacedEvent], Iterator[Words]]


def _enrolled(
    _: Told, event: trusted_network.MemberEnrolled, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    yield rows.Member, (event.member,), {}


def _key_set(_: Told, event: trusted_network.KeySet, __: BlockHeader, ___: PlacedEvent) -> Iterator[Words]:
    yield rows.MemberKey, (event.key,), {}


def _listed(_: Told, event: cash_ledger.CurrencyListed, __: BlockHeader, ___: PlacedEvent) -> Iterator[Words]:
    yield rows.ListedCurrency, (event.currency,), {}


def _deposited(_: Told, event: cash_ledger.Deposited, __: BlockHeader, ___: PlacedEvent) -> Iterator[Words]:
    yield rows.AccountBalance, (event.currency, id_text(event.member)), {}


def _moved(_: Told, event: cash_ledger.Moved, __: BlockHeader, ___: PlacedEvent) -> Iterator[Words]:
    for leg in event.legs:
        yield rows.AccountBalance, (event.currency, id_text(leg.to)), {}


def _reserved(
    _: Told,
    event: credit_lines.ReserveChanged,
    __: BlockHeader,
    ___: PlacedEvent,
) -> Iterator[Words]:
    yield rows.Loan, (id_text(event.order),), {"reserved_minor": event.amount}


def _lent(_: Told, event: credit_lines.Reserved, __: BlockHeader, ___: PlacedEvent) -> Iterator[Words]:
    # Undrawn reserves move as well: none of them is written off.
    words = {"reserved_minor": event.amount, "written_off": False}
    yield rows.Loan, (id_text(event.order),), words


def _written_off(
    _: Told, event: credit_lines.WrittenOff, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    yield rows.Loan, (id_text(event.order),), {"written_off": True, "draws_closed": True}


def _pool_funded(
    _: Told, event: disruption_cover.PoolFunded, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    yield rows.Pool, (id_text(event.pool),), {"insurer": event.insurer, "currency": event.currency}


def _accepted(_: Told, event: receivables.Accepted, block: BlockHeader, __: PlacedEvent) -> Iterator[Words]:
    words = {
        "supplier": event.supplier,
        "terms_hash": _hex(event.terms_hash),
        "document_root": _hex(event.terms.document),
        "accepted_at": block.timestamp,
    }
    yield rows.Receivable, (id_text(event.order),), words


def _amended(_: Told, event: order_desk.Amended, __: BlockHeader, ___: PlacedEvent) -> Iterator[Words]:
    yield rows.Receivable, (id_text(event.order),), {"document_root": _hex(event.terms.document)}


def _recorded(
    _: Told, event: receivables.Recorded, block: BlockHeader, placed: PlacedEvent
) -> Iterator[Words]:
    words = {
        "phase": int(event.phase),
        "hold": event.hold,
        "refused": event.refused,
        "released_minor": event.released,
        "duty_minor": event.duty,
        "recorded_at": block.timestamp,
        "tx_hash": placed.tx_hash,
    }
    yield rows.Attestation, (id_text(event.order), event.seq), words
    # The newest such event is the last one heard.
    yield rows.Receivable, (id_text(event.order),), {"refused": event.refused}


def _attested(
    _: Told, event: clearance_oracle.Attested, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    words = {
        "digest": _hex(event.digest),
        "declarations": _hex(event.declarations),
        "messages": _hex(event.messages),
        "seat_bitmap": event.seat_bitmap,
        "event_at": event.event_at,
    }
    yield rows.Attestation, (id_text(event.order), event.seq), words


def _settled(_: Told, event: receivables.Settled, block: BlockHeader, placed: PlacedEvent) -> Iterator[Words]:
    words = {
        "face_minor": event.face,
        "late_minor": event.late,
        "to_funder_minor": event.to_funder,
        "to_holder_minor": event.to_holder,
        "to_customs_minor": event.to_customs,
        "settled_at": block.timestamp,
        "tx_hash": placed.tx_hash,
    }
    yield rows.Settlement, (id_text(event.order), event.number), words


def _published(
    _: Told, event: credit_lines.LinePublished, block: BlockHeader, __: PlacedEvent
) -> Iterator[Words]:
    yield rows.Line, (event.line,), {"funder": event.funder}
    words = {"limit_minor": event.terms.limit, "published_at": block.timestamp}
    yield rows.LineVersion, (event.line, event.version), words


def _drawn(_: Told, event: credit_lines.Drawn, block: BlockHeader, placed: PlacedEvent) -> Iterator[Words]:
    words = {
        "amount_minor": event.amount,
        "fee_minor": event.fee,
        "drawn_at": block.timestamp,
        "tx_hash": placed.tx_hash,
    }
    yield rows.Draw, (id_text(event.order), event.index), words


def _repaid(
    told: Told, event: credit_lines.Repaid, block: BlockHeader, placed: PlacedEvent
) -> Iterator[Words]:
    order = id_text(event.order)
    told.repayments[order] += 1
    words = {
        "source": event.source,
        "payer": event.payer,
        "interest_minor": event.interest,
        "principal_minor": event.principal,
        "repaid_at": block.timestamp,
        "tx_hash": placed.tx_hash,
    }
    yield rows.Repayment, (order, told.repayments[order]), words
    if event.source != BY_REPAYMENT:
        yield rows.Loan, (order,), {"draws_closed": True}


def _seated(
    _: Told, event: clearance_oracle.CommitteeSeated, block: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    place = (event.jurisdiction, event.version)
    words = {"threshold": event.threshold, "treasury": event.treasury}
    # Of a version that no longer sits only its event tells.
    words["grace_until_at"] = 0 if event.version == 1 else block.timestamp + FORMER_S
    yield rows.Committee, place, words
    for number, seat in enumerate(event.seats):
        yield rows.CommitteeSeat, (*place, number), {"key": seat.key, "member": seat.member}


def _reserve_seated(
    _: Told, event: clearance_oracle.ReserveSeated, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    place = (event.jurisdiction, event.version, event.index)
    yield rows.CommitteeSeat, place, {"key": event.key, "member": event.member}


def _observers(
    told: Told, event: index_oracle.ObserversSeated, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    told.observers = event.version
    yield rows.ObserverSet, (event.version,), {"threshold": event.threshold}
    for number, key in enumerate(event.keys):
        yield rows.ObserverSeat, (event.version, number), {"key": key}


def _observed(
    told: Told, event: index_oracle.Observed, block: BlockHeader, placed: PlacedEvent
) -> Iterator[Words]:
    words = {
        "value": event.value,
        "observed_at": event.observed_at,
        "recorded_at": block.timestamp,
        "tx_hash": placed.tx_hash,
    }
    yield rows.IndexBucket, (_hex(event.bucket),), {"version": told.observers, "state": int(IndexState.NONE)}
    yield rows.Observation, (_hex(event.bucket), told.observers, event.observer), words


def _decided(state: IndexState) -> Teller:
    def tell(_: Told, event: Any, __: BlockHeader, ___: PlacedEvent) -> Iterator[Words]:
        yield rows.IndexBucket, (_hex(event.bucket),), {"state": int(state)}

    return tell


def _resolved(
    _: Told, event: index_oracle.IndexResolved, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    # Held and fixed: people chose the value.
    state = IndexState.VOID if event.is_void else IndexState.HELD
    words = {"state": int(state), "fixed": not event.is_void}
    yield rows.IndexBucket, (_hex(event.bucket),), words


def _bought(
    _: Told, event: disruption_cover.CoverBought, block: BlockHeader, __: PlacedEvent
) -> Iterator[Words]:
    words = {"terms_hash": _hex(event.terms_hash), "bought_at": block.timestamp}
    yield rows.Policy, (id_text(event.policy),), words


def _cover_paid(
    _: Told, event: disruption_cover.CoverPaid, block: BlockHeader, placed: PlacedEvent
) -> Iterator[Words]:
    words = {
        "bucket": _hex(event.bucket),
        "index_value": event.index,
        "payout_minor": event.payout,
        "to_loss_payee_minor": event.to_loss_payee,
        "to_insured_minor": event.to_insured,
        "paid_at": block.timestamp,
        "tx_hash": placed.tx_hash,
    }
    yield rows.CoverPayout, (id_text(event.policy),), words


def _share_issued(
    _: Told, event: share_desk.ShareIssued, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    words = {
        "order": id_text(event.order),
        "number": share_number(event.share),
        "face_minor": event.face,
    }
    yield rows.Share, (id_text(event.share),), words


def _undertaken(
    _: Told, event: settlement_desk.Undertaken, __: BlockHeader, ___: PlacedEvent
) -> Iterator[Words]:
    words = {"account": id_text(undertaking_account(event.order))}
    yield rows.Undertaking, (id_text(event.order),), words


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()


_TELLERS: Final[dict[type, Teller]] = {
    trusted_network.MemberEnrolled: _enrolled,
    trusted_network.KeySet: _key_set,
    cash_ledger.CurrencyListed: _listed,
    cash_ledger.Deposited: _deposited,
    cash_ledger.Moved: _moved,
    credit_lines.Reserved: _lent,
    credit_lines.WrittenOff: _written_off,
    credit_lines.ReserveChanged: _reserved,
    disruption_cover.PoolFunded: _pool_funded,
    receivables.Accepted: _accepted,
    order_desk.Amended: _amended,
    receivables.Recorded: _recorded,
    receivables.Settled: _settled,
    share_desk.ShareIssued: _share_issued,
    settlement_desk.Undertaken: _undertaken,
    clearance_oracle.Attested: _attested,
    clearance_oracle.CommitteeSeated: _seated,
    clearance_oracle.ReserveSeated: _reserve_seated,
    credit_lines.LinePublished: _published,
    credit_lines.Drawn: _drawn,
    credit_lines.Repaid: _repaid,
    index_oracle.ObserversSeated: _observers,
    index_oracle.Observed: _observed,
    index_oracle.IndexFixed: _decided(IndexState.FIXED),
    index_oracle.IndexHeld: _decided(IndexState.HELD),
    index_oracle.IndexWithoutData: _decided(IndexState.NO_DATA),
    index_oracle.IndexResolved: _resolved,
    disruption_cover.CoverBought: _bought,
    disruption_cover.CoverPaid: _cover_paid,
}
