"""Disruption indices."""

from __future__ import annotations

from typing import Final

from eth_utils.crypto import keccak

from settlement.chain.bindings.index_oracle import IndexOfAnswer, IndexOracle
from settlement.chain.bindings.structs import Observation
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import Kind, Wanted

SPREAD_BPS: Final = 1_000
"""Unless told otherwise: readings that fix an index lie within a tenth of their median."""


class IndexGateway(Gateway):
    """The IndexOracle contract."""

    def observe(
        self, peril: int, place: bytes, day: int, observation: Observation, signature: bytes, observer: str
    ) -> Wanted:
        """Hand one observer's signed reading in."""
        call = IndexOracle.observe(peril, place, day, observation, signature)
        bucket = f"0x{observation.bucket.hex()}"
        key = f"{bucket}:{observer}:{observation.value}"
        return Wanted(Kind.OBSERVE, key, self.address, call.data, subject=bucket)

    def fix(self, bucket: bytes, occasion: str = "") -> Wanted:
        """Fix the median of a bucket."""
        key = f"0x{bucket.hex()}"
        call = IndexOracle.fix(bucket)
        return Wanted(Kind.FIX_INDEX, key, self.address, call.data, occasion=occasion, subject=key)

    def give_up(self, bucket: bytes, occasion: str = "") -> Wanted:
        """Void a held bucket that the observers did not resolve in time."""
        key = f"0x{bucket.hex()}"
        call = IndexOracle.give_up(bucket)
        return Wanted(Kind.GIVE_UP_INDEX, key, self.address, call.data, occasion=occasion, subject=key)

    def seat(self, threshold: int, keys: tuple[str, ...], spread_bps: int = SPREAD_BPS) -> Wanted:
        """Governance: seat the observers; how far apart readings may lie that fix an index, of their median."""
        call = IndexOracle.seat(threshold, spread_bps, keys)
        return Wanted(
            Kind.SEAT_OBSERVERS, f"0x{keccak(call.data).hex()}", self.address, call.data, "governor"
        )

    def index(self, bucket: bytes, *, block: str | int = "latest") -> IndexOfAnswer:
        """Whether the median is fixed, its value, and how many readings are in."""
        return self._ask(IndexOracle.index_of(bucket), block)

    def bucket(self, peril: int, place: bytes, day: int) -> bytes:
        """The bucket of a peril at a place on a day. Shapes: 32 bytes."""
        return self._ask(IndexOracle.bucket_of(peril, place, day), "latest")

    def observation_window_s(self) -> int:
        """How long after a day's end readings are accepted."""
        return self._ask(IndexOracle.observation_window(), "latest")
