"""Liveness, readiness, the clock and old keys: what must hold while other parts wait, fail or crash."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2

from api.app import create_app
from settlement.chain.client import ChainClient
from settlement.errors import ChainError
from settlement.store.engine import open_database, reading
from settlement.store.tables_private import IdempotencyKey
from settlement.use_cases.context import THREADS, Context
from settlement.use_cases.forget_keys import EVERY_S, ForgetfulHour
from settlement.use_cases.idempotency import KeyedRequest, claim_key
from settlement.wire.model import instant_from_text
from tests.api.service import DAY, Service, served


def test_livez__while_every_thread_waits__answers(service: Service) -> None:
    app = create_app(service.context)
    released, entered = threading.Event(), threading.Semaphore(0)

    @app.get("/v1/slow")
    def get_slow() -> None:
        entered.release()
        released.wait(60)

    with (
        served(service.context, app) as url,
        ThreadPoolExecutor(THREADS) as askers,
        httpx2.Client(trust_env=False, timeout=60, limits=httpx2.Limits(max_connections=THREADS)) as client,
    ):
        slow = [askers.submit(client.get, f"{url}/v1/slow") for _ in range(THREADS)]
        try:
            assert all(entered.acquire(timeout=30) for _ in range(THREADS))
            # Only a hang takes that long.
            assert service.http.get(f"{url}/livez", timeout=20).status_code == 200
        finally:
            released.set()
        assert all(one.result().status_code == 200 for one in slow)


def test_readyz__database_gone__is_503_and_named(service: Service, tmp_path: Path) -> None:
    gone = open_database(f"sqlite:///{tmp_path / 'folder' / 'hanse.db'}")
    for path in sorted((tmp_path / "folder").iterdir()):
        path.unlink()
    (tmp_path / "folder").rmdir()
    with served(service.context, create_app(replace(service.context, engine=gone))) as url:
        ready, live = service.http.get(f"{url}/readyz"), service.http.get(f"{url}/livez")
    gone.dispose()
    assert (live.status_code, ready.status_code) == (200, 503)
    checks = ready.json()["checks"]
    assert (checks["database"], checks["projection"]) == ("database_unreachable", "none")
    assert checks["chain"].startswith("block")
    assert service.http.get(f"{service.url}/readyz").json()["checks"]["database"] == "ok"


class _DyingClient(ChainClient):
    """Loses the first order to mine: before the node gets it, or its answer."""

    def __init__(self, context: Context, *, is_done: bool) -> None:
        super().__init__(context.client.url, context.client.chain_id)
        self._context = context
        self._is_done = is_done
        self.orders = 0

    def ask(self, method: str, *params: Any) -> Any:
        if method != "evm_mine":
            return super().ask(method, *params)
        self.orders += 1
        with self._context.writing():
            # No writing transaction of the request is open, or this would wait for it in vain.
            pass
        if self.orders > 1:
            return super().ask(method, *params)
        if self._is_done:
            super().ask(method, *params)
        raise ChainError("the node is gone")


@contextmanager
def _dying(service: Service, *, is_done: bool) -> Iterator[str]:
    with (
        _DyingClient(service.context, is_done=is_done) as client,
        served(service.context, create_app(replace(service.context, client=client))) as url,
    ):
        yield url


def test_clock__advance_that_broke_off__moves_once_when_sent_again(service: Service) -> None:
    for is_done in (False, True):
        headers = {
            "Authorization": f"Bearer {service.keys['operator']}",
            "Idempotency-Key": f"advance-{is_done}",
        }
        before = service.now()
        with _dying(service, is_done=is_done) as url:
            answers = [
                service.http.post(f"{url}/v1/clock/advance", json={"seconds": 5 * DAY}, headers=headers)
                for _ in range(3)
            ]
        # Where the order was carried out and only its answer lost, the first request finds that out itself.
        assert [one.status_code for one in answers] == [200 if is_done else 503, 200, 200]
        assert answers[1].content == answers[2].content
        aimed = instant_from_text(answers[1].json()["business_time"])
        assert before + 5 * DAY <= aimed < before + 6 * DAY
        assert aimed <= service.now() < aimed + DAY


def test_keys__older_than_a_week__are_forgotten_at_most_hourly(service: Service) -> None:
    engine, now_at = service.context.engine, int(time.time())
    hour = ForgetfulHour(engine)
    for number, (asked_at, is_time) in enumerate(
        ((now_at, True), (now_at + EVERY_S - 1, False), (now_at + EVERY_S, True))
    ):
        old = KeyedRequest("cli_old", "POST /v1/orders", f"old-{number}", "hash")
        claim_key(engine, old, 1_000)
        assert hour.pass_by(asked_at) == is_time
        with reading(engine) as session:
            assert (session.get(IdempotencyKey, ("cli_old", "POST /v1/orders", old.key)) is None) == is_time


def test_keys__a_write__forgets_old_ones(service: Service) -> None:
    engine = service.context.engine
    old = KeyedRequest("cli_old", "POST /v1/orders", "beside a write", "hash")
    claim_key(engine, old, 1_000)
    headers = {"Authorization": f"Bearer {service.keys['operator']}", "Idempotency-Key": "forgetting"}
    with served(service.context, create_app(service.context)) as url:
        assert service.http.post(f"{url}/v1/clock/advance", json={"seconds": 1}, headers=headers).is_success
    with reading(engine) as session:
        assert session.get(IdempotencyKey, ("cli_old", "POST /v1/orders", old.key)) is None
