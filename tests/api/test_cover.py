"""Cover over HTTP: capital, a policy that both sign, readings, and a payout that goes to the lender first."""

from __future__ import annotations

from typing import Any

from settlement import typed_data
from settlement.ids import bucket_of, place_bytes
from settlement.wire.model import instant_text
from tests.api.service import (
    DAY,
    OBSERVERS,
    PORT,
    WIND,
    Service,
    minor,
    secret_of,
    usd,
    wait_until,
)


def reading(service: Service, observer: str, day: int, value: int) -> dict[str, Any]:
    """An observer's signed reading."""
    now = service.now()
    network = service.client(observer).get("/v1/network")
    message: dict[str, Any] = {
        "bucket": bucket_of(WIND, place_bytes(PORT), day),
        "answer": typed_data.VALUE_ANSWER,
        "value": value,
        "observedAt": day * DAY + 3_600,
        "deadline": now + 3_600,
    }
    typed = typed_data.typed_message(
        "Observation", network["chain_id"], network["contracts"]["IndexOracle"], message
    )
    return {
        "peril": WIND,
        "place": PORT,
        "day": day,
        "value": value,
        "observed_at": instant_text(message["observedAt"]),
        "deadline_at": instant_text(message["deadline"]),
        "signature": "0x" + typed_data.sign(typed, secret_of(observer)).hex(),
    }


def covered(service: Service) -> tuple[str, str, dict[str, Any]]:
    """An order with a loan and a policy on it."""
    insurer = service.client("insurer")
    service.done(service.sign("insurer", insurer.post("/v1/cover/pools", {"amount": usd(100_000_00)})))
    order = service.accepted()["id"]
    service.draw(order, 20_000_00)
    wish = service.policy_wish(order)
    act = insurer.post("/v1/cover/policies", wish)
    assert service.sign("insurer", act)["transaction"] is None
    service.done(service.sign("supplier", act))
    return order, act["subject"], wish


def test_i25__index_above_attach__pays_the_lender_first_then_the_insured(service: Service) -> None:
    """I-23, I-25: the median of the observers pays once, linear between attach and exhaust."""
    order, policy, wish = covered(service)
    day = wish["first_day"]
    service.client("operator").post("/v1/clock/advance", {"seconds": (day + 1) * DAY + 60 - service.now()})
    early = service.ask(
        "POST", "/v1/cover/observations", "observer1", reading(service, "observer1", day + 1, 400)
    )
    assert early.status_code == 422
    stranger = service.ask(
        "POST", "/v1/cover/observations", "observer1", reading(service, "customs1", day, 400)
    )
    assert (stranger.status_code, stranger.json()["code"]) == (409, "not_a_seat")
    for observer, value in zip(OBSERVERS, (460, 450, 455), strict=True):
        service.done(
            service.client(observer).post(
                "/v1/cover/observations", reading(service, observer, day, value), wait_s=30
            )
        )

    def paid() -> dict[str, Any] | None:
        found = service.client("supplier").get(f"/v1/cover/policies/{policy}")
        return found if found["paid"] else None

    seen = wait_until(paid, "the payout")
    payout = seen["paid"]
    assert payout["index"] == 455
    assert minor(payout["payout"]) == 50_000_00 * (455 - 330) // (500 - 330)
    assert minor(payout["to_loss_payee"]) >= 20_000_00
    assert minor(payout["to_loss_payee"]) + minor(payout["to_insured"]) == minor(payout["payout"])
    assert (seen["is_triggered"], seen["place"], seen["order"]) == (True, PORT, order)
    assert minor(service.client("bank").get(f"/v1/loans/{order}")["principal"]) == 0
    query = f"/v1/cover/observations?peril={WIND}&place={PORT}&day={day}"
    bucket = service.ask("GET", query, "carrier").json()["items"][0]
    assert (bucket["is_fixed"], bucket["median"], len(bucket["observations"])) == (True, 455, 3)


def test_policy__terms_that_cannot_hold__are_refused(service: Service) -> None:
    order = service.accepted()["id"]
    for change, status in (
        ({"insured": service.members["insurer"]}, 404),
        ({"insured": service.members["other_supplier"]}, 404),
        ({"last_day": 1}, 422),
        ({"first_day": 1}, 422),
        ({"attach": 501}, 422),
        ({"attach": 0}, 422),
        ({"sum": "0"}, 422),
        ({"place": "Hai Phong"}, 422),
        ({"order": "0x" + "ab" * 32}, 404),
    ):
        answer = service.ask("POST", "/v1/cover/policies", "insurer", service.policy_wish(order, **change))
        assert answer.status_code == status, (change, answer.text)
    third = service.ask("POST", "/v1/cover/policies", "buyer", service.policy_wish(order))
    assert third.status_code == 403


def test_pools__only_the_insurers_own(service: Service) -> None:
    """I-22: what is locked lies within the capital."""
    insurer = service.client("insurer")
    service.done(service.sign("insurer", insurer.post("/v1/cover/pools", {"amount": usd(1_000_00)})))
    [pool] = list(insurer.items("/v1/cover/pools"))
    assert minor(pool["capital"]) >= max(1_000_00, minor(pool["locked"]))
    assert list(service.client("other_insurer").items("/v1/cover/pools")) == []
