"""An order's number belongs to its parties: what nobody is bound to gives way (P02)."""

from __future__ import annotations

from typing import Any

from tests.api.service import DAY, Service, minor, usd

WEEK_AND_A_BIT = 8 * DAY


def body(service: Service, document: dict[str, Any], **terms: Any) -> dict[str, Any]:
    return {"terms": service.terms(**terms), "document": document}


def send(service: Service, actor: str, wish: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    answer = service.ask("POST", "/v1/orders", actor, wish)
    return answer.status_code, answer.json()


def signing(service: Service, actor: str, act: dict[str, Any]) -> tuple[int, str]:
    """The status and code of a signature under an act, made anyhow."""
    wish = {"signature": "0x" + "11" * 64 + "1b"}
    answer = service.ask("POST", f"/v1/acts/{act['id']}/signatures", actor, wish)
    return answer.status_code, answer.json().get("code", "")


def test_p02__supplier_sent_the_buyers_number_first__the_buyers_order_replaces_it(service: Service) -> None:
    """Even a supplier that accepted its own wrong terms at once keeps nobody from the number."""
    document = service.document()
    _, wrong = send(service, "supplier", body(service, document, tenor_days=0, duty_cap="77"))
    early = service.client("supplier").post(f"/v1/orders/{wrong['id']}/acceptances", {})
    service.sign("supplier", early)

    status, right = send(service, "buyer", body(service, document, late_bps=400))
    assert (status, right["id"], right["late_bps"]) == (201, wrong["id"], 400)
    assert minor(right["duty_cap"]) == 0
    assert right["document_root"] != wrong["document_root"]
    assert signing(service, "buyer", wrong["acts"][0]) == (409, "act_replaced")
    assert signing(service, "supplier", early) == (409, "act_replaced")

    [act] = right["acts"]
    service.sign("buyer", act)
    acceptance = service.client("supplier").post(f"/v1/orders/{right['id']}/acceptances", {})
    service.done(service.sign("supplier", acceptance))
    seen = service.order(right["id"])
    assert (seen["phase"], seen["document_root"]) == ("accepted", right["document_root"])
    assert (
        service.client("buyer").get(f"/v1/orders/{right['id']}/proofs/number")["root"]
        == right["document_root"]
    )


def test_p02__buyer_mistyped__its_second_document_replaces_the_first(service: Service) -> None:
    document = service.document()
    _, first = send(service, "buyer", body(service, document))
    lines = [document["lines"][0] | {"value": usd(50_000_00)}]
    status, second = send(
        service, "buyer", body(service, document | {"lines": lines, "payable": usd(50_000_00)})
    )
    assert (status, second["id"], minor(second["face"])) == (201, first["id"], 50_000_00)
    assert service.client("buyer").get(f"/v1/acts/{first['acts'][0]['id']}")["state"] == "replaced"


def test_p02__supplier__replaces_its_own_draft_and_never_the_buyers(service: Service) -> None:
    document = service.document()
    send(service, "supplier", body(service, document))
    status, own = send(service, "supplier", body(service, document, late_bps=300))
    assert (status, own["late_bps"]) == (201, 300)
    send(service, "buyer", body(service, document, late_bps=200))
    status, refused = send(service, "supplier", body(service, document, late_bps=300))
    assert (status, refused["code"]) == (409, "order_exists")
    assert "ask the buyer" in refused["detail"]
    assert service.order(own["id"])["late_bps"] == 200


def test_p02__signed_by_the_buyer__binds_until_its_time_is_over(service: Service) -> None:
    document = service.document()
    _, signed = send(service, "buyer", body(service, document))
    service.sign("buyer", signed["acts"][0])
    for actor in ("buyer", "supplier"):
        status, refused = send(service, actor, body(service, document, late_bps=100))
        assert (status, refused["code"]) == (409, "order_exists")
    service.client("operator").post("/v1/clock/advance", {"seconds": WEEK_AND_A_BIT})
    status, renewed = send(service, "supplier", body(service, document, late_bps=100))
    assert (status, renewed["id"], renewed["late_bps"]) == (201, signed["id"], 100)
    assert service.client("buyer").get(f"/v1/acts/{signed['acts'][0]['id']}")["state"] == "replaced"


def test_p02__accepted_order__is_never_replaced(service: Service) -> None:
    """I-05: not by other terms, and not when the terms' time to be signed is long over."""
    document = service.document()
    _, order = send(service, "buyer", body(service, document))
    service.sign("buyer", order["acts"][0])
    acceptance = service.client("supplier").post(f"/v1/orders/{order['id']}/acceptances", {})
    service.done(service.sign("supplier", acceptance))
    service.client("operator").post("/v1/clock/advance", {"seconds": WEEK_AND_A_BIT})
    status, refused = send(service, "buyer", body(service, document, late_bps=100))
    assert (status, refused["code"]) == (409, "order_exists")
    assert service.order(order["id"])["document_root"] == order["document_root"]
