"""Orders: in from JSON and from files, signed, offered on, proved."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from settlement import typed_data
from settlement.merkle import FieldProof, Sibling, verify
from settlement.store.engine import reading
from settlement.store.repositories.documents import find_document
from settlement.wire.client import Refused
from settlement.wire.model import instant_text
from tests.api.service import DAY, Service, address_of, lei_of, line_wish, minor, secret_of, usd


def refusal(service: Service, actor: str, path: str, body: Any) -> tuple[int, str, str | None]:
    answer = service.ask("POST", path, actor, body)
    problem = answer.json()
    return answer.status_code, problem.get("code", ""), problem.get("field")


def test_order__json_envelope__document_kept_as_received(service: Service) -> None:
    """The stored bytes are the very characters that stood in the envelope, odd spacing included."""
    document = json.dumps(service.document(), indent=3).replace('"number":', '"number" :')
    text = f'{{"document" : {document} , "terms": {json.dumps(service.terms())}}}'
    headers = {"Authorization": f"Bearer {service.keys['buyer']}", "Idempotency-Key": "raw-document"}
    headers["Content-Type"] = "application/json"
    order = service.http.post(f"{service.url}/v1/orders", content=text, headers=headers).json()
    assert order["document_sha256"] == hashlib.sha256(document.encode()).hexdigest()
    with reading(service.context.engine) as session:
        stored = find_document(session, order["document_sha256"])
    assert stored is not None
    assert stored.content == document.encode()


def test_p01__same_document_again__is_the_same_order(service: Service) -> None:
    body = {"terms": service.terms(), "document": service.document()}
    first = service.ask("POST", "/v1/orders", "buyer", body)
    second = service.ask("POST", "/v1/orders", "supplier", body)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    assert first.json()["terms_hash"] == second.json()["terms_hash"]


@pytest.mark.parametrize("changed", ["{} ", " {}", "{}/", "00{}", "lower"])
def test_p01__number_written_otherwise__is_the_same_order_and_conflicts(
    service: Service, changed: str
) -> None:
    """I-05 at the door: a blank, a padded, a lower-case number does not make a second order."""
    document = service.document()
    first = service.client("buyer").post("/v1/orders", {"terms": service.terms(), "document": document})
    service.sign("buyer", first["acts"][0])
    again = document["number"].lower() if changed == "lower" else changed.format(document["number"])
    other = service.document(number=again)
    assert refusal(service, "buyer", "/v1/orders", {"terms": service.terms(), "document": other})[:2] == (
        409,
        "order_exists",
    )


def test_order__other_terms_for_the_same_document__conflict(service: Service) -> None:
    document, terms = service.document(), service.terms()
    first = service.client("buyer").post("/v1/orders", {"terms": terms, "document": document})
    service.sign("buyer", first["acts"][0])
    for change in (
        {"duty_cap": "1"},
        {"settle_on": "clearance"},
        {"declarations": [{"number": "26GB1", "lines": []}]},
    ):
        assert (
            refusal(service, "buyer", "/v1/orders", {"terms": terms | change, "document": document})[0] == 409
        )


def test_p02__stranger_to_the_order__may_not_create_it(service: Service) -> None:
    body = {"terms": service.terms(), "document": service.document()}
    assert refusal(service, "other_buyer", "/v1/orders", body)[0] == 403
    assert service.ask("POST", "/v1/orders", "buyer", body).status_code == 201


@pytest.mark.parametrize("role", ["buyer", "supplier"])
def test_order__document_names_another_company__is_422(service: Service, role: str) -> None:
    for party in (
        {"name": role, "identifiers": [{"scheme": "LEI", "value": lei_of("bank")}]},
        {"name": "Somebody Else Ltd"},
    ):
        body = {"terms": service.terms(), "document": service.document(**{role: party})}
        assert refusal(service, "buyer", "/v1/orders", body) == (422, "input_refused", role)
    by_name = service.document(**{role: {"name": f" {role.upper()}. "}})
    assert (
        service.ask(
            "POST", "/v1/orders", "buyer", {"terms": service.terms(), "document": by_name}
        ).status_code
        == 201
    )


def test_order__terms_that_cannot_hold__are_422(service: Service) -> None:
    members = service.members
    for change, field in (
        ({"supplier": members["buyer"]}, "terms/supplier"),
        ({"supplier": members["bank"]}, "terms/supplier"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "terms/expires_at"),
        ({"expires_at": instant_text(service.now() + 731 * DAY)}, "terms/expires_at"),
        ({"declarations": [{"number": "A", "lines": [3]}]}, "terms/declarations"),
        (
            {"declarations": [{"number": "A", "lines": [1]}, {"number": "B", "lines": [1]}]},
            "terms/declarations",
        ),
        (
            {"declarations": [{"number": "A", "lines": [1]}, {"number": "A", "lines": [2]}]},
            "terms/declarations",
        ),
    ):
        body = {"terms": service.terms(**change), "document": service.document()}
        assert refusal(service, "buyer", "/v1/orders", body) == (422, "input_refused", field), change


def test_order__currency_nobody_listed__conflicts(service: Service) -> None:
    yen = {"value": "5000", "currency": "JPY"}
    line = {"id": "1", "quantity": "1", "value": yen}
    body = {"terms": service.terms(), "document": service.document(lines=[line], payable=yen)}
    assert refusal(service, "buyer", "/v1/orders", body)[:2] == (409, "currency_not_listed")


def ubl(number: str) -> bytes:
    """A small UBL 2.1 order between buyer and supplier."""

    def party(role: str, name: str) -> str:
        return (
            f"<cac:{role}><cac:Party><cac:PartyIdentification><cbc:ID schemeID='LEI'>{lei_of(name)}</cbc:ID>"
            f"</cac:PartyIdentification><cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName></cac:Party></cac:{role}>"
        )

    space = "urn:oasis:names:specification:ubl:schema:xsd"
    return (
        f"<Order xmlns='{space}:Order-2' xmlns:cac='{space}:CommonAggregateComponents-2'"
        f" xmlns:cbc='{space}:CommonBasicComponents-2'><cbc:ID>{number}</cbc:ID>"
        "<cbc:IssueDate>2026-03-02</cbc:IssueDate><cbc:DocumentCurrencyCode>USD</cbc:DocumentCurrencyCode>"
        + party("BuyerCustomerParty", "buyer")
        + party("SellerSupplierParty", "supplier")
        + "<cac:AnticipatedMonetaryTotal><cbc:PayableAmount currencyID='USD'>150.00</cbc:PayableAmount>"
        "</cac:AnticipatedMonetaryTotal><cac:OrderLine><cac:LineItem><cbc:ID>1</cbc:ID>"
        "<cbc:Quantity unitCode='C62'>3</cbc:Quantity><cbc:LineExtensionAmount currencyID='USD'>150.00"
        "</cbc:LineExtensionAmount><cac:Item><cbc:Name>lamps</cbc:Name></cac:Item></cac:LineItem></cac:OrderLine></Order>"
    ).encode()


def test_order__ubl_file_as_multipart__is_taken_in_with_its_face(service: Service) -> None:
    raw, terms = ubl("UBL-1"), json.dumps(service.terms())
    order = service.client("supplier").post_file(
        "/v1/orders", raw, "application/xml", terms, name="order.xml"
    )
    assert (order["source"], order["number"], minor(order["face"])) == ("ubl", "UBL1", 150_00)
    assert order["document_sha256"] == hashlib.sha256(raw).hexdigest()
    again = service.client("buyer").post_file("/v1/orders", raw, "application/xml", terms)
    assert again["id"] == order["id"]


def test_t16__order_file_with_a_dtd__is_422(service: Service) -> None:
    raw = b"<!DOCTYPE Order [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + ubl("UBL-2")
    with pytest.raises(Refused) as refused:
        service.client("buyer").post_file("/v1/orders", raw, "application/xml", json.dumps(service.terms()))
    assert refused.value.status == 422
    assert "root:" not in str(refused.value)


def test_order__multipart_without_its_parts__is_422(service: Service) -> None:
    headers = {"Authorization": f"Bearer {service.keys['buyer']}"}
    for number, (files, fields) in enumerate(
        (({}, {"terms": "{}"}), ({"file": b"<Order/>"}, {}), ({"file": b"<Order/>"}, {"terms": "[1.5]"}))
    ):
        answer = service.http.post(
            f"{service.url}/v1/orders",
            files=files or {"other": b""},
            data=fields,
            headers=headers | {"Idempotency-Key": f"parts-{number}"},
        )
        assert answer.status_code == 422, answer.text


def test_signature__of_somebody_else__is_refused(service: Service) -> None:
    """I-20: only an active key of the member that must sign, and only in canonical form, counts."""
    act = service.draft()["acts"][0]
    with pytest.raises(Refused) as stranger:
        service.client("buyer").sign_and_send(act, secret_of("supplier"))
    assert (stranger.value.status, stranger.value.code) == (409, "signer_not_entitled")
    for signature in ("0x" + "11" * 64 + "1b", "0x" + "00" * 65, "0x" + "11" * 64 + "00"):
        answer = service.ask("POST", f"/v1/acts/{act['id']}/signatures", "buyer", {"signature": signature})
        assert answer.status_code == 409, answer.text
    signed = service.sign("buyer", act)
    assert signed["act"]["sign"][0]["is_signed"]
    assert signed["transaction"] is None


def test_o01__high_s_form_of_a_good_signature__is_refused(service: Service) -> None:
    act = service.draft()["acts"][0]
    good = typed_data.sign(act["typed_data"], secret_of("buyer"))
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = (
        good[:32] + (order - int.from_bytes(good[32:64], "big")).to_bytes(32, "big") + bytes([55 - good[64]])
    )
    answer = service.ask(
        "POST", f"/v1/acts/{act['id']}/signatures", "buyer", {"signature": "0x" + high.hex()}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "evidence_error")


def test_acceptance__supplier_first__goes_out_with_the_buyers_signature(service: Service) -> None:
    order = service.draft()
    act = service.client("supplier").post(f"/v1/orders/{order['id']}/acceptances", {})
    assert service.sign("supplier", act)["transaction"] is None
    done = service.done(service.sign("buyer", order["acts"][0]))
    assert done["kind"] == "accept"
    seen = service.order(order["id"])
    assert (seen["phase"], seen["funding"], seen["holder"]) == ("accepted", None, service.members["supplier"])
    assert seen["terms_hash"] == order["terms_hash"]


def test_acceptance__by_the_buyer_or_twice__is_refused(service: Service) -> None:
    order = service.accepted(on_line=False)["id"]
    assert refusal(service, "supplier", f"/v1/orders/{order}/acceptances", {})[:2] == (409, "order_accepted")
    draft = service.draft()["id"]
    for wish in ({"line": 1}, {"version": 1}):
        assert refusal(service, "supplier", f"/v1/orders/{draft}/acceptances", wish)[0] == 422
    for wish in ({"line": 99, "version": 1}, {"line": 1, "version": 9}):
        assert refusal(service, "supplier", f"/v1/orders/{draft}/acceptances", wish)[:2] == (
            409,
            "offer_changed",
        )


def test_offers__cheapest_first_and_only_eligible_ones(service: Service) -> None:
    bank = service.client("bank")
    for change in (
        {"rate_bps": 900},
        {"rate_bps": 300, "order_cap": "1"},
        {"rate_bps": 200, "buyer_lanes": ["green"]},
    ):
        service.done(service.sign("bank", bank.post("/v1/lines", line_wish(service, **change))))
    offers = service.client("supplier").get(f"/v1/orders/{service.draft()['id']}/offers")["items"]
    rates = [offer["rate_bps"] for offer in offers]
    assert rates == sorted(rates)
    assert {300, 200} & set(rates) == set()
    assert {600, 900} <= set(rates)
    cheapest = offers[0]
    assert minor(cheapest["drawable_accepted"]) == 50_000_00
    # 180 days at 6 % on half of 100,000.00: interest of 1,500.00 by actual/360.
    assert (minor(cheapest["cost_estimate"]), cheapest["estimate_days"]) == (1_500_00, 180)
    assert not cheapest["is_committed"]


def test_proof__one_field__verifies_against_the_root_on_chain(service: Service) -> None:
    order = service.accepted(on_line=False, declarations=[{"number": "26GB00001", "lines": [2]}])
    for field, value in (("lines/2/value_minor", "4000000"), ("declarations/1/number", "26GB00001")):
        shown = service.client("supplier").get(f"/v1/orders/{order['id']}/proofs/{field}")
        siblings = tuple(Sibling(bytes.fromhex(one["hash"][2:]), one["is_left"]) for one in shown["siblings"])
        root = bytes.fromhex(order["document_root"][2:])
        proof = FieldProof(shown["field"], shown["value"], bytes.fromhex(shown["salt"][2:]), siblings)
        assert shown["value"] == value
        assert verify(root, proof)
        assert not verify(root, FieldProof(proof.name, value + "0", proof.salt, siblings))
    assert service.ask("GET", f"/v1/orders/{order['id']}/proofs/nothing", "buyer").status_code == 422


def test_basis__lines_add_up_to_the_face(service: Service) -> None:
    order = service.accepted(on_line=False, declarations=[{"number": "26GB00002", "lines": []}])
    basis = service.client("customs1").get(f"/v1/orders/{order['id']}/basis")
    assert sum(minor(line["value"]) for line in basis["lines"]) == minor(basis["face"])
    assert basis["declarations"] == [{"number": "26GB00002", "lines": []}]
    draft = service.draft()["id"]
    assert service.ask("GET", f"/v1/orders/{draft}/basis", "customs1").status_code == 404


def test_order__terms_expired_unaccepted__sent_again_are_renewed(service: Service) -> None:
    """The clock passes the deadline; the same document gets the same order with a new act."""
    body = {"terms": service.terms(), "document": service.document()}
    order = service.client("buyer").post("/v1/orders", body)
    service.client("operator").post("/v1/clock/advance", {"seconds": 8 * DAY})
    with pytest.raises(Refused) as late:
        service.sign("buyer", order["acts"][0])
    assert late.value.code == "act_expired"
    again = service.client("buyer").post("/v1/orders", body)
    assert again["id"] == order["id"]
    assert again["terms_hash"] != order["terms_hash"]
    service.sign("buyer", again["acts"][0])
    act = service.client("supplier").post(f"/v1/orders/{order['id']}/acceptances", {})
    service.done(service.sign("supplier", act))
    assert service.order(order["id"])["phase"] == "accepted"


def test_members__list_in_pages__every_one_once(service: Service) -> None:
    everyone = list(service.client("carrier").items("/v1/members", limit=3))
    assert [one["id"] for one in everyone] == list(range(1, len(service.members) + 1))
    assert {one["account"] for one in everyone} >= {address_of("buyer"), address_of("bank")}
    for query in ("limit=0", "limit=201", "limit=x", "cursor=nonsense"):
        assert service.ask("GET", f"/v1/members?{query}", "carrier").status_code == 422
    assert service.ask("GET", "/v1/members/9999", "carrier").status_code == 404
    orders = list(service.client("operator").items("/v1/orders", limit=2))
    assert len({one["id"] for one in orders}) == len(orders) > 2
    assert usd(0)["currency"] == "USD"


def test_d10__same_number_in_another_year__is_another_order(service: Service) -> None:
    """The fingerprint has the year of issue; other parties under the same number are apart as well."""
    document = service.document()
    other_year = document | {"issued_on": "2025-12-31"}
    parties = {role: {"name": f"other_{role}"} for role in ("buyer", "supplier")}
    terms = {role: service.members[f"other_{role}"] for role in ("buyer", "supplier")}
    ids = {
        service.client("buyer").post("/v1/orders", {"terms": service.terms(), "document": one})["id"]
        for one in (document, other_year)
    }
    wish = {"terms": service.terms(**terms), "document": document | parties}
    ids.add(service.client("other_buyer").post("/v1/orders", wish)["id"])
    assert len(ids) == 3


@pytest.mark.parametrize("name", ["../../etc/passwd", "C:\\windows\\system32", "order\x00.xml", "a" * 500])
def test_t22__file_named_as_a_path__is_stored_by_its_hash(service: Service, name: str) -> None:
    raw = ubl(f"UBL-{hashlib.sha256(name.encode()).hexdigest()[:12]}")
    order = service.client("buyer").post_file(
        "/v1/orders", raw, "text/xml", json.dumps(service.terms()), name=name
    )
    assert order["document_sha256"] == hashlib.sha256(raw).hexdigest()
