"""Opening a chain's folder: a new chain is begun, one that fits together is taken up, one that does not is mended
where nothing is lost by it, and refused otherwise.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from secrets import token_bytes

from settlement.chain.local.accounts import MOST_ACCOUNTS, funded_addresses
from settlement.chain.local.block_rules import BlockRules
from settlement.chain.local.checking import find_faults
from settlement.chain.local.clock import Clock, wall_time
from settlement.chain.local.engine.execution import Built
from settlement.chain.local.engine.port import Engine
from settlement.chain.local.faults import FolderDamaged, FolderUnusable, RpcFault
from settlement.chain.local.formats.blocks import INITIAL_BASE_FEE, ZERO_WORD, Head, Header, seal
from settlement.chain.local.formats.hashing import (
    EMPTY_TRIE_ROOT,
    bytes_int,
    int_bytes,
    keccak,
    rlp_decode,
    rlp_encode,
)
from settlement.chain.local.formats.transactions import decode_transaction
from settlement.chain.local.settings import ChainSettings
from settlement.chain.local.store.block_tables import (
    CHAIN_ID,
    HEAD,
    block_entries,
    index_entries,
    number_key,
    read_block,
    read_head,
)
from settlement.chain.local.store.storage import Batch, Entry, Source, Storage, Table, View

LAYOUT = b"1"
_CLOCK, _RULES, _LAYOUT, _ACCOUNTS = b"clock", b"rules", b"layout", b"accounts"
# How far back an opening checks that blocks follow one another and are found by their hashes.
_CHECKED_BLOCKS = 16
_BY_PLACE = (Table.HEADS, Table.BODIES, Table.RECEIPTS)
_PAGE = 10_000
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """Where a chain stands when its folder was opened; ``settings`` with the accounts it was begun with."""

    head: Head
    clock: Clock
    rules: BlockRules
    genesis_hash: bytes
    settings: ChainSettings


def prepare(storage: Storage, engine: Engine, settings: ChainSettings) -> Opened:
    """Begin a chain, or check and mend the one that is there.

    Raises: FolderDamaged when it contradicts itself or the settings in what cannot be made again from the rest;
        FolderUnusable when there is no room to begin one.
    """
    if storage.was_cut and (fault := next(find_faults(storage), None)) is not None:
        raise FolderDamaged(
            f"the chain's data.mdb was cut short: {fault}; restore the folder or start a new one"
        )
    if storage.get(Table.META, HEAD) is None:
        try:
            _create(storage, engine, settings)
        except RpcFault as exc:
            raise FolderUnusable(
                f"no chain can be begun: {exc.message}; make room, or give this node another folder"
            ) from exc
    check_form(storage, settings.chain_id, "the folder")
    return take_up(storage, settings)


def take_up(storage: Storage, settings: ChainSettings) -> Opened:
    """Check and mend the chain that is there, near its head.

    Raises: FolderDamaged.
    """
    opened = standing(storage, settings)
    try:
        _mend(storage, opened.head.number, settings.chain_id)
    except _UNREADABLE as exc:
        raise _unreadable(exc) from exc
    return opened


def standing(source: Source, settings: ChainSettings) -> Opened:
    """Where the chain in ``source`` stands. Everything that is not read again later must be found readable here.

    Raises: FolderDamaged.
    """
    try:
        return _opened(source, _with_stored_accounts(source, settings))
    except _UNREADABLE as exc:
        raise _unreadable(exc) from exc


_UNREADABLE = (ValueError, TypeError, IndexError, RpcFault)


def _unreadable(exc: Exception) -> FolderDamaged:
    return FolderDamaged(
        f"a record of the head or of what waits cannot be read: {exc}; restore the folder or start a new one"
    )


def _create(storage: Storage, engine: Engine, settings: ChainSettings) -> None:
    if storage.scan(Table.HEADS, b"", b"\xff" * 8, limit=1):
        raise FolderDamaged("the folder holds blocks and names no head; restore it or start a new one")
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
    workspace = engine.open(storage.read_node, EMPTY_TRIE_ROOT, header)
    for address in funded_addresses(settings.mnemonic, settings.accounts):
        workspace.set_balance(bytes.fromhex(address[2:]), settings.balance_wei)
    root, nodes = workspace.close()
    batch = Batch()
    batch.put(Table.META, _LAYOUT, LAYOUT)
    batch.put(Table.META, CHAIN_ID, settings.chain_id.to_bytes(8, "big"))
    accounts = [settings.mnemonic.encode(), int_bytes(settings.accounts), int_bytes(settings.balance_wei)]
    batch.put(Table.META, _ACCOUNTS, rlp_encode(accounts))
    put_clock(batch, Clock())
    put_built(batch, Built(seal(header, root, []), nodes))
    storage.commit(batch)


def check_form(source: Source, chain_id: int, what: str) -> None:
    """Raises: FolderDamaged when ``what`` is laid out otherwise than here, or of another chain."""
    layout = source.get(Table.META, _LAYOUT) or b"none"
    if layout != LAYOUT:
        raise FolderDamaged(
            f"{what} is laid out in form {layout.decode('ascii', 'replace')}, this program reads form "
            f"{LAYOUT.decode()}; open it with the program that made it, or start a new one"
        )
    stored = bytes_int(source.get(Table.META, CHAIN_ID) or b"")
    if stored != chain_id:
        raise FolderDamaged(
            f"{what} holds chain {stored}, and chain {chain_id} was asked for; "
            "use the chain id it was made with, or start a new one"
        )


def _with_stored_accounts(source: Source, settings: ChainSettings) -> ChainSettings:
    """The settings with the accounts that this chain was begun with, whatever was asked for now."""
    stored = source.get(Table.META, _ACCOUNTS)
    if stored is None:
        return settings
    phrase, accounts, balance_wei = rlp_decode(stored)
    count = bytes_int(accounts)
    if count > MOST_ACCOUNTS:
        raise ValueError(f"it was begun with {count} accounts, more than {MOST_ACCOUNTS}")
    return replace(
        settings,
        mnemonic=phrase.decode(),
        accounts=count,
        balance_wei=bytes_int(balance_wei),
    )


def _opened(source: Source, settings: ChainSettings) -> Opened:
    number = bytes_int(source.get(Table.META, HEAD) or b"")
    head = read_head(source, number)
    if head is None:
        raise FolderDamaged(
            f"block {number} is named as the head and missing; restore the folder or start a new one"
        )
    genesis = read_head(source, 0)
    if genesis is None:
        raise FolderDamaged("block 0 is missing from the chain's folder; restore it or start a new one")
    if keccak(head.header.encode()) != head.hash or head.number != number:
        raise FolderDamaged(f"the head, block {number}, does not match its hash; restore the folder")
    if head.state_root != EMPTY_TRIE_ROOT and source.get(Table.NODES, head.state_root) is None:
        raise FolderDamaged(
            f"the state of the head, block {number}, is missing; restore the folder or start a new one"
        )
    above = head
    for lower in range(number - 1, max(-1, number - _CHECKED_BLOCKS), -1):
        below = read_head(source, lower)
        if below is None or below.hash != above.header.parent_hash:
            raise FolderDamaged(f"block {lower} is not the parent of block {lower + 1}; restore the folder")
        above = below
    for key, raw in source.scan(Table.WAITING, b"", b"\xff" * 29):
        tx = decode_transaction(raw, settings.chain_id, known_sender=key[:20])
        if key[20:] != tx.nonce.to_bytes(8, "big"):
            raise ValueError(f"a transaction of nonce {tx.nonce} waits at 0x{key.hex()}")
    clock, rules = source.get(Table.META, _CLOCK), source.get(Table.META, _RULES)
    return Opened(
        head,
        Clock() if clock is None else Clock.decode(clock),
        BlockRules() if rules is None else BlockRules.decode(rules),
        genesis.hash,
        settings,
    )


# What can be mended


def _mend(storage: Storage, number: int, chain_id: int) -> None:
    """Take off what lies above the head, and make the index again where it does not fit the blocks."""
    is_cut = _cut_above(storage, number)
    if is_cut or not _is_indexed(storage, number, chain_id):
        _log.warning("the chain's index does not fit its blocks up to %d: it is made again", number)
        storage.rewrite(
            (Table.HASHES, Table.PLACES, Table.LOGS), lambda view: _index_of(view, number, chain_id)
        )


def _cut_above(storage: Storage, number: int) -> bool:
    """Whether there was anything above the head. No block there was ever acknowledged: each is one step with its head."""
    found = False
    for table in _BY_PLACE:
        while entries := storage.scan(table, number_key(number + 1), b"\xff" * 12, limit=_PAGE):
            batch = Batch()
            batch.deletes += [(table, key) for key, _ in entries]
            storage.commit(batch)
            found = True
    return found


def _is_indexed(storage: Storage, number: int, chain_id: int) -> bool:
    """Whether each of the last blocks is found by every key that leads to it."""
    for at in range(number, max(-1, number - _CHECKED_BLOCKS), -1):
        head = read_head(storage, at)
        if head is None:
            return False
        for table, key, value in index_entries(read_block(storage, head, chain_id)):
            if storage.get(table, key) != value:
                return False
    return True


def _index_of(view: View, number: int, chain_id: int) -> Iterator[Entry]:
    for at in range(number + 1):
        head = read_head(view, at)
        if head is None:
            raise FolderDamaged(f"block {at} is missing; restore the folder or start a new one")
        yield from index_entries(read_block(view, head, chain_id))


# What is written


def put_clock(batch: Batch, clock: Clock) -> None:
    """Keep the clock."""
    batch.put(Table.META, _CLOCK, clock.encode())


def put_rules(batch: Batch, rules: BlockRules) -> None:
    """Keep what was ordered for the blocks to come."""
    batch.put(Table.META, _RULES, rules.encode())


def put_built(batch: Batch, built: Built) -> None:
    """Add a block, its state and its index entries, and make it the head."""
    for node_hash, node in built.nodes.items():
        batch.put(Table.NODES, node_hash, node)
    batch.puts += block_entries(built.block)
    batch.put(Table.META, HEAD, number_key(built.block.head.number))
