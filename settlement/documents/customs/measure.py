"""What releases are worth: whole declarations, whole goods items, or counted parts of them, at the signed prices.

Parts that one version of a declaration releases under one function code add up. Between versions, and between release
and clearance of the same goods, the largest sum counts: an authority that clears, or amends, names goods again.

Source: CONTRACTS.md Evidence, "released is value"; CHECKLISTS D01, D17.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

from settlement.documents.customs.basis import DeclarationScope, ItemShare
from settlement.documents.customs.event import CustomsEvent, ItemScope, Kind
from settlement.documents.quantity import value_of_part
from settlement.money import Currency


@dataclass(frozen=True)
class Measured:
    """What was released of a declaration, and the ids of messages that could not be measured and count nothing.

    Units:  ``value_minor`` minor units, at most the declaration's share.
    """

    value_minor: int
    unmeasured: tuple[str, ...]


@dataclass
class _Sum:
    """What one version said under one code about one goods item."""

    is_whole: bool = False
    count: Fraction = field(default_factory=Fraction)
    value_minor: int = 0

    def worth(self, share: ItemShare) -> int:
        """Minor units, capped at the item's share: over-delivery pays nothing more (D01)."""
        if self.is_whole:
            return share.value_minor
        counted = (
            value_of_part(share.value_minor, self.count, Fraction(share.quantity or 0)) if self.count else 0
        )
        return min(share.value_minor, counted + self.value_minor)


def measure(releases: Iterable[CustomsEvent], scope: DeclarationScope, currency: Currency) -> Measured:
    """Measure releases of one declaration against its share of the order.

    Units:  minor units of ``currency``.
    """
    shares = {item.sequence: item for item in scope.items}
    # Where the items were not agreed on, a named one may be worth all of the declaration, by its value only.
    unknown = None if scope.items else ItemShare(0, scope.value_minor)
    sums: dict[int, dict[tuple[Kind, int], _Sum]] = {}
    unmeasured: set[str] = set()
    is_whole = False
    for event in releases:
        is_whole = is_whole or event.is_whole
        for item in event.items:
            groups = sums.setdefault(item.sequence, {})
            group = groups.setdefault((event.kind, event.declaration_version), _Sum())
            if not _add(group, item, shares.get(item.sequence, unknown), currency):
                unmeasured.add(event.message_id)
    worth = sum(
        max(group.worth(share) for group in groups.values())
        for sequence, groups in sums.items()
        if (share := shares.get(sequence, unknown)) is not None
    )
    value_minor = scope.value_minor if is_whole else min(scope.value_minor, worth)
    return Measured(value_minor, tuple(sorted(unmeasured)))


def _add(group: _Sum, item: ItemScope, share: ItemShare | None, currency: Currency) -> bool:
    """Add what a message says of one item; False when it cannot be measured against the item's share."""
    if share is None:
        return False
    if item.quantity is not None and item.unit == share.unit and Fraction(share.quantity or 0) > 0:
        group.count += Fraction(item.quantity)
    elif item.value is not None and item.value.currency == currency:
        group.value_minor += item.value.minor
    elif item.quantity is None and item.value is None and share.sequence == item.sequence:
        group.is_whole = True
    else:
        return False
    return True
