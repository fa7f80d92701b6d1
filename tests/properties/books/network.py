"""Members with their roles and standing (I-28)."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.properties.books.cash import CashBook
from tests.properties.books.refusals import Refusals

BUYER, SUPPLIER, FUNDER, CUSTOMS, INSURER = 1, 2, 4, 8, 16
ACTIVE, SUSPENDED, EXPELLED = 1, 2, 3


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
class NetworkBook(CashBook):
    """Who may open new business."""

    members: dict[str, Member] = field(default_factory=dict)

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
