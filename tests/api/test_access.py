"""Who gets through which door, and what lies behind it for whom."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi import FastAPI

from api.access import ACCESS, PUBLIC
from api.app import create_app
from api.dependencies import CallerHere
from settlement.errors import NotFound, NotPermitted
from settlement.ids import MemberId
from settlement.use_cases.caller import Caller
from settlement.use_cases.read_basis import read_basis, read_proof
from tests.api.service import COUNTRY, PORT, WIND, Service, served, usd

ROLES = {
    "operator": "operator",
    "buyer": "other_buyer",
    "supplier": "other_supplier",
    "funder": "other_bank",
    "customs": "other_customs",
    "insurer": "other_insurer",
    "observer": "observer1",
    "carrier": "carrier",
    "arbiter": "arbiter",
    "auditor": "auditor",
}
"""A client of each role; those who trade are party to nothing."""

NOBODYS = "0x" + "ab" * 32
FILLED = {
    "{order_id}": NOBODYS,
    "{act_id}": "act_0",
    "{transaction_id}": "int_0",
    "{policy_id}": NOBODYS,
    "{member_id}": "1",
    "{line_id}": "999",
    "{field:path}": "number",
}


def filled(path: str) -> str:
    for placeholder, value in FILLED.items():
        path = path.replace(placeholder, value)
    return path


def served_routes(app: FastAPI) -> set[tuple[str, str]]:
    paths: dict[str, Any] = app.openapi()["paths"]
    return {(method.upper(), path) for path, operations in paths.items() for method in operations}


def test_t01__every_served_route__is_in_the_table(service: Service) -> None:
    listed = {(method, path.replace(":path", "")) for method, path in ACCESS}
    assert served_routes(create_app(service.context)) == listed


@pytest.mark.parametrize(("method", "path"), sorted(ACCESS), ids=str)
def test_t01__route_by_role__opens_to_the_listed_ones_only(service: Service, method: str, path: str) -> None:
    allowed = ACCESS[method, path]
    anonymous = service.ask(method, filled(path), None, {})
    if allowed == PUBLIC:
        assert anonymous.status_code == 200
        return
    assert anonymous.status_code == 401
    assert anonymous.headers["content-type"] == "application/problem+json"
    assert anonymous.headers["www-authenticate"] == "Bearer"
    for role, actor in ROLES.items():
        answer = service.ask(method, filled(path), actor, {})
        is_stopped = answer.status_code == 403 and answer.json()["code"] == "route_not_open"
        assert is_stopped == (role not in allowed), (role, answer.text)


def test_t01__route_that_nobody_listed__serves_nobody(service: Service) -> None:
    app = create_app(service.context)

    @app.get("/v1/secrets")
    def get_secrets(_caller: CallerHere) -> str:
        return "a secret"

    with served(service.context, app) as url:
        headers = {"Authorization": f"Bearer {service.keys['operator']}"}
        assert service.http.get(f"{url}/v1/secrets", headers=headers).status_code == 403


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer hk_", "Basic aGs6", "Bearer hk_" + "A" * 43, "hk_" + "A" * 43]
)
def test_authentication__key_that_nobody_has__is_401(service: Service, header: str) -> None:
    answer = service.ask("GET", "/v1/orders", Authorization=header)
    assert answer.status_code == 401
    assert "A" * 43 not in answer.text


def known_ids(service: Service) -> dict[str, str]:
    """Ids of a trade of buyer, supplier and bank, with cover and a customs state."""
    order = service.accepted()
    drawn = service.draw(order["id"], 10_000_00)
    act = service.client("insurer").post("/v1/cover/policies", service.policy_wish(order["id"]))
    service.hand_in("customs1", service.state(order["id"], hold=True))
    return {
        "{order_id}": order["id"],
        "{act_id}": order["acts"][0]["id"],
        "{transaction_id}": next(row["transaction"] for row in order["evidence"] if row["verb"] == "accept"),
        "{line_id}": str(service.order(order["id"], "supplier")["funding"]["line"]),
        "{policy_id}": act["subject"],
        "{field:path}": "number",
        "policy_act": act["id"],
        "draw": drawn["id"],
    }


def test_t02__every_id_of_one_member__is_404_to_another(service: Service) -> None:
    """Whoever is party to nothing learns of nothing, not even that it is there."""
    ids = known_ids(service)
    strangers = {role: actor for role, actor in ROLES.items() if role not in {"operator", "auditor"}}
    asked = 0
    for method, path in sorted(ACCESS):
        if "{" not in path or "{member_id}" in path or method != "GET":
            continue
        own = path
        for placeholder, value in ids.items():
            own = own.replace(placeholder, value)
        for role in ACCESS[method, path] & set(strangers):
            answer = service.ask(method, own, strangers[role])
            assert answer.status_code == 404, (own, role, answer.text)
            asked += 1
    for role, actor in strangers.items():
        for query in (
            f"/v1/clearance/attestations?order={ids['{order_id}']}",
            f"/v1/settlements?order={ids['{order_id}']}",
        ):
            assert service.ask("GET", query, actor).status_code == 404, (query, role)
        for own in (ids["policy_act"], ids["{act_id}"]):
            assert service.ask("GET", f"/v1/acts/{own}", actor).status_code == 404
    assert asked > 20


def test_t02__lists_of_a_stranger__hold_nothing_of_the_others(service: Service) -> None:
    ids = known_ids(service)
    for path in (
        "orders",
        "receivables",
        "loans",
        "lines",
        "settlements",
        "cover/policies",
        "cover/pools",
        "cash/accounts",
    ):
        for role in ACCESS["GET", f"/v1/{path}"] - {"operator", "auditor"}:
            answer = service.ask("GET", f"/v1/{path}", ROLES[role])
            assert answer.json()["items"] == [], (path, role)
    seen = {row["id"] for row in service.client("supplier").items("/v1/orders")}
    assert ids["{order_id}"] in seen


def test_t02__writes_to_anothers_id__are_404(service: Service) -> None:
    ids = known_ids(service)
    order = ids["{order_id}"]
    signature = {"signature": "0x" + "11" * 64 + "1b"}
    for actor, path, body in (
        ("other_supplier", f"/v1/orders/{order}/acceptances", {}),
        ("other_supplier", f"/v1/loans/{order}/draws", {"amount": usd(1)}),
        ("other_buyer", f"/v1/loans/{order}/repayments", {"amount": usd(1)}),
        ("other_buyer", f"/v1/acts/{ids['{act_id}']}/signatures", signature),
        ("other_insurer", f"/v1/acts/{ids['policy_act']}/signatures", signature),
        (
            "other_customs",
            "/v1/clearance/attestations",
            service.attestation("other_customs", service.state(order)),
        ),
    ):
        answer = service.ask("POST", path, actor, body)
        assert answer.status_code == 404, (path, answer.text)


def test_visibility__parties_of_an_order__each_see_what_concerns_them(service: Service) -> None:
    """The positive beside T02: buyer, supplier, bank and customs see the order; only borrower and lender the loan."""
    order = service.accepted()["id"]
    for actor in ("buyer", "supplier", "bank", "customs1", "operator", "auditor"):
        assert service.order(order, actor)["id"] == order
    assert service.client("supplier").get(f"/v1/loans/{order}")["funder"] == service.members["bank"]
    assert service.client("bank").get(f"/v1/loans/{order}")["id"] == order
    assert service.client("customs1").get(f"/v1/orders/{order}/basis")["jurisdiction"] == COUNTRY
    assert service.order(order, "bank")["acts"] == []
    assert len(service.order(order, "buyer")["acts"]) == 2
    bucket = service.client("carrier").get("/v1/cover/observations", peril=WIND, place=PORT, day=20_000)[
        "items"
    ][0]
    assert bucket["is_fixed"] is False


def test_t02__what_was_lent_on_an_order__is_shown_to_borrower_and_lender_only(service: Service) -> None:
    order = service.accepted()["id"]
    drawn = service.draw(order, 10_000_00)
    lent = (
        "drawn",
        "fees",
        "outstanding",
        "interest_paid",
        "recovered_from_supplier",
        "funding",
        "maturity_at",
    )
    for actor in ("supplier", "bank", "operator", "auditor"):
        seen = service.order(order, actor)
        assert seen["drawn"] == usd(10_000_00), actor
        assert None not in [seen[name] for name in lent]
        assert {row["verb"] for row in seen["evidence"]} == {"accept", "draw"}
        assert service.ask("GET", f"/v1/transactions/{drawn['id']}", actor).status_code == 200
    capital = service.client("insurer").post("/v1/cover/pools", {"amount": usd(50_000_00)})
    service.done(service.sign("insurer", capital))
    insured = service.client("insurer").post("/v1/cover/policies", service.policy_wish(order))
    service.sign("insurer", insured)
    service.done(service.sign("supplier", insured))
    for actor in ("buyer", "customs1", "insurer"):
        seen = service.order(order, actor)
        assert [seen[name] for name in lent] == [None] * len(lent), actor
        assert {row["verb"] for row in seen["evidence"]} == {"accept"}
        assert drawn["hash"] not in str(seen)
        assert service.ask("GET", f"/v1/transactions/{drawn['id']}", actor).status_code == 404


def test_t02__document_fields__are_for_the_orders_buyer_and_supplier_whatever_else_one_is(
    service: Service,
) -> None:
    """A bank or customs office may hold the role of a buyer too: in other orders."""
    order = service.accepted()["id"]
    with service.context.reading() as session:
        for actor in ("buyer", "supplier"):
            assert read_proof(session, _many_roles(service, actor), order, "number").field == "number"
        for actor in ("bank", "customs1"):
            with pytest.raises(NotPermitted):
                read_proof(session, _many_roles(service, actor), order, "number")
        assert read_basis(session, _many_roles(service, "customs1"), order).order == order
        for actor in ("bank", "buyer"):
            with pytest.raises(NotFound):
                read_basis(session, _many_roles(service, actor), order)


def _many_roles(service: Service, actor: str) -> Caller:
    member = MemberId(service.members[actor])
    return Caller("cli_test", actor, member, frozenset({"buyer", "supplier", "funder", "customs"}))
