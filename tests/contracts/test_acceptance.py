"""Receivables.accept: two signatures, one fingerprint, one receivable, one reserve."""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from settlement.chain.bindings import errors
from settlement.chain.bindings.cash_ledger import Moved
from settlement.chain.bindings.credit_lines import LineUsed, Reserved
from settlement.chain.bindings.enums import FundBy, Phase, SettleOn, Status
from settlement.chain.bindings.receivables import Accepted, Funded, Receivables, Transfer
from settlement.chain.bindings.structs import Acceptance, PurchaseOrder
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.typed_data import struct_hash as typed_struct_hash
from settlement.typed_data import typed_message
from tests.contracts.harness import CHAIN_ID, NOBODY, Reverted, reverts, signer
from tests.contracts.harness.signers import struct_hash
from tests.contracts.world import BUYER, COUNTRY, DAY, USD, YEAR, World

SPARE = signer(30)
HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def signatures(world: World, order: PurchaseOrder, acceptance: Acceptance) -> tuple[bytes, bytes]:
    return (
        world.sign("buyer", "Receivables", order),
        world.sign("supplier", "Receivables", acceptance),
    )


def send(world: World, order: PurchaseOrder, acceptance: Acceptance, buyer: bytes, supplier: bytes) -> int:
    return int(world.send("Receivables", Receivables.accept(order, acceptance, buyer, supplier)).value)


def other_s(signature: bytes) -> bytes:
    """The same signature's other form."""
    s = CURVE_ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])


def test_accept__both_signed__is_a_receivable_of_the_supplier(world: World) -> None:
    order = world.order()
    done = world.accept(order)
    buyer_lei, supplier_lei = (keccak(text=f"LEI OF {name}")[:20] for name in ("buyer", "supplier"))
    words = (buyer_lei.ljust(32, b"\0"), supplier_lei.ljust(32, b"\0"), keccak(text=order.number), order.year)
    hashed = int.from_bytes(keccak(encode(("bytes32", "bytes32", "bytes32", "uint16"), words)), "big")
    expected = hashed & ~0xFF
    assert done.value == expected
    call = Receivables.fingerprint(buyer_lei, supplier_lei, order.number, order.year)
    assert world.view("Receivables", call) == expected
    hash_ = struct_hash(order)
    assert world.view("Receivables", Receivables.terms_hash(order)) == hash_
    told = done.one(Accepted)
    assert (told.order, told.buyer, told.supplier) == (expected, order.buyer, order.supplier)
    assert (told.terms_hash, told.terms, told.line, told.version) == (hash_, order, 0, 0)
    supplier = world.key("supplier").address
    assert done.one(Transfer) == Transfer(NOBODY, supplier, expected)
    assert world.view("Receivables", Receivables.owner_of(expected)) == supplier
    assert world.view("Receivables", Receivables.balance_of(supplier)) == 1
    position = world.position(expected)
    assert (position.phase, position.face, position.holder) == (Phase.ACCEPTED, order.face, order.supplier)
    assert (position.paid, position.reduced, position.released, position.seq) == (0, 0, 0, 0)


def test_accept__every_field__is_kept(world: World) -> None:
    order = world.order(
        settle_on=SettleOn.RELEASE,
        fund_by=FundBy.SHIPPED,
        tenor_days=365,
        late_bps=65535,
        duty_cap=2**56 - 1,
        face=2**56 - 1,
        expiry=world.evm.now + 730 * DAY,
        year=65535,
    )
    order_id = world.accept(order).value
    position = world.position(order_id)
    assert (position.settle_on, position.fund_by) == (SettleOn.RELEASE, FundBy.SHIPPED)
    assert (position.tenor_days, position.late_bps, position.duty_cap) == (365, 65535, 2**56 - 1)
    assert (position.face, position.expiry) == (2**56 - 1, order.expiry)
    assert (position.buyer, position.currency, position.jurisdiction) == (order.buyer, USD, COUNTRY)
    assert world.view("Receivables", Receivables.lapse_at(order_id)) == order.expiry + 5 * DAY


def test_accept__with_a_line__reserves_in_the_same_transaction(world: World) -> None:
    line = world.publish()
    done = world.accept(line=line)
    assert done.one(Reserved) == Reserved(done.value, line, 1, 90_000_00, 90_000_00)
    assert not done.every(LineUsed)
    assert (done.one(Accepted).line, done.one(Accepted).version) == (line, 1)
    assert world.used(line) == 90_000_00


