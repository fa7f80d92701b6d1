"""The modules of Receivables: one storage, one table of verbs, and nothing to do at their own addresses."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from contracts import MODULES, Artifact, load_artifact
from hanse.bindgen.shapes import Json, signature
from settlement.chain.abi import Call, UnknownError, decode_error
from settlement.chain.bindings import errors
from settlement.chain.bindings.credit_lines import CreditLines
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.settlement_desk import SettlementDesk
from settlement.chain.bindings.share_desk import ShareDesk
from settlement.chain.bindings.structs import (
    Assignment,
    Repayment,
    ReserveMove,
    ReserveRelease,
    Split,
    Undertaking,
    WriteOff,
)
from tests.contracts.assembler import Word, assemble
from tests.contracts.changes import every_call
from tests.contracts.harness import NOBODY, Reverted, reverts, signer
from tests.contracts.harness.pyevm import PyEvm
from tests.contracts.world import World

HERE = MODULES["Receivables"]
SPARE = signer(30)
# The book answers these itself, and runs them with the module's code where the order is no plain one.
HANDED_ON = {("SettlementDesk", "record"), ("SettlementDesk", "settle")}


def layout(artifact: Artifact) -> list[tuple[str, int, int, str]]:
    """Name, slot, offset and type of every variable in storage, and of every word of an order."""
    laid = artifact.storage_layout
    words = laid["types"]["t_struct(OrderBook.Words)_storage"]["members"]
    return [
        (one["label"], int(one["slot"]), one["offset"], one["type"]) for one in (*laid["storage"], *words)
    ]


def functions(name: str) -> list[Json]:
    return [entry for entry in load_artifact(name).abi if entry["type"] == "function"]


def selector(entry: Json) -> bytes:
    return keccak(text=signature(entry))[:4]


def verbs() -> list[Any]:
    """Every function of every module with its module, as test parameters."""
    return [
        pytest.param(module, entry, id=f"{module}.{entry['name']}")
        for module in HERE
        for entry in functions(module)
    ]


@pytest.mark.parametrize("module", HERE)
def test_storage__of_a_module__is_that_of_the_book(module: str) -> None:
    book = load_artifact("Receivables")
    assert layout(book) != []
    assert layout(load_artifact(module)) == layout(book)


def test_selectors__of_book_and_modules__are_distinct() -> None:
    found = [
        selector(entry)
        for name in ("Receivables", *HERE)
        for entry in functions(name)
        if (name, entry["name"]) not in HANDED_ON
    ]
    assert len(found) > 30
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(("module", "entry"), verbs())
def test_verb__of_a_module__is_answered_at_the_books_address(world: World, module: str, entry: Json) -> None:
    """Other code at both modules' addresses would answer otherwise: the one that has the verb is asked."""
    answers = {
        name: world.evm.send_raw(address, selector(entry), SPARE.address)
        for name, address in (("book", world.at["Receivables"]), ("module", world.code[module]))
    }
    # Without arguments the decoder of a verb refuses without a reason; a verb that nobody has is refused by name.
    assert not isinstance(decode_error(answers["book"].output), errors.UnknownVerb)
    if not entry["inputs"]:
        assert answers["book"].output == answers["module"].output != b""
    else:
        assert decode_error(answers["book"].output) == UnknownError(b"")


def test_verb__that_nobody_has__is_refused_by_name(world: World) -> None:
    for verb in (b"\x12\x34\x56\x78", bytes(4)):
        done = world.evm.send_raw(world.at["Receivables"], verb, SPARE.address)
        assert decode_error(done.output) == errors.UnknownVerb(verb)


def test_module__called_at_its_own_address__changes_nothing(world: World) -> None:
    """Its own storage stays empty, so that nobody can be led to believe it were the book."""
    terms = world.line_terms()
    repayment = Repayment(1, world.ids["supplier"], 1, 1, world.evm.now)
    calls: list[tuple[str, Call[Any]]] = [
        ("SettlementDesk", SettlementDesk.lapse(1)),
        ("OrderDesk", OrderDesk.hold(1, 276, 0)),
        ("OrderDesk", OrderDesk.record_alone(world.attestation(1, 1), 0)),
        *(("OrderDesk", call) for call in every_call(world)),
        ("CreditLines", CreditLines.publish(terms, b"")),
        ("CreditLines", CreditLines.repay(repayment, b"")),
        ("CreditLines", CreditLines.recourse(1)),
        ("CreditLines", CreditLines.collect(1, 1, 1, 1)),
        ("CreditLines", CreditLines.collect_many((), 1)),
        ("CreditLines", CreditLines.release(ReserveRelease(1, 1, world.evm.now), b"")),
        ("CreditLines", CreditLines.move_reserve(ReserveMove(1, 1, 1, 1, 1, 1, world.evm.now), b"")),
        ("CreditLines", CreditLines.write_off(WriteOff(1, 1, world.evm.now), b"")),
        ("ShareDesk", ShareDesk.assign(Assignment(1, 2, 3, 4, 5, 6), b"")),
        ("ShareDesk", ShareDesk.split(Split(1, 2, 1, (3,), (4,), 5), b"")),
        ("ShareDesk", ShareDesk.transfer_from(NOBODY, NOBODY, 1)),
        ("ShareDesk", ShareDesk.safe_transfer_from(NOBODY, NOBODY, 1)),
        ("ShareDesk", ShareDesk.safe_transfer_from_2(NOBODY, NOBODY, 1, b"")),
        ("SettlementDesk", SettlementDesk.record(world.attestation(1, 1), 1)),
        ("SettlementDesk", SettlementDesk.settle(1)),
        ("SettlementDesk", SettlementDesk.undertake(Undertaking(1, 2, 3, 4, 5, 6, 7), b"")),
        ("SettlementDesk", SettlementDesk.return_undertaking(1)),
        ("SettlementDesk", SettlementDesk.refund_guarantor(1)),
    ]
    changing = {
        (module, entry["name"])
        for module in HERE
        for entry in functions(module)
        if entry["stateMutability"] not in ("view", "pure")
    }
    assert {(module, call.name) for module, call in calls} == changing
    for module, call in calls:
        with reverts(errors.NotInBook()):
            world.evm.call(world.code[module], call, world.key("bank").address)
    world.send("CreditLines", CreditLines.publish(terms, b""), world.key("bank"))


def test_record__door_that_asks_nobody__module_asks_itself(exact: World) -> None:
    """I-20: the module does not count on the book to have asked who records."""
    world, order = exact, exact.accepted()
    assert isinstance(world.evm, PyEvm)
    module, book = world.code["SettlementDesk"], world.at["Receivables"]
    door: list[Word] = ["CALLDATASIZE", 0, 0, "CALLDATACOPY", 0, 0, "CALLDATASIZE", 0]
    door += [b"\x73" + bytes.fromhex(module[2:]), "GAS", "DELEGATECALL"]
    door += ["RETURNDATASIZE", 0, 0, "RETURNDATACOPY", "@done", "JUMPI", "RETURNDATASIZE", 0, "REVERT"]
    world.evm.put_code(book, assemble([*door, ":done", "RETURNDATASIZE", 0, "RETURN"]))
    call = SettlementDesk.record(world.attestation(order, 1), world.ids["treasury"])
    with pytest.raises(Reverted) as refused:
        world.evm.call(book, call, SPARE.address)
    assert refused.value.error == errors.NotClearanceOracle(SPARE.address)
    # The oracle comes through the same door.
    world.evm.call(book, call, world.at["ClearanceOracle"])
