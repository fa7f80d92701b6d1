"""Gas of cover on the bench of `bench_gas`: fifty financed orders, a policy each, one storm, one batch."""

from __future__ import annotations

from typing import Any, Final, Protocol

from settlement.chain.abi import Call
from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.enums import Answer, PayoutKind
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.structs import Observation, Policy, PoolFunding, PoolTerms
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.days import DAY_S
from settlement.ids import bucket_of

BATCH: Final = 50
PERIL: Final = 2
PLACE: Final = b"VNHPH".ljust(32, b"\0")
ATTACH, EXHAUST, INDEX = 330, 500, 455
SUM_MINOR, PREMIUM_MINOR, CAPITAL_MINOR = 40_000_00, 500_00, 10_000_000_00
COVER_BARS: Final[dict[str, int | None]] = {"cover_buy": 150_000, "cover_payout_batch50_each": 30_000}
"""A policy of three days in a pool with a cap and exit days; payout of policies whose orders each have a loan."""


class Bench(Protocol):
    """What of the bench is used here."""

    client: ChainClient
    deployment: Deployment
    members: dict[str, int]

    @property
    def now(self) -> int:
        """Business time."""

    def accept(self, duty_cap: int = 0) -> tuple[int, int]:
        """An accepted order, and its gas."""

    def draw(self, order: int, amount: int, index: int) -> int:
        """Gas of a draw."""

    def wait(self, days: int) -> None:
        """Days pass."""

    def sign(self, actor: str, contract: str, struct: object) -> bytes:
        """The actor's signature."""

    def send(self, to: str, call: Call[Any]) -> int:
        """Gas of one transaction."""


def measure_cover(bench: Bench, currency: int) -> dict[str, list[int]]:
    """Gas of each purchase, and of one policy's payout in a batch of fifty.

    Holds: I-22, I-25: every lender is paid in the batch.
    """
    at = bench.deployment.disruption_cover
    today = bench.now // DAY_S + 1
    # From noon on no day ends between two purchases, whatever the hour is.
    _wait_for_noon(bench, today)
    _open_pool(bench, at, currency)
    policies, bought = [], []
    for number in range(BATCH):
        order, _ = bench.accept()
        bench.draw(order, 50_000_00, 0)
        terms = _terms(bench, order, currency, number, today)
        signatures = (bench.sign("insurer", at, terms), bench.sign("supplier", at, terms))
        bought.append(bench.send(at, DisruptionCover.buy(terms, *signatures)))
        policies.append(terms)
    day = policies[0].first_day
    _wait_for_noon(bench, day + 1)
    for number in range(1, 4):
        _observe(bench, f"observer{number}", day)
    insurer = bench.members["insurer"]
    batch = DisruptionCover.pay_batch(insurer, currency, PERIL, PLACE, day, tuple(policies))
    return {"cover_buy": bought, "cover_payout_batch50_each": [-(-bench.send(at, batch) // BATCH)] * 2}


def _open_pool(bench: Bench, at: str, currency: int) -> None:
    insurer, deadline = bench.members["insurer"], bench.now + DAY_S
    terms = PoolTerms(insurer, currency, BATCH * SUM_MINOR, 366, 1, deadline)
    bench.send(at, DisruptionCover.open_pool(terms, bench.sign("insurer", at, terms)))
    funding = PoolFunding(insurer, currency, CAPITAL_MINOR, 2, deadline)
    bench.send(at, DisruptionCover.fund(funding, bench.sign("insurer", at, funding)))


def _wait_for_noon(bench: Bench, day: int) -> None:
    bench.client.ask("evm_increaseTime", day * DAY_S + DAY_S // 2 - bench.now)
    bench.client.ask("evm_mine")


def _terms(bench: Bench, order: int, currency: int, number: int, today: int) -> Policy:
    # Sums sold lie four days a word: the same whatever today is. Across two words a purchase costs 5,000 more.
    first_day = (today + 5) // 4 * 4
    return Policy(
        insurer=bench.members["insurer"],
        insured=bench.members["supplier"],
        order=order,
        currency=currency,
        sum=SUM_MINOR,
        premium=PREMIUM_MINOR,
        peril=PERIL,
        place=PLACE,
        first_day=first_day,
        last_day=first_day + 2,
        kind=PayoutKind.LINEAR,
        attach=ATTACH,
        exhaust=EXHAUST,
        step_at=(),
        step_pays=(),
        no_data_bps=0,
        waiting_days=1,
        nonce=number,
        deadline=bench.now + DAY_S,
    )


def _observe(bench: Bench, observer: str, day: int) -> None:
    at = bench.deployment.index_oracle
    reading = Observation(
        bucket_of(PERIL, PLACE, day), Answer.VALUE, INDEX, day * DAY_S + DAY_S // 2, bench.now + 3_600
    )
    signature = bench.sign(observer, at, reading)
    bench.send(at, IndexOracle.observe(PERIL, PLACE, day, reading, signature))
