"""The worker process: an intent goes in, its effect is on chain and in the tables; a signal ends it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from settlement.chain.worker import run_worker
from settlement.errors import InputRefused, NotFound
from settlement.ids import id_text
from settlement.settings import Settings, load_settings
from settlement.store.engine import open_database, reading
from settlement.store.handles import Engine
from settlement.store.repositories.receivables import find_receivable
from tests.chain.sending import intent_of
from tests.chain.trade import DAY, HOUR, Trade


@pytest.fixture
def settings(trade: Trade, sqlite_database: Engine) -> Settings:
    """Settings of the trade's folder and this test's database."""
    url = sqlite_database.url.render_as_string(hide_password=False)
    found = load_settings(trade.folder, {"HANSE_DATABASE_URL": url}, rpc_port=trade.node.port)
    assert found.deployment_file.is_file()
    return found


@pytest.fixture
def worker(settings: Settings) -> Iterator[threading.Thread]:
    """A running worker, told to stop when the test ends."""
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(settings, stop))
    thread.start()
    yield thread
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def _wait_until(is_so: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < until


@pytest.mark.usefixtures("worker")
def test_run_worker__an_order_with_a_tenor__is_accepted_projected_and_paid_when_due(
    trade: Trade, sqlite_database: Engine
) -> None:
    order = trade.order(tenor_days=3)
    intent = trade.want(sqlite_database, trade.accept(order))
    _wait_until(lambda: intent_of(sqlite_database, intent).state == "final")
    trade.want(sqlite_database, trade.attest(order))

    def phase() -> int:
        with reading(sqlite_database) as session:
            found = find_receivable(session, id_text(trade.id_of(order)))
        return 0 if found is None else found.phase

    _wait_until(lambda: phase() == 3)
    trade.advance(3 * DAY + HOUR)
    _wait_until(lambda: phase() == 5)
    assert trade.balance("supplier") == order.face


def test_run_worker__nothing_deployed__is_told(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="hanse deploy"):
        run_worker(replace(settings, folder=tmp_path / "elsewhere"), threading.Event())


def test_run_worker__demo_keys_elsewhere__are_refused(settings: Settings) -> None:
    with pytest.raises(InputRefused, match="well-known"):
        run_worker(replace(settings, chain_url="http://10.0.0.5:8545"), threading.Event())


def test_t29__told_to_stop_while_the_node_is_silent__ends_all_the_same(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        stop = threading.Event()
        worker = threading.Thread(
            target=run_worker,
            args=(replace(settings, chain_url=url), stop),
            kwargs={"stop_within_s": 1},
            daemon=True,
        )
        worker.start()
        # The first part has asked, and waits for an answer that never comes.
        connection, _ = silent.accept()
        stop.set()
        worker.join(8)
        assert not worker.is_alive()
        connection.close()


def test_run_worker__the_database_is_gone_for_a_moment__goes_on(
    settings: Settings, trade: Trade, worker: threading.Thread
) -> None:
    """T27: a part that fails starts afresh from what is stored."""
    engine = open_database(settings.database_url)
    first = trade.want(engine, trade.accept(trade.order()))
    _wait_until(lambda: intent_of(engine, first).state == "final")
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE intent RENAME TO intent_away")
    threading.Event().wait(0.5)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE intent_away RENAME TO intent")
    second = trade.want(engine, trade.accept(trade.order()))
    _wait_until(lambda: intent_of(engine, second).state == "final")
    assert worker.is_alive()
    engine.dispose()
