"""What became of what was sent: mined, refused, lost in a fork, or still waiting and to be sent again."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import structlog

from settlement.blocks import BlockHeader
from settlement.chain.client import ChainClient, NonceTooLow, Receipt
from settlement.chain.effects import Effects, Evidence
from settlement.chain.errors_map import refusal_of
from settlement.chain.follow_ups import follow_up
from settlement.chain.forks import is_gone, newest_standing
from settlement.chain.identity import Identity
from settlement.chain.rpc import RpcRefused
from settlement.chain.signer import Signed, Signer, read_unsigned
from settlement.errors import ChainError, HanseError
from settlement.store.engine import reading, transaction
from settlement.store.handles import Engine, Session
from settlement.store.projector import WINDOW, window_blocks
from settlement.store.repositories.broadcasts import (
    add_replacement,
    broadcasts_of_intents,
    set_broadcast_state,
)
from settlement.store.repositories.intents import (
    FAILED,
    FINAL,
    MINED,
    QUEUED,
    SENT,
    intents_in,
    intents_placed_from,
    move_intent,
)
from settlement.store.tables_private import Broadcast, Intent

RESEND_AFTER_S: Final = 3
RAISE_FEE_AFTER_S: Final = 45
EVIDENCE_AGAIN_S: Final = 3

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sent:
    """An intent on its way, with everything ever signed for it, oldest first."""

    intent: Intent
    broadcasts: list[Broadcast]


class Outcomes:
    """Follows the transactions of one signer."""

    def __init__(
        self,
        engine: Engine,
        client: ChainClient,
        signer: Signer,
        effects: Effects,
        identity: Identity,
        *,
        confirmations: int,
        watch_every_s: int,
    ) -> None:
        self._engine = engine
        self._client = client
        self._signer = signer
        self._effects = effects
        self._identity = identity
        self._confirmations = confirmations
        self._watch_every_s = watch_every_s
        self._watched_at = float("-inf")  # house: allow float - a monotonic clock's reading, not money
        self._head: BlockHeader | None = None
        self._sent_at: dict[str, float] = {}  # house: allow float - a monotonic clock's reading, not money
        # house: allow float - a monotonic clock's reading, not money
        self._ask_again_at: dict[str, float] = {}

    def look(self, *, is_head_due: bool = False) -> bool:
        """Take back what a fork lost, note what was mined, send again what waits; say whether anything moved.

        The head is compared now and then, or right now when ``is_head_due``.
        Raises: ChainError when the node does not answer, serves another chain, or forked below the window.
        """
        has_moved = self._watch_head(is_due=is_head_due)
        with reading(self._engine) as session:
            intents = intents_in(session, (SENT,), self._signer.name)
            broadcasts = broadcasts_of_intents(session, [intent.id for intent in intents])
        if not intents:
            return has_moved
        sent = [Sent(intent, broadcasts[intent.id]) for intent in intents]
        # The nonce is read before the receipts: if one is used and no receipt is there afterwards, it was not ours.
        mined_nonce = self._client.nonce(self._signer.address, block="latest")
        hashes = [one.tx_hash for each in sent for one in each.broadcasts]
        receipts = dict(zip(hashes, self._client.receipts(hashes), strict=True))
        waiting: list[Sent] = []
        for each in sent:
            receipt = next((found for one in each.broadcasts if (found := receipts[one.tx_hash])), None)
            if receipt is not None:
                has_moved = self._placed(each, receipt) or has_moved
            elif each.broadcasts[-1].nonce < mined_nonce:
                has_moved = self._nonce_lost(each) or has_moved
            else:
                waiting.append(each)
        return self._send_again(waiting, mined_nonce) or has_moved

    def refused(self, intent: Intent, reason: HanseError, *, at: Receipt | None = None) -> bool:
        """Fail an intent, unless what it wants is on chain already; say whether the chain could tell."""
        values: dict[str, Any] = {"error": reason.message, "error_code": reason.code}
        if at is not None:
            values |= _place(at)
        return self._move_unless_done(intent, FAILED, values)

    def broadcast(self, signed: Mapping[str, Signed]) -> None:
        """Send stored bytes, in the order of nonces; what the node does not take now is sent again later.

        Raises: ChainUnreachable when no answer came.
        """
        refusals = self._client.send_many([one.raw for one in signed.values()])
        now = time.monotonic()
        for (intent_id, one), refusal in zip(signed.items(), refusals, strict=True):
            self._sent_at[intent_id] = now
            if refusal is not None and not isinstance(refusal, NonceTooLow):
                log.warning("broadcast_refused", intent=intent_id, tx=one.tx_hash, reason=refusal.message)

    def _placed(self, each: Sent, receipt: Receipt) -> bool:
        """Note what a receipt says; whether that settled it."""
        self._sent_at.pop(each.intent.id, None)
        if not receipt.is_success:
            reason = refusal_of(self._revert_of(each.intent, receipt), each.intent.kind)
            return self.refused(each.intent, reason, at=receipt)
        with transaction(self._engine) as session:
            if not move_intent(
                session, each.intent.id, (SENT,), self._state_at(receipt.block_number), _place(receipt)
            ):
                return True
            for one in each.broadcasts:
                set_broadcast_state(
                    session, one.id, "mined" if one.tx_hash == receipt.tx_hash else "replaced"
                )
            follow_up(session, self._effects.gateways, each.intent, receipt)
        return True

    def _revert_of(self, intent: Intent, receipt: Receipt) -> bytes:
        """Why it reverted, as far as the node still has the state of that block."""
        calldata = bytes.fromhex(intent.calldata.removeprefix("0x"))
        to, block = intent.to_address or None, receipt.block_number
        try:
            return self._client.simulate(self._signer.address, to, calldata, block=block) or b""
        except RpcRefused as refused:
            log.warning("revert_not_told", intent=intent.id, reason=refused.message)
            return b""

    def _nonce_lost(self, each: Sent) -> bool:
        """Another transaction of this key took the nonce: look for the effect, else begin anew with a fresh nonce."""
        self._sent_at.pop(each.intent.id, None)
        return self._move_unless_done(each.intent, QUEUED, {"tx_hash": None})

    def _move_unless_done(self, intent: Intent, to_state: str, values: Mapping[str, Any]) -> bool:
        """Move an intent, unless what it wants is on chain already; say whether the chain could tell."""
        now = time.monotonic()
        if now < self._ask_again_at.get(intent.id, now):
            return False
        try:
            calldata = bytes.fromhex(intent.calldata.removeprefix("0x"))
            evidence = self._effects.find(intent.kind, intent.effect_key, calldata)
        except ChainError as trouble:
            # Only this one waits for a better answer.
            log.warning("evidence_not_told", intent=intent.id, kind=intent.kind, reason=trouble.message)
            self._ask_again_at[intent.id] = now + EVIDENCE_AGAIN_S
            return False
        self._ask_again_at.pop(intent.id, None)
        with transaction(self._engine) as session:
            if evidence is None:
                move_intent(session, intent.id, (QUEUED, SENT), to_state, values)
            else:
                self._done_by_other(session, intent, evidence)
        return True

    def _done_by_other(self, session: Session, intent: Intent, evidence: Evidence) -> None:
        log.info("effect_found", intent=intent.id, kind=intent.kind, tx=evidence.tx_hash)
        values = {
            "tx_hash": evidence.tx_hash,
            "block_number": evidence.block_number,
            "block_hash": evidence.block_hash,
        }
        state = FINAL if evidence.block_number is None else self._state_at(evidence.block_number)
        move_intent(session, intent.id, (QUEUED, SENT), state, values)

    def _send_again(self, waiting: Sequence[Sent], mined_nonce: int) -> bool:
        now = time.monotonic()
        again: dict[str, Signed] = {}
        for each in waiting:
            newest = each.broadcasts[-1]
            sent_at = self._sent_at.get(each.intent.id)
            if sent_at is not None and now - sent_at < RESEND_AFTER_S:
                continue
            # Only the first in line can be what holds the others up.
            if newest.nonce == mined_nonce and time.time() - newest.created_at > RAISE_FEE_AFTER_S:
                newest = self._raise_fee(newest)
            raw = bytes.fromhex(newest.raw.removeprefix("0x"))
            again[each.intent.id] = Signed(raw, newest.tx_hash, newest.nonce, newest.max_fee)
        if again:
            self.broadcast(dict(sorted(again.items(), key=lambda item: item[1].nonce)))
        return bool(again)

    def _raise_fee(self, stuck: Broadcast) -> Broadcast:
        """Store and give the same call under the same nonce at a higher fee.

        Units: an eighth more than before, the least that nodes take as a replacement.
        """
        before = read_unsigned(bytes.fromhex(stuck.raw.removeprefix("0x")))
        fees = self._client.fees()
        priority = max(fees.priority, before.priority_fee + before.priority_fee // 8 + 1)
        most = max(fees.ceiling, before.max_fee + before.max_fee // 8 + 1, priority)
        signed = self._signer.sign(replace(before, max_fee=most, priority_fee=priority))
        log.info("fee_raised", intent=stuck.intent_id, nonce=stuck.nonce, max_fee=most)
        with transaction(self._engine) as session:
            return add_replacement(
                session,
                self._signer.name,
                stuck.intent_id,
                stuck.nonce,
                "0x" + signed.raw.hex(),
                signed.tx_hash,
                most,
                int(time.time()),
            )

    def _state_at(self, block_number: int) -> str:
        head = 0 if self._head is None else self._head.number
        # The receipt may be of a block newer than the head we compared last.
        return FINAL if max(head - block_number, 0) >= self._confirmations else MINED

    def _watch_head(self, *, is_due: bool) -> bool:
        """Compare where outcomes stand with the chain as it is now."""
        now = time.monotonic()
        if not is_due and now - self._watched_at < self._watch_every_s:
            return False
        head, before = self._client.block("latest"), self._head
        if head is None or (before is not None and head.hash == before.hash):
            self._watched_at = now
            return False
        is_lost = before is None or is_gone(self._client, before.number, before.hash)
        if is_lost or (before is not None and head.number < before.number):
            self._require_same_chain()
        # Only now: while the node serves another chain, every look finds out.
        self._watched_at, self._head = now, head
        has_moved = self._make_final(head)
        if not is_lost:
            return has_moved
        top = head.number if before is None else min(head.number, before.number)
        return self._take_back(max(0, top - WINDOW)) or has_moved

    def _require_same_chain(self) -> None:
        """Raises: ChainError when it is another chain, or forked below what can be taken back."""
        self._identity.check()
        with reading(self._engine) as session:
            known = window_blocks(session)
        if known:
            newest_standing(self._client, known)

    def _make_final(self, head: BlockHeader) -> bool:
        with reading(self._engine) as session:
            mined = intents_in(session, (MINED,), self._signer.name)
        deep = [one for one in mined if (one.block_number or 0) <= head.number - self._confirmations]
        deep = [one for one in deep if not is_gone(self._client, one.block_number or 0, one.block_hash or "")]
        if deep:
            with transaction(self._engine) as session:
                for one in deep:
                    move_intent(session, one.id, (MINED,), FINAL)
        return bool(deep)

    def _take_back(self, since_block: int) -> bool:
        """Outcomes whose block is no longer of the chain go back to waiting; their bytes are sent again."""
        with reading(self._engine) as session:
            placed = intents_placed_from(session, self._signer.name, since_block)
            broadcasts = broadcasts_of_intents(session, [intent.id for intent in placed])
        blocks = {(one.block_number or 0, one.block_hash or "") for one in placed}
        gone = {block for block in blocks if is_gone(self._client, *block)}
        lost = [one for one in placed if (one.block_number, one.block_hash) in gone]
        for one in lost:
            log.warning("fork_took_back", intent=one.id, kind=one.kind, block=one.block_number)
        if lost:
            nothing = {
                "block_number": None,
                "block_hash": None,
                "gas_used": None,
                "error": None,
                "error_code": None,
            }
            with transaction(self._engine) as session:
                for one in lost:
                    state = SENT if broadcasts[one.id] else QUEUED
                    move_intent(session, one.id, (MINED, FINAL, FAILED), state, nothing)
        return bool(lost)


def _place(receipt: Receipt) -> dict[str, Any]:
    return {
        "tx_hash": receipt.tx_hash,
        "block_number": receipt.block_number,
        "block_hash": receipt.block_hash,
        "gas_used": receipt.gas_used,
    }
