"""Orders, their settlements and their attested states."""

from __future__ import annotations

from collections import Counter, defaultdict

from settlement.chain.bindings.enums import Phase
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Changes, Position
from settlement.errors import HanseError
from settlement.ids import id_from_text
from settlement.store.tables_projection import Attestation, Member, Receivable, Repayment, Settlement, Share
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally


def compare_orders(pinned: Pinned) -> list[Tally]:
    """Every order as stored on chain; its books balance (I-07, I-14); its history adds up to it."""
    positions = _positions(pinned)
    return [
        _receivables(pinned, positions),
        _balanced(pinned, positions),
        _settlements(pinned, positions),
        _attestations(pinned, positions),
    ]


def _positions(pinned: Pinned) -> dict[str, Position | HanseError]:
    rows = pinned.rows(Receivable)
    calls = [Receivables.position_of(id_from_text(row.order)) for row in rows]
    answers = pinned.ask(pinned.deployment.receivables, calls)
    return {row.order: answer for row, answer in zip(rows, answers, strict=True)}


def _receivables(pinned: Pinned, positions: dict[str, Position | HanseError]) -> Tally:
    tally = Tally("receivables")
    for row in pinned.rows(Receivable):
        position = positions[row.order]
        if isinstance(position, HanseError):
            tally.wrong(f"order {row.order}: {position.message}")
        else:
            tally.all_same(f"order {row.order}", _pairs(position, row))
    _compare_changes(pinned, tally)
    _compare_holders(pinned, tally)
    _compare_fingerprints(pinned, tally)
    return tally


def _pairs(position: Position, row: Receivable) -> dict[str, tuple[object, object]]:
    return {
        "buyer": (position.buyer, row.buyer),
        "holder": (position.holder, row.holder),
        "line": (position.line, row.line),
        "version": (position.version, row.version),
        "currency": (position.currency, row.currency),
        "jurisdiction": (position.jurisdiction, row.jurisdiction),
        "phase": (int(position.phase), row.phase),
        "settle_on": (int(position.settle_on), row.settle_on),
        "fund_by": (int(position.fund_by), row.fund_by),
        "hold": (position.hold, row.hold),
        "tenor_days": (position.tenor_days, row.tenor_days),
        "late_bps": (position.late_bps, row.late_bps),
        "due": (position.due, row.due_at),
        "expiry": (position.expiry, row.expiry_at),
        "seq": (position.seq, row.seq),
        "face": (position.face, row.face_minor),
        "reduced": (position.reduced, row.reduced_minor),
        "paid": (position.paid, row.paid_minor),
        "released": (position.released, row.released_minor),
        "duty_cap": (position.duty_cap, row.duty_cap_minor),
        "duty_paid": (position.duty_paid, row.duty_paid_minor),
        "duty_demanded": (position.duty_demanded, row.duty_demanded_minor),
        "late_accrued": (position.late_accrued, row.late_accrued),
        "late_since": (position.late_since, row.late_since_at),
        "lapsed": (position.lapsed, row.lapsed),
        "draws_closed": (position.draws_closed, row.draws_closed),
        "settlements": (position.settlements, row.settlements),
    }


def _compare_changes(pinned: Pinned, tally: Tally) -> None:
    """What was changed since the acceptance: disputes, amendments, an arrival."""
    rows = pinned.rows(Receivable)
    calls = [Receivables.changes_of(id_from_text(row.order)) for row in rows]
    answers: list[Changes | HanseError] = pinned.ask(pinned.deployment.receivables, calls)
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, HanseError):
            tally.wrong(f"order {row.order}: {answer.message}")
            continue
        pairs: dict[str, tuple[object, object]] = {
            "disputed": (answer.disputed, row.disputed_minor),
            "dispute_until": (answer.until, row.dispute_until_at),
            "disputes": (answer.disputes, row.disputes),
            "amendments": (answer.amendments, row.amendments),
            "arbiter": (answer.arbiter, row.arbiter),
            "arrived": (answer.arrived_at, row.arrived_at),
        }
        tally.all_same(f"order {row.order}", pairs)


