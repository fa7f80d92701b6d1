"""The index of logs: which transactions emitted from an address, or with a topic at a place.

A key is kind (one byte: any log, address, topic 0 to 3), value (0, 20 or 32 bytes), block number, index in the block.
A filter's criteria are walked side by side, each skipping to where the others stand, so a query costs about as
much as its most selective part finds, however long the range is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from settlement.chain.local.formats.blocks import Block, Log
from settlement.chain.local.store.storage import Storage, Table

ANY, ADDRESS, FIRST_TOPIC = 0, 1, 2
# How much is read in one go: little where a filter has jumped to, ever more where it reads on.
_FIRST_PAGE, _LARGEST_PAGE = 16, 1_024
Place = bytes  # block number (8 bytes), index in the block (4 bytes)


def place(number: int, index: int) -> Place:
    """The key part that orders transactions as the chain does."""
    return number.to_bytes(8, "big") + index.to_bytes(4, "big")


def place_numbers(key: Place) -> tuple[int, int]:
    """The block number and the index that ``place`` was given."""
    return int.from_bytes(key[:8], "big"), int.from_bytes(key[8:], "big")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Addresses are alternatives, empty for any; so is each topic place."""

    addresses: frozenset[bytes] = frozenset()
    topics: tuple[frozenset[bytes], ...] = ()

    def matches(self, log: Log) -> bool:
        if self.addresses and log.address not in self.addresses:
            return False
        if len(self.topics) > len(log.topics):
            return False
        return all(not wanted or log.topics[at] in wanted for at, wanted in enumerate(self.topics))

    def criteria(self) -> list[list[bytes]]:
        """Key prefixes: alternatives within a list, all lists to be met."""
        found = [[bytes([ADDRESS]) + address for address in sorted(self.addresses)]] if self.addresses else []
        for at, wanted in enumerate(self.topics):
            if wanted:
                found.append([bytes([FIRST_TOPIC + at]) + topic for topic in sorted(wanted)])
        return found or [[bytes([ANY])]]


def log_keys(block: Block) -> Iterator[bytes]:
    """The index entries of a block's logs."""
    for mined in block.transactions:
        if mined.receipt.logs:
            suffix = place(block.head.number, mined.index)
            prefixes = {bytes([ANY])}
            for log in mined.receipt.logs:
                prefixes.add(bytes([ADDRESS]) + log.address)
                prefixes.update(bytes([FIRST_TOPIC + at]) + topic for at, topic in enumerate(log.topics))
            for prefix in prefixes:
                yield prefix + suffix


def find_places(storage: Storage, wanted: LogFilter, first_block: int, last_block: int) -> Iterator[Place]:
    """Transactions in the range that meet every criterion, each by some log; the logs themselves are still to be matched."""
    end = place(last_block, 2**32 - 1)
    walkers = [_Union(storage, prefixes, end) for prefixes in wanted.criteria()]
    target = place(first_block, 0)
    while True:
        stands = target
        for walker in walkers:
            found = walker.seek(stands)
            if found is None:
                return
            stands = found
        if all(walker.seek(stands) == stands for walker in walkers):
            yield stands
            target = _after(stands)
        else:
            target = stands


def _after(key: Place) -> Place:
    return (int.from_bytes(key, "big") + 1).to_bytes(12, "big")


class _Union:
    """The smallest place at or after a target under any of several prefixes."""

    def __init__(self, storage: Storage, prefixes: Sequence[bytes], end: Place) -> None:
        self._walkers = [_Walker(storage, prefix, end) for prefix in prefixes]

    def seek(self, target: Place) -> Place | None:
        found = [at for walker in self._walkers if (at := walker.seek(target)) is not None]
        return min(found, default=None)


class _Walker:
    """Walks the places under one prefix a page at a time; a target beyond the page is looked up afresh."""

    def __init__(self, storage: Storage, prefix: bytes, end: Place) -> None:
        self._storage = storage
        self._prefix = prefix
        self._end = end
        self._page: list[Place] = []
        self._page_size = _FIRST_PAGE
        self._at = 0
        self._is_last_page = False

    def seek(self, target: Place) -> Place | None:
        """The first place at or after ``target``, which never goes back."""
        if target > self._end:
            return None
        if not self._page or target > self._page[-1]:
            if self._is_last_page:
                return None
            self._load(target)
        while self._at < len(self._page) and self._page[self._at] < target:
            self._at += 1
        return self._page[self._at] if self._at < len(self._page) else None

    def _load(self, target: Place) -> None:
        reads_on = bool(self._page) and target == _after(self._page[-1])
        self._page_size = min(4 * self._page_size, _LARGEST_PAGE) if reads_on else _FIRST_PAGE
        entries = self._storage.scan(
            Table.LOGS, self._prefix + target, self._prefix + self._end, limit=self._page_size
        )
        self._page = [key[len(self._prefix) :] for key, _ in entries]
        self._at = 0
        self._is_last_page = len(entries) < self._page_size
