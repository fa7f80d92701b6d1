"""Indices, pools, policies and payouts."""

from __future__ import annotations

from collections import Counter, defaultdict

from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.enums import IndexState
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.policy_terms import policy_terms
from settlement.errors import HanseError
from settlement.ids import id_from_text, id_text
from settlement.store.tables_projection import (
    CoverPayout,
    IndexBucket,
    Observation,
    Policy,
    Pool,
    Repayment,
)
from settlement.verifying.pinned import Pinned
from settlement.verifying.report import Tally


def compare_cover(pinned: Pinned) -> list[Tally]:
    """Medians follow from the readings; pools cover what they locked (I-22); payouts went to the lender first (I-25)."""
    return [_indices(pinned), _pools(pinned), _policies(pinned), _payouts(pinned)]


def _indices(pinned: Pinned) -> Tally:
    tally = Tally("indices")
    readings: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for reading in pinned.rows(Observation):
        readings[reading.bucket, reading.version].append(reading.value)
    rows = pinned.rows(IndexBucket)
    calls = [IndexOracle.index_of(bytes.fromhex(row.bucket[2:])) for row in rows]
    answers = pinned.ask(pinned.deployment.index_oracle, calls)
    for row, answer in zip(rows, answers, strict=True):
        if isinstance(answer, HanseError):
            tally.wrong(f"bucket {row.bucket}: {answer.message}")
            continue
        expected = (answer.is_fixed, answer.median, answer.observations)
        tally.same(f"bucket {row.bucket}", expected, (row.fixed, row.median, row.observations))
        values = sorted(readings[row.bucket, row.version])
        tally.same(f"bucket {row.bucket} readings", answer.observations, len(values))
        if answer.is_fixed and values:
            middle = (values[len(values) // 2] + values[(len(values) - 1) // 2]) // 2
            # People choose among the readings where these lie too far apart.
            by_people = row.state == IndexState.HELD and values[0] <= answer.median <= values[-1]
            tally.same(
                f"bucket {row.bucket} median of its readings",
                answer.median,
                answer.median if by_people else middle,
            )
    return tally


def _pools(pinned: Pinned) -> Tally:
    tally = Tally("pools")
    address, rows = pinned.deployment.disruption_cover, pinned.rows(Pool)
    locked: Counter[tuple[int, int]] = Counter()
    for policy in pinned.rows(Policy):
        if not policy.settled:
            locked[policy.insurer, policy.currency] += policy.sum_minor
    ids = pinned.ask(address, [DisruptionCover.pool_id(row.insurer, row.currency) for row in rows])
    answers = pinned.ask(address, [DisruptionCover.pool_of(row.insurer, row.currency) for row in rows])
    for row, pool, answer in zip(rows, ids, answers, strict=True):
        if isinstance(answer, HanseError) or isinstance(pool, HanseError):
            tally.wrong(f"pool {row.pool}: the chain does not know it")
            continue
        tally.same(f"pool {row.pool} id", id_text(pool), row.pool)
        tally.same(f"pool {row.pool}", (answer.capital, answer.locked), (row.capital_minor, row.locked_minor))
        tally.same(f"pool {row.pool} open sums", answer.locked, locked[row.insurer, row.currency])
        tally.same(f"pool {row.pool} locks no more than it has", True, answer.locked <= answer.capital)
    return tally


def _policies(pinned: Pinned) -> Tally:
    tally = Tally("policies")
    address, rows = pinned.deployment.disruption_cover, []
    for row in pinned.rows(Policy):
        try:
            policy_terms(row)
        except ValueError as trouble:
            tally.wrong(f"policy {row.policy}: its terms cannot be read: {trouble}")
        else:
            rows.append(row)
    states = pinned.ask(address, [DisruptionCover.policy_of(id_from_text(row.policy)) for row in rows])
    # The id is the digest both parties signed: it binds every term, also those that the contract does not store.
    ids = pinned.ask(address, [DisruptionCover.policy_id(policy_terms(row)) for row in rows])
    for row, state, policy in zip(rows, states, ids, strict=True):
        if isinstance(state, HanseError) or isinstance(policy, HanseError):
            tally.wrong(f"policy {row.policy}: the chain does not know it")
            continue
        tally.same(f"policy {row.policy} digest of its terms", row.policy, id_text(policy))
        tally.all_same(
            f"policy {row.policy}",
            {
                "insurer": (state.insurer, row.insurer),
                "insured": (state.insured, row.insured),
                "currency": (state.currency, row.currency),
                "sum": (state.sum, row.sum_minor),
                "payout": (state.payout, row.payout_minor),
                "settled": (state.is_settled, row.settled),
            },
        )
    return tally


def _payouts(pinned: Pinned) -> Tally:
    tally = Tally("cover_payouts")
    policies = {row.policy: row for row in pinned.rows(Policy)}
    to_lenders: Counter[str] = Counter()
    for row in pinned.rows(CoverPayout):
        policy = policies.get(row.policy)
        if policy is None:
            tally.wrong(f"payout of policy {row.policy}, which is not there")
            continue
        to_lenders[policy.order] += row.to_loss_payee_minor
        tally.same(f"payout of policy {row.policy}", policy.payout_minor, row.payout_minor)
        parts = row.to_loss_payee_minor + row.to_insured_minor
        tally.same(f"payout of policy {row.policy} in parts", row.payout_minor, parts)
    repaid: Counter[str] = Counter()
    for repayment in pinned.rows(Repayment):
        if repayment.source == 3:
            repaid[repayment.order] += repayment.interest_minor + repayment.principal_minor
    for order in {*to_lenders, *repaid}:
        tally.same(f"cover paid to the lender of order {order}", repaid[order], to_lenders[order])
    paid = sum(1 for policy in policies.values() if policy.payout_minor)
    tally.same("number of payouts", paid, len(pinned.rows(CoverPayout)))
    return tally
