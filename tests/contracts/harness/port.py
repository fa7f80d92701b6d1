"""The bare EVM as tests see it, whichever engine runs below: deploy, call, view, time, snapshots."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, NoReturn, TypeVar

import pytest

from settlement.chain.abi import Call, UnknownError, checksum, decode_error, decode_event

T = TypeVar("T")
E = TypeVar("E")

CHAIN_ID = 31337
GENESIS_AT = 1_700_000_000
CALL_GAS = 16_000_000
BLOCK_GAS = 60_000_000
NOBODY = "0x" + "00" * 20


@dataclass(frozen=True)
class Log:
    """One log, raw."""

    address: str
    topics: tuple[bytes, ...]
    body: bytes


@dataclass(frozen=True)
class Execution:
    """What an engine says about one message. ``gas`` is None where the engine cannot know it."""

    is_success: bool
    output: bytes
    logs: tuple[Log, ...]
    gas: int | None
    failure: str = ""


class Reverted(Exception):
    """A call reverted; ``error`` is the custom error's dataclass, Panic, ErrorString or UnknownError."""

    def __init__(self, name: str, error: object, gas: int | None, failure: str) -> None:
        shown = failure if isinstance(error, UnknownError) and not error.raw else repr(error)
        super().__init__(f"{name}: {shown}")
        self.error = error
        self.gas = gas


@dataclass(frozen=True)
class Outcome(Generic[T]):
    """What a call that succeeded gave.

    ``events`` are decoded through the bindings, by the contract that was deployed at the log's address.
    """

    value: T
    logs: tuple[Log, ...]
    gas_or_none: int | None
    contracts: dict[str, str]

    @property
    def gas(self) -> int:
        """Gas as a transaction of its own would pay it; only py-evm knows, revm's slots stay warm between calls."""
        if self.gas_or_none is None:
            raise AssertionError("this engine does not know gas; ask py-evm")
        return self.gas_or_none

    @cached_property
    def events(self) -> tuple[Any, ...]:
        """All logs decoded, in order; those of foreign contracts are UnknownEvent."""
        return tuple(
            decode_event(log.topics, log.body, self.contracts.get(log.address, log.address))
            for log in self.logs
        )

    def every(self, kind: type[E]) -> list[E]:
        """The events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def one(self, kind: type[E]) -> E:
        """The only event of this kind."""
        found = self.every(kind)
        assert len(found) == 1, f"{len(found)} {kind.__name__} in {self.events}"
        return found[0]


@dataclass(eq=False)
class Snapshot:
    """A state to come back to, any number of times."""

    state: Any
    at: int
    contracts: dict[str, str]


class Evm(ABC):
    """One chain state under Prague rules. Every call is a transaction of its own in a block at ``now``."""

    engine: str

    def __init__(self) -> None:
        self.chain_id = CHAIN_ID
        self.contracts: dict[str, str] = {}
        self.gas_limit = CALL_GAS
        self._now = GENESIS_AT
        self._live: list[Snapshot] = []

    @property
    def now(self) -> int:
        """Block time, unix seconds."""
        return self._now

    def set_time(self, at: int) -> None:
        """Put the next block at this time; going back is allowed here, a chain would refuse it."""
        self._now = at
        self._put_time(at)

    def advance(self, seconds: int) -> int:
        """Move block time forward; gives the new time."""
        self.set_time(self._now + seconds)
        return self._now

    @contextmanager
    def limited(self, gas: int) -> Iterator[None]:
        """Calls inside get this much gas to run with, calldata and the 21,000 apart."""
        self.gas_limit = gas
        try:
            yield
        finally:
            self.gas_limit = CALL_GAS

    def deploy(self, code: bytes, sender: str, contract: str) -> str:
        """Run creation code; ``contract`` is the bindings' name by which the new address's logs are read.

        Raises: Reverted with the constructor's error.
        """
        address, done = self._create(sender, code)
        if not done.is_success:
            self._refuse(f"{contract}.constructor", done)
        self.contracts[checksum(address)] = contract
        return checksum(address)

    def call(self, to: str, call: Call[T], sender: str) -> Outcome[T]:
        """Send one transaction.

        Raises: Reverted with the contract's error.
        """
        done = self._message(sender, to, call.data, is_static=False)
        if not done.is_success:
            self._refuse(f"{call.contract}.{call.name}", done)
        return Outcome(call.decode(done.output), done.logs, done.gas, self.contracts)

    def view(self, to: str, call: Call[T], sender: str = NOBODY) -> T:
        """Ask without changing anything, as eth_call does.

        Raises: Reverted with the contract's error.
        """
        done = self._message(sender, to, call.data, is_static=call.is_view)
        if not done.is_success:
            self._refuse(f"{call.contract}.{call.name}", done)
        return call.decode(done.output)

    def send_raw(self, to: str, payload: bytes, sender: str) -> Execution:
        """Send bytes that no binding would build; never raises."""
        return self._message(sender, to, payload, is_static=False)

    def snapshot(self) -> Snapshot:
        """Remember state, time and known contracts."""
        taken = Snapshot(self._take(), self._now, dict(self.contracts))
        self._live.append(taken)
        return taken

    def restore(self, taken: Snapshot) -> None:
        """Go back to a snapshot; it stays good, those taken after it are gone.

        Raises: ValueError for one that is gone.
        """
        if not any(taken is live for live in self._live):
            raise ValueError("this snapshot was taken after one that was restored since, or on another EVM")
        while self._live[-1] is not taken:
            self._live.pop()
        self._give_back(taken)
        self.contracts = dict(taken.contracts)
        self.set_time(taken.at)

    @contextmanager
    def branch(self) -> Iterator[None]:
        """Run the body on this state and undo all of it afterwards."""
        taken = self.snapshot()
        try:
            yield
        finally:
            self.restore(taken)
            self._live.remove(taken)

    def _refuse(self, name: str, done: Execution) -> NoReturn:
        raise Reverted(name, decode_error(done.output), done.gas, done.failure)

    @abstractmethod
    def storage(self, address: str, slot: int) -> int:
        """One storage word; much cheaper than a view."""

    @abstractmethod
    def code(self, address: str) -> bytes:
        """The code at an address; empty for plain accounts."""

    @abstractmethod
    def _create(self, sender: str, code: bytes) -> tuple[str, Execution]: ...

    @abstractmethod
    def _message(self, sender: str, to: str, payload: bytes, *, is_static: bool) -> Execution: ...

    @abstractmethod
    def _put_time(self, at: int) -> None: ...

    @abstractmethod
    def _take(self) -> Any: ...

    @abstractmethod
    def _give_back(self, taken: Snapshot) -> None: ...


@contextmanager
def reverts(expected: object) -> Iterator[None]:
    """The body must revert with this error: an instance to compare with, or a class."""
    with pytest.raises(Reverted) as caught:
        yield
    error = caught.value.error
    is_expected = isinstance(error, expected) if isinstance(expected, type) else error == expected
    assert is_expected, f"reverted with {caught.value}, expected {expected}"
