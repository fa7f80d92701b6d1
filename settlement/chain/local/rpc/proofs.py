"""``eth_getProof``: accounts and storage slots with the trie nodes that prove them (EIP-1186)."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.hashing import (
    EMPTY_TRIE_ROOT,
    bytes_int,
    keccak,
    rlp_decode,
)
from settlement.chain.local.formats.state_trie import StateTrie
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, quantity, read_address, read_quantity

MOST_SLOTS = 1_024
_NO_CODE_HASH = keccak(b"")
_ABSENT: list[bytes] = [b"", b"", EMPTY_TRIE_ROOT, _NO_CODE_HASH]


class Prover:
    """Proves against the state after a block; that is the header's root unless a tester changed accounts since."""

    def __init__(self, node: Node) -> None:
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        table = {
            "eth_getProof": Method(self.proof, 2, 3, is_slow=True),
            "eth_getAccount": Method(self.account, 1, 2),
        }
        return steadily(self._chain, table)

    def proof(self, address: Any, slots: Any, block: Any = None) -> dict[str, Any]:
        """The account and the wanted slots; what is absent is proved absent and shown as zero."""
        account = read_address(address, "address")
        wanted = _read_slots(slots)
        read_node = self._chain.storage.read_node
        accounts = StateTrie(read_node, self._blocks.head(block).state_root)
        key = keccak(account)
        nonce, balance, storage_root, code_hash = _fields(accounts, key)
        storage = StateTrie(read_node, storage_root)
        return {
            "address": prefixed(account),
            "accountProof": [prefixed(node) for node in accounts.prove(key)],
            "balance": quantity(bytes_int(balance)),
            "codeHash": prefixed(code_hash),
            "nonce": quantity(bytes_int(nonce)),
            "storageHash": prefixed(storage_root),
            "storageProof": [_slot_proof(storage, shown, slot) for shown, slot in wanted],
        }

    def account(self, address: Any, block: Any = None) -> dict[str, Any]:
        """The account's own fields, without proof."""
        key = keccak(read_address(address, "address"))
        accounts = StateTrie(self._chain.storage.read_node, self._blocks.head(block).state_root)
        nonce, balance, storage_root, code_hash = _fields(accounts, key)
        return {
            "balance": quantity(bytes_int(balance)),
            "nonce": quantity(bytes_int(nonce)),
            "codeHash": prefixed(code_hash),
            "storageRoot": prefixed(storage_root),
        }


def _fields(accounts: StateTrie, key: bytes) -> list[bytes]:
    """Nonce, balance, storage root and code hash."""
    found = accounts.get(key)
    return list(rlp_decode(found)) if found else _ABSENT


def _read_slots(slots: Any) -> list[tuple[str, int]]:
    """Each slot as its answer shows it, which is by the length it was asked in, and as a number."""
    if not isinstance(slots, list):
        raise InvalidParams("invalid argument 1: expected a list of storage keys")
    if len(slots) > MOST_SLOTS:
        raise InvalidParams(f"too many slots (got {len(slots)}, max {MOST_SLOTS})")
    wanted = []
    for given in slots:
        slot = read_quantity(given, "storage key")
        wanted.append((prefixed(slot.to_bytes(32, "big")) if len(given) == 66 else quantity(slot), slot))
    return wanted


def _slot_proof(storage: StateTrie, shown: str, slot: int) -> dict[str, Any]:
    key = keccak(slot.to_bytes(32, "big"))
    found = storage.get(key)
    return {
        "key": shown,
        "value": quantity(bytes_int(rlp_decode(found)) if found else 0),
        "proof": [prefixed(node) for node in storage.prove(key)],
    }
