"""What gas costs and cost lately: prices suggested to senders, and ``eth_feeHistory``."""

from __future__ import annotations

import sys
from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.faults import InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import Head
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.block_names import TAGS, NamedBlocks, steadily
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import quantity, read_number, read_quantity

SUGGESTED_TIP_WEI = 1_000_000_000
# No block of this chain has blobs, so their price stays at its least.
BLOB_BASE_FEE_WEI = 1
MOST_BLOCKS = 1_024
MOST_SHARES = 100


class FeeReads:
    """Answers from the base fees of the newest blocks."""

    def __init__(self, node: Node) -> None:
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        return steadily(
            self._chain,
            {
                "eth_gasPrice": Method(lambda: quantity(self._next_base_fee() + SUGGESTED_TIP_WEI)),
                "eth_maxPriorityFeePerGas": Method(lambda: quantity(SUGGESTED_TIP_WEI)),
                "eth_baseFee": Method(lambda: quantity(self._next_base_fee())),
                "eth_blobBaseFee": Method(lambda: quantity(BLOB_BASE_FEE_WEI)),
                "eth_feeHistory": Method(self.fee_history, 2, 3, is_slow=True),
            },
        )

    def _next_base_fee(self) -> int:
        return self._chain.next_header(self._chain.head).base_fee

    def fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
        if not isinstance(newest, str) or newest not in TAGS:
            wanted = read_quantity(newest, "block number")
            if wanted > self._chain.head.number:
                raise RpcFault(
                    f"request beyond head block: requested {wanted}, head {self._chain.head.number}"
                )
        head = self._blocks.head(newest)
        return fee_history(self._chain, head, read_number(count, "blockCount"), percentiles)


def fee_history(chain: Chain, last: Head, count: int, percentiles: Any) -> dict[str, Any]:
    """Base fees, fill and tips of the ``count`` blocks up to ``last``, and the base fee of the one after.

    Raises: InvalidParams or RpcFault for percentiles that are no rising shares.
    """
    shares = _read_shares(percentiles)
    if count < 1:
        return {"oldestBlock": quantity(0), "gasUsedRatio": None}
    first = max(0, last.number + 1 - min(count, MOST_BLOCKS))
    heads = [head for number in range(first, last.number + 1) if (head := chain.head_at(number))]
    base_fees = [head.header.base_fee for head in heads] + [last.header.next_base_fee()]
    answer: dict[str, Any] = {
        "oldestBlock": quantity(first),
        "baseFeePerGas": [quantity(fee) for fee in base_fees],
        # house: allow true-division - the interface wants a ratio of gas, no money
        "gasUsedRatio": [head.header.gas_used / head.header.gas_limit for head in heads],
        "baseFeePerBlobGas": [quantity(BLOB_BASE_FEE_WEI)] * len(base_fees),
        "blobGasUsedRatio": [0] * len(heads),
    }
    if shares:
        answer["reward"] = [_rewards(chain, head, shares) for head in heads]
    return answer


def _read_shares(percentiles: Any) -> list[Any]:
    """Percentiles are JSON numbers, whole or not."""
    shares = percentiles if isinstance(percentiles, list) else []
    if not isinstance(percentiles, list | None) or not all(
        # What a double cannot hold is no number to geth either.
        isinstance(share, int | float) and not isinstance(share, bool) and abs(share) <= sys.float_info.max
        for share in shares
    ):
        raise InvalidParams("invalid reward percentiles: expected a list of numbers")
    if len(shares) > MOST_SHARES:
        raise RpcFault(f"invalid reward percentile: over the query limit {MOST_SHARES}")
    for at, share in enumerate(shares):
        if not 0 <= share <= 100:
            raise RpcFault(f"invalid reward percentile: {share:f}")
        if at and share <= shares[at - 1]:
            raise RpcFault(f"invalid reward percentile: #{at - 1}:{shares[at - 1]:f} >= #{at}:{share:f}")
    return shares


def _rewards(chain: Chain, head: Head, shares: list[Any]) -> list[str]:
    """The tips below which the given shares of the block's gas were bought."""
    mined = chain.block_of(head).transactions
    tips = sorted((one.receipt.gas_price - head.header.base_fee, one.receipt.gas_used) for one in mined)
    rewards = []
    for share in shares:
        # house: allow true-division - a share of gas, rounded down as geth does; no money
        threshold = int(head.header.gas_used * share / 100)
        running = reward = 0
        for tip, gas in tips:
            running += gas
            reward = tip
            if running >= threshold:
                break
        rewards.append(quantity(reward))
    return rewards
