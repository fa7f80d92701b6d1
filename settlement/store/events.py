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
    order_desk,
    receivables,
    registry,
    settlement_desk,
    share_desk,
    trusted_network,
)
from settlement.store.projecting import cash, changes, clearance, cover, credit, network, orders, shares
from settlement.store.projecting.text import snake_words
from settlement.store.projection import EventPlace, Projection

Handler = Callable[[Projection, Any, EventPlace], None]


def _no_row(_projection: Projection, _event: object, _place: EventPlace) -> None:
    """Changes no row: the outbox tells it all the same."""


_HANDLERS: Final[dict[type, tuple[Handler, str | None]]] = {
    trusted_network.MemberEnrolled: (network.member_enrolled, "member.enrolled"),
    trusted_network.MemberStatusSet: (network.member_status_set, "member.status_set"),
    trusted_network.MemberRenewed: (network.member_renewed, "member.renewed"),
    trusted_network.KeySet: (network.key_set, "key.set"),
    trusted_network.KeyRevoked: (network.key_revoked, "key.revoked"),
    trusted_network.AccountProposed: (_no_row, "account.proposed"),
    trusted_network.AccountRefused: (_no_row, "account.refused"),
    trusted_network.AccountReplaced: (network.account_replaced, "account.replaced"),
    # Halts are asked of the contract: what lapses tells nobody.
    trusted_network.HaltSet: (_no_row, "halt.set"),
    trusted_network.HaltLifted: (_no_row, "halt.lifted"),
    trusted_network.NetworkRetired: (_no_row, "network.retired"),
    trusted_network.NetworkBegun: (_no_row, "network.begun"),
    cash_ledger.CurrencyListed: (cash.currency_listed, "currency.listed"),
    cash_ledger.Deposited: (cash.deposited, "cash.deposited"),
    cash_ledger.Withdrawn: (cash.withdrawn, "cash.withdrawn"),
    # Asked of the contract: what an account has does not change by it.
    cash_ledger.FreezeSet: (_no_row, "cash.freeze_set"),
    # Each move is the other half of an event that is told under its own name.
    cash_ledger.Moved: (cash.moved, None),
    receivables.Accepted: (orders.accepted, "order.accepted"),
    receivables.Funded: (orders.told_only, "order.funded"),
    receivables.Recorded: (orders.recorded, "order.recorded"),
    receivables.Held: (orders.held, "order.held"),
    receivables.Settled: (orders.settled, "settlement.settled"),
    receivables.Unpaid: (orders.unpaid, "settlement.unpaid"),
    receivables.DutyUnpaid: (orders.told_only, "settlement.duty_unpaid"),
    receivables.Reversed: (orders.told_only, "order.reversed"),
    receivables.DueSet: (orders.due_set, "order.due_set"),
    receivables.Lapsed: (orders.lapsed, "order.lapsed"),
    receivables.Closed: (orders.closed, "order.closed"),
    order_desk.Amended: (changes.amended, "order.amended"),
    order_desk.Cancelled: (changes.cancelled, "order.cancelled"),
    order_desk.Credited: (changes.credited, "order.credited"),
    order_desk.Disputed: (changes.disputed, "order.disputed"),
    order_desk.Resolved: (changes.resolved, "order.resolved"),
    order_desk.Arrived: (changes.arrived, "order.arrived"),
    share_desk.Assigned: (shares.assigned, "order.assigned"),
    share_desk.ShareIssued: (shares.share_issued, "share.issued"),
    settlement_desk.ShareSettled: (shares.share_settled, "share.settled"),
    settlement_desk.SharePaid: (shares.share_paid, "share.paid"),
    settlement_desk.ShareReduced: (shares.share_reduced, "share.reduced"),
    settlement_desk.Undertaken: (shares.undertaken, "undertaking.given"),
    settlement_desk.UndertakingCalled: (shares.undertaking_called, "undertaking.called"),
    settlement_desk.UndertakingReturned: (shares.undertaking_returned, "undertaking.returned"),
    settlement_desk.GuarantorRefunded: (shares.guarantor_refunded, "undertaking.refunded"),
    credit_lines.LinePublished: (credit.line_published, "line.published"),
    credit_lines.LineUsed: (credit.line_used, "line.used"),
    credit_lines.ReserveChanged: (credit.reserve_changed, "loan.reserve_changed"),
    credit_lines.Reserved: (credit.reserved, "loan.reserved"),
    credit_lines.Drawn: (credit.drawn, "loan.drawn"),
    credit_lines.Accrued: (credit.accrued, "loan.accrued"),
    credit_lines.Repaid: (credit.repaid, "loan.repaid"),
    credit_lines.ReserveReleased: (credit.reserve_released, "loan.reserve_released"),
    credit_lines.WrittenOff: (credit.written_off, "loan.written_off"),
    clearance_oracle.CommitteeSeated: (clearance.committee_seated, "clearance.committee_seated"),
    clearance_oracle.SeatSuspended: (clearance.seat_suspended, "clearance.seat_suspended"),
    clearance_oracle.ReservesNamed: (clearance.told_only, "clearance.reserves_named"),
    clearance_oracle.ReserveSeated: (clearance.reserve_seated, "clearance.reserve_seated"),
    clearance_oracle.Equivocated: (clearance.told_only, "clearance.equivocated"),
    clearance_oracle.HoldAsked: (clearance.told_only, "clearance.hold_asked"),
    clearance_oracle.Unsettled: (clearance.told_only, "clearance.unsettled"),
    clearance_oracle.Attested: (clearance.attested, "clearance.attested"),
    index_oracle.ObserversSeated: (cover.observers_seated, "cover.observers_seated"),
    index_oracle.Observed: (cover.observed, "cover.observed"),
    index_oracle.IndexFixed: (cover.index_fixed, "cover.index_fixed"),
    index_oracle.IndexHeld: (cover.index_held, "cover.index_held"),
    index_oracle.IndexWithoutData: (cover.index_without_data, "cover.index_without_data"),
    index_oracle.IndexResolved: (cover.index_resolved, "cover.index_resolved"),
    disruption_cover.PoolOpened: (cover.pool_opened, "cover.pool_opened"),
    disruption_cover.PoolJoined: (cover.told_only, "cover.pool_joined"),
    disruption_cover.PoolLeft: (cover.told_only, "cover.pool_left"),
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
