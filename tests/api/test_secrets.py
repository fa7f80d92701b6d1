"""API keys: shown once, stored as a hash, in no log, repr, traceback or row."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from typing import Any

import pytest
import structlog
from sqlalchemy import text

from api.app import create_app
from hanse.logs import configure_logs
from settlement.chain.client import ChainClient
from settlement.errors import InputRefused
from settlement.settings import Settings
from settlement.store.engine import reading
from settlement.use_cases.authenticate import Unauthenticated, api_key_hash, authenticate, new_api_key
from settlement.use_cases.context import Context
from settlement.use_cases.issue_client import ensure_client
from settlement.wire.client import HanseClient, Refused
from tests.api.service import Service, served


def every_row(service: Service) -> str:
    """The private tables as text."""
    tables = ("client", "idempotency_key", "audit", "act", "intent")
    with service.context.engine.connect() as connection:
        return "\n".join(
            str(tuple(row)) for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))
        )


def test_t10__issued_key__is_in_its_answer_and_nowhere_else(service: Service) -> None:
    wish = {"name": "second system", "member": service.members["buyer"]}
    answer = service.ask("POST", "/v1/clients", "operator", wish, Idempotency_Key="one-key")
    canary = answer.json()["api_key"]
    with HanseClient(service.url, canary) as client:
        assert client.get("/v1/orders")["items"] is not None
    rows = every_row(service)
    assert api_key_hash(canary) in rows
    assert canary not in rows
    again = service.ask("POST", "/v1/clients", "operator", wish, Idempotency_Key="one-key")
    assert (again.status_code, again.json()["code"]) == (409, "key_shown_once")
    assert canary not in again.text


@pytest.fixture
def captured() -> Iterator[io.StringIO]:
    """Everything that is logged or printed while the test runs, in the form the service logs in."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logging.getLogger().addHandler(handler)
    before = structlog.get_config()
    configure_logs()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(out), cache_logger_on_first_use=False)
    with redirect_stdout(out), redirect_stderr(out):
        yield out
    structlog.configure(**before)
    logging.getLogger().removeHandler(handler)


def test_t10__requests_that_fail_in_every_way__log_no_key(service: Service, captured: io.StringIO) -> None:
    """A crash with traceback, a refusal, an unknown key, a database that is not there."""
    canary, stranger = service.keys["buyer"], new_api_key()
    app = create_app(service.context)

    @app.get("/v1/clock/broken")
    def get_broken(session: Any = None) -> None:
        raise RuntimeError(f"broken on purpose {session}")

    with served(service.context, app) as url:
        for key in (canary, stranger):
            headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "k"}
            for path in ("/v1/clock/broken", "/v1/orders", f"/v1/orders/{key}", f"/v1/acts/{key}"):
                assert service.http.get(url + path, headers=headers).status_code in {200, 401, 404, 500}
            service.http.post(f"{url}/v1/orders", json={"terms": key}, headers=headers)
        broken = service.http.get(f"{url}/v1/clock/broken")
    assert broken.status_code == 500
    assert broken.json()["code"] == "internal_error"
    assert "on purpose" not in broken.text
    logged = captured.getvalue()
    assert "on purpose" in logged
    assert canary not in logged
    assert stranger not in logged


def test_t10__reprs_and_errors__carry_no_key(service: Service) -> None:
    canary = new_api_key()
    with HanseClient("http://127.0.0.1:9", canary) as client:
        assert canary not in repr(client)
        assert canary not in str(vars(client))
    with reading(service.context.engine) as session, pytest.raises(Unauthenticated) as unknown:
        authenticate(session, f"Bearer {canary}")
    assert canary not in str(unknown.value)
    with service.context.writing() as session:
        issued = ensure_client(session, canary, name="canary", member=None, now_at=1)
    assert canary not in repr(issued)
    with service.context.writing() as session, pytest.raises(InputRefused) as malformed:
        ensure_client(session, "sesame", name="canary", member=None, now_at=1)
    assert "sesame" not in str(malformed.value)
    with HanseClient(service.url, new_api_key()) as nobody, pytest.raises(Refused) as refused:
        nobody.get("/v1/orders")
    assert "hk_" not in str(refused.value).replace("hk_...", "")


def test_ensure_client__called_again__changes_nothing(service: Service) -> None:
    key = new_api_key()
    made = []
    for _ in range(2):
        with service.context.writing() as session:
            made.append(ensure_client(session, key, name="twice", member=None, now_at=1))
    assert made[0] == made[1]


def test_t11__keys__are_compared_in_constant_time(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    """The found hash goes through `compare_digest`; one that differs there is nobody's."""
    with reading(service.context.engine) as session:
        assert authenticate(session, f"Bearer {service.keys['buyer']}").member == service.members["buyer"]
        monkeypatch.setattr("settlement.use_cases.authenticate.hmac.compare_digest", lambda _a, _b: False)
        with pytest.raises(Unauthenticated):
            authenticate(session, f"Bearer {service.keys['buyer']}")


def elsewhere(context: Context) -> Context:
    """The same service as if its chain were a real network."""
    settings: Settings = replace(context.settings, chain_id=1)
    return replace(context, settings=settings)


def test_real_network__clock_and_test_cash__are_closed(service: Service) -> None:
    app = create_app(elsewhere(service.context))
    operator = {"Authorization": f"Bearer {service.keys['operator']}"}
    amount = {"value": "1", "currency": "USD"}
    with served(service.context, app) as url:
        for number, (path, body) in enumerate(
            (
                ("/v1/clock/advance", {"seconds": 5}),
                ("/v1/network/currencies", {"currency": "EUR"}),
                ("/v1/cash/mint", {"member": 1, "amount": amount}),
            )
        ):
            headers = operator | {"Idempotency-Key": f"elsewhere-{number}"}
            answer = service.http.post(url + path, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "not_a_test_network"), path


def test_readyz__chain_gone__is_503_and_named(service: Service) -> None:
    """Liveness stays; readiness says which part does not answer."""
    with ChainClient("http://127.0.0.1:9", 31337) as nobody:
        app = create_app(replace(service.context, client=nobody))
        with served(service.context, app) as url:
            ready, live = service.http.get(f"{url}/readyz"), service.http.get(f"{url}/livez")
            headers = {"Authorization": f"Bearer {service.keys['buyer']}"}
            clock = service.http.get(f"{url}/v1/clock", headers=headers)
    assert (live.status_code, ready.status_code) == (200, 503)
    assert ready.json()["checks"]["chain"] == "chain_unreachable"
    assert (clock.status_code, clock.json()["code"]) == (503, "chain_unreachable")
    assert service.http.get(f"{service.url}/readyz").status_code == 200
