"""The whole chain as one stream of bytes, and back: blocks, receipts, states, the clock, snapshots, what waits.

A line names the form and its version. What follows is gzip (whose checksum and length guard it) over records: a kind
(one byte), a length (four bytes), the bytes. Indexes are left out; they are made again from the blocks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from gzip import BadGzipFile, GzipFile
from typing import BinaryIO

from settlement.chain.local.checking import content_faults, link_faults
from settlement.chain.local.faults import FolderDamaged, InvalidParams
from settlement.chain.local.formats.blocks import Head
from settlement.chain.local.formats.hashing import bytes_int, keccak, rlp_decode, rlp_encode
from settlement.chain.local.opening import check_form, standing
from settlement.chain.local.settings import ChainSettings
from settlement.chain.local.store.block_tables import (
    HEAD,
    block_entries,
    decode_block,
    places_of,
)
from settlement.chain.local.store.storage import Entry, Storage, Table, View

FORM = b"hanse chain state 1\n"
# A block with all its logs is one record, and testers raise the gas limit.
MOST_RECORD_BYTES = 2**30
# What a record counts beside its own bytes: of empty ones a megabyte of gzip holds hundreds of millions.
_RECORD_BYTES = 256
_NAMED, _NODE, _BLOCK, _WAITING, _END = b"n", b"s", b"b", b"w", b"e"
# Most of it is hashes, which no effort makes smaller.
_LEVEL = 1


def write_dump(storage: Storage, sink: BinaryIO) -> None:
    """Write the chain as it stands at this moment; blocks may be mined meanwhile and are left out."""
    sink.write(FORM)
    # No time and no name in the stream: one chain, one dump.
    with storage.view() as view, GzipFile("", "wb", _LEVEL, fileobj=sink, mtime=0) as packed:
        for kind, record in _records(view):
            packed.write(kind + len(record).to_bytes(4, "big") + record)


def _records(view: View) -> Iterator[tuple[bytes, bytes]]:
    for name, value in view.entries(Table.META):
        yield _NAMED, rlp_encode([name, value])
    for _, node in view.entries(Table.NODES):
        yield _NODE, node
    blocks = 0
    for number, head in view.entries(Table.HEADS):
        places = places_of(bytes_int(number))
        bodies = [body for _, body in view.entries(Table.BODIES, *places)]
        receipts = [receipt for _, receipt in view.entries(Table.RECEIPTS, *places)]
        yield _BLOCK, rlp_encode([head, bodies, receipts])
        blocks += 1
    for key, raw in view.entries(Table.WAITING):
        yield _WAITING, rlp_encode([key, raw])
    yield _END, blocks.to_bytes(8, "big")


def read_dump(
    storage: Storage, settings: ChainSettings, opened: Callable[[], BinaryIO], most_bytes: int | None = None
) -> None:
    """Put a dump in the place of the chain, all of it or nothing. ``opened`` gives the stream, more than once.

    Raises: InvalidParams when it is none of ours, damaged, of another chain id, or longer than ``most_bytes``
        unpacked; RpcFault when it cannot be written.
    """

    def entries(view: View) -> Iterator[Entry]:
        with opened() as source:
            try:
                yield from _entries(view, settings, _unpacked(source, most_bytes))
            except (EOFError, BadGzipFile, zlib.error) as exc:
                raise InvalidParams(
                    f"invalid state: it is damaged or cut short: {exc}; dump it again"
                ) from exc
            except (ValueError, IndexError, TypeError) as exc:
                raise InvalidParams(f"invalid state: a record cannot be read: {exc}; dump it again") from exc

    storage.rewrite(Table, entries)


def _unpacked(source: BinaryIO, most_bytes: int | None) -> Iterator[tuple[bytes, bytes]]:
    form = source.readline(len(FORM) + 80)
    if form != FORM:
        raise InvalidParams(f"invalid state: {_foreign(form)}")
    total = 0
    with GzipFile(fileobj=source, mode="rb") as packed:
        while True:
            start = packed.read(5)
            length = bytes_int(start[1:])
            total += _RECORD_BYTES + length
            if len(start) < 5 or length > MOST_RECORD_BYTES:
                raise InvalidParams("invalid state: it ends in the middle; dump it again")
            if most_bytes is not None and total > most_bytes:
                raise InvalidParams(
                    f"invalid state: it takes more than {most_bytes} bytes; start the node with --state FILE"
                )
            record = packed.read(length)
            if len(record) < length:
                raise InvalidParams("invalid state: it ends in the middle; dump it again")
            yield start[:1], record
            if start[:1] == _END:
                if packed.read(1):
                    raise InvalidParams("invalid state: it goes on after its end; dump it again")
                return


def _foreign(form: bytes) -> str:
    if form.startswith(FORM.rpartition(b" ")[0]):
        version = form.rpartition(b" ")[2].strip().decode("ascii", "replace")
        return f"it is of version {version} and this program reads version 1; load it with the program that wrote it"
    if form.startswith((b"{", b"\x1f\x8b")):
        return "it looks like another node's dump; only what this node dumped can be loaded"
    return "it is no dump of this node"


def _entries(view: View, settings: ChainSettings, records: Iterator[tuple[bytes, bytes]]) -> Iterator[Entry]:
    below: Head | None = None
    blocks = 0
    for kind, record in records:
        if kind == _NAMED:
            name, value = rlp_decode(record)
            yield Table.META, name, value
        elif kind == _NODE:
            yield Table.NODES, keccak(record), record
        elif kind == _WAITING:
            key, raw = rlp_decode(record)
            yield Table.WAITING, key, raw
        elif kind == _BLOCK:
            head, bodies, receipts = rlp_decode(record)
            block = decode_block(Head.decode(head), bodies, receipts, settings.chain_id)
            _refuse([*link_faults(blocks, block.head, below), *content_faults(block)])
            yield from block_entries(block)
            below, blocks = block.head, blocks + 1
        elif kind == _END:
            _check_end(view, settings, below, blocks, bytes_int(record))
        else:
            raise InvalidParams(f"invalid state: a record of kind 0x{kind.hex()} is not known; dump it again")


def _check_end(view: View, settings: ChainSettings, head: Head | None, blocks: int, counted: int) -> None:
    faults = [] if blocks == counted else [f"{blocks} blocks of {counted}"]
    if head is None or bytes_int(view.get(Table.META, HEAD) or b"") != head.number:
        faults.append("its last block is not its head")
    _refuse(faults)
    try:
        check_form(view, settings.chain_id, "the state")
        # All that an opening would refuse is refused before anything is replaced by it.
        standing(view, settings)
    except FolderDamaged as exc:
        raise InvalidParams(f"invalid state: {exc.message}") from exc


def _refuse(faults: list[str]) -> None:
    if faults:
        raise InvalidParams(f"invalid state: {faults[0]}; dump it again")
