"""The verbs that decide what the next blocks are like: their times, gas limit, base fee, coinbase and randomness."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from settlement.chain.local import orders
from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import read_address, read_number, read_word
from settlement.chain.local.rpc.verbs import ALL_NAMES, Verbs, read_bounded, then, under

LAST_TIME = 2**56
LONGEST_STEP_S = 2**40
# What the protocol itself never goes below; half of it is the target that base fees are computed from.
LEAST_GAS_LIMIT = 5_000


class NextBlock(Verbs):
    """Time, and the fields of headers."""

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        verbs = {
            "increaseTime": Method(self.increase_time, 1, 1),
            "setTime": Method(self.set_time, 1, 1),
            "setNextBlockTimestamp": Method(self.set_next_timestamp, 1, 1),
            "setBlockTimestampInterval": Method(self.set_time_step, 1, 1),
            "removeBlockTimestampInterval": Method(self.remove_time_step),
            "setBlockGasLimit": Method(self.set_gas_limit, 1, 1),
            "setNextBlockBaseFeePerGas": Method(self.set_base_fee, 1, 1),
            "setCoinbase": Method(self.set_coinbase, 1, 1),
            "setPrevRandao": Method(self.set_randomness, 1, 1),
            "setMinGasPrice": Method(self.refuse_min_gas_price, 1, 1),
            "setChainId": Method(self.set_chain_id, 1, 1),
        }
        return under(ALL_NAMES, verbs)

    # Time

    def increase_time(self, seconds: Any) -> Future[int]:
        """Answers the whole offset from the wall clock."""
        added = read_number(seconds, "seconds")
        if added < 0 or added > LONGEST_STEP_S:
            raise InvalidParams("invalid seconds: business time moves forward only")
        return self._order(orders.increase_time, added)

    def set_time(self, at: Any) -> Future[int]:
        """Answers how many seconds ahead of the clock that was."""
        return self._order(orders.set_time, read_bounded(at, "timestamp", 0, LAST_TIME))

    def set_next_timestamp(self, at: Any) -> Future[None]:
        return self._tell(orders.set_next_timestamp, read_bounded(at, "timestamp", 1, LAST_TIME))

    def set_time_step(self, seconds: Any) -> Future[None]:
        return self._tell(orders.set_time_step, read_bounded(seconds, "interval", 1, LONGEST_STEP_S))

    def remove_time_step(self) -> Future[bool]:
        return self._order(orders.set_time_step, None)

    # Fields

    def set_gas_limit(self, limit: Any) -> Future[bool]:
        wanted = read_bounded(limit, "gas limit", LEAST_GAS_LIMIT, 2**63 - 1)
        change = self._order(orders.set_rules, lambda rules: replace(rules, gas_limit=wanted))
        return then(change, lambda _: True)

    def set_base_fee(self, wei: Any) -> Future[None]:
        wanted = read_bounded(wei, "base fee", 0, 2**128 - 1)
        return self._tell(orders.set_rules, lambda rules: replace(rules, base_fee=wanted))

    def set_coinbase(self, address: Any) -> Future[None]:
        wanted = read_address(address, "address")
        return self._tell(orders.set_rules, lambda rules: replace(rules, coinbase=wanted))

    def set_randomness(self, word: Any) -> Future[None]:
        wanted = read_word(word, "randomness")
        return self._tell(orders.set_rules, lambda rules: replace(rules, randomness=wanted))

    def refuse_min_gas_price(self, _wei: Any) -> None:
        raise InvalidParams(
            "anvil_setMinGasPrice is not supported when EIP-1559 is active; use anvil_setNextBlockBaseFeePerGas"
        )

    def set_chain_id(self, chain_id: Any) -> None:
        """Accepts the id that the chain has: signatures, and contracts' domains, hold for one id only."""
        has = self._node.chain.settings.chain_id
        if read_number(chain_id, "chain id") != has:
            raise InvalidParams(
                f"invalid chain id: this chain is {has} for good; start another node with --chain-id and its own --data"
            )
