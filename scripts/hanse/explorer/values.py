"""How one decoded value is shown: amounts in their currency, times as dates, members and addresses by name.

A unit is shown only where the contracts' sources give the field that unit; anything else stays the number it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from hanse.explorer.abis import Decoded, Field, enum_text
from settlement.errors import InputRefused
from settlement.ids import id_text
from settlement.money import Currency, currency_of_number, decimal_text

_TIMES: Final = frozenset(
    {
        *("arrivedAt", "deadline", "due", "eventAt", "expiry", "latest", "maturity", "observedAt"),
        *("since", "until", "validUntil", "when", "schedule"),
    }
)
_DAYS: Final = frozenset({"day", "firstDay", "lastDay", "exitDay", "nextExitDay"})
_AMOUNTS: Final = frozenset(
    {
        *(
            "amount",
            "bucketCap",
            "claim",
            "duty",
            "dutyCap",
            "face",
            "faces",
            "fee",
            "freed",
            "interest",
            "late",
        ),
        *("limit", "lost", "minAmount", "orderCap", "outstanding", "paid", "payout", "premium", "principal"),
        *("reduced", "released", "remaining", "stepPays", "sum", "toCustoms", "toFunder", "toHolder"),
        *("toInsured", "toLossPayee", "upheld", "used"),
    }
)
# Source: ICreditLines.Loan and IReceivables.Unpaid, "millionths of a minor unit".
_MILLIONTHS: Final = frozenset({"accrued", "lateAccrued"})
_SHARES: Final = frozenset({"advanceAccepted", "advanceShipped", "advanceReleased"})
_OF_ONE_CURRENCY: Final = frozenset({"order", "share", "tokenId", "id", "policy", "pool", "line"})
_MEMBERS: Final = frozenset(
    {
        *(
            "arbiter",
            "buyer",
            "carrier",
            "formerHolder",
            "funder",
            "guarantor",
            "holder",
            "holders",
            "insured",
        ),
        *("insurer", "investor", "payer", "supplier", "treasury"),
    }
)
_ACCOUNTS: Final = frozenset({"from", "to"})
_IDS: Final = frozenset({"order", "share", "tokenId", "policy", "pool", "id"})
# Foreign tokens count units of their own, and one error speaks of them.
_NOT_IN_MINOR_UNITS: Final = frozenset({"TestCash", "TokenOverdrawn"})


class Names(Protocol):
    """What a value is called on this chain."""

    def address_name(self, address: str) -> str | None:
        """What an address is called, None when it has no name."""

    def address_text(self, address: str) -> str:
        """An address with its name."""

    def id_name(self, field: str, number: int) -> str | None:
        """What people call an order, a share, a pool or its account; None when nothing is known of it."""

    def member_name(self, member: int) -> str | None:
        """Who a member is, None when nobody here knows."""

    def currency_of(self, field: str, number: int) -> Currency | None:
        """The currency of the order, policy or line that a field names."""


@dataclass(frozen=True)
class Shown:
    """One value as text, whole and ``short``. ``parts`` are the values inside a struct or array, with their names."""

    name: str
    text: str
    short: str = ""
    parts: tuple[Shown, ...] = ()
    is_array: bool = False


def show(decoded: Decoded, names: Names) -> tuple[Shown, ...]:
    """All fields of a call, event or error, for people."""
    is_ours = not {decoded.contract, decoded.name} & _NOT_IN_MINOR_UNITS
    unit = _unit_of(decoded.fields, names) if is_ours else None
    return tuple(_Writer(names, is_ours).show(field, unit) for field in decoded.fields)


def plain(decoded: Decoded) -> dict[str, Any]:
    """All fields of a call, event or error, for programs: numbers above 53 bits as text, bytes as hex."""
    return {field.name or str(index): _plain(field) for index, field in enumerate(decoded.fields)}


def _unit_of(fields: tuple[Field, ...], names: Names) -> Currency | None:
    """The one currency that these fields speak of, as far as they or the chain tell."""
    for field in _flat(fields):
        if field.name == "currency" and isinstance(field.value, int):
            return _currency(field.value)
    for field in _flat(fields):
        if field.name in _OF_ONE_CURRENCY and isinstance(field.value, int):
            found = names.currency_of(field.name, field.value)
            if found is not None:
                return found
    return None


def _flat(fields: tuple[Field, ...]) -> Iterator[Field]:
    for field in fields:
        yield field
        if isinstance(field.value, tuple):
            yield from _flat(field.value)


def _currency(number: int) -> Currency | None:
    try:
        return currency_of_number(number)
    except InputRefused:
        return None


@dataclass(frozen=True)
class _Writer:
    names: Names
    is_ours: bool

    def show(self, field: Field, unit: Currency | None) -> Shown:
        value = field.value
        if isinstance(value, tuple):
            unit = _unit_of(value, self.names) or unit
            return Shown(field.name, "", parts=tuple(self.show(one, unit) for one in value))
        if isinstance(value, list):
            if value and isinstance(value[0].value, tuple | list):
                parts = (replace(self.show(one, unit), name=f"{n}") for n, one in enumerate(value))
                return Shown(field.name, "", parts=tuple(parts), is_array=True)
            text = ", ".join(self.show(one, unit).text for one in value) or "none"
            return Shown(field.name, text, text)
        return self._named(field) or self._plain(field, unit)

    def _named(self, field: Field) -> Shown | None:
        """An id that has a name: the whole of it where there is room, the name alone in a line."""
        value = field.value
        is_id = field.name in _IDS or (
            field.name in _ACCOUNTS and isinstance(value, int) and value >= 1 << 32
        )
        if not self.is_ours or field.kind != "uint256" or not is_id:
            return None
        name = self.names.id_name("pool" if field.name in _ACCOUNTS else field.name, value)
        whole = id_text(value)
        return Shown(field.name, f"{name} {whole}" if name else whole, name or _shortened(whole))

    def _plain(self, field: Field, unit: Currency | None) -> Shown:
        text = self._text(field, unit)
        if field.kind == "address":
            return Shown(field.name, text, self.names.address_name(field.value) or text)
        return Shown(field.name, text, _shortened(text) if isinstance(field.value, bytes) else text)

    def _text(self, field: Field, unit: Currency | None) -> str:
        value = field.value
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, bytes):
            return _bytes_text(value)
        if field.kind == "address":
            return self.names.address_text(value)
        if isinstance(value, int):
            return self._number(field, value, unit)
        return str(value)

    def _number(self, field: Field, value: int, unit: Currency | None) -> str:
        if field.declared.startswith("enum "):
            return enum_text(field.declared, value) or str(value)
        if not self.is_ours:
            return f"{value:,}"
        if field.name in _MEMBERS or (field.name in _ACCOUNTS and field.kind == "uint256"):
            name = self.names.member_name(value)
            return f"member {value}" + (f" ({name})" if name else "")
        for is_of_kind, written in _KINDS:
            if is_of_kind(field):
                return written(value, unit)
        return str(value) if value < 1 << 64 else id_text(value)


def _amount(value: int, unit: Currency | None) -> str:
    if unit is None:
        return f"{value:,} minor units"
    return f"{unit.code} {decimal_text(value, unit.exponent)}"


def _millionths(value: int, unit: Currency | None) -> str:
    if unit is None:
        return f"{decimal_text(value, 6)} minor units"
    return f"{unit.code} {decimal_text(value, unit.exponent + 6)}"


def _time(value: int, _unit: Currency | None) -> str:
    # 0 stands for a date that is not set; what no calendar holds stays a number.
    if not 0 < value < 1 << 34:
        return str(value)
    return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _day(value: int, _unit: Currency | None) -> str:
    if value >= 1 << 20:
        return str(value)
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=value):%Y-%m-%d}"


def _bps(value: int, _unit: Currency | None) -> str:
    return f"{decimal_text(value, 2)} %"


def _iso_number(value: int, _unit: Currency | None) -> str:
    found = _currency(value)
    return str(value) if found is None else f"{found.code} ({value})"


_KINDS: Final[tuple[tuple[Callable[[Field], bool], Callable[[int, Currency | None], str]], ...]] = (
    # An error's `due` counts money, a struct's is a date.
    (lambda field: field.name in _AMOUNTS or (field.name == "due" and field.kind == "uint256"), _amount),
    (lambda field: field.name in _MILLIONTHS, _millionths),
    (lambda field: field.name in _TIMES, _time),
    (lambda field: field.name in _DAYS, _day),
    (lambda field: field.name.endswith("Bps") or field.name in _SHARES, _bps),
    (lambda field: field.name == "currency", _iso_number),
)
"""Which numbers of the suite's contracts are shown how, by the names its sources give them."""


def _shortened(text: str) -> str:
    """A long hex text by its ends."""
    return f"{text[:10]}…{text[-4:]}" if text.startswith("0x") and len(text) > 20 else text


def _bytes_text(value: bytes) -> str:
    if len(value) == 32 and (text := value.rstrip(b"\0")).isalnum() and len(text) < 32:
        # A UN/LOCODE or a reason, as the contracts keep them: left-aligned ASCII.
        return text.decode("ascii")
    if len(value) <= 32:
        return "0x" + value.hex()
    return f"0x{value[:32].hex()}… ({len(value):,} bytes)"


def _plain(field: Field) -> Any:
    value = field.value
    if isinstance(value, tuple):
        return {one.name: _plain(one) for one in value}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool):
        return _plain_number(field, value)
    return value


def _plain_number(field: Field, value: int) -> int | str:
    if field.declared.startswith("enum "):
        return enum_text(field.declared, value) or value
    if field.kind == "uint256" and field.name in _IDS:
        return id_text(value)
    # By the type, not the value, so that a field is always written the same way.
    return value if int(field.kind.removeprefix("u").removeprefix("int") or 256) <= 48 else str(value)
