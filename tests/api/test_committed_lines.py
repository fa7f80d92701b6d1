"""Lines that set cash aside, published on chain: what the API offers and keeps of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from settlement.chain.messages import message_from_struct
from settlement.ids import LineId, MemberId
from settlement.money import floor_share
from settlement.typed_data import sign, typed_message
from settlement.wire.model import instant_text
from tests.api.service import DAY, Service, line_wish, minor, secret_of, usd

DEAR_BPS = 1_700
"""This file's lines are no other test's cheapest."""


def _publish(service: Service, **changes: Any) -> None:
    """The bank's first line once more, with these terms: no route offers commitments yet."""
    lines, deployment = service.context.chain.lines, service.context.deployment
    plain = {"line": 0, "rate_bps": DEAR_BPS, "deadline": service.now() + DAY}
    terms = replace(lines.terms(LineId(1), 1), **plain | changes)
    typed = typed_message(
        "LineTerms", deployment.chain_id, deployment.credit_lines, message_from_struct(terms)
    )
    service.govern(lines.publish(terms, sign(typed, secret_of("bank"))))


def _offered(service: Service, order: str, rate_bps: int = DEAR_BPS) -> list[dict[str, Any]]:
    offers = service.client("supplier").get(f"/v1/orders/{order}/offers")["items"]
    return [one for one in offers if one["rate_bps"] == rate_bps]


def _free(service: Service, actor: str) -> int:
    usd_number = 840
    return service.context.chain.ledger.balance(usd_number, MemberId(service.members[actor]))


def test_offers__a_committed_line__says_so_with_its_fee_and_sets_the_cash_aside(service: Service) -> None:
    """I-11: what is offered is what acceptance then takes."""
    _publish(service, committed=True, commitment_bps=50, nonce=5_001)
    draft = service.draft()
    (offer,) = _offered(service, draft["id"])
    assert offer["is_committed"]
    # Half a percent of the highest advance on 100,000.00.
    assert offer["commitment_fee"] == usd(400_00)
    # 17 % for 180 days on half of the face by actual/360, and the fee.
    assert minor(offer["cost_estimate"]) == 4_250_00 + 400_00

    free = [_free(service, actor) for actor in ("bank", "supplier")]
    service.sign("buyer", draft["acts"][0])
    wish = {"line": offer["line"], "version": offer["version"]}
    supplier = service.client("supplier")
    service.done(service.sign("supplier", supplier.post(f"/v1/orders/{draft['id']}/acceptances", wish)))
    reserve = floor_share(100_000_00, 8_000, 10_000)
    assert _free(service, "bank") == free[0] - reserve + 400_00
    assert _free(service, "supplier") == free[1] - 400_00
    line = service.client("bank").get(f"/v1/lines/{offer['line']}")
    assert (line["is_committed"], line["commitment_bps"], line["lost"]) == (True, 50, usd(0))

    # A new version by HTTP keeps what the line promised, as the contract wants.
    newer = line_wish(service, line=offer["line"], rate_bps=2_000)
    service.done(service.sign("bank", service.client("bank").post("/v1/lines", newer)))
    seen = service.client("bank").get(f"/v1/lines/{offer['line']}")
    assert (seen["version"], seen["is_committed"], seen["commitment_bps"]) == (2, True, 50)


def test_i11__a_committed_line_whose_funder_lacks_the_cash__is_not_offered(service: Service) -> None:
    """I-11: a committed reserve is backed by cash; an uncommitted one is headroom only."""
    large = {"limit": 30_000_000_00, "order_cap": 30_000_000_00}
    _publish(service, **large, committed=True, nonce=5_002, rate_bps=1_701)
    _publish(service, **large, nonce=5_003, rate_bps=1_702)
    line = {"id": "1", "description": "cranes", "quantity": "1", "unit": "C62", "value": usd(20_000_000_00)}
    document = service.document(lines=[line], payable=usd(20_000_000_00))
    beyond = service.client("buyer").post("/v1/orders", {"terms": service.terms(), "document": document})
    within = service.draft()
    assert _free(service, "bank") < 16_000_000_00
    assert len(_offered(service, within["id"], 1_701)) == len(_offered(service, within["id"], 1_702)) == 1
    assert _offered(service, beyond["id"], 1_701) == []
    (pre_approved,) = _offered(service, beyond["id"], 1_702)
    assert (pre_approved["is_committed"], pre_approved["commitment_fee"]) == (False, usd(0))


def test_offers__an_order_that_outlives_the_lines_longest_days__is_not_offered_it(service: Service) -> None:
    _publish(service, longest_days=100, nonce=5_004, rate_bps=1_703)
    for days, tenor, is_offered in ((99, 0, True), (101, 0, False), (60, 30, True), (60, 50, False)):
        expires_at = instant_text(service.now() + days * DAY)
        order = service.draft(expires_at=expires_at, tenor_days=tenor)["id"]
        assert bool(_offered(service, order, 1_703)) == is_offered, (days, tenor)
