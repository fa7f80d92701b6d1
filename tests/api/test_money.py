"""Cash, lines, draws and repayments over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from settlement import typed_data
from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import KeyGrant, KeyRevocation
from settlement.chain.messages import message_from_struct
from settlement.ids import MemberId
from settlement.wire.client import Refused
from settlement.wire.words import DRAW
from tests.api.service import CUSTOMS, DAY, Service, address_of, line_wish, minor, secret_of, usd


def free_cash(service: Service, actor: str) -> int:
    rows = service.client(actor).items("/v1/cash/accounts")
    return sum(
        minor(row["balance"])
        for row in rows
        if row["kind"] == "member" and row["balance"]["currency"] == "USD"
    )


def signed(service: Service, struct: object, *actors: str) -> list[bytes]:
    """The actors' signatures over a struct for the network's contract."""
    at, message = service.context.chain.network.address, message_from_struct(struct)
    typed = typed_data.typed_message(type(struct).__name__, 31337, at, message)
    return [typed_data.sign(typed, secret_of(actor)) for actor in actors]


def code_of(service: Service, actor: str, path: str, body: Any) -> tuple[int, str]:
    answer = service.ask("POST", path, actor, body)
    return answer.status_code, str(answer.json().get("code"))


def test_deposit__needs_the_accounts_own_signature(service: Service) -> None:
    """I-02: a permit of any other key moves nothing."""
    before = free_cash(service, "buyer")
    service.done(
        service.client("operator").post(
            "/v1/cash/mint", {"member": service.members["buyer"], "amount": usd(70_00)}, wait_s=30
        )
    )
    act = service.client("buyer").post("/v1/cash/deposits", {"amount": usd(70_00)})
    assert act["sign"][0]["account"] == address_of("buyer")
    with pytest.raises(Refused) as wrong:
        service.client("buyer").sign_and_send(act, secret_of("bank"))
    assert wrong.value.code == "signer_not_entitled"
    service.done(service.sign("buyer", act))
    assert free_cash(service, "buyer") == before + 70_00


def test_deposit__account_without_tokens__fails_with_a_reason(service: Service) -> None:
    act = service.client("other_bank").post("/v1/cash/deposits", {"amount": usd(1_00)})
    failed = service.sign("other_bank", act)["transaction"]
    assert failed["state"] == "failed"
    assert failed["error"]["message"]
    assert service.client("other_bank").get(f"/v1/transactions/{failed['id']}") == failed


def test_withdrawal__takes_free_cash_out_once(service: Service) -> None:
    """I-03: its own signature is enough; the same act signed again is the same transaction."""
    before = free_cash(service, "supplier")
    act = service.client("supplier").post("/v1/cash/withdrawals", {"amount": usd(25_00)})
    first, second = service.sign("supplier", act), service.sign("supplier", act)
    assert service.done(first) == service.done(second)
    assert free_cash(service, "supplier") == before - 25_00


def test_amounts__of_nothing_or_unlisted__are_refused(service: Service) -> None:
    assert code_of(service, "buyer", "/v1/cash/withdrawals", {"amount": usd(0)})[0] == 422
    euros = {"amount": {"value": "5", "currency": "EUR"}}
    assert code_of(service, "buyer", "/v1/cash/deposits", euros)[0] == 404
    assert (
        code_of(service, "buyer", "/v1/cash/deposits", {"amount": {"value": "5", "currency": "XXX"}})[0]
        == 422
    )
    assert code_of(service, "operator", "/v1/network/currencies", {"currency": "USD"}) == (
        409,
        "currency_listed",
    )
    assert code_of(service, "operator", "/v1/cash/mint", {"member": 9_999, "amount": usd(1)})[0] == 404


def test_line__new_version__belongs_to_its_funder_only(service: Service) -> None:
    bank = service.client("bank")
    service.done(service.sign("bank", bank.post("/v1/lines", line_wish(service, rate_bps=1_500))))
    line = next(one for one in bank.items("/v1/lines") if one["rate_bps"] == 1_500)
    assert code_of(service, "other_bank", "/v1/lines", line_wish(service, line=line["id"]))[0] == 404
    act = bank.post("/v1/lines", line_wish(service, line=line["id"], rate_bps=1_600))
    service.done(service.sign("bank", act))
    seen = bank.get(f"/v1/lines/{line['id']}")
    assert (seen["version"], seen["rate_bps"]) == (2, 1_600)


def test_line__terms_that_contradict_themselves__are_422(service: Service) -> None:
    changes: tuple[dict[str, Any], ...] = (
        {"advance_accepted_bps": 9_000},
        {"advance_released_bps": 10_001},
        {"expires_at": "2001-01-01T00:00:00Z"},
        {"buyer_lanes": []},
        {"buyer_lanes": ["blue"]},
        {"currency": "usd"},
    )
    for change in changes:
        assert code_of(service, "bank", "/v1/lines", line_wish(service, **change))[0] == 422, change


def test_p03__draw__up_to_the_advance_of_the_phase(service: Service) -> None:
    """I-10: half when accepted; more is refused in words; the second draw takes the rest."""
    order = service.accepted()["id"]
    path = f"/v1/loans/{order}/draws"
    answer = service.ask("POST", path, "supplier", {"amount": usd(50_000_01)})
    assert (answer.status_code, answer.json()["code"]) == (409, "advance_exceeded")
    assert "5000000" in answer.json()["detail"]
    service.draw(order, 30_000_00)
    loan = service.client("supplier").get(f"/v1/loans/{order}")
    assert (minor(loan["drawn"]), minor(loan["drawable"])) == (30_000_00, 20_000_00)
    service.draw(order, 20_000_00)
    loan = service.client("bank").get(f"/v1/loans/{order}")
    assert [one["index"] for one in loan["draws"]] == [0, 1]
    assert (minor(loan["principal"]), minor(loan["drawable"])) == (50_000_00, 0)
    assert loan["maturity_at"] is not None


def test_p04__draw_in_another_currency_or_without_a_line__is_refused(service: Service) -> None:
    lent, plain = service.accepted()["id"], service.accepted(on_line=False)["id"]
    euros = {"amount": {"value": "5", "currency": "EUR"}}
    assert code_of(service, "supplier", f"/v1/loans/{lent}/draws", euros)[0] == 422
    assert code_of(service, "supplier", f"/v1/loans/{plain}/draws", {"amount": usd(5)})[0] == 404
    assert service.ask("GET", f"/v1/loans/{plain}", "supplier").status_code == 404


def test_p23__repayment_above_what_is_owed__takes_no_more(service: Service) -> None:
    """I-13, I-16: thirty days at 6 % on 50,000.00, and not a cent beyond."""
    order = service.accepted()["id"]
    service.draw(order, 50_000_00)
    service.client("operator").post("/v1/clock/advance", {"seconds": 30 * DAY})
    owed = service.client("supplier").get(f"/v1/loans/{order}")
    assert 250_00 <= minor(owed["interest_due"]) <= 251_00
    before = free_cash(service, "supplier")
    act = service.client("supplier").post(f"/v1/loans/{order}/repayments", {"amount": usd(80_000_00)})
    service.done(service.sign("supplier", act))
    loan = service.client("supplier").get(f"/v1/loans/{order}")
    [paid] = loan["repayments"]
    assert (paid["source"], paid["payer"]) == ("repayment", service.members["supplier"])
    assert minor(paid["principal"]) == 50_000_00
    assert before - free_cash(service, "supplier") == minor(paid["interest"]) + minor(paid["principal"])
    assert (minor(loan["principal"]), loan["draws_closed"]) == (0, True)
    assert minor(service.order(order, "supplier")["outstanding"]) == 0


def test_i28__refused_goods__loan_falls_due_from_the_supplier_who_is_told_why(service: Service) -> None:
    """Customs refuse: nothing is paid by the buyer; the keeper takes the loan from the supplier's free cash."""
    order = service.accepted()["id"]
    service.draw(order, 40_000_00)
    state = service.state(order, phase="accepted", refused=True, released="0")
    service.hand_in(CUSTOMS[0], state)
    service.done(service.hand_in(CUSTOMS[1], state))
    seen = service.order(order, "supplier")
    assert (seen["phase"], minor(seen["paid"]), seen["settlements"]) == ("refused", 0, [])
    assert "supplier" in seen["reason"]
    loan = service.client("supplier").get(f"/v1/loans/{order}")
    assert loan["reason"] == seen["reason"]


