"""Messages as the test network's authority writes them, read back: the tests of the fold speak through these."""

from __future__ import annotations

from collections.abc import Sequence

from settlement.documents.customs.event import CustomsEvent, Duty, ItemScope
from settlement.documents.customs.wco import customs_event_from_wco
from settlement.documents.customs.wco_writer import REFUSAL, wco_notification
from settlement.money import Money, currency

MRN = "26NL7X8M7S6NG8N6R0"
OTHER_MRN = "26NL0000000000002R"
START = 1_770_000_000

ACC, RCV, REJ, CTL, DOC, RES, ROG, CLE, INV, REQ, TAX, CPI, EOG = (
    "01", "02", "03", "05", "06", "07", "08", "09", "10", "11", "13", "14", "16",
)  # fmt: skip


def message(
    code: str,
    at: int,
    *,
    number: str = MRN,
    version: int = 1,
    message_id: str = "",
    reason: str = "",
    status: str = "",
    items: Sequence[ItemScope] = (),
    duties: Sequence[Duty] = (),
    received_at: int = 0,
) -> CustomsEvent:
    """One message issued ``at`` seconds after the start; without an id it gets one of its content."""
    scope = ",".join(f"{item.sequence}:{item.quantity}:{item.value}" for item in items)
    raw = wco_notification(
        code,
        number,
        version,
        message_id or f"{code}-{at}-{number[-2:]}-{version}-{reason}-{scope}",
        START + at,
        reason_code=reason,
        status_code=status,
        items=items,
        duties=duties,
    )
    return customs_event_from_wco(raw, received_at)


def refusal(at: int, *, number: str = MRN, version: int = 1) -> CustomsEvent:
    """The authority's word that the goods will not come in."""
    return message(REFUSAL[0], at, number=number, version=version, reason=REFUSAL[1])


def tax(
    at: int, minor: int, *, code: str = "USD", status: str = "4", version: int = 1, number: str = MRN
) -> CustomsEvent:
    """A demand of customs duty in one sum."""
    duty = Duty("A00", Money(minor, currency(code)), 1)
    return message(TAX, at, number=number, version=version, status=status, duties=[duty])
