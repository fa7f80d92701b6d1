"""What a filter or a subscription looks out for among the events of the chain."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from settlement.chain.local.events import BlocksTaken, BlockStored, Event, Waiting
from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.blocks import Block, Head, Log, MinedTransaction, PlacedLog
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.rpc.answers import header_answer, log_answer, transaction_answer
from settlement.chain.local.rpc.block_names import TAGS
from settlement.chain.local.rpc.hexes import prefixed, read_quantity
from settlement.chain.local.rpc.log_reads import read_log_filter
from settlement.chain.local.store.log_index import LogFilter


@dataclass(frozen=True, slots=True)
class FoundLog:
    """A log that came with a block, or went with one."""

    head: Head
    mined: MinedTransaction
    index: int
    log: Log
    is_removed: bool

    def answer(self) -> dict[str, Any]:
        tx_hash = self.mined.transaction.hash
        placed = PlacedLog(self.head, tx_hash, self.mined.index, self.index, self.log)
        return {**log_answer(placed), "removed": self.is_removed}


@dataclass(frozen=True, slots=True)
class FoundHead:
    """A block that became the head."""

    head: Head

    def answer(self) -> dict[str, Any]:
        return header_answer(self.head)

    def short_answer(self) -> str:
        return prefixed(self.head.hash)


@dataclass(frozen=True, slots=True)
class FoundTransaction:
    """A transaction that was let in."""

    transaction: Transaction
    is_whole: bool

    def answer(self) -> dict[str, Any] | str:
        return transaction_answer(self.transaction) if self.is_whole else prefixed(self.transaction.hash)


@dataclass(frozen=True, slots=True)
class HeadWatch:
    """Looks out for blocks."""

    def find(self, event: Event) -> Iterator[FoundHead]:
        if isinstance(event, BlockStored):
            yield FoundHead(event.block.head)


@dataclass(frozen=True, slots=True)
class TransactionWatch:
    """Looks out for transactions that are let in."""

    is_whole: bool = False

    @classmethod
    def read(cls, is_whole: Any) -> TransactionWatch:
        """From the parameter that asks for whole transactions.

        Raises: InvalidParams.
        """
        if not isinstance(is_whole, bool | None):
            raise InvalidParams("invalid argument: expected true for whole transactions, or false")
        return cls(bool(is_whole))

    def find(self, event: Event) -> Iterator[FoundTransaction]:
        if isinstance(event, Waiting):
            yield FoundTransaction(event.transaction, self.is_whole)


@dataclass(frozen=True, slots=True)
class LogWatch:
    """Looks out for logs that match, in blocks ``first`` to ``last`` where these are given."""

    wanted: LogFilter
    first: int | None = None
    last: int | None = None

    @classmethod
    def read(cls, request: Any) -> LogWatch:
        """From the criteria's JSON.

        Raises: InvalidParams.
        """
        wanted = read_log_filter(request)
        first, last = (_read_bound(request.get(name), name) for name in ("fromBlock", "toBlock"))
        if first is not None and last is not None and first > last:
            raise InvalidParams(f"invalid block range params: fromBlock {first} is after toBlock {last}")
        return cls(wanted, first, last)

    def find(self, event: Event) -> Iterator[FoundLog]:
        if isinstance(event, BlockStored):
            yield from self._find_in(event.block, is_removed=False)
        elif isinstance(event, BlocksTaken):
            for block in event.blocks:
                yield from self._find_in(block, is_removed=True)

    def _find_in(self, block: Block, *, is_removed: bool) -> Iterator[FoundLog]:
        number = block.head.number
        if (self.first is not None and number < self.first) or (self.last is not None and number > self.last):
            return
        for mined in block.transactions:
            for index, log in enumerate(mined.receipt.logs, mined.receipt.first_log):
                if self.wanted.matches(log):
                    yield FoundLog(block.head, mined, index, log, is_removed)


Watch = HeadWatch | TransactionWatch | LogWatch
Found = FoundHead | FoundTransaction | FoundLog


def _read_bound(wanted: Any, name: str) -> int | None:
    """The number of a block; None for a name of the newest one, which is no bound for what is yet to come."""
    if wanted == "earliest":
        return 0
    if wanted is None or (isinstance(wanted, str) and wanted in TAGS):
        return None
    return read_quantity(wanted, name)
