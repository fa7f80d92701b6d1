"""The normalised purchase order: what every format of order is read into.

Source: UBL 2.x Order for the fields; DESIGN section 3, steps 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from settlement.errors import DocumentRefused
from settlement.money import AMOUNT_LIMIT, Currency, Money, floor_share
from settlement.order_number import canonical_number


@dataclass(frozen=True)
class Party:
    """A company as the document names it. ``identifiers`` are (scheme, value) pairs, scheme empty when unnamed."""

    name: str
    identifiers: tuple[tuple[str, str], ...]
    country: str


@dataclass(frozen=True)
class Delivery:
    """Where and when the goods are asked for. Dates are the document's own, without a zone."""

    country: str = ""
    place: str = ""
    not_before: date | None = None
    not_after: date | None = None
    terms: str = ""


@dataclass(frozen=True)
class OrderLine:
    """One line. ``quantity`` and ``price`` are the document's exact decimal texts.

    Units:  ``value_minor`` in minor units of the order's currency: the signed price weight of this line.
    """

    line_id: str
    description: str
    quantity: str
    unit: str
    price: str | None
    value_minor: int


@dataclass(frozen=True)
class Order:
    """One purchase order as both parties will sign it.

    ``face_minor`` is the payable amount; the lines' values may differ from it by document-level allowances,
    charges and taxes, and are kept as weights that measure partial releases.

    Units:  minor units of ``currency``.
    """

    number: str
    issued_on: date
    currency: Currency
    buyer: Party
    supplier: Party
    lines: tuple[OrderLine, ...]
    face_minor: int
    allowance_minor: int
    charge_minor: int
    tax_minor: int
    delivery: Delivery
    source_format: str
    source_sha256: str

    def __post_init__(self) -> None:
        if not 0 < self.face_minor < AMOUNT_LIMIT:
            raise DocumentRefused(
                f"the payable amount is {self.face_minor} minor units; an order is for more than 0 and less than 2^56",
                field="payable",
            )
        seen: set[str] = set()
        for line in self.lines:
            if line.line_id in seen:
                raise DocumentRefused(
                    f"line id {line.line_id!r} stands twice; number the lines differently", field="lines"
                )
            seen.add(line.line_id)
        if sum(line.value_minor for line in self.lines) == 0:
            raise DocumentRefused(
                "the lines of the order are worth nothing; give each line its amount", field="lines"
            )

    @property
    def reference(self) -> str:
        """The number in its canonical form: what both sign and the contract checks."""
        return canonical_number(self.number)

    @property
    def face(self) -> Money:
        return Money(self.face_minor, self.currency)

    @property
    def lines_minor(self) -> int:
        return sum(line.value_minor for line in self.lines)

    def face_by_line(self) -> tuple[int, ...]:
        """The face split over the lines by their values; the parts add up to the face exactly.

        Units:  minor units. Cumulative floors: a remainder falls to the later line, none is lost.
        """
        ends = [
            floor_share(self.face_minor, upto, self.lines_minor)
            for upto in accumulate(line.value_minor for line in self.lines)
        ]
        return tuple(end - start for start, end in zip([0, *ends], ends, strict=False))
