"""Customs committees and what they attest."""

from __future__ import annotations

from eth_utils.crypto import keccak

from settlement.chain.bindings.clearance_oracle import ClearanceOracle, CommitteeOfAnswer
from settlement.chain.bindings.structs import Attestation, Seat
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import MemberId, id_text


class ClearanceGateway(Gateway):
    """The ClearanceOracle contract."""

    def attest(self, attestation: Attestation, signatures: bytes) -> Wanted:
        """Hand k signatures in. Shapes: 65 bytes each (r, s, v), in ascending order of seats."""
        order = id_text(attestation.order)
        call = ClearanceOracle.attest(attestation, signatures)
        return Wanted(Kind.ATTEST, f"{order}:{attestation.seq}", self.address, call.data, subject=order)

    def seat(self, jurisdiction: int, threshold: int, treasury: MemberId, seats: tuple[Seat, ...]) -> Wanted:
        """Governance: seat a new committee."""
        call = ClearanceOracle.seat(jurisdiction, threshold, treasury, seats)
        key = f"{jurisdiction}:0x{keccak(call.data).hex()}"
        return Wanted(
            Kind.SEAT_COMMITTEE, key, self.address, call.data, "governor", subject=str(jurisdiction)
        )

    def suspend_seat(self, key: str) -> Wanted:
        """Governance: a seat's signatures no longer count."""
        return Wanted(
            Kind.SUSPEND_SEAT, key, self.address, ClearanceOracle.suspend_seat(key).data, "governor"
        )

    def unseat(self, key: str) -> Wanted:
        """Anyone: the seat of a member that lost its standing no longer counts; the effect is a suspension's."""
        return Wanted(Kind.SUSPEND_SEAT, key, self.address, ClearanceOracle.unseat(key).data)

    def committee(self, jurisdiction: int, *, block: str | int = "latest") -> CommitteeOfAnswer:
        """The committee that sits now; version 0 when none does."""
        return self._ask(ClearanceOracle.committee_of(jurisdiction), block)

    def digest(self, attestation: Attestation) -> bytes:
        """What a committee member signs. Shapes: 32 bytes."""
        return self._ask(ClearanceOracle.digest_of(attestation), "latest")

    def content(self, attestation: Attestation) -> bytes:
        """The hash of everything but the deadline. Shapes: 32 bytes."""
        return self._ask(ClearanceOracle.content_of(attestation), "latest")
