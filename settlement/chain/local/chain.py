"""The chain as it is stored: reading it, building blocks on it, and taking blocks off again.

Whoever changes it is the one writer; readers on other threads take ``head`` once and work from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from settlement.chain.local.block_rules import BlockRules
from settlement.chain.local.clock import Clock
from settlement.chain.local.dump import read_dump
from settlement.chain.local.engine.execution import Built, run_all
from settlement.chain.local.engine.port import Engine, NodeReader, Workspace
from settlement.chain.local.faults import FolderDamaged, RpcFault
from settlement.chain.local.formats.blocks import (
    ZERO_WORD,
    Block,
    Head,
    Header,
    MinedTransaction,
    PlacedLog,
    seal,
)
from settlement.chain.local.formats.hashing import bytes_int, keccak
from settlement.chain.local.formats.state_trie import stored_nodes
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.opening import Opened, prepare, put_built, put_clock, put_rules, take_up
from settlement.chain.local.settings import ChainSettings
from settlement.chain.local.store.block_tables import (
    HEAD,
    block_keys,
    number_key,
    places_of,
    read_block,
    read_head,
    read_mined,
    read_receipt,
)
from settlement.chain.local.store.log_index import LogFilter, find_places, place_numbers
from settlement.chain.local.store.storage import Batch, Storage, Table


class Chain:
    """Blocks, states and logs in one storage."""

    def __init__(self, storage: Storage, engine: Engine, opened: Opened) -> None:
        self.storage = storage
        self._engine = engine
        self.rollbacks = 0
        self._rolling = Lock()
        self._stand(opened)

    def _stand(self, opened: Opened) -> None:
        self.settings = opened.settings
        self.head, self.clock, self.genesis_hash = opened.head, opened.clock, opened.genesis_hash
        self.rules = opened.rules

    # Reading

    def head_at(self, number: int) -> Head | None:
        """The canonical block with this number."""
        return read_head(self.storage, number)

    def head_of(self, block_hash: bytes) -> Head | None:
        """The canonical block with this hash."""
        number = self.storage.get(Table.HASHES, block_hash)
        return None if number is None else self.head_at(bytes_int(number))

    def block_of(self, head: Head) -> Block:
        """The whole of a block."""
        return read_block(self.storage, head, self.settings.chain_id)

    def mined_at(self, number: int, index: int) -> MinedTransaction | None:
        """The transaction at a place."""
        return read_mined(self.storage, number, index, self.settings.chain_id)

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
        entries = self.storage.scan(Table.BODIES, *places_of(head.number))
        return [keccak(body[20:]) for _, body in entries]

    def find_logs(self, wanted: LogFilter, first: int, last: int) -> Iterator[PlacedLog]:
        """Logs that match, in the chain's order."""
        by_block = groupby(
            find_places(self.storage, wanted, first, last), key=lambda key: place_numbers(key)[0]
        )
        for number, places in by_block:
            head = self.head_at(number)
            for key in places:
                found = read_receipt(self.storage, key)
                if head is None or found is None:
                    continue
                tx_hash, receipt = found
                for offset, log in enumerate(receipt.logs):
                    if wanted.matches(log):
                        index = place_numbers(key)[1]
                        yield PlacedLog(head, tx_hash, index, receipt.first_log + offset, log)

    def workspace(
        self,
        head: Head,
        header: Header,
        read_node: NodeReader | None = None,
        *,
        past_hashes: Iterable[bytes] | None = None,
    ) -> Workspace:
        """The state after ``head``, as the block with ``header`` sees it. ``past_hashes`` stand in for the chain's own."""
        read = read_node or self._reader_of(head)
        past = self.hashes_down_from(head, header.number) if past_hashes is None else past_hashes
        return self._engine.open(read, head.state_root, header, past)

    def _reader_of(self, head: Head) -> NodeReader:
        nodes = head.nodes
        if nodes is None:
            return self.storage.read_node
        return lambda key: nodes.get(key) or self.storage.read_node(key)

    def hashes_down_from(self, head: Head, above: int) -> Iterator[bytes]:
        """Those of the 256 blocks below the number ``above``, on the branch of ``head``."""
        for number in range(above - 1, max(-1, above - 257), -1):
            # A call may see itself far above the head: what lies between has no hashes.
            below = head if number == head.number else self.head_at(number) if number < head.number else None
            yield ZERO_WORD if below is None else below.hash

    def next_header(self, head: Head, clock: Clock | None = None, rules: BlockRules | None = None) -> Header:
        """The header of a block mined on ``head`` now."""
        at = (clock or self.clock).time_after(head.header.timestamp)
        following = head.header.child(head.hash, timestamp=at, gas_limit=self.settings.gas_limit)
        return (rules or self.rules).applied(following)

    @contextmanager
    def rolling_back(self) -> Iterator[None]:
        """Around taking blocks off: counted before and after, so that a reader sees that it read across it."""
        with self._rolling:
            self.rollbacks += 1
            try:
                yield
            finally:
                self.rollbacks += 1

    def wait_until_steady(self) -> None:
        """Until no blocks are being taken off. For readers, who then read again."""
        with self._rolling:
            pass

    def replace(self, opened: Callable[[], BinaryIO], most_bytes: int | None = None) -> None:
        """Put a dump in this chain's place: all of it, on disk, or nothing.

        Raises: InvalidParams, RpcFault as ``read_dump`` has it.
        """
        with self.rolling_back():
            read_dump(self.storage, self.settings, opened, most_bytes)
            self._stand(take_up(self.storage, self.settings))

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
            workspace.begin_block(header)
            ran = run_all(workspace, header, offered)
            refused += ran.refused
            if ran.broken is None:
                root, nodes = workspace.close()
                return Built(seal(header, root, ran.mined), nodes, refused)
            # The engine failed inside this one: its workspace is worthless, and so is the transaction.
            workspace = None
            unfit = {tx.hash for tx, _ in refused}
            offered = [tx for tx in offered if tx.hash not in unfit]

    def extend(self, block: Block, offered: Sequence[Transaction]) -> Built | None:
        """A block in the making with more run in it; None when the engine failed on the way."""
        header, already = block.head.header, [(one.transaction, one.receipt) for one in block.transactions]
        workspace = self.workspace(block.head, header)
        ran = run_all(workspace, header, offered, already)
        if ran.broken is not None:
            return None
        root, nodes = workspace.close()
        return Built(seal(header, root, ran.mined), {**(block.head.nodes or {}), **nodes}, ran.refused)

    def put_block(self, batch: Batch, built: Built) -> None:
        """Add a block, its state and its index entries, and make it the head."""
        put_built(batch, built)

    def put_head(self, batch: Batch, head: Head) -> None:
        """Rewrite the head's own record: its state was changed by hand, or it became the head again."""
        batch.put(Table.HEADS, number_key(head.number), head.encode())
        batch.put(Table.META, HEAD, number_key(head.number))

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
            batch.deletes += block_keys(block)
        return tuple(taken)

    def put_genesis_alone(self, batch: Batch) -> Head:
        """Take off everything but block 0 and its state as it was made, however much that is; answers its head.

        The room of the old states is used again, which no other way back does.
        """
        stored = self.head_at(0)
        if stored is None:
            raise FolderDamaged("block 0 is missing from the chain's folder; restore it or start a new one")
        genesis = stored.with_state(stored.header.state_root)
        for table in Table:
            if table is not Table.META:
                batch.empty(table)
        for node_hash, node in stored_nodes(self.storage.read_node, genesis.state_root):
            batch.put(Table.NODES, node_hash, node)
        put_built(batch, Built(Block(genesis, ()), {}))
        return genesis

    def put_clock(self, batch: Batch, clock: Clock) -> None:
        put_clock(batch, clock)

    def put_rules(self, batch: Batch, rules: BlockRules) -> None:
        put_rules(batch, rules)

    def change_state(self, change: Callable[[Workspace], None]) -> tuple[Head, dict[bytes, bytes]]:
        """The head with its state changed by hand, and the nodes to be stored for it."""
        workspace = self.workspace(self.head, self.next_header(self.head))
        change(workspace)
        root, nodes = workspace.close()
        return self.head.with_state(root), nodes


def open_chain(
    folder: Path, engine: Engine, settings: ChainSettings, *, map_bytes: int | None = None
) -> Chain:
    """Open the chain in ``folder``, or make one there.

    Raises: FolderDamaged, FolderUnusable with what to do.
    """
    storage = Storage(folder) if map_bytes is None else Storage(folder, map_bytes=map_bytes)
    try:
        return Chain(storage, engine, prepare(storage, engine, settings))
    except BaseException:
        storage.close()
        raise
