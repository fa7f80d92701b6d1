"""One effect for one key: repeated, in parallel, after a crash, after a restart."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import Any

import httpx2
import pytest

from api.app import create_app
from settlement.errors import ChainError
from settlement.store.engine import reading
from settlement.store.repositories.intents import intents_of_subject
from settlement.use_cases.acts import open_own_act as opened
from settlement.use_cases.authenticate import authenticate
from settlement.use_cases.idempotency import (
    LOCK_S,
    ClaimLost,
    KeptAnswer,
    KeyedRequest,
    claim_key,
    keep_answer,
)
from settlement.wire.client import Refused
from tests.api.service import Service, served, usd

BODY_PATH = "/v1/cash/withdrawals"


def post(
    service: Service, path: str, actor: str, body: Any, key: str, url: str | None = None
) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {service.keys[actor]}", "Idempotency-Key": key}
    return service.http.post((url or service.url) + path, json=body, headers=headers)


@pytest.mark.parametrize("key", [None, "", "two words", "x" * 256, "ümlaut".encode().decode("latin-1")])
def test_t07__without_a_usable_key__is_422(service: Service, key: str | None) -> None:
    headers = {"Authorization": f"Bearer {service.keys['buyer']}"}
    sent: list[tuple[bytes, bytes]] = [(name.encode(), value.encode()) for name, value in headers.items()]
    if key is not None:
        sent.append((b"Idempotency-Key", key.encode("latin-1")))
    answer = service.http.post(service.url + BODY_PATH, json={"amount": usd(1)}, headers=sent)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key")


def test_t07__same_request_again__is_the_first_answer_byte_for_byte(service: Service) -> None:
    first = post(service, BODY_PATH, "buyer", {"amount": usd(5)}, "again")
    second = post(service, BODY_PATH, "buyer", {"amount": usd(5)}, "again")
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["location"] == second.headers["location"]
    other = post(service, BODY_PATH, "buyer", {"amount": usd(5)}, "another")
    assert other.json()["id"] != first.json()["id"]


def test_t07__other_body_under_the_key__is_422(service: Service) -> None:
    post(service, BODY_PATH, "buyer", {"amount": usd(6)}, "reused")
    answer = post(service, BODY_PATH, "buyer", {"amount": usd(7)}, "reused")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_t07__same_key_for_another_order__is_422(service: Service) -> None:
    """One route, one body, two orders: the key must not answer for the wrong one."""
    one, two = service.draft()["id"], service.draft()["id"]
    assert post(service, f"/v1/orders/{one}/acceptances", "supplier", {}, "two orders").status_code == 422
    assert post(service, f"/v1/orders/{one}/acceptances", "supplier", {}, "two-orders").status_code == 201
    assert post(service, f"/v1/orders/{two}/acceptances", "supplier", {}, "two-orders").status_code == 422


def test_t07__same_key_of_another_client_or_route__is_another_request(service: Service) -> None:
    first = post(service, BODY_PATH, "buyer", {"amount": usd(8)}, "shared")
    second = post(service, BODY_PATH, "supplier", {"amount": usd(8)}, "shared")
    third = post(service, "/v1/cash/deposits", "buyer", {"amount": usd(8)}, "shared")
    assert len({one.json()["id"] for one in (first, second, third)}) == 3


def test_t07__refusal__is_replayed_too(service: Service) -> None:
    body = {"terms": service.terms(), "document": service.document()}
    made = post(service, "/v1/orders", "buyer", body, "order").json()
    body["document"]["payable"] = usd(100_000_01)
    first = post(service, "/v1/orders", "supplier", body, "other-document")
    second = post(service, "/v1/orders", "supplier", body, "other-document")
    assert first.status_code == second.status_code == 409
    assert first.content == second.content
    assert made["id"].startswith("0x")


def test_t07__answer_lost_after_the_commit__restart_replays_one_effect(service: Service) -> None:
    """The client never saw the answer; a service started anew over the database gives it again."""
    order = service.draft()["id"]
    lost = post(service, f"/v1/orders/{order}/acceptances", "supplier", {}, "lost").content
    with served(service.context, create_app(service.context)) as restarted:
        again = post(service, f"/v1/orders/{order}/acceptances", "supplier", {}, "lost", url=restarted)
    assert again.status_code == 201
    assert again.content == lost
    acts = [act for act in service.order(order)["acts"] if act["kind"] == "acceptance"]
    assert len(acts) == 1


def claimed(service: Service, key: str, at: int) -> KeyedRequest:
    """What a process leaves behind that died between its claim and its commit."""
    body = service.http.build_request("POST", service.url + BODY_PATH, json={"amount": usd(9)}).read()
    with reading(service.context.engine) as session:
        client = authenticate(session, f"Bearer {service.keys['buyer']}").client_id
    hashed = sha256(BODY_PATH.encode() + b"\n" + body).hexdigest()
    request = KeyedRequest(client, f"POST {BODY_PATH}", key, hashed)
    assert claim_key(service.context.engine, request, at) is None
    return request


def test_t07__crash_before_the_commit__in_flight_until_the_lock_ends(service: Service) -> None:
    now = int(time.time())
    claimed(service, "died-now", now)
    busy = post(service, BODY_PATH, "buyer", {"amount": usd(9)}, "died-now")
    assert (busy.status_code, busy.json()["code"]) == (409, "request_in_flight")
    assert busy.headers["retry-after"] == "1"
    claimed(service, "died-before", now - LOCK_S - 1)
    assert post(service, BODY_PATH, "buyer", {"amount": usd(9)}, "died-before").status_code == 201


def test_t07__request_overtaken_by_its_repetition__keeps_nothing(service: Service) -> None:
    """A process that was stopped for longer than the lock finds its claim gone, and its commit with it."""
    now = int(time.time())
    slow = claimed(service, "slow", now - LOCK_S - 1)
    repeated = post(service, BODY_PATH, "buyer", {"amount": usd(9)}, "slow")
    with pytest.raises(ClaimLost), service.context.writing() as session:
        keep_answer(session, slow, KeptAnswer(201, "{}", {}), claimed_at=now - LOCK_S - 1)
    again = post(service, BODY_PATH, "buyer", {"amount": usd(9)}, "slow")
    assert repeated.status_code == 201
    assert again.content == repeated.content


def test_t07__failure_of_ours__may_be_tried_again_under_the_same_key(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = [True]

    def open_own_act(*arguments: Any, **named: Any) -> Any:
        if failing:
            failing.clear()
            raise ChainError("the node is being started again")
        return opened(*arguments, **named)

    monkeypatch.setattr("settlement.use_cases.move_cash.open_own_act", open_own_act)
    first = post(service, BODY_PATH, "buyer", {"amount": usd(3)}, "flaky")
    second = post(service, BODY_PATH, "buyer", {"amount": usd(3)}, "flaky")
    assert (first.status_code, second.status_code) == (503, 201)


def test_t07__awaited_answer__is_replayed_as_it_was_given(service: Service) -> None:
    """`Prefer: wait` changes the first answer from queued to mined; the replay gives mined."""
    wish = {"member": service.members["buyer"], "amount": usd(11)}
    headers = {"Idempotency-Key": "awaited", "Prefer": "wait=30"}
    first = service.ask("POST", "/v1/cash/mint", "operator", wish, **headers)
    second = service.ask("POST", "/v1/cash/mint", "operator", wish, **headers)
    assert first.json()["transaction"]["state"] in {"mined", "final"}
    assert first.content == second.content
    assert first.headers["location"] == f"/v1/transactions/{first.json()['transaction']['id']}"
    account = service.client("operator").get(f"/v1/members/{service.members['buyer']}")["account"]
    with reading(service.context.engine) as session:
        minted = {intent.effect_key for intent in intents_of_subject(session, account)}
    assert f"{account}:{11 * 10**4}" in minted


def test_t07__a_file_sent_again_under_its_key__is_the_first_answer(service: Service) -> None:
    """Each sending of a form draws a new boundary; what it carries is the same."""
    raw, terms = json.dumps(service.document()).encode(), json.dumps(service.terms())
    buyer = service.client("buyer")
    first = buyer.post_file("/v1/orders", raw, "application/json", terms, key="file-again")
    assert buyer.post_file("/v1/orders", raw, "application/json", terms, key="file-again") == first
    later = json.dumps(service.terms(late_bps=900))
    for content, wish in ((raw + b" ", terms), (raw, later)):
        with pytest.raises(Refused) as refused:
            buyer.post_file("/v1/orders", content, "application/json", wish, key="file-again")
        assert (refused.value.status, refused.value.code) == (422, "idempotency_key_reused")
