"""The WCO's date and time strings, with the offset they came with.

Source: UN/EDIFACT code list 2379, code 304 (CCYYMMDDHHMMSSZZZ) as HMRC writes it; CHECKLISTS D12.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from settlement.errors import DocumentRefused

_WITH_ZONE = re.compile(r"([0-9]{14})(Z|[+-][0-9]{2}(?::?[0-9]{2})?)")
_FORMAT = "304"


def read_issue_time(text: str, format_code: str, field: str) -> tuple[int, int]:
    """Read a time of format 304 into unix seconds and minutes east of UTC.

    Raises: DocumentRefused for other formats, times without a zone, and days or hours that do not exist.
    """
    match = _WITH_ZONE.fullmatch(text)
    if format_code not in {_FORMAT, ""} or match is None:
        raise DocumentRefused(
            f"{field}: {text[:40]!r} (format {format_code or 'none'}) is not a time with its zone such as "
            "20260302145534Z; a time without zone orders nothing, ask the sender",
            field=field,
        )
    offset = _offset_minutes(match.group(2))
    try:
        moment = datetime.strptime(match.group(1), "%Y%m%d%H%M%S").replace(
            tzinfo=timezone(timedelta(minutes=offset))
        )
    except ValueError as wrong:
        raise DocumentRefused(
            f"{field}: {text} is no time of the calendar; ask the sender", field=field
        ) from wrong
    issued_at = int(moment.timestamp())
    if not 0 <= issued_at < 1 << 32:
        raise DocumentRefused(f"{field}: {text} lies outside 1970 to 2106; ask the sender", field=field)
    return issued_at, offset


def write_issue_time(issued_at: int, offset_minutes: int = 0) -> str:
    """Write unix seconds in format 304, in the zone given."""
    moment = datetime.fromtimestamp(issued_at, tz=UTC) + timedelta(minutes=offset_minutes)
    if offset_minutes == 0:
        return moment.strftime("%Y%m%d%H%M%SZ")
    sign = "-" if offset_minutes < 0 else "+"
    hours, minutes = divmod(abs(offset_minutes), 60)
    return f"{moment:%Y%m%d%H%M%S}{sign}{hours:02}{minutes:02}"


def _offset_minutes(zone: str) -> int:
    if zone == "Z":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:])
    return -minutes if zone[0] == "-" else minutes