def test_accept__terms_hash__is_what_wallets_compute(world: World) -> None:
    order = world.order()
    fields = {name: getattr(order, name) for name in order.__dataclass_fields__}
    camel = {
        "settle_on": "settleOn",
        "fund_by": "fundBy",
        "tenor_days": "tenorDays",
        "late_bps": "lateBps",
        "duty_cap": "dutyCap",
    }
    message = {camel.get(name, name): value for name, value in fields.items()}
    typed = typed_message("PurchaseOrder", CHAIN_ID, world.at["Receivables"], message)
    assert world.view("Receivables", Receivables.terms_hash(order)) == typed_struct_hash(typed)


# Identity


def test_i05__same_order_again__is_refused_whatever_else_differs(world: World) -> None:
    """I-05 one acceptance per fingerprint, ever; P01: nor with other amounts, dates or currency."""
    order = world.order(expiry=world.evm.now + 10 * DAY)
    order_id = world.accept(order).value
    assert world.view("Receivables", Receivables.is_known(order_id))
    for changed in (order, replace(order, face=1), replace(order, document=b"\x01" * 32)):
        with reverts(errors.AlreadyAccepted(order_id)):
            world.accept(changed)
    world.attest(order_id, 1)
    assert world.position(order_id).phase == Phase.CLOSED
    with reverts(errors.AlreadyAccepted(order_id)):
        world.accept(order)
    # Another year or another supplier is another order.
    world.accept(replace(order, year=YEAR + 1))
    world.accept(replace(order, supplier=world.ids["supplier2"]))


def test_i05__order_known_to_the_predecessor__is_refused(world: World) -> None:
    """I-05 predecessors included: a new suite never accepts an order of the old one."""
    order = world.order()
    order_id = world.accept(order).value
    code = Receivables.deploy(
        world.at["TrustedNetwork"],
        world.at["CashLedger"],
        world.at["ClearanceOracle"],
        world.at["Receivables"],
        world.code["OrderDesk"],
        *(world.code[name] for name in ("CreditLines", "ShareDesk", "SettlementDesk")),
    )
    later = replace(
        world, at={**world.at, "Receivables": world.evm.deploy(code, SPARE.address, "Receivables")}
    )
    assert later.view("Receivables", Receivables.predecessor()) == world.at["Receivables"]
    assert later.view("Receivables", Receivables.is_known(order_id))
    with reverts(errors.AlreadyAccepted(order_id)):
        later.accept(order)
    fresh = later.accept(world.order()).value
    assert not world.view("Receivables", Receivables.is_known(fresh))


@pytest.mark.parametrize(
    "number",
    [
        "",
        "0",
        "0PO1",
        "po1",
        "PO-1",
        "PO 1",
        " PO1",
        "PO1 ",
        "PO1\x00",
        "P\u00d61",
        "A" * 33,
        "@",
        "[",
        "/",
        ":",
    ],
)
def test_p01__number_in_another_form__is_refused(world: World, number: str) -> None:
    """P01: one canonical number: 1 to 32 of A-Z and 0-9, no leading zero."""
    with reverts(errors.NumberNotCanonical(number)):
        world.accept(world.order(number=number))


@pytest.mark.parametrize("number", ["1", "Z", "9A0", "A" * 32, "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", "6789"])
def test_p01__canonical_number__is_accepted(world: World, number: str) -> None:
    """P01: and only that form is."""
    order_id = world.accept(world.order(number=number)).value
    assert world.view("Receivables", Receivables.is_known(order_id))


def test_p02__stranger__cannot_claim_a_fingerprint(world: World) -> None:
    """P02: the fingerprint comes from what both parties signed, so nobody can take it before them."""
    order = world.order()
    acceptance = world.acceptance(order)
    by_buyer, by_supplier = signatures(world, order, acceptance)
    nonsense = SPARE.sign(world.at["Receivables"], order)
    with reverts(errors.KeyNotValid(SPARE.address, 1)):
        send(world, order, acceptance, nonsense, by_supplier)
    with reverts(errors.NotSignedBy(order.buyer)):
        send(world, order, acceptance, world.sign("buyer2", "Receivables", order), by_supplier)
    with reverts(errors.NotSignedBy(order.supplier)):
        send(world, order, acceptance, by_buyer, world.sign("supplier2", "Receivables", acceptance))
    send(world, order, acceptance, by_buyer, by_supplier)


def test_accept__without_signature__takes_the_callers_key(world: World) -> None:
    order = world.order()
    acceptance = world.acceptance(order)
    by_buyer, by_supplier = signatures(world, order, acceptance)
    call = Receivables.accept(order, acceptance, b"", by_supplier)
    with reverts(errors.NotSignedBy(order.buyer)):
        world.send("Receivables", call, world.key("buyer2"))
    world.send("Receivables", call, world.key("buyer"))
    again = world.order()
    acceptance = world.acceptance(again)
    by_buyer, _ = signatures(world, again, acceptance)
    world.send("Receivables", Receivables.accept(again, acceptance, by_buyer, b""), world.key("supplier"))


