"""Customs committees that sit now, with their seats."""

from __future__ import annotations

from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.errors import HanseError
from settlement.store.tables_projection import Committee, CommitteeSeat
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally


def compare_committees(pinned: Pinned) -> list[Tally]:
    """The sitting committee of every jurisdiction, its keys and which of them count now."""
    tally = Tally("committees")
    newest = {row.jurisdiction: row for row in pinned.rows(Committee)}
    calls = [ClearanceOracle.committee_of(jurisdiction) for jurisdiction in newest]
    answers = pinned.ask(pinned.deployment.clearance_oracle, calls)
    for row, answer in zip(newest.values(), answers, strict=True):
        what = f"committee of {row.jurisdiction}"
        if isinstance(answer, HanseError):
            tally.wrong(f"{what}: {answer.message}")
            continue
        expected = (answer.version, answer.threshold, answer.treasury)
        tally.same(what, expected, (row.version, row.threshold, row.treasury))
        grace_until = pinned.ask_one(
            pinned.deployment.clearance_oracle, ClearanceOracle.grace_until(row.jurisdiction)
        )
        tally.same(f"{what} grace of the former one", grace_until, row.grace_until_at)
        seats = [(seat.key, seat.member) for seat in _seats(pinned, row)]
        tally.same(f"{what} seats", [(seat.key, seat.member) for seat in answer.seats], seats)
    sitting = [seat for row in newest.values() for seat in _seats(pinned, row)]
    active = pinned.ask(
        pinned.deployment.clearance_oracle, [ClearanceOracle.is_seat_active(seat.key) for seat in sitting]
    )
    for seat, is_active in zip(sitting, active, strict=True):
        tally.same(f"seat {seat.key} counts", is_active, not seat.suspended)
    return [tally]


def _seats(pinned: Pinned, committee: Committee) -> list[CommitteeSeat]:
    place = (committee.jurisdiction, committee.version)
    return [row for row in pinned.rows(CommitteeSeat) if (row.jurisdiction, row.version) == place]
