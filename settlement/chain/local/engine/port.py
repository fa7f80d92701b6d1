"""The one small port behind which the engine lies.

An engine is asked for a ``Workspace``: the state under one root, seen from one block. It runs transactions in it, reads
and writes accounts in it, and finally says which new nodes must be stored and what the new root is. It never stores
anything itself, so dropping a workspace undoes all that was done in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from settlement.chain.local.formats.blocks import Header, Log
from settlement.chain.local.formats.transactions import Transaction

# Gives the stored bytes of a trie node or of a contract's code under its hash, or None.
NodeReader = Callable[[bytes], bytes | None]


@dataclass(frozen=True, slots=True)
class Execution:
    """What one message did.

    ``gas_refunded`` was already taken off ``gas_used``; a gas limit must cover both. ``gas_peak`` is what was paid for
    before the refund. ``error`` is None on success.
    """

    gas_used: int
    gas_refunded: int
    output: bytes
    logs: tuple[Log, ...]
    created: bytes
    error: str | None
    is_revert: bool = False
    is_out_of_gas: bool = False
    gas_peak: int = 0


@dataclass(frozen=True, slots=True)
class CallStart:
    """A message as it sets out. ``kind`` is the opcode's name; a tracer is told of a self-destruct as one as well.

    ``value`` is None where the opcode passes none on. ``target`` is the address called, or that of the new contract.
    """

    kind: str
    sender: bytes
    target: bytes
    payload: bytes
    gas: int
    value: int | None


@dataclass(frozen=True, slots=True)
class CallEnd:
    """What became of a message. ``error`` is None on success, else in geth's words."""

    gas_used: int
    output: bytes
    error: str | None = None


class Machine(Protocol):
    """A running frame, as a tracer sees it just before a step. What costs time to copy is copied when asked for."""

    @property
    def depth(self) -> int:
        """1 for the transaction's own frame."""
        ...

    @property
    def address(self) -> bytes:
        """Whose storage and balance the code works on."""
        ...

    @property
    def program_counter(self) -> int: ...
    @property
    def gas(self) -> int: ...
    @property
    def refund(self) -> int:
        """Gas to be refunded so far, by all frames together."""
        ...

    def stack(self) -> list[int]:
        """All words, the top one last."""
        ...

    def memory(self) -> bytes: ...
    def return_data(self) -> bytes: ...
    def storage(self, slot: int) -> int: ...
    def nonce(self) -> int: ...


class Tracer(Protocol):
    """Told what a transaction does, in order. A step that calls is ended before the call that it makes is entered."""

    # Of which opcodes' steps it is told: the fewer, the quicker the run.
    opcodes: frozenset[int]

    def begin_step(self, machine: Machine, opcode: int) -> None: ...
    def end_step(self, gas_cost: int, error: str | None) -> None: ...
    def enter(self, call: CallStart) -> None: ...
    def leave(self, end: CallEnd) -> None: ...
    def log(self, log: Log) -> None: ...


class Workspace(Protocol):
    """The state under one root, as a block in the making sees it."""

    def balance(self, address: bytes) -> int: ...
    def nonce(self, address: bytes) -> int: ...
    def code(self, address: bytes) -> bytes: ...
    def storage(self, address: bytes, slot: int) -> int: ...
    def set_balance(self, address: bytes, wei: int) -> None: ...
    def set_nonce(self, address: bytes, nonce: int) -> None: ...
    def set_code(self, address: bytes, code: bytes) -> None: ...
    def set_storage(self, address: bytes, slot: int, word: int) -> None: ...
    def clear_storage(self, address: bytes) -> None: ...

    def begin_block(self, header: Header) -> None:
        """What the rules have a block do to the state before its first transaction."""
        ...

    def run(self, transaction: Transaction, tracer: Tracer | None = None) -> Execution:
        """Run it and keep its effects. The caller has checked nonce, balance and gas limit."""
        ...

    def close(self) -> tuple[bytes, dict[bytes, bytes]]:
        """The new root, and the nodes and codes that were not stored before, by their hashes."""
        ...


class Engine(Protocol):
    """Gives workspaces."""

    def open(
        self, read_node: NodeReader, state_root: bytes, header: Header, past_hashes: Iterable[bytes] = ()
    ) -> Workspace:
        """``header`` is that of the block in the making; ``past_hashes`` run back from its parent."""
        ...
