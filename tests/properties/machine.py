"""All rules in one machine."""

from __future__ import annotations

from hypothesis.stateful import rule

from tests.properties import checks
from tests.properties.registry import PROPERTIES
from tests.properties.rules.cash import CashRules
from tests.properties.rules.changes import ChangeRules
from tests.properties.rules.cover import CoverRules
from tests.properties.rules.credit import CreditRules
from tests.properties.rules.dice import DICE, Dice
from tests.properties.rules.evidence import EvidenceRules
from tests.properties.rules.keys import KeyRules
from tests.properties.rules.network import NetworkRules
from tests.properties.rules.orders import OrderRules
from tests.properties.rules.shares import ShareRules
from tests.properties.rules.undertakings import UndertakingRules

assert PROPERTIES, f"importing {checks.__name__} enters the properties that every step is looked at with"


class TradeMachine(
    UndertakingRules,
    ShareRules,
    OrderRules,
    CreditRules,
    ChangeRules,
    CoverRules,
    EvidenceRules,
    KeyRules,
    CashRules,
    NetworkRules,
):
    """Whatever happens in whatever order, chain and books agree: on refusals by name, on amounts to the unit."""

    @rule(dice=DICE)
    def deal_while_halted(self, dice: Dice) -> None:
        """New business while the network, a currency or a member may stand still."""
        self.halt(dice)
        if self.any_order(self.can_draw):
            self.draw(dice)
        self.publish(dice)

    def begin(self, dice: Dice) -> None:
        """Loans and cover are rare in random histories, so most begin with both."""
        if self.any_order(self.can_draw):
            self.draw(dice)
        if self.any_order(self.can_split):
            self.split(dice)
        if self.book.orders:
            self.buy_cover(dice)
