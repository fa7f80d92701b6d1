"""Five observers on the bare EVM: the index oracle with its seats, readings signed and relayed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from settlement.chain.bindings.index_oracle import IndexOracle, ReadingOfAnswer
from settlement.chain.bindings.structs import Observation
from tests.contracts.harness import Evm, Outcome, Signer, signer

DAY: Final = 86_400
WINDOW: Final = 2 * DAY
WIND: Final = 2
HAIPHONG: Final = b"VNHPH".ljust(32, b"\0")
GOVERNOR: Final = signer(0)
RELAYER: Final = signer(9)
OBSERVERS: Final = tuple(signer(n) for n in range(20, 25))
NEW_OBSERVERS: Final = tuple(signer(n) for n in range(25, 30))


def day_of(at: int) -> int:
    """The unix day of a time."""
    return at // DAY


@dataclass
class Station:
    """The index oracle and those who read for it."""

    evm: Evm
    at: str

    def seat(self, keys: tuple[Signer, ...] = OBSERVERS, threshold: int = 3) -> Outcome[None]:
        """Governance seats observers."""
        seated = IndexOracle.seat(threshold, tuple(key.address for key in keys))
        return self.evm.call(self.at, seated, GOVERNOR.address)

    def bucket(self, day: int, place: bytes = HAIPHONG) -> bytes:
        """The id of (wind, place, day)."""
        return self.evm.view(self.at, IndexOracle.bucket_of(WIND, place, day))

    def reading(self, day: int, value: int, place: bytes = HAIPHONG, **changes: Any) -> Observation:
        """A reading at noon of a day, to be handed in within an hour from now."""
        plain = Observation(
            bucket=self.bucket(day, place),
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

    def of(self, day: int, place: bytes = HAIPHONG) -> ReadingOfAnswer:
        """What the oracle says of a day."""
        return self.evm.view(self.at, IndexOracle.reading_of(WIND, place, day))

    def end_of_window(self, day: int) -> int:
        """The last second in which readings of a day are taken."""
        return (day + 1) * DAY + WINDOW
