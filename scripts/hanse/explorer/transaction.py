"""``hanse chain tx``: one transaction whole: what it called, what came of it, the calls inside it, its logs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hanse.explorer.abis import Decoded, read_call, read_error
from hanse.explorer.blocks import status_of
from hanse.explorer.book import Book
from hanse.explorer.call_tree import inner_calls, tree_lines, tree_object
from hanse.explorer.delegations import delegation_lines, delegation_objects
from hanse.explorer.layout import INDENT, inline, pairs, percent_text, time_text, tree
from hanse.explorer.logs import log_lines, log_object
from hanse.explorer.node_reader import NodeReader
from hanse.explorer.values import plain, show
from settlement.chain.abi import checksum
from settlement.chain.errors_map import refusal_of
from settlement.wei import ether_text, gwei_text


class Transaction:
    """A transaction with all that the node tells of it."""

    def __init__(self, node: NodeReader, book: Book, tx_hash: str) -> None:
        self._book = book
        self.raw = node.transaction(tx_hash)
        self.receipt = node.receipts([tx_hash])[0]
        self.block = None if self.receipt is None else node.block(self.receipt["blockHash"])
        self.calldata = bytes.fromhex(self.raw["input"][2:])
        trace = node.trace(tx_hash) if self.receipt is not None and self._runs_code() else None
        self.inner = None if trace is None else inner_calls(book, trace)
        self.revert = self._revert(node)

    def _runs_code(self) -> bool:
        return bool(self.calldata) or int((self.receipt or {}).get("gasUsed", "0x0"), 16) > 21_000

    def _revert(self, node: NodeReader) -> bytes | None:
        """The bytes it failed with: as the trace has them, else as it fails again on the block before."""
        if status_of(self.receipt) != "reverted":
            return None
        if self.inner is not None:
            return self.inner.revert
        return node.revert_of(self.raw)

    @property
    def call(self) -> Decoded | None:
        """What it called, where the ABIs tell."""
        to = self.raw["to"]
        if to is None or not self.calldata:
            return None
        return read_call(self._book.contract_at(to), self.calldata)

    @property
    def created(self) -> str | None:
        """The address of the contract it made."""
        found = None if self.receipt is None else self.receipt.get("contractAddress")
        return None if found is None else checksum(found)


def transaction_lines(node: NodeReader, book: Book, tx_hash: str, *, is_json: bool) -> Iterator[str]:
    """Lines about one transaction; for programs one JSON object."""
    found = Transaction(node, book, tx_hash)
    if is_json:
        yield json.dumps(_object(book, found))
        return
    yield from pairs(_facts(book, found))
    yield from _call_lines(book, found)
    yield from delegation_lines(book, found.raw)
    if found.inner is not None and found.inner.calls:
        yield from ("", "calls", *(INDENT + line for line in tree_lines(found.inner)))
    logs = [] if found.receipt is None else found.receipt["logs"]
    if logs:
        yield from ("", "logs")
        for one in logs:
            yield from log_lines(book, one)


def _facts(book: Book, found: Transaction) -> dict[str, str]:
    raw, receipt = found.raw, found.receipt
    to = raw["to"]
    facts = {
        "transaction": raw["hash"],
        "status": status_of(receipt),
        "error": _error_text(book, found),
        "meaning": _meaning(found),
        "block": "",
        "from": book.address_text(raw["from"]),
        "to": "" if to is None else book.address_text(to),
        "creates": "" if found.created is None else book.address_text(found.created),
        "value": f"{ether_text(int(raw['value'], 16))} ether" if int(raw["value"], 16) else "",
        "gas": f"{int(raw['gas'], 16):,} at most",
        "fee": "",
        "nonce": f"{int(raw['nonce'], 16):,}",
        "type": _TYPES.get(int(raw.get("type") or "0x0", 16), str(raw.get("type"))),
    }
    if receipt is not None and found.block is not None:
        used, limit = int(receipt["gasUsed"], 16), int(raw["gas"], 16)
        price = int(receipt.get("effectiveGasPrice") or raw.get("gasPrice") or "0x0", 16)
        count = len(found.block["transactions"])
        facts["block"] = (
            f"{int(receipt['blockNumber'], 16):,}, {time_text(int(found.block['timestamp'], 16))},"
            f" number {int(receipt['transactionIndex'], 16) + 1} of {count:,}"
        )
        facts["gas"] = f"{used:,} of {limit:,} ({percent_text(used, limit)})"
        facts["fee"] = f"{ether_text(used * price)} ether at {gwei_text(price)}"
    return facts


_TYPES = {
    0: "legacy",
    1: "with an access list",
    2: "with priority fee",
    3: "with blobs",
    4: "with delegations",
}


def _call_lines(book: Book, found: Transaction) -> list[str]:
    to = found.raw["to"]
    if to is None:
        return ["", f"creation  {len(found.calldata):,} bytes of code and arguments"]
    if not found.calldata:
        return []
    place = book.address_name(to) or checksum(to)
    if found.call is None:
        return ["", f"call  {place}.0x{found.calldata[:4].hex()}", f"{INDENT}data  0x{found.calldata.hex()}"]
    return ["", f"call  {place}.{found.call.name}", *tree(show(found.call, book))]


def _error_text(book: Book, found: Transaction) -> str:
    if status_of(found.receipt) != "reverted":
        return ""
    if not found.revert:
        return (found.inner.error if found.inner is not None else None) or "no reason, or out of gas"
    return error_text(book, found.revert)


def error_text(book: Book, revert: bytes) -> str:
    """Revert bytes by the name and values of the error they are."""
    error = read_error(revert)
    if error is None:
        return refusal_of(revert, "the call").message
    return f"{error.name}({', '.join(inline(show(error, book)))})"


def _meaning(found: Transaction) -> str:
    """The words of the errors' table, for an error that the suite declares."""
    if not found.revert or read_error(found.revert) is None:
        return ""
    return refusal_of(found.revert, "the call").message


