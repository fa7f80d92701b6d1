"""Five observers on the bare EVM: the index oracle with its seats, readings signed and relayed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from settlement.chain.bindings.enums import Answer, IndexState
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.structs import Observation, Reading, Resolution
from tests.contracts.harness import Evm, Outcome, Signer, signer

DAY: Final = 86_400
WINDOW: Final = 2 * DAY
WIND: Final = 2
SPREAD_BPS: Final = 1_000
SECOND_LOOK: Final = 14 * DAY
HAIPHONG: Final = b"VNHPH".ljust(32, b"\0")
GOVERNOR: Final = signer(0)
RELAYER: Final = signer(9)
OBSERVERS: Final = tuple(signer(n) for n in range(20, 25))
NEW_OBSERVERS: Final = tuple(signer(n) for n in range(25, 30))


def day_of(at: int) -> int:
    """The unix day of a time."""
    return at // DAY


def decided(values: Sequence[int], threshold: int, spread_bps: int) -> tuple[IndexState, int]:
    """What enough readings come to: fixed where ``threshold`` of them lie within the spread of each other."""
    ordered = sorted(values)
    middle = (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) // 2
    spread = max(1, -(-middle * spread_bps // 10_000))
    closest = min(high - low for low, high in zip(ordered, ordered[threshold - 1 :], strict=False))
    return (IndexState.FIXED if closest <= spread else IndexState.HELD), middle


@dataclass
class Station:
    """The index oracle and those who read for it."""

    evm: Evm
    at: str

    def seat(
        self, keys: tuple[Signer, ...] = OBSERVERS, threshold: int = 3, spread_bps: int = SPREAD_BPS
    ) -> Outcome[None]:
        """Governance seats observers."""
        seated = IndexOracle.seat(threshold, spread_bps, tuple(key.address for key in keys))
        return self.evm.call(self.at, seated, GOVERNOR.address)

    def bucket(self, day: int, place: bytes = HAIPHONG) -> bytes:
        """The id of (wind, place, day)."""
        return self.evm.view(self.at, IndexOracle.bucket_of(WIND, place, day))

    def reading(self, day: int, value: int, place: bytes = HAIPHONG, **changes: Any) -> Observation:
        """A reading at noon of a day, to be handed in within an hour from now."""
        plain = Observation(
            bucket=self.bucket(day, place),
            answer=Answer.VALUE,
            value=value,
            observed_at=day * DAY + DAY // 2,
            deadline=self.evm.now + 3600,
        )
        return replace(plain, **changes)

    def send(
        self,
        day: int,
        reading: Observation,
        signature: bytes,
        place: bytes = HAIPHONG,
        sender: Signer = RELAYER,
    ) -> Outcome[None]:
        """Relay a reading with this signature."""
        return self.evm.call(
            self.at, IndexOracle.observe(WIND, place, day, reading, signature), sender.address
        )

    def observe(
        self, day: int, value: int, by: Signer = OBSERVERS[0], place: bytes = HAIPHONG
    ) -> Outcome[None]:
        """One observer's reading, signed and relayed."""
        reading = self.reading(day, value, place)
        return self.send(day, reading, by.sign(self.at, reading), place)

    def observe_all(self, day: int, values: tuple[int, ...], place: bytes = HAIPHONG) -> None:
        """The first observers speak, one value each."""
        for by, value in zip(OBSERVERS, values, strict=False):
            self.observe(day, value, by, place)

    def fix(self, day: int, place: bytes = HAIPHONG) -> Outcome[None]:
        """Anyone fixes."""
        return self.evm.call(self.at, IndexOracle.fix(self.bucket(day, place)), RELAYER.address)

    def answer(self, day: int, answer: Answer, by: Signer, place: bytes = HAIPHONG) -> Outcome[None]:
        """One observer says that it is too early, or that there is no data."""
        reading = self.reading(day, 0, place, answer=answer)
        return self.send(day, reading, by.sign(self.at, reading), place)

    def resolution(self, day: int, value: int, *, is_void: bool = False) -> Resolution:
        """What people found in a second look."""
        return Resolution(self.bucket(day), is_void, value, self.evm.now + 3600)

    def resolve(self, resolution: Resolution, by: tuple[Signer, ...] = OBSERVERS[:3]) -> Outcome[None]:
        """Relay a resolution that these signed."""
        signatures = b"".join(key.sign(self.at, resolution) for key in by)
        return self.evm.call(self.at, IndexOracle.resolve(resolution, signatures), RELAYER.address)

    def give_up(self, day: int) -> Outcome[None]:
        """Anyone ends a hold that nobody resolved."""
        return self.evm.call(self.at, IndexOracle.give_up(self.bucket(day)), RELAYER.address)

    def of(self, day: int, place: bytes = HAIPHONG) -> Reading:
        """What the oracle says of a day."""
        found: Reading = self.evm.view(self.at, IndexOracle.reading_of(WIND, place, day))
        return found

    def state(self, day: int, place: bytes = HAIPHONG) -> IndexState:
        """What stands for a day."""
        return self.of(day, place).state

    def end_of_window(self, day: int) -> int:
        """The last second in which readings of a day are taken."""
        return (day + 1) * DAY + WINDOW
