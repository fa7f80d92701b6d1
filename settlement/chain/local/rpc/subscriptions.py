"""``eth_subscribe``: a client on a WebSocket is told of heads, logs and transactions as they come."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from secrets import randbits
from typing import Any

from settlement.chain.local.events import Event
from settlement.chain.local.faults import LIMIT_EXCEEDED, METHOD_NOT_FOUND, InvalidParams, RpcFault
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Exchange, Method, encoded
from settlement.chain.local.rpc.watches import HeadWatch, LogWatch, TransactionWatch, Watch
from settlement.chain.local.wire.peer import Peer

MOST_SUBSCRIPTIONS = 1_000


@dataclass(slots=True)
class _Subscription:
    """``watch`` is None for what never happens here. Notifications are held back until the client has its id."""

    peer: Peer
    watch: Watch | None
    number: str = field(default_factory=lambda: hex(randbits(128)))
    held: list[bytes] | None = field(default_factory=list)

    def tell(self, result: bytes) -> None:
        message = (
            b'{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"%s","result":%s}}'
            % (self.number.encode(), result)
        )
        if self.held is None:
            self.peer.tell(message)
        else:
            self.held.append(message)

    def release(self) -> None:
        held, self.held = self.held or [], None
        for message in held:
            self.peer.tell(message)


class Subscriptions:
    """Who asked to be told of what. Everything but ``_pass_on`` runs on the event loop."""

    def __init__(self, node: Node) -> None:
        self._events = node.events
        self._by_peer: dict[Peer, dict[str, _Subscription]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._events.listen(self._pass_on)

    def close(self) -> None:
        """Listen no more; before the loop ends."""
        self._events.leave(self._pass_on)
        self._by_peer.clear()

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        return {
            "eth_subscribe": Method(self.subscribe, 1, 2, takes_exchange=True),
            "eth_unsubscribe": Method(self.unsubscribe, 1, 1, takes_exchange=True),
        }

    def subscribe(self, exchange: Exchange, kind: Any, options: Any = None) -> str:
        peer = _peer_of(exchange)
        watch = _read_watch(kind, options)
        of_peer = self._by_peer.get(peer, {})
        if len(of_peer) >= MOST_SUBSCRIPTIONS:
            raise RpcFault(
                f"too many subscriptions: a connection has at most {MOST_SUBSCRIPTIONS}; end some that are not used",
                rpc_code=LIMIT_EXCEEDED,
            )
        subscription = _Subscription(peer, watch)
        self._loop = asyncio.get_running_loop()
        self._by_peer.setdefault(peer, of_peer)[subscription.number] = subscription
        exchange.afterwards.append(subscription.release)
        return subscription.number

    def unsubscribe(self, exchange: Exchange, number: Any) -> bool:
        peer = _peer_of(exchange)
        if not isinstance(number, str):
            raise InvalidParams("invalid argument 0: expected the id that eth_subscribe gave")
        if self._by_peer.get(peer, {}).pop(number, None) is None:
            raise RpcFault("subscription not found")
        if not self._by_peer[peer]:
            del self._by_peer[peer]
        return True

    def forget(self, peer: Peer) -> None:
        """The client is gone, and its subscriptions with it."""
        self._by_peer.pop(peer, None)

    def _pass_on(self, event: Event) -> None:
        """From the writer thread to the event loop, where anybody listens."""
        if self._by_peer and self._loop is not None:
            # A loop that has ended serves nobody any more.
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._deliver, event)

    def _deliver(self, event: Event) -> None:
        told: dict[Any, list[bytes]] = {}
        for of_peer in list(self._by_peer.values()):
            for subscription in list(of_peer.values()):
                watch = subscription.watch
                if watch is None:
                    continue
                if watch not in told:
                    told[watch] = [encoded(found.answer()) for found in watch.find(event)]
                for result in told[watch]:
                    subscription.tell(result)


def _peer_of(exchange: Exchange) -> Peer:
    if exchange.peer is None:
        raise RpcFault("notifications not supported: connect by WebSocket", rpc_code=METHOD_NOT_FOUND)
    return exchange.peer


def _read_watch(kind: Any, options: Any) -> Watch | None:
    if not isinstance(kind, str):
        raise InvalidParams("expected subscription name as first argument")
    if kind == "logs":
        return LogWatch.read({} if options is None else options)
    if kind == "newPendingTransactions":
        return TransactionWatch.read(options)
    if kind not in ("newHeads", "syncing"):
        raise RpcFault(f'no "{kind[:80]}" subscription in eth namespace', rpc_code=METHOD_NOT_FOUND)
    if options is not None:
        raise InvalidParams("too many arguments, want at most 1")
    # There is nothing to synchronise with, so nobody is ever told that it begins.
    return HeadWatch() if kind == "newHeads" else None