def test_accept__acceptance_of_another_order__is_refused(world: World) -> None:
    order, other = world.order(), world.order()
    acceptance = world.acceptance(other)
    with reverts(errors.AcceptanceOfOtherOrder()):
        send(world, order, acceptance, *signatures(world, order, acceptance))


# Signatures


def test_o01__other_forms_of_a_signature__count_for_nothing(world: World) -> None:
    """O01: high s, v of 0 or 1, compact and padded signatures are no signatures."""
    order = world.order()
    acceptance = world.acceptance(order)
    by_buyer, by_supplier = signatures(world, order, acceptance)
    assert int.from_bytes(by_buyer[32:64], "big") <= HALF_ORDER
    wrong = [
        other_s(by_buyer),
        by_buyer[:64] + bytes([by_buyer[64] - 27]),
        by_buyer[:64],
        by_buyer + b"\x00",
        by_buyer[:64] + b"\x1d",
        b"\x00" * 65,
        b"\x00" * 64 + b"\x1b",
        b"\xff" * 65,
    ]
    for signature in wrong:
        with reverts(errors.KeyNotValid(NOBODY, 1)):
            send(world, order, acceptance, signature, by_supplier)
    send(world, order, acceptance, by_buyer, by_supplier)


def test_i20__signature_for_another_chain_or_contract__is_nobodys(world: World) -> None:
    """I-20 a signature is good for one chain and one contract (O05)."""
    order = world.order()
    acceptance = world.acceptance(order)
    by_buyer, by_supplier = signatures(world, order, acceptance)
    buyer = world.key("buyer")
    for foreign in (
        buyer.sign(world.at["Receivables"], order, chain_id=CHAIN_ID + 1),
        buyer.sign(world.at["CashLedger"], order),
    ):
        with pytest.raises(Reverted) as refused:
            send(world, order, acceptance, foreign, by_supplier)
        assert isinstance(refused.value.error, errors.KeyNotValid)
    send(world, order, acceptance, by_buyer, by_supplier)


def test_i20__deadlines__bind_to_the_second(world: World) -> None:
    """I-20 a signature is good until its deadline and not a second longer."""
    order = world.order(deadline=world.evm.now + 100)
    acceptance = replace(world.acceptance(order), deadline=world.evm.now + 200)
    signed = signatures(world, order, acceptance)
    world.evm.advance(101)
    with reverts(errors.SignatureExpired(order.deadline)):
        send(world, order, acceptance, *signed)
    world.evm.advance(-1)
    order2 = world.order(deadline=world.evm.now + 300)
    late = replace(world.acceptance(order2), deadline=world.evm.now - 1)
    with reverts(errors.SignatureExpired(late.deadline)):
        send(world, order2, late, *signatures(world, order2, late))
    send(world, order, acceptance, *signed)


@pytest.mark.parametrize("position", range(14))
def test_p03__any_signed_field_changed__breaks_the_signature(world: World, position: int) -> None:
    """P03: what is financed is what was signed, field by field."""
    order = world.order()
    acceptance = world.acceptance(order)
    by_buyer, _ = signatures(world, order, acceptance)
    changes: list[dict[str, object]] = [
        {"buyer": world.ids["buyer2"]},
        {"supplier": world.ids["supplier2"]},
        {"number": order.number + "1"},
        {"year": order.year + 1},
        {"currency": 392},
        {"face": order.face + 1},
        {"document": b"\x01" * 32},
        {"settle_on": SettleOn.RELEASE},
        {"fund_by": FundBy.SHIPPED},
        {"tenor_days": 1},
        {"late_bps": 1},
        {"duty_cap": 1},
        {"jurisdiction": 840},
        {"expiry": order.expiry + 1},
    ]
    changed = replace(order, **changes[position])  # type: ignore[arg-type]  # a table of changed fields
    acceptance = world.acceptance(changed)
    by_supplier = world.sign(world.actor_of(changed.supplier), "Receivables", acceptance)
    with pytest.raises(Reverted) as refused:
        send(world, changed, acceptance, by_buyer, by_supplier)
    assert isinstance(refused.value.error, errors.KeyNotValid)


# Terms


def test_accept__senseless_terms__are_refused(world: World) -> None:
    now = world.evm.now
    with reverts(errors.FaceOutOfRange(0)):
        world.accept(world.order(face=0))
    with reverts(errors.OrderExpired(now)):
        world.accept(world.order(expiry=now))
    world.accept(world.order(expiry=now + 1))
    with reverts(errors.TenorTooLong(366, 365)):
        world.accept(world.order(tenor_days=366))
    with reverts(errors.PartiesNotDistinct()):
        world.accept(world.order(supplier=world.ids["buyer"]))


