"""``hanse chain blocks``: the newest blocks in a table, or one block with its transactions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hanse.explorer.abis import read_call
from hanse.explorer.book import Book
from hanse.explorer.layout import pairs, percent_text, table, time_text
from hanse.explorer.node_reader import NodeReader
from settlement.wei import ether_text, gwei_text


def newest_blocks(node: NodeReader, count: int, to: int | None, *, is_json: bool) -> Iterator[str]:
    """Lines of a table of blocks, the newest first; for programs one JSON object a line."""
    head = node.head()
    last = head if to is None else min(to, head)
    found = node.blocks(range(last, max(-1, last - count), -1))
    if is_json:
        yield from (json.dumps(_block_object(block)) for block in found)
        return
    rows = []
    for block in found:
        gas, limit = int(block["gasUsed"], 16), int(block["gasLimit"], 16)
        rows.append(
            (
                f"{int(block['number'], 16):,}",
                time_text(int(block["timestamp"], 16)),
                f"{len(block['transactions']):,}",
                f"{gas:,}",
                percent_text(gas, limit),
                f"{int(block.get('baseFeePerGas') or '0x0', 16):,} wei",
                block["hash"],
            )
        )
    heads = ("block", "time", "txs", "gas used", "of limit", "base fee", "hash")
    yield from table(heads, rows, left=frozenset({1, 6}))


def one_block(node: NodeReader, book: Book, which: str, *, is_json: bool) -> Iterator[str]:
    """Lines about one block: its header's facts, then its transactions with the calls they make."""
    block = node.block(which, is_full=True)
    transactions: list[dict[str, Any]] = block["transactions"]
    receipts = node.receipts([one["hash"] for one in transactions])
    if is_json:
        told = _block_object(block) | {
            "transactions": [
                _transaction_object(book, one, receipt)
                for one, receipt in zip(transactions, receipts, strict=True)
            ]
        }
        yield json.dumps(told)
        return
    yield from pairs(_facts(block))
    if not transactions:
        return
    yield ""
    rows = [_row(book, one, receipt) for one, receipt in zip(transactions, receipts, strict=True)]
    heads = ("#", "transaction", "status", "gas used", "from", "call")
    yield from table(heads, rows, left=frozenset({1, 2, 4, 5}))


def call_name(book: Book, transaction: dict[str, Any]) -> str:
    """What a transaction does, in one word: the contract's verb, a transfer, or a creation."""
    to, calldata = transaction["to"], bytes.fromhex(transaction["input"][2:])
    if to is None:
        return f"creates a contract ({len(calldata):,} bytes)"
    place = book.address_name(to) or to
    if not calldata:
        return f"{ether_text(int(transaction['value'], 16))} ether to {place}"
    contract = book.contract_at(to)
    call = read_call(contract, calldata)
    return f"{place}.{'0x' + calldata[:4].hex() if call is None else call.name}"


def _facts(block: dict[str, Any]) -> dict[str, str]:
    gas, limit = int(block["gasUsed"], 16), int(block["gasLimit"], 16)
    return {
        "block": f"{int(block['number'] or '0x0', 16):,}",
        "hash": block["hash"] or "",
        "parent": block["parentHash"],
        "time": time_text(int(block["timestamp"], 16)),
        "gas used": f"{gas:,} of {limit:,} ({percent_text(gas, limit)})",
        "base fee": gwei_text(int(block.get("baseFeePerGas") or "0x0", 16)),
        "state root": block["stateRoot"],
        "transactions": f"{len(block['transactions']):,}",
    }


def _row(book: Book, transaction: dict[str, Any], receipt: dict[str, Any] | None) -> tuple[str, ...]:
    sender = transaction["from"]
    return (
        str(int(transaction["transactionIndex"] or "0x0", 16)),
        transaction["hash"],
        status_of(receipt),
        "" if receipt is None else f"{int(receipt['gasUsed'], 16):,}",
        book.address_name(sender) or sender,
        call_name(book, transaction),
    )


def status_of(receipt: dict[str, Any] | None) -> str:
    """What became of a transaction, in one word."""
    if receipt is None:
        return "waiting"
    if receipt.get("status") is None:
        # Before Byzantium a receipt had none.
        return "mined"
    return "success" if receipt["status"] == "0x1" else "reverted"


def _block_object(block: dict[str, Any]) -> dict[str, Any]:
    """Units: Unix seconds, wei."""
    return {
        "number": int(block["number"] or "0x0", 16),
        "hash": block["hash"],
        "parent_hash": block["parentHash"],
        "time": int(block["timestamp"], 16),
        "gas_used": int(block["gasUsed"], 16),
        "gas_limit": int(block["gasLimit"], 16),
        "base_fee_wei": str(int(block.get("baseFeePerGas") or "0x0", 16)),
        "state_root": block["stateRoot"],
        "transactions": block["transactions"],
    }


def _transaction_object(
    book: Book, transaction: dict[str, Any], receipt: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "hash": transaction["hash"],
        "status": status_of(receipt),
        "gas_used": None if receipt is None else int(receipt["gasUsed"], 16),
        "from": transaction["from"],
        "to": transaction["to"],
        "call": call_name(book, transaction),
    }
