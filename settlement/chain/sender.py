"""Turns intents into transactions of one key, each exactly once, whatever dies in between.

The lease's holder tries an intent, signs it, stores nonce, bytes and hash in one commit fenced by the lease, and only then
broadcasts. A crash before that commit leaves nothing behind; after it, the same bytes are sent again.
"""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import structlog

from settlement.chain.abi import decode_error
from settlement.chain.bindings import errors
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.chain.effects import open_effects
from settlement.chain.errors_map import refusal_of
from settlement.chain.gateways.governance import GovernanceGateway
from settlement.chain.identity import Identity
from settlement.chain.outcomes import Outcomes
from settlement.chain.pace import Pace
from settlement.chain.rpc import RpcRefused
from settlement.chain.signer import Signed, Signer, Unsigned
from settlement.chain.wanted import GAS_LIMITS, Kind
from settlement.errors import ChainError, Conflict
from settlement.store.engine import reading, transaction
from settlement.store.handles import Engine
from settlement.store.repositories.broadcasts import broadcasts_of_nonce, record_broadcast
from settlement.store.repositories.intents import (
    SENT,
    add_intent,
    has_open_intents,
    has_queued_besides,
    intents_in,
    queued_intents,
)
from settlement.store.repositories.leases import find_lease, release_lease, take_lease
from settlement.store.tables_private import Intent, SignerLease

