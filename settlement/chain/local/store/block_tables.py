"""How a block lies in the tables: what is written for it, how it is read, what is taken out with it."""

from __future__ import annotations

from collections.abc import Iterator

from settlement.chain.local.formats.blocks import Block, Head, MinedTransaction, Receipt
from settlement.chain.local.formats.hashing import keccak
from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.store.log_index import Place, log_keys, place
from settlement.chain.local.store.storage import Entry, Source, Table

# Names in the META table.
HEAD, CHAIN_ID = b"head", b"chain_id"


def number_key(number: int) -> bytes:
    """The key that orders blocks as the chain does."""
    return number.to_bytes(8, "big")


def places_of(number: int) -> tuple[bytes, bytes]:
    """The first and the last place that a transaction of the block can have."""
    return place(number, 0), place(number, 2**32 - 1)


def block_entries(block: Block) -> Iterator[Entry]:
    """Everything that is stored for a block, but for its state."""
    yield Table.HEADS, number_key(block.head.number), block.head.encode()
    for mined in block.transactions:
        key = place(block.head.number, mined.index)
        yield Table.BODIES, key, mined.transaction.sender + mined.transaction.raw
        yield Table.RECEIPTS, key, mined.receipt.encode()
    yield from index_entries(block)


def index_entries(block: Block) -> Iterator[Entry]:
    """The part that only helps to find the rest, and can be made from it again."""
    yield Table.HASHES, block.head.hash, number_key(block.head.number)
    for mined in block.transactions:
        yield Table.PLACES, mined.transaction.hash, place(block.head.number, mined.index)
    for key in log_keys(block):
        yield Table.LOGS, key, b""


def block_keys(block: Block) -> Iterator[tuple[Table, bytes]]:
    """The keys of ``block_entries``."""
    for table, key, _ in block_entries(block):
        yield table, key


def read_head(source: Source, number: int) -> Head | None:
    """The canonical block with this number."""
    if not 0 <= number < 2**63:
        return None
    encoded = source.get(Table.HEADS, number_key(number))
    return None if encoded is None else Head.decode(encoded)


def read_block(source: Source, head: Head, chain_id: int) -> Block:
    """The whole of a block."""
    bodies = source.scan(Table.BODIES, *places_of(head.number))
    receipts = source.scan(Table.RECEIPTS, *places_of(head.number))
    return decode_block(head, [body for _, body in bodies], [receipt for _, receipt in receipts], chain_id)


def decode_block(head: Head, bodies: list[bytes], receipts: list[bytes], chain_id: int) -> Block:
    """A block from the values of its tables, in the order of its transactions."""
    mined = (
        MinedTransaction(_decode_body(body, chain_id), Receipt.decode(receipt), index)
        for index, (body, receipt) in enumerate(zip(bodies, receipts, strict=True))
    )
    return Block(head, tuple(mined))


def read_mined(source: Source, number: int, index: int, chain_id: int) -> MinedTransaction | None:
    """The transaction at a place."""
    key = place(number, index)
    body, receipt = source.get(Table.BODIES, key), source.get(Table.RECEIPTS, key)
    if body is None or receipt is None:
        return None
    return MinedTransaction(_decode_body(body, chain_id), Receipt.decode(receipt), index)


def read_receipt(source: Source, key: Place) -> tuple[bytes, Receipt] | None:
    """The hash of the transaction at a place, and its receipt; cheaper than the transaction itself."""
    body, receipt = source.get(Table.BODIES, key), source.get(Table.RECEIPTS, key)
    return None if body is None or receipt is None else (keccak(body[20:]), Receipt.decode(receipt))


def _decode_body(body: bytes, chain_id: int) -> Transaction:
    return decode_transaction(body[20:], chain_id, known_sender=body[:20])
