"""What tests of the customs committee do again and again: seats, batches, testimonies."""

from __future__ import annotations

from typing import Any

from eth_utils.crypto import keccak

from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.structs import Attestation, AttestationBatch, HoldRequest, Seat, SignedState
from settlement.chain.bindings.trusted_network import TrustedNetwork
from tests.contracts.harness import Outcome, Signer
from tests.contracts.harness.signers import struct_hash
from tests.contracts.world import COUNTRY, CUSTOMS, DAY, World

GRACE = 2 * 3600
FORMER = 1 << 255


def seats_of(world: World, *numbers: int) -> tuple[Seat, ...]:
    """The seats of these customs members with their account keys."""
    return tuple(Seat(world.key(f"customs{n}").address, world.ids[f"customs{n}"]) for n in numbers)


def seat(
    world: World, threshold: int, seats: tuple[Seat, ...], country: int = COUNTRY, treasury: int = 0
) -> Outcome[None]:
    """Governance seats a new version."""
    return world.govern("ClearanceOracle", ClearanceOracle.seat(country, threshold, treasury, seats))


def enrolled(world: World, key: Signer, roles: int = CUSTOMS) -> int:
    """A new member with this account."""
    lei = keccak(text=f"LEI OF {key.address}")[:20]
    enroll = TrustedNetwork.enroll(lei, key.address, COUNTRY, roles, 1, world.evm.now + 365 * DAY)
    return int(world.govern("TrustedNetwork", enroll).value)


def signatures(world: World, struct: object, *numbers: int) -> bytes:
    """These customs members sign."""
    return b"".join(world.sign(f"customs{n}", "ClearanceOracle", struct) for n in numbers)


def is_counting(world: World, number: int) -> bool:
    """Whether a customs member's seat counts in the present version."""
    return bool(
        world.view("ClearanceOracle", ClearanceOracle.is_seat_active(world.key(f"customs{number}").address))
    )


def attest_batch(world: World, items: list[Attestation], seats: tuple[int, ...] = (1, 2, 3)) -> Outcome[None]:
    """Send states under one signature of each of these customs members."""
    batch = AttestationBatch(tuple(items))
    return world.send(
        "ClearanceOracle", ClearanceOracle.attest_batch(batch, signatures(world, batch, *seats))
    )


def hold_request(world: World, order: int, seq: int, **changes: Any) -> HoldRequest:
    """What a minority signs about an order whose newest state is number ``seq``."""
    plain: dict[str, Any] = {
        "order": order,
        "jurisdiction": COUNTRY,
        "seq": seq,
        "messages": keccak(text="doubt"),
        "deadline": (world.evm.now // 3600 + 1) * 3600,
    }
    return HoldRequest(**{**plain, **changes})


def ask_hold(world: World, request: HoldRequest, seats: tuple[int, ...]) -> Outcome[None]:
    """Send a hold request signed by these customs members."""
    return world.send("ClearanceOracle", ClearanceOracle.hold(request, signatures(world, request, *seats)))


def signed_state(
    world: World, number: int, state: Attestation, batch: list[Attestation] | None = None
) -> SignedState:
    """A customs member's signature over a state, alone or in a batch."""
    signed: object = state if batch is None else AttestationBatch(tuple(batch))
    hashes = tuple(struct_hash(item) for item in batch or ())
    return SignedState(state, hashes, signatures(world, signed, number))
