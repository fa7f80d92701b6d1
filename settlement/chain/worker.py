"""The one worker process: both senders, the follower and the keeper, each on a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final

import structlog

from settlement.chain.client import ChainClient
from settlement.chain.deployment import load_deployment
from settlement.chain.follower import Follower
from settlement.chain.keeper import Keeper
from settlement.chain.sender import Sender
from settlement.chain.signer import load_signer
from settlement.errors import InvariantBroken
from settlement.settings import Settings
from settlement.store.engine import migrate, open_database

_RESTART_S: Final = 1
_LOOK_S: Final = 0.1

log = structlog.get_logger(__name__)


def run_worker(settings: Settings, stop_event: threading.Event, *, stop_within_s: int = 8) -> None:
    """Work until told to stop, or until an invariant is found broken.

    A part that fails for another reason (the database gone, say) is started again after a moment. One that hangs on a
    silent node when it is told to stop is left behind: what it stored is whole, and the next start picks it up.
    Raises: NotFound, Conflict when there is no finished deployment; InputRefused for unusable keys;
            InvariantBroken when a part found one.
    """
    deployment = load_deployment(settings.deployment_file)
    governor, relayer = load_signer("governor", settings), load_signer("relayer", settings)
    engine = open_database(settings.database_url)
    broken: list[InvariantBroken] = []
    with ExitStack() as opened:
        opened.callback(engine.dispose)
        migrate(engine)
        parts: dict[str, Callable[[threading.Event], None]] = {}
        for signer in (relayer, governor):
            client = opened.enter_context(ChainClient(settings.chain_url, settings.chain_id))
            sender = Sender(engine, client, signer, deployment, confirmations=settings.confirmations)
            parts[f"sender-{signer.name}"] = sender.run
        client = opened.enter_context(ChainClient(settings.chain_url, settings.chain_id))
        parts["follower"] = Follower(engine, client, deployment).run
        client = opened.enter_context(ChainClient(settings.chain_url, settings.chain_id))
        parts["keeper"] = Keeper(engine, client, deployment).run
        threads = [
            threading.Thread(
                target=_keep_running, args=(name, run, stop_event, broken), name=name, daemon=True
            )
            for name, run in parts.items()
        ]
        for thread in threads:
            thread.start()
        while not stop_event.is_set():
            # Not by waiting for the event: a signal that sets it in this very thread would find its lock taken.
            threads[0].join(_LOOK_S)
        until = time.monotonic() + stop_within_s
        for thread in threads:
            thread.join(max(0, until - time.monotonic()))
    if broken:
        raise broken[0]


def _keep_running(
    name: str,
    run: Callable[[threading.Event], None],
    stop: threading.Event,
    broken: list[InvariantBroken],
) -> None:
    while not stop.is_set():
        try:
            run(stop)
        # house: allow invariant-caught - a thread cannot raise it to the caller: it hands it over, and all stops
        except InvariantBroken as found:
            broken.append(found)
            log.critical("invariant_broken", part=name, reason=found.message)
            stop.set()
        except Exception:
            # Whatever it was, the part starts afresh from what is stored.
            log.exception("part_failed", part=name)
            stop.wait(_RESTART_S)
