"""Time, standing of members, and strangers at the doors of governance."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.enums import HaltOn, Status
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.world import GOVERNOR, RELAYER
from tests.properties.books.arithmetic import DAY
from tests.properties.books.network import ACTIVE, EXPELLED, ON_CURRENCY, ON_MEMBER, ON_NETWORK, SUSPENDED
from tests.properties.market import BANKS, BUYERS, CURRENCIES, MEMBERS, STRANGER, SUPPLIERS
from tests.properties.rules.base import LAST_DAY, Base
from tests.properties.rules.dice import DICE, Dice

SPARE = ("buyer2", "supplier2")
SUBJECTS: tuple[tuple[int, str | int], ...] = (
    (ON_NETWORK, 0),
    *((ON_CURRENCY, code) for code in CURRENCIES),
    *((ON_MEMBER, name) for name in ("buyer", "supplier2", "bank", "trader")),
)
TRADERS = tuple(dict.fromkeys((*BUYERS, *SUPPLIERS, *BANKS)))


class NetworkRules(Base):
    """Who is in, who is out, and what time it is."""

    @precondition(lambda self: self.book.now < self.begun + LAST_DAY * DAY)
    @rule(seconds=st.sampled_from([1, 3600, DAY, DAY + 1, 20 * DAY, 50 * DAY]))
    def wait(self, seconds: int) -> None:
        """Time passes, and nothing else."""
        self.book.now = self.market.evm.advance(seconds)

    @precondition(lambda self: not self.suspended)
    @rule(name=st.sampled_from(TRADERS), status=st.sampled_from([Status.SUSPENDED] * 4 + [Status.EXPELLED]))
    def put_out(self, name: str, status: Status) -> None:
        """Governance suspends a trader, or expels one that the trade can do without."""
        self._set(name, status if name in SPARE else Status.SUSPENDED)

    @precondition(lambda self: self.suspended)
    @rule(dice=DICE)
    def let_in(self, dice: Dice) -> None:
        """Governance takes it back; who was expelled stays it."""
        expelled = [name for name in SPARE if self.book.members[name].status == EXPELLED]
        self._set(dice.of([*self.suspended, *expelled], "member"), Status(ACTIVE))

    @property
    def suspended(self) -> list[str]:
        """Traders that may come back."""
        return [name for name in TRADERS if self.book.members[name].status == SUSPENDED]

    def _set(self, name: str, status: Status) -> None:
        call = TrustedNetwork.set_status(self.market.ids[name], status)
        self.step(
            "set_status",
            lambda: self.market.govern("TrustedNetwork", call),
            lambda: self.book.set_status(name, int(status)),
        )

    @rule(dice=DICE)
    def halt(self, dice: Dice) -> None:
        """The guardian halts, governance confirms or lifts; anyone clears away what is over."""
        on, subject = dice.of(SUBJECTS, "subject")
        act = dice.of(("halt", "lift_halt", "lift_halt", "clear_halt", "confirm_halt"), "act")
        number = self.market.ids[subject] if isinstance(subject, str) else subject
        market, how = self.market, HaltOn(on)
        calls = {"halt": TrustedNetwork.halt, "confirm_halt": TrustedNetwork.confirm_halt}
        call = calls.get(act, TrustedNetwork.lift_halt)(how, number)
        is_governor = act != "clear_halt"
        models = {
            "halt": lambda: self.book.halt(on, subject),
            "confirm_halt": lambda: self.book.confirm_halt(on, subject),
        }
        lift = partial(self.book.lift_halt, on, subject, by_governor=is_governor)
        sender = GOVERNOR if is_governor else RELAYER
        self.step(act, lambda: market.send("TrustedNetwork", call, sender), models.get(act, lift))

    @rule(dice=DICE, who=st.sampled_from([STRANGER, *MEMBERS]))
    def usurp(self, dice: Dice, who: str) -> None:
        """Who does not govern changes nothing (I-29)."""
        key, ids = self.market.key(who), self.market.ids
        acts = {
            "suspend": ("TrustedNetwork", TrustedNetwork.set_status(ids["buyer"], Status.EXPELLED)),
            "account": ("TrustedNetwork", TrustedNetwork.propose_account(ids["bank"], key.address)),
            "halt": ("TrustedNetwork", TrustedNetwork.halt(HaltOn.NETWORK, 0)),
            "retire": ("TrustedNetwork", TrustedNetwork.retire()),
            "unseat": ("ClearanceOracle", ClearanceOracle.suspend_seat(self.market.key("customs1").address)),
            "seat": ("ClearanceOracle", self.market.seat(276, 1, "treasury", ("customs5",))),
            "list": ("CashLedger", CashLedger.list(978, 2, self.market.tokens[840])),
        }
        contract, call = acts[dice.of(sorted(acts), "act")]
        self.refused("usurp", lambda: self.market.send(contract, call, key))

    @precondition(lambda self: self.spent)
    @rule(dice=DICE)
    def replay(self, dice: Dice) -> None:
        """A signed call that was done once is never done again (I-20)."""
        verb, contract, call = self.spent[-dice.of(range(1, min(12, len(self.spent)) + 1), "back")]
        self.refused("replay", lambda: self.market.send(contract, call), of=verb)