def _object(book: Book, found: Transaction) -> dict[str, Any]:
    """Units: wei, Unix seconds."""
    raw, receipt, call = found.raw, found.receipt, found.call
    error = read_error(found.revert) if found.revert else None
    timestamp = None if found.block is None else int(found.block["timestamp"], 16)
    return {
        "hash": raw["hash"],
        "status": status_of(receipt),
        "block": None if receipt is None else int(receipt["blockNumber"], 16),
        "time": timestamp,
        "index": None if receipt is None else int(receipt["transactionIndex"], 16),
        "from": {"address": checksum(raw["from"]), "name": book.address_name(raw["from"])},
        "to": None
        if raw["to"] is None
        else {"address": checksum(raw["to"]), "name": book.address_name(raw["to"])},
        "created": found.created,
        "value_wei": str(int(raw["value"], 16)),
        "nonce": int(raw["nonce"], 16),
        "type": int(raw.get("type") or "0x0", 16),
        "gas_limit": int(raw["gas"], 16),
        "gas_used": None if receipt is None else int(receipt["gasUsed"], 16),
        "gas_price_wei": None if receipt is None else str(int(receipt.get("effectiveGasPrice") or "0x0", 16)),
        "call": None if call is None else {"name": call.name, "arguments": plain(call)},
        "input": raw["input"],
        "delegations": delegation_objects(book, raw),
        "revert": None
        if found.revert is None
        else {
            "data": "0x" + found.revert.hex(),
            "error": None if error is None else error.name,
            "fields": None if error is None else plain(error),
            "message": refusal_of(found.revert, "the call").message,
        },
        "calls": None if found.inner is None else tree_object(found.inner),
        "logs": [] if receipt is None else [log_object(book, one, timestamp) for one in receipt["logs"]],
    }
