"""Members with their roles and standing (I-28), and halts of new business (I-30)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.arithmetic import DAY
from tests.properties.books.cash import CashBook
from tests.properties.books.refusals import Refusals

BUYER, SUPPLIER, FUNDER, CUSTOMS, INSURER, CARRIER, ARBITER = 1, 2, 4, 8, 16, 64, 128
ACTIVE, SUSPENDED, EXPELLED = 1, 2, 3
ON_NETWORK, ON_MEMBER, ON_CURRENCY = 0, 1, 2
HALT_S = 7 * DAY
FOREVER = (1 << 48) - 1


@dataclass
class Member:
    """One member of the network."""

    name: str
    roles: int
    status: int = ACTIVE

    @property
    def is_active(self) -> bool:
        """Whether it may open new business."""
        return self.status == ACTIVE


@dataclass
class Halt:
    """A halt of the guardian or of governance; ``stands`` until it is lifted, even when its time is over."""

    until: int
    stands: bool = True


@dataclass
class NetworkBook(CashBook):
    """Who may open new business."""

    members: dict[str, Member] = field(default_factory=dict)
    halts: dict[tuple[int, str | int], Halt] = field(default_factory=dict)

    def is_halted(self, on: int, subject: str | int) -> bool:
        """Whether new business stands still now."""
        halt = self.halts.get((on, subject))
        return halt is not None and halt.stands and self.now < halt.until

    def ask_open(self, no: Refusals, currency: int, *members: str) -> None:
        """I-30, for all that is new: nothing in the network, in this currency, or of these members is halted."""
        is_halted = self.is_halted(ON_NETWORK, 0) or self.is_halted(ON_CURRENCY, currency)
        is_halted = is_halted or any(self.is_halted(ON_MEMBER, name) for name in members)
        no.when(is_halted, "NewBusinessHalted")

    def halt(self, on: int, subject: str | int) -> None:
        """The guardian, for seven days, and not again within seven more."""
        known = self.halts.get((on, subject))
        no = Refusals()
        no.when(known is not None and self.now < known.until + HALT_S, "HaltedBefore")
        no.stand()
        self.halts[on, subject] = Halt(self.now + HALT_S)

    def confirm_halt(self, on: int, subject: str | int) -> None:
        """Governance, until it lifts it."""
        self.halts[on, subject] = Halt(FOREVER)

    def lift_halt(self, on: int, subject: str | int, *, by_governor: bool) -> None:
        """Governance; anyone once the time is over."""
        known = self.halts.get((on, subject))
        no = Refusals()
        no.when(known is None or not known.stands, "NotHalted")
        still = known is not None and self.now < known.until
        no.when(still and not by_governor, "AccessManagedUnauthorized")
        no.stand()
        assert known is not None
        known.until, known.stands = min(known.until, self.now), False

    def set_status(self, name: str, status: int) -> None:
        """A governance act; who was expelled stays it."""
        no = Refusals()
        no.when(self.members[name].status == EXPELLED, "MemberExpelled")
        no.stand()
        self.members[name].status = status

    def has_standing(self, name: str, role: int) -> bool:
        """Active, and in this role."""
        member = self.members[name]
        return member.is_active and member.roles & role == role

    def ask_standing(self, no: Refusals, name: str, role: int) -> None:
        """I-28, for all that is new."""
        member = self.members[name]
        no.when(not member.is_active, "NotInGoodStanding")
        no.when(member.roles & role != role, "RoleMissing")
