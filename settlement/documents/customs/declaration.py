"""A trader's declaration as it was lodged: what goods, of what value, to whose name. Never proof of a release.

Source: WCO data model 3, declaration (DEC) as HMRC profiles it; CHECKLISTS D07.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from settlement.money import Currency, Money


class Purpose(StrEnum):
    """What lodging the document asks for."""

    ORIGINAL = "original"
    AMENDMENT = "amendment"
    CANCELLATION = "cancellation"
    OTHER = "other"


@dataclass(frozen=True)
class Trader:
    """A party of the declaration; the identifier (EORI) is empty where the document gives only a name."""

    identifier: str
    name: str
    country: str


@dataclass(frozen=True)
class DeclaredItem:
    """One goods item. ``quantity`` is the exact decimal text, in supplementary units where no unit is given.

    ``procedures`` are requested and previous procedure codes in the document's order.
    """

    sequence: int
    description: str
    value: Money | None
    quantity: str | None
    unit: str
    procedures: tuple[str, ...]


@dataclass(frozen=True)
class Declaration:
    """One lodged declaration. ``number`` is empty until the authority has given it one."""

    trader_reference: str
    number: str
    purpose: Purpose
    type_code: str
    transaction_nature: str
    currency: Currency | None
    invoice: Money | None
    items: tuple[DeclaredItem, ...]
    exporter: Trader
    importer: Trader
    raw_sha256: str

    @property
    def is_sale(self) -> bool:
        """Whether the goods come in by a sale: re-export, re-import and returns are not (D07).

        Source: DE 8/5, first digit 1: ownership passes against payment; DE 1/10: 31 re-export, 61 and 63 re-import.
        """
        if self.type_code.startswith("EX") or not self.transaction_nature.startswith("1"):
            return False
        return not any(code[:2] in {"31", "61", "63"} for item in self.items for code in item.procedures[:1])
