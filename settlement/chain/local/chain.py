"""The chain as it is stored: reading it, building blocks on it, and taking blocks off again.

Whoever changes it is the one writer; readers on other threads take ``head`` once and work from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from secrets import token_bytes

from settlement.chain.local.accounts import ACCOUNT_COUNT, INITIAL_BALANCE_WEI, MNEMONIC, funded_addresses
from settlement.chain.local.clock import Clock, wall_time
from settlement.chain.local.engine.execution import Built, run_all
from settlement.chain.local.engine.port import Engine, NodeReader, Workspace
from settlement.chain.local.faults import FolderDamaged, RpcFault
from settlement.chain.local.formats.blocks import (
    INITIAL_BASE_FEE,
    ZERO_WORD,
    Block,
    Head,
    Header,
    Log,
    MinedTransaction,
    Receipt,
    seal,
)
from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT, bytes_int, keccak
from settlement.chain.local.formats.transactions import Transaction, decode_transaction
from settlement.chain.local.store.log_index import (
    LogFilter,
    find_places,
    index_block,
    place,
    place_numbers,
    unindex_block,
)
from settlement.chain.local.store.storage import Batch, Storage, Table

LAYOUT = b"1"
_CHAIN, _HEAD, _CLOCK, _LAYOUT = b"chain_id", b"head", b"clock", b"layout"
# How far back an opening checks that heads follow one another.
_CHECKED_BLOCKS = 16


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """What a new chain starts with; an existing one keeps its own id, accounts and genesis.

    ``genesis_at`` (Unix seconds) makes the first block repeatable: one id and moment, one hash. Without it every
    new chain is told from all others, also from one that began in the same second.
    """

    chain_id: int = 31_337
    gas_limit: int = 30_000_000
    mnemonic: str = MNEMONIC
    accounts: int = ACCOUNT_COUNT
    balance_wei: int = INITIAL_BALANCE_WEI
    genesis_at: int | None = None


class Chain:
    """Blocks, states and logs in one storage."""

    def __init__(self, storage: Storage, engine: Engine, settings: ChainSettings) -> None:
        self.storage = storage
        self.settings = settings
        self._engine = engine
        if storage.get(Table.META, _HEAD) is None:
            self._create()
        self.head, self.clock = self._opened()
        genesis = self.head_at(0)
        if genesis is None:
            raise FolderDamaged("block 0 is missing from the chain's folder; restore it or start a new one")
        self.genesis_hash = genesis.hash
        self.rollbacks = 0

    # Opening

    def _create(self) -> None:
        settings = self.settings
        if settings.genesis_at is None:
            started_at, mark = wall_time(), token_bytes(16)
        else:
            started_at, mark = settings.genesis_at, b""
        header = Header(
            parent_hash=ZERO_WORD,
            number=0,
            gas_limit=settings.gas_limit,
            timestamp=started_at,
            base_fee=INITIAL_BASE_FEE,
            extra=b"hanse" + mark,
            mix_hash=keccak(settings.chain_id.to_bytes(8, "big")),
        )
        workspace = self._engine.open(self.storage.read_node, EMPTY_TRIE_ROOT, header)
        for address in funded_addresses(settings.mnemonic, settings.accounts):
            workspace.set_balance(bytes.fromhex(address[2:]), settings.balance_wei)
        root, nodes = workspace.close()
        batch = Batch()
        batch.put(Table.META, _LAYOUT, LAYOUT)
        batch.put(Table.META, _CHAIN, settings.chain_id.to_bytes(8, "big"))
        self.put_clock(batch, Clock())
        self.put_block(batch, Built(seal(header, root, []), nodes))
        self.storage.commit(batch)

    def _opened(self) -> tuple[Head, Clock]:
        """The head, once it was found to fit what lies below it."""
        stored = bytes_int(self.storage.get(Table.META, _CHAIN) or b"")
        if self.storage.get(Table.META, _LAYOUT) != LAYOUT or stored != self.settings.chain_id:
            raise FolderDamaged(
                f"the folder holds chain {stored} in another form than chain {self.settings.chain_id} asked for; "
                "use the chain id it was made with, or another folder"
            )
        number = bytes_int(self.storage.get(Table.META, _HEAD) or b"")
        head = self.head_at(number)
        if head is None:
            raise FolderDamaged(
                f"block {number} is named as the head and missing; restore the folder or start a new one"
            )
        above = head
        for lower in range(number - 1, max(-1, number - _CHECKED_BLOCKS), -1):
            below = self.head_at(lower)
            if below is None or below.hash != above.header.parent_hash:
                raise FolderDamaged(
                    f"block {lower} is not the parent of block {lower + 1}; restore the folder"
                )
            above = below
        known = self.storage.get(Table.HASHES, head.hash)
        root_is_there = (
            head.state_root == EMPTY_TRIE_ROOT or self.storage.read_node(head.state_root) is not None
        )
        if (
            keccak(head.header.encode()) != head.hash
            or known != number.to_bytes(8, "big")
            or not root_is_there
        ):
            raise FolderDamaged(f"the head, block {number}, does not match its hash, its index or its state")
        return head, Clock.decode(self.storage.get(Table.META, _CLOCK) or Clock().encode())

    # Reading

    def head_at(self, number: int) -> Head | None:
        """The canonical block with this number."""
        if not 0 <= number < 2**63:
            return None
        encoded = self.storage.get(Table.HEADS, number.to_bytes(8, "big"))
        return None if encoded is None else Head.decode(encoded)

    def head_of(self, block_hash: bytes) -> Head | None:
        """The canonical block with this hash."""
        number = self.storage.get(Table.HASHES, block_hash)
        return None if number is None else self.head_at(bytes_int(number))

    def block_of(self, head: Head) -> Block:
        """The whole of a block."""
        first, last = place(head.number, 0), place(head.number, 2**32 - 1)
        bodies = self.storage.scan(Table.BODIES, first, last)
        receipts = self.storage.scan(Table.RECEIPTS, first, last)
        mined = (
            MinedTransaction(_decode_body(body, self.settings.chain_id), Receipt.decode(receipt), index)
            for index, ((_, body), (_, receipt)) in enumerate(zip(bodies, receipts, strict=True))
        )
        return Block(head, tuple(mined))

    def mined_at(self, number: int, index: int) -> MinedTransaction | None:
        """The transaction at a place."""
        key = place(number, index)
        body, receipt = self.storage.get(Table.BODIES, key), self.storage.get(Table.RECEIPTS, key)
        if body is None or receipt is None:
            return None
        return MinedTransaction(_decode_body(body, self.settings.chain_id), Receipt.decode(receipt), index)

    def find_transaction(self, tx_hash: bytes) -> tuple[Head, MinedTransaction] | None:
        """The mined transaction with this hash, and its block."""
        key = self.storage.get(Table.PLACES, tx_hash)
        if key is None:
            return None
        number, index = place_numbers(key)
        head, mined = self.head_at(number), self.mined_at(number, index)
        return None if head is None or mined is None else (head, mined)

    def hashes_of(self, head: Head) -> list[bytes]:
        """The hashes of a block's transactions."""
        entries = self.storage.scan(Table.BODIES, place(head.number, 0), place(head.number, 2**32 - 1))
        return [keccak(body[20:]) for _, body in entries]

    def find_logs(
        self, wanted: LogFilter, first: int, last: int
    ) -> Iterator[tuple[Head, MinedTransaction, int, Log]]:
        """Logs that match, in the chain's order, each with its block, transaction and index in the block."""
        by_block = groupby(
            find_places(self.storage, wanted, first, last), key=lambda key: place_numbers(key)[0]
        )
        for number, places in by_block:
            head = self.head_at(number)
            for key in places:
                mined = self.mined_at(*place_numbers(key))
                if head is None or mined is None:
                    continue
                for offset, log in enumerate(mined.receipt.logs):
                    if wanted.matches(log):
                        yield head, mined, mined.receipt.first_log + offset, log

    def workspace(self, head: Head, header: Header, read_node: NodeReader | None = None) -> Workspace:
        """The state after ``head``, as the block with ``header`` sees it."""
        return self._engine.open(
            read_node or self.storage.read_node, head.state_root, header, self._hashes_down_from(head, header)
        )

    def _hashes_down_from(self, head: Head, header: Header) -> Iterator[bytes]:
        for number in range(header.number - 1, max(-1, header.number - 257), -1):
            # A call may see itself far above the head: what lies between has no hashes.
            below = head if number == head.number else self.head_at(number) if number < head.number else None
            yield ZERO_WORD if below is None else below.hash

    def next_header(self, head: Head, clock: Clock | None = None) -> Header:
        """The header of a block mined on ``head`` now."""
        at = (clock or self.clock).time_after(head.header.timestamp)
        return head.header.child(head.hash, timestamp=at, gas_limit=self.settings.gas_limit)

    @contextmanager
    def rolling_back(self) -> Iterator[None]:
        """Around taking blocks off: counted before and after, so that a reader sees that it read across it."""
        self.rollbacks += 1
        try:
            yield
        finally:
            self.rollbacks += 1

    # Building

    def build(
        self,
        head: Head,
        header: Header,
        offered: Iterable[Transaction],
        *,
        workspace: Workspace | None = None,
        read_node: NodeReader | None = None,
    ) -> Built:
        """Run what fits of ``offered`` on ``head``, in ``workspace`` if one is open already. Nothing is stored."""
        offered = list(offered)
        refused: list[tuple[Transaction, RpcFault]] = []
        while True:
            workspace = workspace or self.workspace(head, header, read_node)
            ran = run_all(workspace, header, offered)
            refused += ran.refused
            if ran.broken is None:
                root, nodes = workspace.close()
                return Built(seal(header, root, ran.mined), nodes, refused)
            # The engine failed inside this one: its workspace is worthless, and so is the transaction.
            workspace = None
            unfit = {tx.hash for tx, _ in refused}
            offered = [tx for tx in offered if tx.hash not in unfit]

    def put_block(self, batch: Batch, built: Built) -> None:
        """Add a block, its state and its index entries, and make it the head."""
        block = built.block
        number = block.head.number.to_bytes(8, "big")
        for node_hash, node in built.nodes.items():
            batch.put(Table.NODES, node_hash, node)
        batch.put(Table.HEADS, number, block.head.encode())
        batch.put(Table.HASHES, block.head.hash, number)
        batch.put(Table.META, _HEAD, number)
        for mined in block.transactions:
            key = place(block.head.number, mined.index)
            batch.put(Table.BODIES, key, mined.transaction.sender + mined.transaction.raw)
            batch.put(Table.RECEIPTS, key, mined.receipt.encode())
            batch.put(Table.PLACES, mined.transaction.hash, key)
        index_block(batch, block)

    def put_head(self, batch: Batch, head: Head) -> None:
        """Rewrite the head's own record: its state was changed by hand, or it became the head again."""
        number = head.number.to_bytes(8, "big")
        batch.put(Table.HEADS, number, head.encode())
        batch.put(Table.META, _HEAD, number)

    def remove_blocks_above(self, batch: Batch, number: int) -> tuple[Block, ...]:
        """Take off every block above ``number``. Their states stay: nodes are shared, and cost only space.

        Answers those of them that held transactions, newest first.
        """
        taken = []
        for gone in range(self.head.number, number, -1):
            head = self.head_at(gone)
            if head is None:
                continue
            block = self.block_of(head)
            if block.transactions:
                taken.append(block)
            unindex_block(batch, block)
            batch.delete(Table.HEADS, gone.to_bytes(8, "big"))
            batch.delete(Table.HASHES, head.hash)
            for mined in block.transactions:
                key = place(gone, mined.index)
                batch.delete(Table.BODIES, key)
                batch.delete(Table.RECEIPTS, key)
                batch.delete(Table.PLACES, mined.transaction.hash)
        return tuple(taken)

    def put_clock(self, batch: Batch, clock: Clock) -> None:
        batch.put(Table.META, _CLOCK, clock.encode())

    def change_state(self, change: Callable[[Workspace], None]) -> tuple[Head, dict[bytes, bytes]]:
        """The head with its state changed by hand, and the nodes to be stored for it."""
        workspace = self.workspace(self.head, self.next_header(self.head))
        change(workspace)
        root, nodes = workspace.close()
        return self.head.with_state(root), nodes


def _decode_body(body: bytes, chain_id: int) -> Transaction:
    return decode_transaction(body[20:], chain_id, known_sender=body[:20])


def open_chain(
    folder: Path, engine: Engine, settings: ChainSettings, *, map_bytes: int | None = None
) -> Chain:
    """Open the chain in ``folder``, or make one there."""
    storage = Storage(folder) if map_bytes is None else Storage(folder, map_bytes=map_bytes)
    try:
        return Chain(storage, engine, settings)
    except BaseException:
        storage.close()
        raise