MOST_IN_FLIGHT: Final = 50
PATIENCE_S: Final = 5
"""How long after its first refusal an intent waits for others of ours that were not wanted before it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Ready:
    """An intent that would pass now, and the gas for it."""

    intent: Intent
    to: str | None
    calldata: bytes
    gas: int


class Sender:
    """Sends the intents of one signer.

    Holds:  T24, T28: no nonce is used twice and none is left out, over any number of processes; nothing is sent to
            another chain than the one deployed on.
    """

    def __init__(
        self,
        engine: Engine,
        client: ChainClient,
        signer: Signer,
        deployment: Deployment,
        *,
        confirmations: int = 0,
        lease_ttl_s: int = 5,
        watch_every_s: int = 1,
        reached: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._engine = engine
        self._client = client
        self._signer = signer
        self._lease_ttl_s = lease_ttl_s
        # Fault runs stop the sender at the named points.
        self._reached = reached
        self._holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        self._lease: SignerLease | None = None
        self._next_nonce = 0
        self._refused_at: dict[str, float] = {}  # house: allow float - a monotonic clock's reading, not money
        self._identity = Identity(engine, client, deployment)
        self._governance = GovernanceGateway(client, deployment.governance)
        self._outcomes = Outcomes(
            engine,
            client,
            signer,
            open_effects(client, deployment),
            self._identity,
            confirmations=confirmations,
            watch_every_s=watch_every_s,
        )

    def run(self, stop: threading.Event) -> None:
        """Step until told to stop; trouble with chain or lease is logged and waited out."""
        pace = Pace(stop)
        while not stop.is_set():
            try:
                pace.rest(has_moved=self.step())
            except (ChainError, Conflict) as trouble:
                self._identity.doubt()
                log.warning(
                    "sender_paused", signer=self._signer.name, code=trouble.code, reason=trouble.message
                )
                pace.recover()
        self.close()

    def close(self) -> None:
        """Let another process take over at once."""
        if self._lease is not None:
            with transaction(self._engine) as session:
                release_lease(session, self._lease)
            self._lease = None

    def step(self) -> bool:
        """Look what became of what was sent, then send what waits; say whether anything moved.

        Raises: ChainError when the node does not answer, serves another chain or forked below the window, Conflict
                when the lease was lost: in all cases what is stored is whole, and the next step goes on from it.
        """
        self._identity.require()
        if not self._holds_lease():
            return False
        with reading(self._engine) as session:
            is_wanted = has_open_intents(session, self._signer.name)
        # What is about to be sent goes to the chain that we know, or nowhere.
        has_moved = self._outcomes.look(is_head_due=is_wanted)
        has_sent = self._send_waiting()
        return self._outcomes.look() or has_moved if has_sent else has_moved

    def _holds_lease(self) -> bool:
        now = int(time.time())
        if self._lease is not None and self._lease.expires_at - now > self._lease_ttl_s // 2:
            return True
        with transaction(self._engine) as session:
            standing = find_lease(session, self._signer.name)
            if standing is not None and _is_dead(standing.holder):
                release_lease(session, standing)
            self._lease = take_lease(
                session, self._signer.name, self._holder, now=now, ttl_s=self._lease_ttl_s
            )
        if self._lease is not None:
            self._next_nonce = max(self._next_nonce, self._lease.next_nonce or 0)
        return self._lease is not None

    def _send_waiting(self) -> bool:
        """Whether anything was tried at all."""
        name = self._signer.name
        with reading(self._engine) as session:
            sent = intents_in(session, (SENT,))
            # A fork may have reopened more than would have been sent at once.
            room = max(0, MOST_IN_FLIGHT - sum(one.signer == name for one in sent))
            waiting = queued_intents(session, name, room)
            is_alone = not sent and not has_queued_besides(session, name)
        if not waiting or self._lease is None:
            return False
        ready = self._quickly_ready(waiting)
        for intent in waiting:
            if intent.id not in ready:
                on_their_way = [*(one.id for one in sent), *ready]
                prepared = self._prepare(intent, on_their_way, is_alone=is_alone)
                if prepared is not None:
                    ready[intent.id] = prepared
        still = {one.id for one in waiting} - ready.keys()
        self._refused_at = {one: at for one, at in self._refused_at.items() if one in still}
        if ready:
            # In the order in which they were wanted: later ones may build on earlier ones.
            self._sign_and_send(self._lease, [ready[one.id] for one in waiting if one.id in ready])
        return bool(ready)

    def _quickly_ready(self, waiting: list[Intent]) -> dict[str, Ready]:
        """Those of the frequent kinds that would pass now, asked all at once."""
        asked = [
            Ready(one, one.to_address, _calldata(one), GAS_LIMITS[Kind(one.kind)])
            for one in waiting
            if one.kind in GAS_LIMITS
        ]
        if not asked:
            return {}
        tries = [(one.to or "", one.calldata, one.gas) for one in asked]
        verdicts = self._client.passes(self._signer.address, tries)
        return {one.intent.id: one for one, passes in zip(asked, verdicts, strict=True) if passes}

    def _prepare(self, intent: Intent, on_their_way: Collection[str], *, is_alone: bool) -> Ready | None:
        to, calldata = intent.to_address or None, _calldata(intent)
        try:
            gas = self._client.try_gas(self._signer.address, to, calldata)
        except RpcRefused as refused:
            # The node's word, not the contract's: it may be lagging or short of funds. The others go on.
            log.warning("intent_not_tried", intent=intent.id, reason=refused.message)
            return None
        if isinstance(gas, int):
            # A quarter above the estimate: state may move between here and the block.
            return Ready(intent, to, calldata, gas + gas // 4)
        if self._waits_for_its_delay(intent, gas):
            return None
        if self._is_waited_out(intent, on_their_way, is_alone=is_alone):
            self._outcomes.refused(intent, refusal_of(gas, intent.kind))
        return None

    def _waits_for_its_delay(self, intent: Intent, revert: bytes) -> bool:
        """Whether an act of governance must be said, or have been said for longer, before it is done; says it."""
        refusal = decode_error(revert)
        if isinstance(refusal, errors.AccessManagerNotReady):
            return True
        if not isinstance(refusal, errors.AccessManagerNotScheduled | errors.AccessManagerExpired):
            return False
        operation, calldata = refusal.operation_id, _calldata(intent)
        schedule = self._governance.schedule(intent.to_address or "", calldata, operation)
        with transaction(self._engine) as session:
            add_intent(
                session,
                signer=schedule.signer,
                kind=schedule.kind,
                to_address=schedule.to,
                calldata="0x" + schedule.calldata.hex(),
                effect_key=schedule.effect_key,
                occasion=schedule.occasion,
                created_at=int(time.time()),
                client_id=intent.client_id,
            )
        return True

    def _is_waited_out(self, intent: Intent, on_their_way: Collection[str], *, is_alone: bool) -> bool:
        """Whether a refused intent has nothing left of ours to wait for.

        What was wanted before it may be what it builds on, and is waited for however long it takes; what was wanted
        later, or waits for another signer, for a while only: there may always be more of that.
        """
        now = time.monotonic()
        refused_at = self._refused_at.setdefault(intent.id, now)
        # Ids grow with time.
        if any(one < intent.id for one in on_their_way):
            return False
        return (is_alone and not on_their_way) or now - refused_at > PATIENCE_S

    def _sign_and_send(self, lease: SignerLease, ready: list[Ready]) -> None:
        fees = self._client.fees()
        nonces = self._free_nonces(len(ready))
        signed = [
            self._signer.sign(Unsigned(nonce, one.to, one.calldata, one.gas, fees.ceiling, fees.priority))
            for nonce, one in zip(nonces, ready, strict=True)
        ]
        self._reached("signed")
        self._store(lease, ready, signed)
        self._next_nonce = max(self._next_nonce, nonces[-1] + 1)
        self._reached("stored")
        self._outcomes.broadcast({one.intent.id: two for one, two in zip(ready, signed, strict=True)})
        self._reached("sent")

    def _store(self, lease: SignerLease, ready: list[Ready], signed: list[Signed]) -> None:
        # If this fails, nobody knows whether it was stored: lease and next nonce are then read again.
        self._lease = None
        with transaction(self._engine) as session:
            for one, two in zip(ready, signed, strict=True):
                record_broadcast(
                    session,
                    lease,
                    one.intent.id,
                    nonce=two.nonce,
                    raw="0x" + two.raw.hex(),
                    tx_hash=two.tx_hash,
                    max_fee=two.max_fee,
                    created_at=int(time.time()),
                )
        self._lease = lease

    def _free_nonces(self, count: int) -> list[int]:
        """The next nonces to sign with; one that nobody ever signed is filled in first, else all later ones would wait."""
        mined = self._client.nonce(self._signer.address, block="latest")
        start = max(self._next_nonce, self._client.nonce(self._signer.address))
        nonces: list[int] = []
        if mined < self._next_nonce:
            with reading(self._engine) as session:
                if not broadcasts_of_nonce(session, self._signer.name, mined):
                    nonces.append(mined)
        return nonces + list(range(start, start + count - len(nonces)))


def _calldata(intent: Intent) -> bytes:
    return bytes.fromhex(intent.calldata.removeprefix("0x"))


def _is_dead(holder: str) -> bool:
    """Whether a lease's holder was a process of this machine that is gone: its lease need not be waited out."""
    host, _, rest = holder.partition("/")
    pid = rest.partition("/")[0]
    if host != socket.gethostname() or not pid.isdigit():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
