"""What comes in: unknown fields, sizes, depths, numbers, types."""

from __future__ import annotations

import json
import socket
import tracemalloc
from typing import Any
from urllib.parse import urlsplit

import pytest

from api.access import ACCESS
from api.body_gate import MOST_BYTES
from settlement import typed_data
from tests.api.service import COUNTRY, PORT, WIND, Service, lei_of, line_wish, usd

AWKWARD = 2**53 + 1

ORDER = "0x" + "ab" * 32
FILLED_BODIES: dict[str, dict[str, Any]] = {
    "/v1/clock/advance": {"seconds": 1},
    "/v1/clients": {"name": "x"},
    "/v1/network/currencies": {"currency": "EUR"},
    "/v1/network/committees": {"jurisdiction": 1, "threshold": 1, "treasury": 1, "seats": []},
    "/v1/network/observers": {"threshold": 1, "keys": []},
    "/v1/cash/mint": {"member": 1, "amount": usd(1)},
    "/v1/cash/deposits": {"amount": usd(1)},
    "/v1/cash/withdrawals": {"amount": usd(1)},
    "/v1/orders/{order_id}/acceptances": {},
    "/v1/acts/{act_id}/signatures": {"signature": "0x" + "00" * 65},
    "/v1/loans/{order_id}/draws": {"amount": usd(1)},
    "/v1/loans/{order_id}/repayments": {"amount": usd(1)},
    "/v1/cover/pools": {"amount": usd(1)},
}
WHO = {
    "operator": "operator",
    "buyer": "buyer",
    "supplier": "supplier",
    "funder": "bank",
    "customs": "customs1",
}
WHO |= {"insurer": "insurer", "observer": "observer1"}


def actor_for(method: str, path: str) -> str:
    return next(WHO[role] for role in sorted(ACCESS[method, path]) if role in WHO)


@pytest.mark.parametrize(
    "path", sorted(path for method, path in ACCESS if method == "POST" and path != "/v1/orders")
)
@pytest.mark.parametrize("field", ["status", "limit", "principal_minor"])
def test_t03__unknown_field__is_422_and_named(service: Service, path: str, field: str) -> None:
    body = FILLED_BODIES.get(path, {}) | {field: 1}
    if path == "/v1/lines" and field == "limit":
        field, body = "limits", {"limits": 1}
    url = path.replace("{order_id}", ORDER).replace("{act_id}", "act_0")
    answer = service.ask("POST", url, actor_for("POST", path), body)
    assert answer.status_code == 422, answer.text
    assert any(
        one["field"].endswith(f"/{field}") and "not permitted" in one["reason"]
        for one in answer.json()["errors"]
    )


@pytest.mark.parametrize("place", ["envelope", "terms", "document"])
def test_t03__unknown_field_in_an_order__is_422_and_named(service: Service, place: str) -> None:
    body: dict[str, Any] = {"terms": service.terms(), "document": service.document()}
    part = body if place == "envelope" else body[place]
    part["status"] = "settled"
    answer = service.ask("POST", "/v1/orders", "buyer", body)
    assert answer.status_code == 422
    assert answer.json()["field"].endswith("status")


def raw_request(service: Service, path: str, chunks: list[bytes], headers: str) -> bytes:
    """Send bytes as they are; what came back before the connection ended."""
    address = urlsplit(service.url)
    got = b""
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=20) as connection:
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n"
        connection.sendall(head.encode())
        try:
            for chunk in chunks:
                connection.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            got = b""
        while b"\r\n\r\n" not in got or not got.endswith(b"}"):
            try:
                more = connection.recv(65_536)
            except ConnectionResetError:
                break
            if not more:
                break
            got += more
    return got


