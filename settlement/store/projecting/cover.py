"""IndexOracle and DisruptionCover: readings, indices, pools, policies.

Source: contracts/src/IndexOracle.sol, contracts/src/DisruptionCover.sol.
"""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement.chain.bindings.disruption_cover import (
    CoverBought,
    CoverExpired,
    CoverPaid,
    PoolFunded,
    PoolOpened,
)
from settlement.chain.bindings.enums import Answer, IndexState
from settlement.chain.bindings.index_oracle import (
    IndexFixed,
    IndexHeld,
    IndexResolved,
    IndexWithoutData,
    Observed,
    ObserversSeated,
)
from settlement.ids import id_text
from settlement.store.projecting.text import hex_text
from settlement.store.projection import EventPlace, Projection
from settlement.store.tables_projection import (
    CoverPayout,
    IndexBucket,
    Loan,
    Observation,
    ObserverSeat,
    ObserverSet,
    Policy,
    Pool,
    Receivable,
)


def pool_id(insurer: int, currency: int) -> int:
    """The ledger account of an insurer's capital.

    Source: DisruptionCover.poolId.
    """
    return int.from_bytes(keccak(encode(["string", "uint32", "uint16"], ["pool", insurer, currency])), "big")


def observers_seated(projection: Projection, event: ObserversSeated, _place: EventPlace) -> None:
    """A new version of the observers sits."""
    projection.add(ObserverSet(version=event.version, threshold=event.threshold))
    for number, key in enumerate(event.keys):
        projection.add(ObserverSeat(version=event.version, seat=number, key=key))


def observed(projection: Projection, event: Observed, place: EventPlace) -> None:
    """One answer. The first one under new observers starts the bucket anew, as the contract does.

    Only values are kept: "too early" and "no data" are no reading.
    """
    version = max(row.version for row in projection.matching(ObserverSet))
    name = hex_text(event.bucket)
    bucket = projection.find(IndexBucket, name)
    if bucket is None:
        bucket = projection.add(IndexBucket(bucket=name, version=version))
    if bucket.version != version:
        bucket.version = version
        bucket.observations = 0
    if event.answer != Answer.VALUE:
        return
    bucket.observations += 1
    projection.add(
        Observation(
            bucket=name,
            version=version,
            observer=event.observer,
            value=event.value,
            observed_at=event.observed_at,
            recorded_at=place.at,
            tx_hash=place.tx_hash,
        )
    )


def index_fixed(projection: Projection, event: IndexFixed, _place: EventPlace) -> None:
    """The median stands."""
    bucket = projection.get(IndexBucket, hex_text(event.bucket))
    bucket.state = IndexState.FIXED
    bucket.fixed = True
    bucket.median = event.median
    bucket.observations = event.observations


def index_held(projection: Projection, event: IndexHeld, _place: EventPlace) -> None:
    """The readings lie too far apart; people look again."""
    projection.get(IndexBucket, hex_text(event.bucket)).state = IndexState.HELD


def index_without_data(projection: Projection, event: IndexWithoutData, _place: EventPlace) -> None:
    """Enough observers said that there is no data."""
    projection.get(IndexBucket, hex_text(event.bucket)).state = IndexState.NO_DATA


def index_resolved(projection: Projection, event: IndexResolved, _place: EventPlace) -> None:
    """People chose a value for a held bucket, or none."""
    bucket = projection.get(IndexBucket, hex_text(event.bucket))
    bucket.state = IndexState.VOID if event.is_void else IndexState.HELD
    bucket.fixed = not event.is_void
    bucket.median = event.value


def pool_opened(projection: Projection, event: PoolOpened, _place: EventPlace) -> None:
    """A pool takes investors; its capital comes by Moved, its shares are asked of the chain."""
    _pool(projection, event.insurer, event.currency)


def told_only(_projection: Projection, _event: object, _place: EventPlace) -> None:
    """Shares change; no table keeps them, and the cash itself comes by Moved."""


def pool_funded(projection: Projection, event: PoolFunded, _place: EventPlace) -> None:
    """Capital is added; the amount itself comes by Moved."""
    _pool(projection, event.insurer, event.currency)


def cover_bought(projection: Projection, event: CoverBought, place: EventPlace) -> None:
    """A policy is sold and its sum locked."""
    terms = event.terms
    _pool(projection, terms.insurer, terms.currency).locked_minor += terms.sum
    projection.add(
        Policy(
            policy=id_text(event.policy),
            order=id_text(event.order),
            insurer=terms.insurer,
            insured=event.insured,
            currency=terms.currency,
            sum_minor=terms.sum,
            premium_minor=terms.premium,
            peril=terms.peril,
            place=hex_text(terms.place),
            first_day=terms.first_day,
            last_day=terms.last_day,
            kind=int(terms.kind),
            attach=terms.attach,
            exhaust=terms.exhaust,
            steps=",".join(f"{at}:{pays}" for at, pays in zip(terms.step_at, terms.step_pays, strict=True)),
            no_data_bps=terms.no_data_bps,
            waiting_days=terms.waiting_days,
            nonce=terms.nonce,
            deadline_at=terms.deadline,
            bought_at=place.at,
            terms_hash=hex_text(event.terms_hash),
        )
    )


def cover_paid(projection: Projection, event: CoverPaid, place: EventPlace) -> None:
    """A policy paid, the lender first; that, or a payout to the holder, closes its order's draws."""
    policy = projection.get(Policy, id_text(event.policy))
    policy.payout_minor = event.payout
    policy.settled = True
    _pool(projection, policy.insurer, policy.currency).locked_minor -= policy.sum_minor
    loan = projection.find(Loan, policy.order)
    if loan is not None and (event.to_loss_payee or _is_of_holder(projection, policy)):
        loan.draws_closed = True
    projection.add(
        CoverPayout(
            policy=policy.policy,
            bucket=hex_text(event.bucket),
            index_value=event.index,
            payout_minor=event.payout,
            to_loss_payee_minor=event.to_loss_payee,
            to_insured_minor=event.to_insured,
            paid_at=place.at,
            tx_hash=place.tx_hash,
        )
    )


def cover_expired(projection: Projection, event: CoverExpired, _place: EventPlace) -> None:
    """A policy ran out and its capital is free."""
    policy = projection.get(Policy, id_text(event.policy))
    policy.settled = True
    _pool(projection, policy.insurer, policy.currency).locked_minor -= event.freed


def _is_of_holder(projection: Projection, policy: Policy) -> bool:
    return policy.insured == projection.get(Receivable, policy.order).holder


def _pool(projection: Projection, insurer: int, currency: int) -> Pool:
    name = id_text(pool_id(insurer, currency))
    pool = projection.find(Pool, name)
    if pool is None:
        pool = projection.add(Pool(pool=name, insurer=insurer, currency=currency))
    return pool
