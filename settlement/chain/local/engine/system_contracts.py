"""What Prague has every block do before its first transaction: the contracts of EIP-2935 and EIP-4788 take notes.

A block calls them as the system; where there is no such code, the call does nothing. That is so on a new chain here:
docs/decisions says why, and how a tester puts them in. Their code is known, so what the call would store is stored.
"""

from __future__ import annotations

from typing import Any

from eth.vm.forks.cancun.constants import (
    BEACON_ROOTS_ADDRESS,
    BEACON_ROOTS_CONTRACT_CODE,
    HISTORY_BUFFER_LENGTH,
)
from eth.vm.forks.prague.constants import (
    HISTORY_SERVE_WINDOW,
    HISTORY_STORAGE_ADDRESS,
    HISTORY_STORAGE_CONTRACT_CODE,
)

from settlement.chain.local.formats.blocks import Header


def begin_block(state: Any, header: Header) -> None:
    """Note the parent's hash and the beacon block's root, where there are contracts to note them."""
    if state.get_code(HISTORY_STORAGE_ADDRESS) == HISTORY_STORAGE_CONTRACT_CODE:
        slot = (header.number - 1) % HISTORY_SERVE_WINDOW
        state.set_storage(HISTORY_STORAGE_ADDRESS, slot, int.from_bytes(header.parent_hash, "big"))
    if state.get_code(BEACON_ROOTS_ADDRESS) == BEACON_ROOTS_CONTRACT_CODE:
        slot = header.timestamp % HISTORY_BUFFER_LENGTH
        state.set_storage(BEACON_ROOTS_ADDRESS, slot, header.timestamp)
        root = int.from_bytes(header.parent_beacon_root, "big")
        state.set_storage(BEACON_ROOTS_ADDRESS, slot + HISTORY_BUFFER_LENGTH, root)