def test_p04__currency_unknown_to_the_ledger__is_refused(world: World) -> None:
    """P04: an order that could never be paid is not accepted."""
    with reverts(errors.CurrencyUnknown(978)):
        world.accept(world.order(currency=978))
    with reverts(errors.CurrencyDiffers(392, USD)):
        world.accept(world.order(currency=392), line=world.publish())


@pytest.mark.parametrize("actor", ["buyer", "supplier", "bank"])
@pytest.mark.parametrize("status", [Status.SUSPENDED, Status.EXPELLED])
def test_i28__suspended_member__opens_nothing_new(world: World, actor: str, status: Status) -> None:
    """I-28 neither buyer, supplier nor bank takes part in a new order while out of standing."""
    line = world.publish()
    world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], status))
    with reverts(errors.NotInGoodStanding(world.ids[actor])):
        world.accept(line=line)
    if status == Status.SUSPENDED:
        world.govern("TrustedNetwork", TrustedNetwork.set_status(world.ids[actor], Status.ACTIVE))
        world.accept(line=line)


def test_accept__role_missing__is_refused(world: World) -> None:
    supplier = world.ids["supplier"]
    call = TrustedNetwork.renew(supplier, BUYER, 1, world.evm.now + DAY)
    world.govern("TrustedNetwork", call)
    with reverts(errors.RoleMissing(supplier, 2)):
        world.accept()


# Cash locked at acceptance, the token


def test_token__signed_by_another_key__goes_to_the_members_account(world: World) -> None:
    world.give_key("supplier", SPARE, 1, 0)
    order = world.order()
    acceptance = world.acceptance(order)
    by_buyer, _ = signatures(world, order, acceptance)
    by_spare = SPARE.sign(world.at["Receivables"], acceptance)
    done = world.send("Receivables", Receivables.accept(order, acceptance, by_buyer, by_spare))
    account = world.key("supplier").address
    assert done.one(Transfer).to == account
    assert world.view("Receivables", Receivables.owner_of(done.value)) == account
    balances = [world.view("Receivables", Receivables.balance_of(key)) for key in (account, SPARE.address)]
    assert balances == [1, 0]
    with reverts(errors.UnknownMember(0)):
        world.view("Receivables", Receivables.balance_of(NOBODY))


def test_accept__funded_at_acceptance__locks_the_face(world: World) -> None:
    free = world.cash("buyer")
    done = world.accept(world.order(fund_by=FundBy.ACCEPTED))
    assert done.one(Funded) == Funded(done.value, 100_000_00)
    assert done.one(Moved).legs[0].amount == 100_000_00
    assert (world.cash("buyer"), world.cash(done.value)) == (free - 100_000_00, 100_000_00)


def test_accept__buyer_short_of_what_it_promised_to_lock__is_refused(world: World) -> None:
    world.drain("buyer")
    world.deposit("buyer", 99_999_99)
    with reverts(errors.BuyerShort(100_000_00, 99_999_99)):
        world.accept(world.order(fund_by=FundBy.ACCEPTED))
    world.deposit("buyer", 1)
    world.accept(world.order(fund_by=FundBy.ACCEPTED))
    assert world.cash("buyer") == 0


def test_views__unknown_order__is_refused(world: World) -> None:
    for call in (Receivables.position_of(7), Receivables.owner_of(7), Receivables.payable_now(7)):
        with reverts(errors.UnknownOrder(7)):
            world.view("Receivables", call)
    assert not world.view("Receivables", Receivables.is_known(7))
    assert tuple(world.view("Receivables", Receivables.words_of(7))) == (0, 0)


def test_accept__limit_of_the_buyers_key__binds_where_its_cash_is_locked(world: World) -> None:
    clerk = signer(30)
    world.give_key("buyer", clerk, 1, 999)

    def accept(face: int, fund_by: FundBy) -> None:
        order = world.order(face=face, fund_by=fund_by)
        acceptance = world.acceptance(order)
        by_clerk = clerk.sign(world.at["Receivables"], order)
        send(world, order, acceptance, by_clerk, world.sign("supplier", "Receivables", acceptance))

    with reverts(errors.KeyLimitExceeded(clerk.address, 1000, 999)):
        accept(1000, FundBy.ACCEPTED)
    accept(999, FundBy.ACCEPTED)
    # Open account moves no cash now.
    accept(1000, FundBy.NEVER)
