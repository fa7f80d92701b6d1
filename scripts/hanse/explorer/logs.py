"""``hanse chain logs``: events of a range of blocks, with their fields' names and units."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from hanse.explorer.abis import Decoded, event_names, event_topics, read_event
from hanse.explorer.book import Book
from hanse.explorer.layout import INDENT, inline, time_text, wrapped
from hanse.explorer.node_reader import NodeReader, raw_log
from hanse.explorer.values import plain, show
from settlement.errors import InputRefused


def find_logs(
    node: NodeReader,
    book: Book,
    *,
    contract: str | None,
    event: str | None,
    first: int,
    last: int | None,
    is_json: bool,
) -> Iterator[str]:
    """Lines about the logs of a range of blocks, oldest first, those of a transaction together.

    Raises: InputRefused for a contract or an event that the suite does not have, and a range that ends before it begins.
    """
    if last is not None and first > last:
        raise InputRefused(f"block {first} is after block {last}; give the older one first", field="--from")
    wanted = log_filter(book, contract, event)
    until = node.head() if last is None else min(last, node.head())
    is_first = True
    for part in node.logs(wanted, first, until):
        times = _times(node, part)
        if is_json:
            yield from (json.dumps(log_object(book, one, times[one["blockNumber"]])) for one in part)
            continue
        for (block, tx_hash), of_one in groupby(
            part, key=lambda one: (one["blockNumber"], one["transactionHash"])
        ):
            if not is_first:
                yield ""
            is_first = False
            yield f"block {int(block, 16):,}  {time_text(times[block])}  {tx_hash}"
            for one in of_one:
                yield from log_lines(book, one)


def log_filter(book: Book, contract: str | None, event: str | None) -> dict[str, Any]:
    """What a node is asked for: an address, and the first topics of the event, as far as they are named.

    Raises: InputRefused for a contract or an event that the suite does not have.
    """
    address, name = (None, None) if contract is None else book.place_of(contract)
    wanted: dict[str, Any] = {} if address is None else {"address": address}
    if event is not None:
        topics = event_topics(event, name)
        if not topics:
            names = event_names(name)
            near = difflib.get_close_matches(event, names, 3, 0.5) or names[:12]
            of = f" of {name}" if name else ""
            raise InputRefused(f"{event!r} is no event{of}; near it are {', '.join(near)}", field="--event")
        wanted["topics"] = [["0x" + topic.hex() for topic in topics]]
    elif address is not None and name is not None and name != book.contract_at(address):
        # A module writes its logs at the address of the contract it belongs to.
        wanted["topics"] = [["0x" + topic.hex() for topic in event_topics(None, name)]]
    return wanted


def log_lines(book: Book, found: dict[str, Any]) -> list[str]:
    """One log: where it comes from, its name, its fields; raw where nobody knows it."""
    log = raw_log(found)
    read = _read(book, found)
    place = book.address_name(log.address) or log.address
    if read is not None:
        return wrapped(f"{INDENT}{place}.{read.name}", inline(show(read, book)), INDENT * 3)
    topics = [f"topic {index} 0x{topic.hex()}" for index, topic in enumerate(log.topics)]
    body = [f"data 0x{log.body.hex()}"] if log.body else []
    return wrapped(f"{INDENT}{place}", [*topics, *body] or ["a log without topics and data"], INDENT * 3)


def log_object(book: Book, found: dict[str, Any], timestamp: int | None) -> dict[str, Any]:
    """One log for programs. Units: Unix seconds."""
    log = raw_log(found)
    read = _read(book, found)
    return {
        "block": int(found["blockNumber"], 16),
        "time": timestamp,
        "transaction": found["transactionHash"],
        "index": int(found["logIndex"], 16),
        "address": log.address,
        "contract": book.address_name(log.address),
        "event": None if read is None else read.name,
        "fields": None if read is None else plain(read),
        "topics": ["0x" + topic.hex() for topic in log.topics],
        "data": "0x" + log.body.hex(),
    }


def _read(book: Book, found: dict[str, Any]) -> Decoded | None:
    log = raw_log(found)
    return read_event(book.contract_at(log.address), log.topics, log.body)


def _times(node: NodeReader, logs: Sequence[dict[str, Any]]) -> dict[str, int]:
    numbers = sorted({int(one["blockNumber"], 16) for one in logs})
    return {block["number"]: int(block["timestamp"], 16) for block in node.blocks(numbers)}