def test_t13__100_mb_in_chunks__is_413_with_flat_memory(service: Service) -> None:
    chunk = b"x" * 65_536
    framed = f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n"
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        got = raw_request(
            service, "/v1/orders", [framed] * (100 * 2**20 // len(chunk)), "Transfer-Encoding: chunked\r\n"
        )
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert b" 413 " in got.split(b"\r\n")[0]
    assert b"body_too_large" in got
    assert peak - before < 6 * MOST_BYTES


def test_t13__headers_without_end__are_refused(service: Service) -> None:
    """The bound of 64 KiB is h11's; without one, a client could fill the memory before it named its key."""
    got = raw_request(service, "/v1/orders", [], "X-Long: " + "x" * 200_000 + "\r\nContent-Length: 2\r\n")
    assert b" 400 " in got.split(b"\r\n")[0]


def test_t13__declared_100_mb__is_413_unread(service: Service) -> None:
    got = raw_request(service, "/v1/orders", [], f"Content-Length: {100 * 2**20}\r\n")
    assert b" 413 " in got.split(b"\r\n")[0]


def test_body__exactly_at_the_bound__is_read(service: Service) -> None:
    """The positive beside T13: a large body is refused for what it says, not for its size."""
    padding = " " * (MOST_BYTES - 2)
    headers = {"Authorization": f"Bearer {service.keys['buyer']}", "Idempotency-Key": "k"}
    headers["Content-Type"] = "application/json"
    answer = service.http.post(f"{service.url}/v1/orders", content="{" + padding + "}", headers=headers)
    assert answer.status_code == 422


def send_text(service: Service, path: str, actor: str, text: str, kind: str = "application/json") -> Any:
    headers = {
        "Authorization": f"Bearer {service.keys[actor]}",
        "Idempotency-Key": "some-key",
        "Content-Type": kind,
    }
    return service.http.post(service.url + path, content=text.encode(), headers=headers)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"amount": ' * 60 + "1" + "}" * 60,
        '{"amount": {"value": NaN, "currency": "USD"}}',
        '{"amount": {"value": Infinity, "currency": "USD"}}',
        '{"amount": {"value": 1e3, "currency": "USD"}}',
        '{"amount": {"value": "1e3", "currency": "USD"}}',
        '{"amount": {"value": 10.5, "currency": "USD"}}',
        '{"amount": {"value": "10.50", "currency": "USD"}}',
        '{"amount": {"value": 1050, "currency": "USD"}}',
        '{"amount": {"value": "-5", "currency": "USD"}}',
        '{"amount": {"value": "007", "currency": "USD"}}',
        '{"amount": {"value": "٣", "currency": "USD"}}',
        '{"amount": {"value": "' + "9" * 5_000 + '", "currency": "USD"}}',
        '{"amount": {"value": "72057594037927936", "currency": "USD"}}',
        '{"amount": {"value": ' + "9" * 5_000 + ', "currency": "USD"}}',
        '{"amount": {"value": "1", "currency": "USD"}, "amount": {"value": "2", "currency": "USD"}}',
        "",
        "null",
        "\ufeff{",
    ],
)
def test_t14__awkward_json_or_money__is_4xx(service: Service, text: str) -> None:
    answer = send_text(service, "/v1/cash/deposits", "buyer", text)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_t14__floats_and_huge_numbers_as_counts__are_4xx(service: Service) -> None:
    for seconds in ("1.0", "1e3", "true", '"5"', "0", "-1", str(2**70)):
        answer = send_text(service, "/v1/clock/advance", "operator", f'{{"seconds": {seconds}}}')
        assert answer.status_code == 422, (seconds, answer.text)


def test_t14__2_to_the_53_plus_1__survives_the_round_trip(service: Service) -> None:
    wish = line_wish(service, limit=str(AWKWARD), order_cap=str(AWKWARD))
    act = service.client("bank").post("/v1/lines", wish)
    message = act["typed_data"]["message"]
    assert message["limit"] == str(AWKWARD)
    # Digits as text sign the same as the number does.
    plain = json.loads(json.dumps(act["typed_data"]))
    plain["message"] |= {name: int(message[name]) for name in ("limit", "orderCap", "nonce")}
    assert typed_data.digest(plain) == typed_data.digest(act["typed_data"])
    line = service.done(service.sign("bank", act))
    assert line["kind"] == "publish_line"
    assert AWKWARD in {int(one["limit"]["value"]) for one in service.client("bank").items("/v1/lines")}


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_body__other_content_type__is_415(service: Service, kind: str) -> None:
    assert send_text(service, "/v1/cash/deposits", "buyer", "{}", kind).status_code == 415


def test_t15__packed_body__is_415(service: Service) -> None:
    answer = service.ask("POST", "/v1/cash/deposits", "buyer", {}, Content_Encoding="gzip")
    assert answer.status_code == 415


def test_request__no_such_route_or_method__is_a_problem(service: Service) -> None:
    for method, path, status in (
        ("GET", "/v1/nothing", 404),
        ("DELETE", "/v1/orders", 405),
        ("PUT", "/v1/orders", 405),
    ):
        answer = service.ask(method, path, "buyer")
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


def test_enrolment__wrong_check_digits_or_past_validity__is_422(service: Service) -> None:
    wish = {
        "lei": "HANSE000000000000000",
        "name": "x",
        "account": "0x" + "11" * 20,
        "jurisdiction": COUNTRY,
        "roles": ["buyer"],
        "valid_until": "2090-01-01T00:00:00Z",
    }
    refused = service.ask("POST", "/v1/members", "operator", wish)
    assert (refused.status_code, refused.json()["field"]) == (422, "lei")
    late = service.ask(
        "POST",
        "/v1/members",
        "operator",
        wish | {"lei": lei_of("late"), "valid_until": "2001-01-01T00:00:00Z"},
    )
    assert (late.status_code, late.json()["field"]) == (422, "valid_until")
    known = wish | {"lei": lei_of("buyer")}
    assert service.ask("POST", "/v1/members", "operator", known).status_code == 409


def test_times__without_offset_or_with_fractions__are_422(service: Service) -> None:
    for text in (
        "2030-01-01T00:00:00",
        "2030-01-01T00:00:00.5Z",
        "1960-01-01T00:00:00Z",
        "soon",
        "2030-13-01T00:00:00Z",
    ):
        answer = service.ask("POST", "/v1/lines", "bank", line_wish(service, expires_at=text))
        assert answer.status_code == 422, text
    zoned = service.ask(
        "POST", "/v1/lines", "bank", line_wish(service, expires_at="2030-01-01T01:00:00+01:00")
    )
    assert zoned.json()["typed_data"]["message"]["expiry"] == 1_893_456_000


def test_observation__outside_the_schema__is_422(service: Service) -> None:
    for query in (
        f"peril=0&place={PORT}&day=1",
        f"peril={WIND}&place=vnhph&day=1",
        f"peril={WIND}&place={PORT}",
    ):
        assert service.ask("GET", f"/v1/cover/observations?{query}", "carrier").status_code == 422
