"""One trade through HTTP, from two signatures to settled cash."""

from __future__ import annotations

from tests.api.service import Service, minor


def test_trade__released_by_k_of_n__lender_first_then_supplier(service: Service) -> None:
    """I-07, I-14, I-15, I-17: one settlement, in the attesting transaction."""
    order = service.accepted()
    assert order["phase"] == "accepted"
    drawn = service.draw(order["id"], 50_000_00)
    first = service.hand_in("customs1", service.state(order["id"]))
    assert first["transaction"] is None
    assert service.order(order["id"])["phase"] == "accepted"

    second = service.hand_in("customs2", service.state(order["id"]))
    attested = service.done(second)
    seen = service.order(order["id"], "supplier")
    assert seen["phase"] == "settled"
    assert (minor(seen["paid"]), minor(seen["open"])) == (100_000_00, 0)
    assert minor(seen["drawn"]) == 50_000_00
    [paid] = seen["settlements"]
    assert minor(paid["buyer_debited"]) == 100_000_00
    assert minor(paid["to_funder"]) == 50_000_00 + minor(seen["interest_paid"])
    assert minor(paid["to_funder"]) + minor(paid["to_holder"]) == 100_000_00
    by_verb = {row["verb"]: row for row in seen["evidence"]}
    assert by_verb["draw"]["hash"] == drawn["hash"]
    assert by_verb["settle"]["hash"] == attested["hash"] == paid["hash"]
    assert all(row["gas_used"] > 0 for row in by_verb.values())
