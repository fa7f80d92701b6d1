"""IndexOracle and DisruptionCover: readings, indices, pools, policies.

Source: contracts/src/IndexOracle.sol, contracts/src/DisruptionCover.sol.
"""

from __future__ import annotations

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement.chain.bindings.disruption_cover import CoverBought, CoverExpired, CoverPaid, PoolFunded
from settlement.chain.bindings.index_oracle import IndexFixed, Observed, ObserversSeated
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
    """One reading. The first one under new observers starts the bucket anew, as the contract does."""
    version = max(row.version for row in projection.matching(ObserverSet))
    name = hex_text(event.bucket)
    bucket = projection.find(IndexBucket, name)
    if bucket is None:
        bucket = projection.add(IndexBucket(bucket=name, version=version))
    if bucket.version != version:
        bucket.version = version
        bucket.observations = 0
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
    bucket.fixed = True
    bucket.median = event.median
    bucket.observations = event.observations


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
            attach=terms.attach,
            exhaust=terms.exhaust,
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
