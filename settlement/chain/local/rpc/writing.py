"""The methods that change the chain: sending transactions, and the verbs that testers know from other local nodes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from settlement.chain.local import orders
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.mining import MOST_INTERVAL_S
from settlement.chain.local.node import Node, promised
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import (
    prefixed,
    quantity,
    read_address,
    read_bytes,
    read_number,
    read_quantity,
    read_word,
)

MOST_BLOCKS_AT_ONCE = 10_000
_PREFIXES = ("evm_", "anvil_", "hardhat_")


class Writer:
    """Hands requests to the node's writer thread; every method answers a future."""

    def __init__(self, node: Node) -> None:
        self._node = node

    def methods(self) -> dict[str, Method]:
        """The table of what it does; each verb under all the names that testers use."""
        verbs = {
            "increaseTime": Method(self.increase_time, 1, 1),
            "setNextBlockTimestamp": Method(self.set_next_block_timestamp, 1, 1),
            "mine": Method(self.mine, 0, 2),
            "snapshot": Method(self.snapshot),
            "revert": Method(self.revert, 1, 1),
            "setAutomine": Method(self.set_automine, 1, 1),
            "reorg": Method(self.reorg, 1, 2),
            "setBalance": Method(self.set_balance, 2, 2),
            "setNonce": Method(self.set_nonce, 2, 2),
            "setCode": Method(self.set_code, 2, 2),
            "setStorageAt": Method(self.set_storage_at, 3, 3),
        }
        table = {prefix + verb: method for verb, method in verbs.items() for prefix in _PREFIXES}
        # Hardhat's and anvil's own `mine` count blocks; the older `evm_mine` takes the time of one.
        table["evm_mine"] = Method(self.evm_mine, 0, 1)
        for prefix in ("evm_", "anvil_"):
            table[prefix + "setIntervalMining"] = Method(self.set_interval_mining, 1, 1)
        table["anvil_getAutomine"] = table["hardhat_getAutomine"] = Method(
            lambda: self._node.mining.is_automatic
        )
        table["anvil_getIntervalMining"] = Method(lambda: self._node.mining.interval_s)
        table["eth_sendRawTransaction"] = Method(self.send_raw_transaction, 1, 1)
        return table

    def _order(self, run: Callable[..., Any], *arguments: Any) -> Future[Any]:
        return self._node.order(partial(run, self._node, *arguments))

    def send_raw_transaction(self, raw: Any) -> Future[str]:
        return _then(self._node.submit(read_bytes(raw, "transaction")), prefixed)

    # Time

    def increase_time(self, seconds: Any) -> Future[int]:
        added = read_number(seconds, "seconds")
        if added < 0 or added > 2**40:
            raise InvalidParams("invalid seconds: business time moves forward only")

        return self._order(orders.increase_time, added)

    def set_next_block_timestamp(self, at: Any) -> Future[None]:
        wanted = self._read_time(at)
        return self._order(orders.set_next_timestamp, wanted)

    @staticmethod
    def _read_time(at: Any) -> int:
        wanted = read_number(at, "timestamp")
        if not 0 < wanted < 2**56:
            raise InvalidParams(f"invalid timestamp: {wanted} is no time of a block")
        return wanted

    # Blocks

    def mine(self, blocks: Any = 1, interval: Any = 1) -> Future[str]:
        count, interval_s = read_number(blocks, "blocks"), read_number(interval, "interval")
        if not 0 <= count <= MOST_BLOCKS_AT_ONCE or not 1 <= interval_s < 2**40:
            raise InvalidParams(
                f"invalid argument: at most {MOST_BLOCKS_AT_ONCE} blocks, at least a second apart"
            )
        return self._mine(count, interval_s, None)

    def evm_mine(self, options: Any = None) -> Future[str]:
        blocks, at = 1, options
        if isinstance(options, dict):
            blocks, at = read_number(options.get("blocks", 1), "blocks"), options.get("timestamp")
        if not 0 <= blocks <= MOST_BLOCKS_AT_ONCE:
            raise InvalidParams(f"invalid blocks: at most {MOST_BLOCKS_AT_ONCE}")
        return self._mine(blocks, 1, None if at is None else self._read_time(at))

    def _mine(self, blocks: int, interval_s: int, first_at: int | None) -> Future[str]:
        return _then(self._order(orders.mine, blocks, interval_s, first_at), lambda _: "0x0")

    def set_automine(self, is_on: Any) -> Future[bool]:
        if not isinstance(is_on, bool):
            raise InvalidParams("invalid argument 0: expected true or false")

        return self._node.order(lambda: orders.set_automine(self._node, is_on=is_on))

    def set_interval_mining(self, interval: Any) -> Future[None]:
        """In whole seconds, as anvil has it; 0 stops the timer."""
        seconds = read_number(interval, "interval")
        if not 0 <= seconds <= MOST_INTERVAL_S:
            raise InvalidParams(f"invalid interval: {seconds} is not between 0 and {MOST_INTERVAL_S} seconds")
        return self._order(orders.set_interval, seconds)

    def snapshot(self) -> Future[str]:
        return _then(self._order(orders.snapshot), quantity)

    def revert(self, number: Any) -> Future[bool]:
        wanted = read_number(number, "snapshot")
        if not 0 <= wanted < 2**64:
            raise InvalidParams(f"invalid snapshot: {wanted} is no number that evm_snapshot gives")
        return self._order(orders.revert, wanted)

    def reorg(self, options: Any, pairs: Any = None) -> Future[None]:
        """By depth, and pairs of a raw transaction and the offset of the block it returns in."""
        depth = options
        if isinstance(options, dict):
            depth, pairs = options.get("depth"), options.get("txBlockPairs", options.get("tx_block_pairs"))
        wanted = read_number(depth, "depth")
        returning: dict[int, list[Transaction]] = {}
        for pair in pairs or []:
            if not isinstance(pair, list) or len(pair) != 2:
                raise InvalidParams("invalid pairs: expected [raw transaction, offset of its block]")
            raw, offset = read_bytes(pair[0], "transaction"), read_number(pair[1], "offset")
            returning.setdefault(offset, []).append(
                decode_transaction(raw, self._node.chain.settings.chain_id)
            )
        return self._order(orders.reorg, wanted, returning)

    # Accounts

    def set_balance(self, address: Any, wei: Any) -> Future[bool]:
        account, amount = read_address(address, "address"), read_number(wei, "balance")
        if not 0 <= amount < 2**256:
            raise InvalidParams("invalid balance: must fit 256 bits")
        return self._change(lambda state: state.set_balance(account, amount))

    def set_nonce(self, address: Any, nonce: Any) -> Future[bool]:
        account, wanted = read_address(address, "address"), read_quantity(nonce, "nonce")
        if wanted >= 2**64 - 1:
            raise InvalidParams("invalid nonce: must be below 2**64 - 1")
        return self._change(lambda state: state.set_nonce(account, wanted))

    def set_code(self, address: Any, code: Any) -> Future[bool]:
        account, wanted = read_address(address, "address"), read_bytes(code, "code")
        return self._change(lambda state: state.set_code(account, wanted))

    def set_storage_at(self, address: Any, slot: Any, word: Any) -> Future[bool]:
        account, position = read_address(address, "address"), read_quantity(slot, "slot")
        wanted = int.from_bytes(read_word(word, "value"), "big")
        return self._change(lambda state: state.set_storage(account, position, wanted))

    def _change(self, change: Callable[[Workspace], None]) -> Future[bool]:
        return _then(self._order(orders.change_state, change), lambda _: True)


def _then(first: Future[Any], shape: Callable[[Any], Any]) -> Future[Any]:
    """A future of the first's result in another shape."""
    second = promised()

    def pass_on(done: Future[Any]) -> None:
        fault = done.exception()
        if fault is not None:
            second.set_exception(fault)
        else:
            second.set_result(shape(done.result()))

    first.add_done_callback(pass_on)
    return second
