"""What gas cost lately: the answer of ``eth_feeHistory``, and the tip suggested to senders."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.blocks import Head
from settlement.chain.local.rpc.hexes import quantity

SUGGESTED_TIP_WEI = 1_000_000_000
MOST_BLOCKS = 1_024


def fee_history(chain: Chain, last: Head, count: int, percentiles: Any) -> dict[str, Any]:
    """Base fees, fill and tips of the ``count`` blocks up to ``last``, and the base fee of the one after.

    Raises: InvalidParams for percentiles that are no rising shares.
    """
    shares = _read_shares(percentiles)
    first = max(0, last.number + 1 - max(0, min(count, MOST_BLOCKS)))
    heads = [head for number in range(first, last.number + 1) if (head := chain.head_at(number))]
    base_fees = [head.header.base_fee for head in heads] + [last.header.next_base_fee()]
    answer: dict[str, Any] = {
        "oldestBlock": quantity(first),
        "baseFeePerGas": [quantity(fee) for fee in base_fees],
        # house: allow true-division - the interface wants a ratio of gas, no money
        "gasUsedRatio": [head.header.gas_used / head.header.gas_limit for head in heads],
        "baseFeePerBlobGas": ["0x1"] * len(base_fees),
        "blobGasUsedRatio": [0] * len(heads),
    }
    if shares:
        answer["reward"] = [_rewards(chain, head, shares) for head in heads]
    return answer


def _read_shares(percentiles: Any) -> list[Any]:
    """Percentiles are JSON numbers, whole or not."""
    shares = percentiles if isinstance(percentiles, list) else []
    if not isinstance(percentiles, list | None) or not all(
        isinstance(share, int | float) for share in shares
    ):
        raise InvalidParams("invalid reward percentiles: expected a list of numbers")
    if shares != sorted(shares) or any(not 0 <= share <= 100 for share in shares):
        raise InvalidParams("invalid reward percentiles: expected rising numbers from 0 to 100")
    return shares


def _rewards(chain: Chain, head: Head, shares: list[Any]) -> list[str]:
    """The tips below which the given shares of the block's gas were bought."""
    mined = chain.block_of(head).transactions
    tips = sorted((one.receipt.gas_price - head.header.base_fee, one.receipt.gas_used) for one in mined)
    rewards = []
    for share in shares:
        running = reward = 0
        for tip, gas in tips:
            running += gas
            reward = tip
            if running * 100 >= head.header.gas_used * share:
                break
        rewards.append(quantity(reward))
    return rewards