def _compare_holders(pinned: Pinned, tally: Tally) -> None:
    """How many receivables each member holds tells of orders that the database lacks."""
    members = pinned.rows(Member)
    calls = [Receivables.balance_of(member.account) for member in members]
    held = Counter(row.holder for row in pinned.rows(Receivable))
    held.update(row.holder for row in pinned.rows(Share))
    answers = pinned.ask(pinned.deployment.receivables, calls)
    for member, answer in zip(members, answers, strict=True):
        tally.same(f"receivables held by member {member.member}", answer, held[member.member])


def _compare_fingerprints(pinned: Pinned, tally: Tally) -> None:
    """Parties, number and year are not stored on chain; their hash is the order's id."""
    leis = {member.member: bytes.fromhex(member.lei[2:]) for member in pinned.rows(Member)}
    rows = [row for row in pinned.rows(Receivable) if row.buyer in leis and row.supplier in leis]
    calls = [
        Receivables.fingerprint(leis[row.buyer], leis[row.supplier], row.number, row.year) for row in rows
    ]
    answers = pinned.ask(pinned.deployment.receivables, calls)
    for row, answer in zip(rows, answers, strict=True):
        tally.same(
            f"order {row.order} fingerprint of its parties, number and year", id_from_text(row.order), answer
        )


def _balanced(pinned: Pinned, positions: dict[str, Position | HanseError]) -> Tally:
    tally = Tally("face_is_paid_reduced_open")
    for row in pinned.rows(Receivable):
        position = positions[row.order]
        if isinstance(position, HanseError):
            continue
        still_open = position.face - position.reduced - position.paid
        tally.same(f"order {row.order} open is not negative", True, still_open >= 0)
        if position.phase == Phase.CLOSED:
            tally.same(f"order {row.order} open after its close", 0, still_open)
        of_row = row.face_minor - row.reduced_minor - row.paid_minor
        tally.same(f"order {row.order} open", still_open, of_row)
    return tally


def _settlements(pinned: Pinned, positions: dict[str, Position | HanseError]) -> Tally:
    tally = Tally("settlements")
    by_order: defaultdict[str, list[Settlement]] = defaultdict(list)
    for row in pinned.rows(Settlement):
        by_order[row.order].append(row)
        paid_out = row.to_funder_minor + row.to_holder_minor
        what = f"order {row.order} settlement {row.number}"
        tally.same(f"{what} paid out", row.face_minor + row.late_minor, paid_out)
        tally.same(f"{what} debited", paid_out + row.to_customs_minor, row.buyer_debited_minor)
    to_funders: Counter[str] = Counter()
    for repaid in pinned.rows(Repayment):
        if repaid.source == 0:
            to_funders[repaid.order] += repaid.interest_minor + repaid.principal_minor
    for order, position in positions.items():
        if isinstance(position, HanseError):
            continue
        rows = by_order.pop(order, [])
        numbers = [row.number for row in rows]
        tally.same(f"order {order} settlement numbers", list(range(1, position.settlements + 1)), numbers)
        tally.same(f"order {order} settled face", position.paid, sum(row.face_minor for row in rows))
        tally.same(
            f"order {order} settled duty", position.duty_paid, sum(row.to_customs_minor for row in rows)
        )
        tally.same(
            f"order {order} settled to the funder",
            to_funders[order],
            sum(row.to_funder_minor for row in rows),
        )
    for order in by_order:
        tally.wrong(f"settlements of order {order}, which is not there")
    return tally


def _attestations(pinned: Pinned, positions: dict[str, Position | HanseError]) -> Tally:
    tally = Tally("attestations")
    newest = {row.order: row for row in pinned.rows(Attestation)}
    for order, position in positions.items():
        if isinstance(position, HanseError):
            continue
        row = newest.pop(order, None)
        tally.same(f"order {order} newest attested seq", position.seq, 0 if row is None else row.seq)
        if row is None:
            continue
        pairs: dict[str, tuple[object, object]] = {
            # A minority's hold stands on the order though the newest state has none.
            "hold": (position.hold, row.hold or position.hold),
            "released": (position.released, row.released_minor),
        }
        if position.duty_cap:
            pairs["duty"] = (position.duty_demanded, row.duty_minor)
        if position.phase != Phase.CLOSED:
            pairs["phase"] = (int(position.phase), row.phase)
        tally.all_same(f"order {order} attestation {row.seq}", pairs)
    for order in newest:
        tally.wrong(f"attestations of order {order}, which is not there")
    return tally