def test_clock__moves_forward_only(service: Service) -> None:
    before = service.now()
    service.client("operator").post("/v1/clock/advance", {"seconds": 3_600})
    assert service.now() >= before + 3_600
    assert code_of(service, "operator", "/v1/clock/advance", {"seconds": -1})[0] == 422


def test_d15__supplier_suspended_in_mid_loan__draws_no_more(service: Service) -> None:
    """I-28: standing is checked at the draw again; what was lent before stays as it is."""
    order = service.accepted()["id"]
    service.draw(order, 10_000_00)
    set_status(service, "supplier", Status.SUSPENDED)
    try:
        answer = service.ask("POST", f"/v1/loans/{order}/draws", "supplier", {"amount": usd(10_000_00)})
        if answer.status_code == 201:
            failed = service.sign("supplier", answer.json())["transaction"]
            assert (failed["state"], failed["error"]["code"]) == ("failed", "not_in_good_standing")
        assert minor(service.order(order, "supplier")["drawn"]) == 10_000_00
    finally:
        set_status(service, "supplier", Status.ACTIVE)
    service.draw(order, 10_000_00)
    assert minor(service.order(order, "supplier")["drawn"]) == 20_000_00


def set_status(service: Service, actor: str, status: Status) -> None:
    """Suspend or reactivate a member."""
    member = MemberId(service.members[actor])
    service.govern(service.context.chain.network.set_status(member, status, occasion=str(service.now())))


def test_i20__key_revoked_or_without_the_scope__signs_nothing(service: Service) -> None:
    """I-20: a second key may draw; it may not sign orders, and once revoked it may not draw either."""
    network, member = service.context.chain.network, MemberId(service.members["supplier"])
    spare, address = secret_of("spare"), address_of("spare")
    order = service.accepted()["id"]
    supplier = service.client("supplier")

    def draw() -> dict[str, Any]:
        act = supplier.post(f"/v1/loans/{order}/draws", {"amount": usd(1_000_00)})
        return supplier.sign_and_send(act, spare)

    with pytest.raises(Refused) as unknown:
        draw()
    grant = KeyGrant(member, address, DRAW, 10_000_000_00, 1, service.now() + 3600)
    service.govern(network.grant_key(grant, *signed(service, grant, "supplier", "spare")))
    service.done(draw())
    acceptance = supplier.post(f"/v1/orders/{service.draft()['id']}/acceptances", {})
    with pytest.raises(Refused) as narrow:
        supplier.sign_and_send(acceptance, spare)
    revocation = KeyRevocation(member, address, 2, service.now() + 3600)
    service.govern(network.revoke_key(revocation, *signed(service, revocation, "supplier")))
    with pytest.raises(Refused) as revoked:
        draw()
    assert {one.value.code for one in (unknown, narrow, revoked)} == {"signer_not_entitled"}
