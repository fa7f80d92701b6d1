"""The methods that read: ``eth_``, ``net_`` and ``web3_``. Nothing here changes the chain."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from settlement.chain.local.accounts import funded_addresses
from settlement.chain.local.faults import LIMIT_EXCEEDED, InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import Head
from settlement.chain.local.formats.hashing import keccak
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.answers import (
    block_answer,
    log_answer,
    pending_block_answer,
    receipt_answer,
    transaction_answer,
)
from settlement.chain.local.rpc.block_names import HEAD_TAGS, NamedBlocks, steadily
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.fees import SUGGESTED_TIP_WEI, fee_history
from settlement.chain.local.rpc.hexes import (
    prefixed,
    quantity,
    read_address,
    read_bytes,
    read_number,
    read_quantity,
    read_word,
)
from settlement.chain.local.store.log_index import LogFilter

MOST_LOGS = 20_000
_NAMED = ("latest", "safe", "finalized", "pending", "earliest")


class Reader:
    """Answers from the node's head as it stands when the request is read."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._chain = node.chain
        self._blocks = NamedBlocks(node.chain)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        return steadily(self._chain, self._table())

    def _table(self) -> dict[str, Method]:
        chain_id = self._chain.settings.chain_id
        client = f"hanse/{version('py-evm')}/py-evm"
        return {
            "web3_clientVersion": Method(lambda: client),
            "web3_sha3": Method(lambda text: prefixed(keccak(read_bytes(text, "data"))), 1, 1),
            "net_version": Method(lambda: str(chain_id)),
            "net_listening": Method(lambda: True),
            "net_peerCount": Method(lambda: "0x0"),
            "eth_chainId": Method(lambda: quantity(chain_id)),
            "eth_syncing": Method(lambda: False),
            "eth_blockNumber": Method(lambda: quantity(self._chain.head.number)),
            "eth_accounts": Method(self.accounts),
            "eth_gasPrice": Method(
                lambda: quantity(self._chain.head.header.next_base_fee() + SUGGESTED_TIP_WEI)
            ),
            "eth_maxPriorityFeePerGas": Method(lambda: quantity(SUGGESTED_TIP_WEI)),
            "eth_feeHistory": Method(self.fee_history, 2, 3, is_slow=True),
            "eth_getBalance": Method(self.balance, 1, 2),
            "eth_getCode": Method(self.code, 1, 2),
            "eth_getStorageAt": Method(self.storage_at, 2, 3),
            "eth_getTransactionCount": Method(self.transaction_count, 1, 2),
            "eth_getTransactionByHash": Method(self.transaction_by_hash, 1, 1),
            "eth_getRawTransactionByHash": Method(self.raw_transaction, 1, 1),
            "eth_getTransactionReceipt": Method(self.receipt, 1, 1),
            "eth_getBlockByNumber": Method(self.block_by_number, 1, 2),
            "eth_getBlockByHash": Method(self.block_by_hash, 1, 2),
            "eth_getBlockTransactionCountByNumber": Method(self.count_by_number, 1, 1),
            "eth_getBlockTransactionCountByHash": Method(self.count_by_hash, 1, 1),
            "eth_getTransactionByBlockNumberAndIndex": Method(self.transaction_by_number_and_index, 2, 2),
            "eth_getTransactionByBlockHashAndIndex": Method(self.transaction_by_hash_and_index, 2, 2),
            "eth_getBlockReceipts": Method(self.block_receipts, 1, 1, is_slow=True),
            "eth_getLogs": Method(self.logs, 1, 1, is_slow=True),
        }

    # Accounts

    def accounts(self) -> list[str]:
        settings = self._chain.settings
        return list(funded_addresses(settings.mnemonic, settings.accounts))

    def balance(self, address: Any, block: Any = None) -> str:
        return quantity(self._blocks.workspace(block).balance(read_address(address, "address")))

    def code(self, address: Any, block: Any = None) -> str:
        return prefixed(self._blocks.workspace(block).code(read_address(address, "address")))

    def storage_at(self, address: Any, slot: Any, block: Any = None) -> str:
        account, position = read_address(address, "address"), read_quantity(slot, "storage key")
        return prefixed(self._blocks.workspace(block).storage(account, position).to_bytes(32, "big"))

    def transaction_count(self, address: Any, block: Any = None) -> str:
        account = read_address(address, "address")
        mined = self._blocks.workspace(block).nonce(account)
        return quantity(self._node.pool.next_nonce(account, mined) if block == "pending" else mined)

    # Transactions

    def transaction_by_hash(self, tx_hash: Any) -> dict[str, Any] | None:
        wanted = read_word(tx_hash, "hash")
        found = self._chain.find_transaction(wanted)
        if found is not None:
            return transaction_answer(found[1].transaction, found[0], found[1].index)
        waiting = self._node.pool.find(wanted)
        return None if waiting is None else transaction_answer(waiting)

    def raw_transaction(self, tx_hash: Any) -> str | None:
        found = self._chain.find_transaction(read_word(tx_hash, "hash"))
        return None if found is None else prefixed(found[1].transaction.raw)

    def receipt(self, tx_hash: Any) -> dict[str, Any] | None:
        found = self._chain.find_transaction(read_word(tx_hash, "hash"))
        return None if found is None else receipt_answer(*found)

    def transaction_by_number_and_index(self, block: Any, index: Any) -> dict[str, Any] | None:
        head = self._blocks.find(block)
        mined = None if head is None else self._chain.mined_at(head.number, _read_index(index))
        return None if mined is None else transaction_answer(mined.transaction, head, mined.index)

    def transaction_by_hash_and_index(self, block: Any, index: Any) -> dict[str, Any] | None:
        return self.transaction_by_number_and_index({"blockHash": block}, index)

    # Blocks

    def block_by_number(self, block: Any, is_full: Any = None) -> dict[str, Any] | None:
        if block == "pending":
            waiting = self._node.pool.waiting()
            shown: list[Any] = [transaction_answer(tx) if is_full else prefixed(tx.hash) for tx in waiting]
            return pending_block_answer(self._chain.next_header(self._chain.head), shown)
        return self._block(self._blocks.find(block), is_full)

    def block_by_hash(self, block_hash: Any, is_full: Any = None) -> dict[str, Any] | None:
        return self._block(self._chain.head_of(read_word(block_hash, "block hash")), is_full)

    def _block(self, head: Head | None, is_full: Any) -> dict[str, Any] | None:
        if not isinstance(is_full, bool | None):
            raise InvalidParams("invalid argument 1: expected true or false")
        if head is None:
            return None
        if not is_full:
            return block_answer(head, [prefixed(tx_hash) for tx_hash in self._chain.hashes_of(head)])
        mined = self._chain.block_of(head).transactions
        return block_answer(head, [transaction_answer(one.transaction, head, one.index) for one in mined])

    def count_by_number(self, block: Any) -> str | None:
        if block == "pending":
            return quantity(len(self._node.pool))
        head = self._blocks.find(block)
        return None if head is None else quantity(head.transaction_count)

    def count_by_hash(self, block_hash: Any) -> str | None:
        return self.count_by_number({"blockHash": block_hash})

    def block_receipts(self, block: Any) -> list[dict[str, Any]] | None:
        head = self._blocks.find(block)
        if head is None:
            return None
        return [receipt_answer(head, mined) for mined in self._chain.block_of(head).transactions]

    def fee_history(self, count: Any, newest: Any, percentiles: Any = None) -> dict[str, Any]:
        return fee_history(
            self._chain, self._blocks.head(newest), read_number(count, "blockCount"), percentiles
        )

    # Logs

    def logs(self, request: Any) -> list[dict[str, Any]]:
        if not isinstance(request, dict):
            raise InvalidParams("invalid filter: expected an object")
        first, last = self._log_range(request)
        found = []
        for entry in self._chain.find_logs(_read_log_filter(request), first, last):
            found.append(log_answer(*entry))
            if len(found) > MOST_LOGS:
                raise RpcFault(
                    f"query returned more than {MOST_LOGS} results; ask for a shorter range",
                    rpc_code=LIMIT_EXCEEDED,
                )
        return found

    def _log_range(self, request: dict[str, Any]) -> tuple[int, int]:
        block_hash = request.get("blockHash")
        if block_hash is not None:
            if request.get("fromBlock") is not None or request.get("toBlock") is not None:
                raise InvalidParams(
                    "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
                )
            head = self._chain.head_of(read_word(block_hash, "blockHash"))
            if head is None:
                raise RpcFault("unknown block")
            return head.number, head.number
        bounds = [request.get(name) for name in ("fromBlock", "toBlock")]
        first, last = map(self._bound, bounds)
        # A follower that asks from above the head up to "latest" is told that there is nothing, not that it erred.
        if first > last and not any(bound is None or bound in _NAMED for bound in bounds):
            raise InvalidParams(f"invalid block range params: fromBlock {first} is after toBlock {last}")
        return first, last

    def _bound(self, wanted: Any) -> int:
        if wanted is None or wanted == "pending" or (isinstance(wanted, str) and wanted in HEAD_TAGS):
            return self._chain.head.number
        return 0 if wanted == "earliest" else min(read_quantity(wanted, "block number"), 2**63)


def _read_index(index: Any) -> int:
    return min(read_quantity(index, "index"), 2**32 - 1)


def _read_log_filter(request: dict[str, Any]) -> LogFilter:
    addresses = request.get("address")
    if addresses is None:
        addresses = []
    elif not isinstance(addresses, list):
        addresses = [addresses]
    topics = request.get("topics") or []
    if not isinstance(topics, list) or len(topics) > 4:
        raise InvalidParams("invalid topics: expected a list of at most four")
    places = [[] if entry is None else entry if isinstance(entry, list) else [entry] for entry in topics]
    return LogFilter(
        addresses=frozenset(read_address(address, "address") for address in addresses),
        # A null among alternatives matches anything, so the whole place does.
        topics=tuple(
            frozenset() if None in place else frozenset(read_word(topic, "topic") for topic in place)
            for place in places
        ),
    )
