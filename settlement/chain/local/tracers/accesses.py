"""What ``eth_createAccessList`` is made of."""

from __future__ import annotations

from settlement.chain.local.engine.port import CallStart
from settlement.chain.local.formats.transactions import AccessList
from settlement.chain.local.tracers.touches import TouchTracer

PRECOMPILES = frozenset(number.to_bytes(20, "big") for number in range(1, 0x12))


class AccessTracer(TouchTracer):
    """Collects what is touched, beginning with a list that is known already.

    Sender, target and precompiles are warm from the start, so naming them gains nothing: they appear only with slots.
    """

    def __init__(self, known: AccessList) -> None:
        super().__init__()
        self.found = {address: dict.fromkeys(slots) for address, slots in known}
        self._warm = set(PRECOMPILES)
        self._is_entered = False

    def enter(self, call: CallStart) -> None:
        """Learn from the first call who is warm."""
        if not self._is_entered:
            self._is_entered = True
            self._warm |= {call.sender, call.target}

    @property
    def touched(self) -> AccessList:
        """All of it, in the order of the first touch."""
        return tuple(
            (address, tuple(slots))
            for address, slots in self.found.items()
            if slots or address not in self._warm
        )
