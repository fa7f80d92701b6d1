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
    sums: dict[int, dict[tuple[Kind, int], _Sum]] = {}
    unmeasured: set[str] = set()
    is_whole = False
    for event in releases:
        is_whole = is_whole or event.is_whole
        for item in event.items:
            group = sums.setdefault(item.sequence, {}).setdefault(
                (event.kind, event.declaration_version), _Sum()
            )
            if not _add(group, item, scope, currency):
                unmeasured.add(event.message_id)
    worth = sum(
        max(one.worth(share) for one in groups.values())
        for sequence, groups in sums.items()
        if (share := _share_of(scope, sequence)) is not None
    )
    return Measured(
        scope.value_minor if is_whole else min(scope.value_minor, worth), tuple(sorted(unmeasured))
    )


def _share_of(scope: DeclarationScope, sequence: int) -> ItemShare | None:
    """The item's share; where the items were not agreed on, all of the declaration's, for values only."""
    if not scope.items:
        return ItemShare(sequence, scope.value_minor)
    return next((item for item in scope.items if item.sequence == sequence), None)


def _add(group: _Sum, item: ItemScope, scope: DeclarationScope, currency: Currency) -> bool:
    """Add what a message says of one item; False when it cannot be measured against the item's share."""
    share = _share_of(scope, item.sequence)
    if share is None:
        return False
    if item.quantity is not None and item.unit == share.unit and Fraction(share.quantity or 0) > 0:
        group.count += Fraction(item.quantity)
    elif item.value is not None and item.value.currency == currency:
        group.value_minor += item.value.minor
    elif item.quantity is None and item.value is None and scope.items:
        group.is_whole = True
    else:
        return False
    return True
