"""Acts that change an order after its acceptance, signed by the actors they name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from eth_utils.crypto import keccak

from settlement.chain.abi import Call
from settlement.chain.bindings.enums import SettleOn
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.structs import (
    Amendment,
    Arrival,
    Cancellation,
    Changes,
    Consents,
    CreditNote,
    Dispute,
    DisputeEnd,
)
from tests.contracts.harness import Outcome
from tests.contracts.world import DAY, World

FACE: Final = 100_000_00
BOTH: Final = ("buyer", "supplier")
ALL: Final = ("buyer", "supplier", "bank")
NOTE: Final = keccak(text="credit note")


def consents(world: World, struct: object, signers: tuple[str, ...], holder: str = "supplier") -> Consents:
    """Signatures of those who sign, by their parts in the order; nobody's where somebody does not."""
    by = {actor: world.sign(actor, "Receivables", struct) for actor in signers}
    nobody = b"\x00"
    return Consents(
        buyer=by.get("buyer", nobody),
        supplier=by.get("supplier", nobody),
        holder=by.get(holder, nobody),
        funder=by.get("bank", nobody),
    )


def amendment(world: World, order: int, **changes: Any) -> Amendment:
    """The order's present terms, with ``changes``."""
    position = world.position(order)
    plain = Amendment(
        order=order,
        version=changes_of(world, order).amendments,
        face=position.face,
        document=keccak(text="amended document"),
        settle_on=position.settle_on,
        tenor_days=position.tenor_days,
        late_bps=position.late_bps,
        duty_cap=position.duty_cap,
        expiry=position.expiry,
        arbiter=0,
        deadline=world.evm.now + DAY,
    )
    return replace(plain, **changes)


def amend(world: World, order: int, signers: tuple[str, ...] = BOTH, **changes: Any) -> Outcome[None]:
    """Change the terms of an order."""
    return send_amendment(world, amendment(world, order, **changes), signers)


def send_amendment(world: World, signed: Amendment, signers: tuple[str, ...] = BOTH) -> Outcome[None]:
    """Relay a given amendment."""
    return world.send("Receivables", OrderDesk.amend(signed, consents(world, signed, signers)))


def cancel(world: World, order: int, signers: tuple[str, ...] = BOTH, version: int = 0) -> Outcome[None]:
    """End an order."""
    signed = Cancellation(order=order, version=version, deadline=world.evm.now + DAY)
    return world.send("Receivables", OrderDesk.cancel(signed, consents(world, signed, signers)))


def credit_note(world: World, order: int, amount: int, nonce: int = 1) -> CreditNote:
    """A note of this amount."""
    return CreditNote(order=order, amount=amount, document=NOTE, nonce=nonce, deadline=world.evm.now + DAY)


def credit(
    world: World, order: int, amount: int, signers: tuple[str, ...] = BOTH, nonce: int = 1
) -> Outcome[None]:
    """Reduce a claim."""
    signed = credit_note(world, order, amount, nonce)
    return world.send("Receivables", OrderDesk.credit(signed, consents(world, signed, signers)))


def dispute(world: World, order: int, amount: int, index: int = 0, actor: str = "buyer") -> Outcome[None]:
    """The buyer withholds a part."""
    signed = Dispute(
        order=order,
        index=index,
        amount=amount,
        reason=keccak(text="wrong goods"),
        deadline=world.evm.now + DAY,
    )
    return world.send("Receivables", OrderDesk.dispute(signed, world.sign(actor, "Receivables", signed)))


def resolution(world: World, order: int, upheld: int, index: int = 0) -> DisputeEnd:
    """An end of a dispute."""
    return DisputeEnd(order=order, index=index, upheld=upheld, deadline=world.evm.now + DAY)


def resolve(
    world: World,
    order: int,
    upheld: int,
    signers: tuple[str, ...] = BOTH,
    index: int = 0,
    holder: str = "supplier",
) -> Outcome[None]:
    """The parties agree."""
    signed = resolution(world, order, upheld, index)
    return world.send("Receivables", OrderDesk.resolve(signed, consents(world, signed, signers, holder)))


def arbitrate(world: World, order: int, upheld: int, actor: str = "arbiter", index: int = 0) -> Outcome[None]:
    """The arbiter decides."""
    signed = resolution(world, order, upheld, index)
    return world.send("Receivables", OrderDesk.arbitrate(signed, world.sign(actor, "Receivables", signed)))


def dismiss(world: World, order: int) -> Outcome[None]:
    """Anyone ends a dispute that nobody decided."""
    return world.send("Receivables", OrderDesk.dismiss(order))


def arrive(world: World, order: int, actor: str = "carrier", **changes: Any) -> Outcome[None]:
    """The carrier says that the goods are there."""
    plain = Arrival(
        order=order,
        arrived_at=world.evm.now,
        document=keccak(text="bill of lading"),
        deadline=world.evm.now + DAY,
    )
    signed = replace(plain, **changes)
    return world.send("Receivables", OrderDesk.arrive(signed, world.sign(actor, "Receivables", signed)))


def changes_of(world: World, order: int) -> Changes:
    """What was changed of an order since its acceptance."""
    found: Changes = world.view("Receivables", OrderDesk.changes_of(order))
    return found


def every_call(world: World) -> tuple[Call[Any], ...]:
    """Each verb of this kind once, about no order in particular and signed by nobody."""
    until = world.evm.now + DAY
    nobody = Consents(b"", b"", b"", b"")
    ended = DisputeEnd(1, 0, 0, until)
    terms = Amendment(1, 0, 1, NOTE, SettleOn.RELEASE, 0, 0, 0, until, 0, until)
    return (
        OrderDesk.amend(terms, nobody),
        OrderDesk.cancel(Cancellation(1, 0, until), nobody),
        OrderDesk.credit(CreditNote(1, 1, NOTE, 1, until), nobody),
        OrderDesk.dispute(Dispute(1, 0, 1, NOTE, until), b""),
        OrderDesk.resolve(ended, nobody),
        OrderDesk.arbitrate(ended, b""),
        OrderDesk.dismiss(1),
        OrderDesk.arrive(Arrival(1, 1, NOTE, until), b""),
    )
