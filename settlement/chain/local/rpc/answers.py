"""The JSON shapes of blocks, transactions, receipts and logs, field for field as geth-family nodes give them."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.formats.blocks import Head, Header, MinedTransaction, PlacedLog, logs_bloom
from settlement.chain.local.formats.transactions import ACCESS_LIST, LEGACY, SET_CODE, AccessList, Transaction
from settlement.chain.local.rpc.hexes import prefixed, quantity


def block_answer(head: Head, transactions: list[Any]) -> dict[str, Any]:
    """``transactions`` are hashes or whole transactions, as the caller asked."""
    return {
        "hash": prefixed(head.hash),
        **_header_fields(head.header),
        "size": quantity(head.size),
        "transactions": transactions,
        "uncles": [],
        "withdrawals": [],
    }


def header_answer(head: Head) -> dict[str, Any]:
    """The block without what hangs on it."""
    return {"hash": prefixed(head.hash), **_header_fields(head.header)}


def pending_block_answer(header: Header, size: int, transactions: list[Any]) -> dict[str, Any]:
    """The block in the making."""
    body = {"size": quantity(size), "transactions": transactions, "uncles": [], "withdrawals": []}
    return {**pending_header_answer(header), **body}


def pending_header_answer(header: Header) -> dict[str, Any]:
    """The header in the making: hash, nonce and miner are null, as on geth."""
    return {**_header_fields(header), **dict.fromkeys(("hash", "nonce", "miner"))}


def _header_fields(header: Header) -> dict[str, Any]:
    return {
        "number": quantity(header.number),
        "parentHash": prefixed(header.parent_hash),
        "sha3Uncles": prefixed(header.uncles_hash),
        "miner": prefixed(header.coinbase),
        "stateRoot": prefixed(header.state_root),
        "transactionsRoot": prefixed(header.transactions_root),
        "receiptsRoot": prefixed(header.receipts_root),
        "logsBloom": prefixed(header.bloom),
        "difficulty": quantity(header.difficulty),
        "gasLimit": quantity(header.gas_limit),
        "gasUsed": quantity(header.gas_used),
        "timestamp": quantity(header.timestamp),
        "extraData": prefixed(header.extra),
        "mixHash": prefixed(header.mix_hash),
        "nonce": prefixed(header.nonce),
        "baseFeePerGas": quantity(header.base_fee),
        "withdrawalsRoot": prefixed(header.withdrawals_root),
        "blobGasUsed": quantity(header.blob_gas_used),
        "excessBlobGas": quantity(header.excess_blob_gas),
        "parentBeaconBlockRoot": prefixed(header.parent_beacon_root),
        "requestsHash": prefixed(header.requests_hash),
    }


def transaction_answer(tx: Transaction, head: Head | None = None, index: int | None = None) -> dict[str, Any]:
    """A mined transaction, or a waiting one when no block is given."""
    fields: dict[str, Any] = {
        "hash": prefixed(tx.hash),
        "type": quantity(tx.type_id),
        "nonce": quantity(tx.nonce),
        "blockHash": None if head is None else prefixed(head.hash),
        "blockNumber": None if head is None else quantity(head.number),
        "blockTimestamp": None if head is None else quantity(head.header.timestamp),
        "transactionIndex": None if index is None else quantity(index),
        "from": prefixed(tx.sender),
        "to": prefixed(tx.to) if tx.to else None,
        "value": quantity(tx.value),
        "gas": quantity(tx.gas),
        "input": prefixed(tx.data),
        "v": quantity(tx.v),
        "r": quantity(tx.r),
        "s": quantity(tx.s),
    }
    price = tx.max_fee_per_gas if head is None else tx.effective_gas_price(head.header.base_fee)
    fields["gasPrice"] = quantity(price)
    if tx.chain_id is not None:
        fields["chainId"] = quantity(tx.chain_id)
    if tx.type_id == LEGACY:
        return fields
    fields["yParity"] = quantity(tx.v)
    fields["accessList"] = access_list_answer(tx.access_list)
    if tx.type_id != ACCESS_LIST:
        fields["maxFeePerGas"] = quantity(tx.max_fee_per_gas)
        fields["maxPriorityFeePerGas"] = quantity(tx.max_priority_fee_per_gas)
    if tx.type_id == SET_CODE:
        fields["authorizationList"] = [
            {
                "chainId": quantity(entry.chain_id),
                "address": prefixed(entry.address),
                "nonce": quantity(entry.nonce),
                "yParity": quantity(entry.y_parity),
                "r": quantity(entry.r),
                "s": quantity(entry.s),
            }
            for entry in tx.authorization_list
        ]
    return fields


def access_list_answer(accesses: AccessList) -> list[dict[str, Any]]:
    """An access list (EIP-2930)."""
    return [
        {"address": prefixed(address), "storageKeys": [prefixed(slot.to_bytes(32, "big")) for slot in slots]}
        for address, slots in accesses
    ]


def receipt_answer(head: Head, mined: MinedTransaction) -> dict[str, Any]:
    """A receipt, its logs numbered as in the whole block."""
    tx, receipt = mined.transaction, mined.receipt
    return {
        "transactionHash": prefixed(tx.hash),
        "transactionIndex": quantity(mined.index),
        "blockHash": prefixed(head.hash),
        "blockNumber": quantity(head.number),
        "from": prefixed(tx.sender),
        "to": prefixed(tx.to) if tx.to else None,
        "contractAddress": prefixed(receipt.created) if receipt.created else None,
        "cumulativeGasUsed": quantity(receipt.cumulative_gas),
        "gasUsed": quantity(receipt.gas_used),
        "effectiveGasPrice": quantity(receipt.gas_price),
        "logs": [
            log_answer(PlacedLog(head, mined.transaction.hash, mined.index, receipt.first_log + offset, log))
            for offset, log in enumerate(receipt.logs)
        ],
        "logsBloom": prefixed(logs_bloom(receipt.logs)),
        "status": quantity(int(receipt.succeeded)),
        "type": quantity(tx.type_id),
    }


def log_answer(placed: PlacedLog) -> dict[str, Any]:
    """One log with its place in the chain."""
    head, log = placed.head, placed.log
    return {
        "address": prefixed(log.address),
        "topics": [prefixed(topic) for topic in log.topics],
        "data": prefixed(log.payload),
        "blockHash": prefixed(head.hash),
        "blockNumber": quantity(head.number),
        "blockTimestamp": quantity(head.header.timestamp),
        "transactionHash": prefixed(placed.tx_hash),
        "transactionIndex": quantity(placed.tx_index),
        "logIndex": quantity(placed.index),
        "removed": False,
    }
