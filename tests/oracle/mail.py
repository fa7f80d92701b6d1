"""Mail as the test network's customs write it: declaration links and notifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from oracle.link import write_link
from settlement.documents.customs.event import ItemScope
from settlement.documents.customs.wco_writer import REFUSAL, wco_notification
from settlement.ids import OrderId, id_text
from tests.oracle.service import NOW_AT

MRN: Final = "26GB00000000000001R"
OTHER_MRN: Final = "26GB00000000000002R"
ORDER: Final = OrderId(0xA1)
OTHER_ORDER: Final = OrderId(0xB2)
ACCEPTED, REJECTED, CONTROL, RELEASED, CLEARED = "01", "03", "05", "08", "09"


def link(
    order: OrderId = ORDER, number: str = MRN, *, lines: tuple[int, ...] = (), at: int = 0, name: str = ""
) -> tuple[str, bytes]:
    """The authority names a declaration for an order, ``at`` seconds before now."""
    return "link", write_link(name or f"{number}-link", id_text(order), number, NOW_AT - 1_000 + at, lines)


def notice(
    code: str,
    at: int,
    *,
    number: str = MRN,
    name: str = "",
    items: Sequence[ItemScope] = (),
    reason: str = "",
) -> tuple[str, bytes]:
    """A notification issued ``at`` seconds after the first link."""
    raw = wco_notification(
        code,
        number,
        1,
        name or f"{number}-{code}-{at}",
        NOW_AT - 1_000 + at,
        authority="HMRC",
        items=items,
        reason_code=reason,
    )
    return "wco", raw


def refusal(at: int, *, number: str = MRN) -> tuple[str, bytes]:
    """The authority's word that the goods will not come in."""
    return notice(REFUSAL[0], at, number=number, reason=REFUSAL[1])
