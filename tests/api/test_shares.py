"""Orders that were split or guaranteed on chain: who sees them over HTTP, and what they are told of the whole."""

from __future__ import annotations

from settlement.chain.abi import Call
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Assignment, Split, Undertaking
from settlement.chain.messages import message_from_struct
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import id_from_text
from settlement.typed_data import sign, typed_message
from tests.api.service import COUNTRY, DAY, Service, minor, secret_of, usd, wait_until


def _signed(service: Service, actor: str, struct: object) -> bytes:
    deployment = service.context.deployment
    typed = typed_message(
        type(struct).__name__, deployment.chain_id, deployment.receivables, message_from_struct(struct)
    )
    return sign(typed, secret_of(actor))


def _on_chain(service: Service, order: str, call: Call[None]) -> None:
    # No route sends these yet, so they have no kind of their own.
    at = service.context.deployment.receivables
    service.govern(Wanted(Kind.SETTLE, order, at, call.data, occasion=call.data[:4].hex()))


def _split(service: Service, order: str, *faces: int) -> None:
    holders = (service.members["bank"],) * len(faces)
    request = Split(id_from_text(order), service.members["supplier"], 1, holders, faces, service.now() + DAY)
    _on_chain(service, order, Receivables.split(request, _signed(service, "supplier", request)))


def test_t02__the_holder_of_a_share__sees_the_order_and_a_former_one_does_not(service: Service) -> None:
    order = service.accepted(on_line=False)["id"]
    assert service.ask("GET", f"/v1/orders/{order}", "bank").status_code == 404
    _split(service, order, 20_000_00)
    assert service.order(order, "bank")["id"] == order
    assert service.client("bank").get(f"/v1/receivables/{order}")["holder"] == service.members["supplier"]
    assert service.order(order, "bank")["drawn"] is None
    sale = Assignment(
        id_from_text(order) | 1,
        service.members["bank"],
        service.members["supplier"],
        20_000_00,
        91,
        service.now() + DAY,
    )
    _on_chain(service, order, Receivables.assign(sale, _signed(service, "bank", sale)))
    assert service.ask("GET", f"/v1/orders/{order}", "bank").status_code == 404
    assert service.order(order, "supplier")["id"] == order


def test_orders__one_that_was_split__is_told_as_a_whole(service: Service) -> None:
    """I-07: customs, buyer and holders speak of the same face; the order's own leaf is the receivable's."""
    order = service.accepted(on_line=False)["id"]
    _split(service, order, 20_000_00, 5_000_00)
    assert service.order(order)["face"] == usd(100_000_00)
    assert service.client("customs1").get(f"/v1/orders/{order}/basis")["face"] == usd(100_000_00)
    assert service.client("bank").get(f"/v1/receivables/{order}")["face"] == usd(75_000_00)

    half = service.state(order, released=str(50_000_00))
    service.hand_in("customs1", half)
    service.done(service.hand_in("customs2", half))
    seen = service.order(order)
    assert (minor(seen["paid"]), minor(seen["open"])) == (50_000_00, 50_000_00)
    (row,) = [one for one in service.client("buyer").items("/v1/orders") if one["id"] == order]
    assert (row["face"], row["paid"]) == (usd(100_000_00), usd(50_000_00))
    assert service.client("bank").get(f"/v1/receivables/{order}")["paid"] == usd(37_500_00)


def test_t02__a_guarantor__sees_the_order_while_its_cash_stands_behind_it(service: Service) -> None:
    order = service.accepted(on_line=False)["id"]
    assert service.ask("GET", f"/v1/orders/{order}", "bank").status_code == 404
    now = service.now()
    pledge = Undertaking(
        id_from_text(order), service.members["bank"], 1_000_00, 0, now + 400 * DAY, 92, now + DAY
    )
    _on_chain(service, order, Receivables.undertake(pledge, _signed(service, "bank", pledge)))
    assert service.order(order, "bank")["jurisdiction"] == COUNTRY
    released = service.state(order)
    service.hand_in("customs1", released)
    service.done(service.hand_in("customs2", released))
    # Paid in full by the buyer: the keeper gives the cash back, and the bank is party no more.
    wait_until(
        lambda: service.ask("GET", f"/v1/orders/{order}", "bank").status_code == 404 or None, "its return"
    )
