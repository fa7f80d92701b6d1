"""Is what an intent wants on chain already? Asked before an intent fails: somebody else may have relayed the same act.

Where a view can only say that something of the kind happened, the event is read and compared with what was signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from settlement.chain.bindings import (
    cash_ledger,
    clearance_oracle,
    credit_lines,
    disruption_cover,
    index_oracle,
    order_desk,
    receivables,
    settlement_desk,
    trusted_network,
)
from settlement.chain.bindings.enums import Answer
from settlement.chain.client import ChainClient, RawLog
from settlement.chain.deployment import Deployment
from settlement.chain.gateways import Gateways, open_gateways
from settlement.chain.wanted import Kind
from settlement.errors import NotFound
from settlement.ids import MemberId, OrderId, id_from_text


@dataclass(frozen=True)
class Evidence:
    """Where the effect was found; nothing but the fact is known where only a view tells of it."""

    tx_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None


@dataclass(frozen=True)
class Effects:
    """Looks for effects on one deployment."""

    client: ChainClient
    deployment: Deployment
    gateways: Gateways

    def find(self, kind: str, effect_key: str, calldata: bytes) -> Evidence | None:
        """Where the effect of an intent is on chain, none when it is not there or cannot be told.

        Raises: ChainError when the node does not answer.
        """
        look = _LOOKS.get(kind)
        if look is None:
            return None
        try:
            return look(self, effect_key.split(":"), calldata)
        except NotFound:
            # What it is about is not on chain (a fork took it back, say): neither is its effect.
            return None

    def logs(self, address: str, event: Any, *indexed: int | str) -> list[RawLog]:
        """The logs of one event of one contract since the deployment, with these leading indexed values."""
        topics = (event.TOPIC, *(_word(value) for value in indexed))
        return self.client.find_logs(address, topics, self.deployment.block + 1)


def open_effects(client: ChainClient, deployment: Deployment) -> Effects:
    """What looks for effects on this deployment."""
    return Effects(client, deployment, open_gateways(client, deployment))


Look = Callable[[Effects, Sequence[str], bytes], Evidence | None]


def _word(value: int | str) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    raw = bytes.fromhex(value.removeprefix("0x"))
    # An address stands at the right of its word, a bytes20 at the left; only addresses are passed as text of 20 bytes.
    return raw.rjust(32, b"\0")


def _evidence(log: RawLog) -> Evidence:
    return Evidence(log.tx_hash, log.block_number, log.block_hash)


def _newest(logs: Sequence[RawLog]) -> Evidence | None:
    return _evidence(logs[-1]) if logs else None


def _with_same_calldata(effects: Effects, logs: Sequence[RawLog], calldata: bytes) -> Evidence | None:
    """The newest of these whose transaction carried exactly our bytes."""
    for log in reversed(logs):
        if effects.client.calldata_of(log.tx_hash) == calldata:
            return _evidence(log)
    return None


def _accepted(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    order, terms_hash, line, version = key
    event = receivables.Accepted
    for log in effects.logs(effects.deployment.receivables, event, id_from_text(order)):
        found = event.from_log(log.topics, log.body)
        if ("0x" + found.terms_hash.hex(), found.line, found.version) == (
            terms_hash,
            int(line),
            int(version),
        ):
            return _evidence(log)
    return None


def _attested(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    order, seq = key
    where = effects.deployment.clearance_oracle
    return _newest(effects.logs(where, clearance_oracle.Attested, id_from_text(order), int(seq)))


def _settled(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    order = OrderId(id_from_text(key[0]))
    if effects.gateways.receivables.payable(order).payable:
        return None
    return _newest(effects.logs(effects.deployment.receivables, receivables.Settled, order))


def _lapsed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    return _newest(effects.logs(effects.deployment.receivables, receivables.Lapsed, id_from_text(key[0])))


def _dismissed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    return _newest(effects.logs(effects.deployment.receivables, order_desk.Resolved, id_from_text(key[0])))


def _undertaking_returned(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    order = OrderId(id_from_text(key[0]))
    if effects.gateways.receivables.guarantee(order).left:
        return None
    return _newest(effects.logs(effects.deployment.receivables, settlement_desk.UndertakingReturned, order))


def _guarantor_refunded(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    order = OrderId(id_from_text(key[0]))
    if effects.gateways.receivables.guarantee(order).claim:
        return None
    return _newest(effects.logs(effects.deployment.receivables, settlement_desk.GuarantorRefunded, order))


def _published(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    funder, nonce = MemberId(int(key[0])), int(key[1])
    if not effects.gateways.lines.is_nonce_used(funder, nonce):
        return None
    event = credit_lines.LinePublished
    for log in effects.logs(effects.deployment.credit_lines, event):
        found = event.from_log(log.topics, log.body)
        if (found.funder, found.terms.nonce) == (funder, nonce):
            return _evidence(log)
    return Evidence()


def _drawn(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    order, index, amount = key
    event = credit_lines.Drawn
    for log in effects.logs(effects.deployment.credit_lines, event, id_from_text(order)):
        found = event.from_log(log.topics, log.body)
        if (found.index, found.amount) == (int(index), int(amount)):
            return _evidence(log)
    return None


def _repaid(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    used = effects.gateways.lines.is_nonce_used(MemberId(int(key[0])), int(key[1]))
    return Evidence() if used else None


def _recoursed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    order = OrderId(id_from_text(key[0]))
    if effects.gateways.lines.due_from_supplier(order):
        return None
    return _newest(effects.logs(effects.deployment.credit_lines, credit_lines.Repaid, order))


def _reserve_released(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    where = effects.deployment.credit_lines
    return _newest(effects.logs(where, credit_lines.ReserveReleased, id_from_text(key[0])))


def _deposited(effects: Effects, key: Sequence[str], calldata: bytes) -> Evidence | None:
    logs = effects.logs(effects.deployment.cash_ledger, cash_ledger.Deposited, int(key[0]), int(key[1]))
    return _with_same_calldata(effects, logs, calldata)


def _withdrawn(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    used = effects.gateways.ledger.is_nonce_used(MemberId(int(key[0])), int(key[1]))
    return Evidence() if used else None


def _observed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    bucket, observer, value = key
    event = index_oracle.Observed
    for log in effects.logs(effects.deployment.index_oracle, event, bucket, observer):
        told = event.from_log(log.topics, log.body)
        if told.answer == Answer.VALUE and told.value == int(value):
            return _evidence(log)
    return None


def _fixed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    decisions = (index_oracle.IndexFixed, index_oracle.IndexHeld, index_oracle.IndexWithoutData)
    at = effects.deployment.index_oracle
    return _newest([log for event in decisions for log in effects.logs(at, event, key[0])])


def _given_up(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    return _newest(effects.logs(effects.deployment.index_oracle, index_oracle.IndexResolved, key[0]))


def _pool_funded(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    used = effects.gateways.cover.is_nonce_used(MemberId(int(key[0])), int(key[1]))
    return Evidence() if used else None


def _cover_event(event: Any) -> Look:
    def look(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
        return _newest(effects.logs(effects.deployment.disruption_cover, event, id_from_text(key[0])))

    return look


def _sealed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    return None if effects.gateways.governance.is_admin(key[0]) else Evidence()


def _scheduled(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    return Evidence() if effects.gateways.governance.scheduled_for(bytes.fromhex(key[0][2:])) else None


def _enrolled(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    member = effects.gateways.network.id_of(bytes.fromhex(key[0][2:]))
    if member is None:
        return None
    return _newest(
        effects.logs(effects.deployment.trusted_network, trusted_network.MemberEnrolled, int(member))
    )


def _status_set(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    member = effects.gateways.network.member(MemberId(int(key[0])))
    return Evidence() if int(member.status) == int(key[1]) else None


def _renewed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    member = effects.gateways.network.member(MemberId(int(key[0])))
    wanted = tuple(int(part) for part in key[1:])
    return Evidence() if (member.roles, member.lane, member.valid_until) == wanted else None


def _key_set(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    found = effects.gateways.network.key(key[0])
    wanted = tuple(int(part) for part in key[1:])
    return Evidence() if (found.member, found.scopes, found.limit) == wanted else None


def _key_revoked(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    return _newest(effects.logs(effects.deployment.trusted_network, trusted_network.KeyRevoked, key[0]))


def _committee_seated(effects: Effects, key: Sequence[str], calldata: bytes) -> Evidence | None:
    where = effects.deployment.clearance_oracle
    logs = effects.logs(where, clearance_oracle.CommitteeSeated, int(key[0]))
    return _with_same_calldata(effects, logs, calldata)


def _seat_suspended(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    event = clearance_oracle.SeatSuspended
    for log in reversed(effects.logs(effects.deployment.clearance_oracle, event)):
        if event.from_log(log.topics, log.body).key == key[0]:
            return _evidence(log)
    return None


def _observers_seated(effects: Effects, _: Sequence[str], calldata: bytes) -> Evidence | None:
    logs = effects.logs(effects.deployment.index_oracle, index_oracle.ObserversSeated)
    return _with_same_calldata(effects, logs, calldata)


def _currency_listed(effects: Effects, key: Sequence[str], _: bytes) -> Evidence | None:
    return _newest(effects.logs(effects.deployment.cash_ledger, cash_ledger.CurrencyListed, int(key[0])))


_LOOKS: Final[dict[str, Look]] = {
    Kind.ACCEPT: _accepted,
    Kind.ATTEST: _attested,
    Kind.SETTLE: _settled,
    Kind.LAPSE: _lapsed,
    Kind.DISMISS: _dismissed,
    Kind.RETURN_UNDERTAKING: _undertaking_returned,
    Kind.REFUND_GUARANTOR: _guarantor_refunded,
    Kind.PUBLISH_LINE: _published,
    Kind.DRAW: _drawn,
    Kind.REPAY: _repaid,
    Kind.RECOURSE: _recoursed,
    Kind.RELEASE_RESERVE: _reserve_released,
    Kind.DEPOSIT: _deposited,
    Kind.WITHDRAW: _withdrawn,
    Kind.OBSERVE: _observed,
    Kind.FIX_INDEX: _fixed,
    Kind.GIVE_UP_INDEX: _given_up,
    Kind.FUND_POOL: _pool_funded,
    Kind.BUY_COVER: _cover_event(disruption_cover.CoverBought),
    Kind.PAY_COVER: _cover_event(disruption_cover.CoverPaid),
    Kind.EXPIRE_COVER: _cover_event(disruption_cover.CoverExpired),
    Kind.SEAL_GOVERNANCE: _sealed,
    Kind.SCHEDULE: _scheduled,
    Kind.ENROL: _enrolled,
    Kind.SET_STATUS: _status_set,
    Kind.RENEW: _renewed,
    Kind.GRANT_KEY: _key_set,
    Kind.REVOKE_KEY: _key_revoked,
    Kind.SEAT_COMMITTEE: _committee_seated,
    Kind.SUSPEND_SEAT: _seat_suspended,
    Kind.SEAT_OBSERVERS: _observers_seated,
    Kind.LIST_CURRENCY: _currency_listed,
    Kind.DEPLOY_TEST_CASH: _currency_listed,
}
"""Kinds that are missing here leave no mark of their own: one of them cannot be told from another."""
