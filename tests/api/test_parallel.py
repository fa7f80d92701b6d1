"""Many at once: one effect, and no more than the terms allow. On both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from sqlmodel import select

from settlement.store.engine import reading
from settlement.store.repositories.intents import intents_of_subject
from settlement.store.tables_private import Audit
from tests.api.service import Service, usd


@pytest.fixture(params=["service", "postgresql_service"])
def any_service(request: pytest.FixtureRequest) -> Service:
    """The service on SQLite, and on PostgreSQL."""
    found: Service = request.getfixturevalue(request.param)
    return found


def post(service: Service, path: str, actor: str, body: Any, key: str) -> httpx2.Response:
    return service.ask("POST", path, actor, body, Idempotency_Key=key)


def in_parallel(count: int, work: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_t06__20_parallel_identical_posts__one_effect(any_service: Service) -> None:
    body = {"terms": any_service.terms(), "document": any_service.document()}
    answers = in_parallel(20, lambda _: post(any_service, "/v1/orders", "buyer", body, "parallel"))
    assert {answer.status_code for answer in answers} <= {201, 409}
    made = [answer for answer in answers if answer.status_code == 201]
    assert made
    assert len({answer.content for answer in made}) == 1
    assert all(answer.headers["retry-after"] for answer in answers if answer.status_code == 409)
    order = made[0].json()["id"]
    assert len(any_service.order(order)["acts"]) == 1
    with reading(any_service.context.engine) as session:
        assert len(session.exec(select(Audit).where(Audit.effect == f"order {order}")).all()) == 1


def test_t06__20_parallel_signatures_with_keys_of_their_own__one_transaction(any_service: Service) -> None:
    order = any_service.draft()
    act = any_service.client("supplier").post(f"/v1/orders/{order['id']}/acceptances", {})
    any_service.sign("supplier", act, wait_s=0)
    answers = in_parallel(20, lambda _: any_service.sign("buyer", order["acts"][0], wait_s=20))
    assert len({answer["transaction"]["id"] for answer in answers}) == 1
    with reading(any_service.context.engine) as session:
        assert len(intents_of_subject(session, order["id"])) == 1
    assert any_service.order(order["id"])["phase"] == "accepted"


def test_t06__parallel_draws__stay_within_the_advance(any_service: Service) -> None:
    """I-10: ten draws of a fifth of the advance each, all at once; at most five pass."""
    order = any_service.accepted()["id"]
    supplier = any_service.client("supplier")

    def draw(_: int) -> dict[str, Any]:
        act = supplier.post(f"/v1/loans/{order}/draws", {"amount": usd(10_000_00)})
        return dict(any_service.sign("supplier", act)["transaction"])

    states = [one["state"] for one in in_parallel(10, draw)]
    loan = supplier.get(f"/v1/loans/{order}")
    assert set(states) <= {"mined", "final", "failed"}
    assert 10_000_00 <= int(loan["drawn"]["value"]) <= 50_000_00
    assert int(loan["drawn"]["value"]) == sum(int(one["amount"]["value"]) for one in loan["draws"])


def test_t05__committee_speaks_at_once__one_attestation(any_service: Service) -> None:
    """I-18: three members hand in the same state in parallel; whoever completes k, one transaction goes out."""
    order = any_service.accepted()["id"]
    state = any_service.state(order)
    wishes = [any_service.attestation(actor, state) for actor in ("customs1", "customs2", "customs3")]

    def hand_in(number: int) -> httpx2.Response:
        return post(
            any_service,
            "/v1/clearance/attestations",
            f"customs{number + 1}",
            wishes[number],
            f"{order}-{number}",
        )

    answers = in_parallel(3, hand_in)
    assert {answer.status_code for answer in answers} <= {200, 202}
    with reading(any_service.context.engine) as session:
        kinds = [intent.kind for intent in intents_of_subject(session, order)]
    assert kinds.count("attest") == 1
