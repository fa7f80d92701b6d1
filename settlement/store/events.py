"""Which function projects which event, and under which name the outbox tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from settlement.chain.bindings import (
    cash_ledger,
    clearance_oracle,
    credit_lines,
    disruption_cover,
    index_oracle,
    receivables,
    registry,
    trusted_network,
)
from settlement.store.projecting import cash, clearance, cover, credit, network, orders
from settlement.store.projecting.text import snake_words
from settlement.store.projection import EventPlace, Projection

Handler = Callable[[Projection, Any, EventPlace], None]


def _no_row(_projection: Projection, _event: object, _place: EventPlace) -> None:
    """Changes no row: governance of the contracts themselves, which the outbox tells."""


_HANDLERS: Final[dict[type, tuple[Handler, str | None]]] = {
    trusted_network.MemberEnrolled: (network.member_enrolled, "member.enrolled"),
    trusted_network.MemberStatusSet: (network.member_status_set, "member.status_set"),
    trusted_network.MemberRenewed: (network.member_renewed, "member.renewed"),
    trusted_network.KeySet: (network.key_set, "key.set"),
    trusted_network.KeyRevoked: (network.key_revoked, "key.revoked"),
    cash_ledger.CurrencyListed: (cash.currency_listed, "currency.listed"),
    cash_ledger.Deposited: (cash.deposited, "cash.deposited"),
    cash_ledger.Withdrawn: (cash.withdrawn, "cash.withdrawn"),
    # Each move is the other half of an event that is told under its own name.
    cash_ledger.Moved: (cash.moved, None),
    receivables.Accepted: (orders.accepted, "order.accepted"),
    receivables.Funded: (orders.told_only, "order.funded"),
    receivables.Recorded: (orders.recorded, "order.recorded"),
    receivables.Settled: (orders.settled, "settlement.settled"),
    receivables.Unpaid: (orders.unpaid, "settlement.unpaid"),
    receivables.DutyUnpaid: (orders.told_only, "settlement.duty_unpaid"),
    receivables.Reversed: (orders.told_only, "order.reversed"),
    receivables.DueSet: (orders.due_set, "order.due_set"),
    receivables.Lapsed: (orders.lapsed, "order.lapsed"),
    receivables.Closed: (orders.closed, "order.closed"),
    credit_lines.LinePublished: (credit.line_published, "line.published"),
    credit_lines.LineUsed: (credit.line_used, "line.used"),
    credit_lines.Reserved: (credit.reserved, "loan.reserved"),
    credit_lines.Drawn: (credit.drawn, "loan.drawn"),
    credit_lines.Accrued: (credit.accrued, "loan.accrued"),
    credit_lines.Repaid: (credit.repaid, "loan.repaid"),
    clearance_oracle.CommitteeSeated: (clearance.committee_seated, "clearance.committee_seated"),
    clearance_oracle.SeatSuspended: (clearance.seat_suspended, "clearance.seat_suspended"),
    clearance_oracle.Attested: (clearance.attested, "clearance.attested"),
    index_oracle.ObserversSeated: (cover.observers_seated, "cover.observers_seated"),
    index_oracle.Observed: (cover.observed, "cover.observed"),
    index_oracle.IndexFixed: (cover.index_fixed, "cover.index_fixed"),
    disruption_cover.PoolFunded: (cover.pool_funded, "cover.pool_funded"),
    disruption_cover.CoverBought: (cover.cover_bought, "cover.bought"),
    disruption_cover.CoverPaid: (cover.cover_paid, "cover.paid"),
    disruption_cover.CoverExpired: (cover.cover_expired, "cover.expired"),
}

_GOVERNANCE: Final = frozenset(
    {
        "AuthorityUpdated",
        "EIP712DomainChanged",
        "OperationCanceled",
        "OperationExecuted",
        "OperationScheduled",
        "RoleAdminChanged",
        "RoleGrantDelayChanged",
        "RoleGranted",
        "RoleGuardianChanged",
        "RoleLabel",
        "RoleRevoked",
        "TargetAdminDelayUpdated",
        "TargetClosed",
        "TargetFunctionRoleUpdated",
    }
)
"""OpenZeppelin's events of access management, which several contracts declare."""

_TOKEN: Final = frozenset({"Transfer", "Approval", "ApprovalForAll"})
"""ERC-721's face of a receivable: Accepted has said who holds it, and nothing is approved."""


def _with_inherited() -> dict[type, tuple[Handler, str | None]]:
    found = dict(_HANDLERS)
    for events in registry.EVENTS.values():
        for event in events.values():
            if event.__name__ in _GOVERNANCE:
                found[event] = (_no_row, f"governance.{snake_words(event.__name__)}")
            elif event.__name__ in _TOKEN:
                found[event] = (_no_row, None)
    return found


_ALL: Final = _with_inherited()

EVENTS: Final[Mapping[type, Handler]] = {event: handler for event, (handler, _) in _ALL.items()}
"""The function that projects each event class of the bindings."""

OUTBOX_TYPES: Final[Mapping[type, str | None]] = {event: name for event, (_, name) in _ALL.items()}
"""The name under which an event goes to the outbox; none: it does not."""
