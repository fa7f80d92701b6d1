"""A sender to step by hand, and what the database and the chain have of an intent."""

from __future__ import annotations

from collections.abc import Callable

from settlement.chain.client import ChainClient
from settlement.chain.sender import Sender
from settlement.chain.signer import SignerName, demo_signer
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.repositories.broadcasts import broadcasts_of_intent
from settlement.store.repositories.intents import find_intent
from settlement.store.tables_private import Broadcast, Intent
from tests.chain.trade import Trade


class Killed(BaseException):
    """The process died here."""


def dying_at(point: str) -> Callable[[str], None]:
    """Die when this point is reached."""

    def reached(name: str) -> None:
        if name == point:
            raise Killed

    return reached


def sender_of(
    engine: Engine,
    trade: Trade,
    name: SignerName = "relayer",
    *,
    reached: Callable[[str], None] = lambda _: None,
    client: ChainClient | None = None,
    confirmations: int = 0,
) -> Sender:
    """A sender whose lease another one need not wait for, and which looks for forks at every step."""
    return Sender(
        engine,
        client or trade.client,
        demo_signer(name),
        trade.deployment,
        confirmations=confirmations,
        lease_ttl_s=0,
        watch_every_s=0,
        reached=reached,
    )


def intent_of(engine: Engine, intent_id: str) -> Intent:
    """The intent as it stands."""
    with reading(engine) as session:
        found = find_intent(session, intent_id)
    assert found is not None
    return found


def broadcasts(engine: Engine, intent_id: str) -> list[Broadcast]:
    """Everything ever signed for it."""
    with reading(engine) as session:
        return broadcasts_of_intent(session, intent_id)


def relayer_nonce(trade: Trade) -> int:
    """How many transactions of the relayer are mined."""
    return trade.client.nonce(demo_signer("relayer").address, block="latest")
