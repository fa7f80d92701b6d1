"""Filters: what happened since a client last asked, for clients that poll."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from secrets import randbits
from typing import Any

from settlement.chain.local.events import Event
from settlement.chain.local.faults import LIMIT_EXCEEDED, InvalidParams, RpcFault
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.block_names import steadily
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.log_reads import find_logs, read_log_range
from settlement.chain.local.rpc.watches import Found, FoundHead, HeadWatch, LogWatch, TransactionWatch, Watch

EXPIRES_AFTER_S = 300
MOST_FILTERS = 1_000
MOST_CHANGES = 10_000


@dataclass(slots=True)
class _Filter:
    """``request`` is a log filter's own; ``changes`` is None once there were too many to keep."""

    watch: Watch
    asked_ns: int
    request: dict[str, Any] | None = None
    changes: list[Found] | None = field(default_factory=list)

    def note(self, found: list[Found], most_changes: int) -> None:
        if self.changes is None or len(self.changes) + len(found) > most_changes:
            self.changes = None
        else:
            self.changes += found


class Filters:
    """Installed filters. ``now_ns`` tells nanoseconds that only go forward."""

    def __init__(
        self, node: Node, now_ns: Callable[[], int] = time.monotonic_ns, *, most_changes: int = MOST_CHANGES
    ) -> None:
        self._chain = node.chain
        self._now_ns = now_ns
        self._most_changes = most_changes
        self._lock = threading.Lock()
        self._filters: dict[str, _Filter] = {}
        node.events.listen(self._note)

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        return {
            "eth_newFilter": Method(self.new_filter, 1, 1),
            "eth_newBlockFilter": Method(self.new_block_filter),
            "eth_newPendingTransactionFilter": Method(self.new_pending_transaction_filter, 0, 1),
            "eth_getFilterChanges": Method(self.changes, 1, 1, is_slow=True),
            "eth_uninstallFilter": Method(self.uninstall, 1, 1),
            **steadily(self._chain, {"eth_getFilterLogs": Method(self.logs, 1, 1, is_slow=True)}),
        }

    def new_filter(self, request: Any) -> str:
        watch = LogWatch.read(request)
        if request.get("blockHash") is not None:
            number, _ = read_log_range(self._chain, request)
            watch = LogWatch(watch.wanted, number, number)
        return self._install(_Filter(watch, self._now_ns(), request))

    def new_block_filter(self) -> str:
        return self._install(_Filter(HeadWatch(), self._now_ns()))

    def new_pending_transaction_filter(self, is_whole: Any = None) -> str:
        return self._install(_Filter(TransactionWatch.read(is_whole), self._now_ns()))

    def changes(self, number: Any) -> list[Any]:
        """What came since it was last asked for.

        Raises: RpcFault when there is no such filter, or more came than is kept.
        """
        with self._lock:
            found = self._find(number)
            changes, found.changes = found.changes, []
            if changes is None:
                del self._filters[number]
                raise RpcFault(
                    f"more than {self._most_changes} changes were not asked for; the filter is gone, install it again",
                    rpc_code=LIMIT_EXCEEDED,
                )
        return [one.short_answer() if isinstance(one, FoundHead) else one.answer() for one in changes]

    def logs(self, number: Any) -> list[dict[str, Any]]:
        """All logs on the chain that a log filter looks for, its range included."""
        with self._lock:
            found = self._find(number)
        if not isinstance(found.watch, LogWatch) or found.request is None:
            raise RpcFault("filter not found")
        return find_logs(self._chain, found.watch.wanted, *read_log_range(self._chain, found.request))

    def uninstall(self, number: Any) -> bool:
        with self._lock:
            self._drop_expired()
            return self._filters.pop(_read_number(number), None) is not None

    def _install(self, new: _Filter) -> str:
        number = hex(randbits(128))
        with self._lock:
            self._drop_expired()
            if len(self._filters) >= MOST_FILTERS:
                raise RpcFault(
                    f"too many filters: at most {MOST_FILTERS}; uninstall some, or let them expire",
                    rpc_code=LIMIT_EXCEEDED,
                )
            self._filters[number] = new
        return number

    def _find(self, number: Any) -> _Filter:
        self._drop_expired()
        found = self._filters.get(_read_number(number))
        if found is None:
            raise RpcFault("filter not found")
        found.asked_ns = self._now_ns()
        return found

    def _drop_expired(self) -> None:
        """Forget what nobody asked for in five minutes, as geth does."""
        oldest = self._now_ns() - EXPIRES_AFTER_S * 10**9
        for number in [number for number, one in self._filters.items() if one.asked_ns < oldest]:
            del self._filters[number]

    def _note(self, event: Event) -> None:
        """On the writer thread."""
        with self._lock:
            if self._filters:
                self._drop_expired()
            # Filters that look out for the same share it: a node that is polled has hundreds, and this holds up mining.
            found: dict[Watch, list[Found]] = {}
            for one in self._filters.values():
                if one.watch not in found:
                    found[one.watch] = list(islice(one.watch.find(event), self._most_changes + 1))
                one.note(found[one.watch], self._most_changes)


def _read_number(number: Any) -> str:
    if not isinstance(number, str):
        raise InvalidParams("invalid argument 0: expected the id that installing a filter gave")
    return number
