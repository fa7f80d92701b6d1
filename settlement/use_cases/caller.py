"""Who is asking, as the API key told."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.errors import NotPermitted
from settlement.ids import MemberId

OPERATOR = "operator"
MEMBER = "member"


@dataclass(frozen=True)
class Caller:
    """One authenticated client; ``roles`` are its member's roles as the network has them now."""

    client_id: str
    name: str
    member: MemberId | None
    roles: frozenset[str]

    @property
    def is_operator(self) -> bool:
        """Whether the client runs the service rather than trades in it."""
        return OPERATOR in self.roles

    @property
    def sees_all(self) -> bool:
        """Whether every member's affairs are open to it: the operator and auditors read, they sign nothing."""
        return bool(self.roles & {OPERATOR, "auditor"})

    def acting_member(self) -> MemberId:
        """The member the client acts for.

        Raises: NotPermitted for the operator, which trades for nobody.
        """
        if self.member is None:
            raise NotPermitted(
                "the operator acts for no member; use the API key of a member's client", code="no_member"
            )
        return self.member
