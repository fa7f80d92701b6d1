"""Assignments, splits and undertakings as tests ask for them."""

from __future__ import annotations

from typing import Any

from settlement.chain.bindings.receivables import Receivables
from settlement.chain.bindings.structs import Assignment, Guarantee, Share, Split, Undertaking
from tests.contracts.harness import Outcome
from tests.contracts.world import DAY, World

NONCES = iter(range(1_000_000, 2_000_000))


def assignment(world: World, order: int, to: str, holder: str = "supplier", **changes: Any) -> Assignment:
    """The holder hands on all that is open; ``changes`` override fields."""
    position = world.position(order)
    plain: dict[str, Any] = {
        "order": order,
        "holder": world.ids[holder],
        "to": world.ids[to],
        "claim": position.face - position.reduced - position.paid,
        "nonce": next(NONCES),
        "deadline": world.evm.now + DAY,
    }
    return Assignment(**(plain | changes))


def assign(world: World, order: int, to: str, holder: str = "supplier", **changes: Any) -> Outcome[None]:
    """Sign and send an assignment."""
    signed = assignment(world, order, to, holder, **changes)
    return world.send("Receivables", Receivables.assign(signed, world.sign(holder, "Receivables", signed)))


def split_of(
    world: World, order: int, shares: list[tuple[str, int]], holder: str = "supplier", **changes: Any
) -> Split:
    """The holder gives these shares, the first ones of the order."""
    plain: dict[str, Any] = {
        "order": order,
        "holder": world.ids[holder],
        "first": 1,
        "holders": tuple(world.ids[actor] for actor, _ in shares),
        "faces": tuple(face for _, face in shares),
        "deadline": world.evm.now + DAY,
    }
    return Split(**(plain | changes))


def split(
    world: World, order: int, shares: list[tuple[str, int]], holder: str = "supplier", **changes: Any
) -> Outcome[None]:
    """Sign and send a split."""
    signed = split_of(world, order, shares, holder, **changes)
    return world.send("Receivables", Receivables.split(signed, world.sign(holder, "Receivables", signed)))


def undertake(world: World, order: int, amount: int, actor: str = "bank2", **changes: Any) -> Outcome[None]:
    """Sign and send an undertaking that stands for thirty days."""
    plain: dict[str, Any] = {
        "order": order,
        "guarantor": world.ids[actor],
        "amount": amount,
        "owed": 0,
        "expiry": world.evm.now + 30 * DAY,
        "nonce": next(NONCES),
        "deadline": world.evm.now + DAY,
    }
    signed = Undertaking(**(plain | changes))
    return world.send("Receivables", Receivables.undertake(signed, world.sign(actor, "Receivables", signed)))


def shares(world: World, order: int) -> list[Share]:
    """The order's shares as stored."""
    return list(world.view("Receivables", Receivables.shares_of(order)))


def guarantee(world: World, order: int) -> Guarantee:
    """The order's undertaking as stored."""
    found: Guarantee = world.view("Receivables", Receivables.guarantee_of(order))
    return found
