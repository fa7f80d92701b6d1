"""``callTracer``: the tree of calls that a transaction made."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.engine.port import CallEnd, CallStart, Machine
from settlement.chain.local.formats.blocks import Log
from settlement.chain.local.rpc.revert_words import revert_reason
from settlement.chain.local.tracers.room import Room

_REVERTED = "execution reverted"
# Addresses, numbers, topics and names, without the bytes of any length.
_BYTES_A_FRAME = 250
_BYTES_A_LOG = 400


class CallTracer:
    """Builds the tree of frames as geth's callTracer gives it.

    ``has_logs`` adds to each frame what it logged; ``first_log`` is the index in the block of the transaction's first.
    """

    opcodes: frozenset[int] = frozenset()

    def __init__(
        self, room: Room, *, is_top_only: bool = False, has_logs: bool = False, first_log: int = 0
    ) -> None:
        self._room = room
        self._is_top_only = is_top_only
        self._has_logs = has_logs
        self._next_log = first_log
        self._depth = 0
        self._open: list[dict[str, Any]] = []
        self.root: dict[str, Any] = {}

    def begin_step(self, machine: Machine, opcode: int) -> None:
        """Nothing: steps are not asked for."""

    def end_step(self, gas_cost: int, error: str | None) -> None:
        """Nothing: steps are not asked for."""

    def enter(self, call: CallStart) -> None:
        """Open a frame within the one that is open."""
        self._depth += 1
        if self._is_top_only and self._depth > 1:
            return
        self._room.take(_BYTES_A_FRAME + 2 * len(call.payload))
        frame: dict[str, Any] = {
            "from": _hex(call.sender),
            "gas": hex(call.gas),
            "gasUsed": "0x0",
            "to": _hex(call.target),
            "input": _hex(call.payload),
        }
        if call.value is not None:
            frame["value"] = hex(call.value)
        frame["type"] = call.kind
        if self._open:
            self._open[-1].setdefault("calls", []).append(frame)
        else:
            self.root = frame
        self._open.append(frame)

    def leave(self, end: CallEnd) -> None:
        """Close the frame."""
        self._depth -= 1
        if self._is_top_only and self._depth:
            return
        frame = self._open.pop()
        frame["gasUsed"] = hex(end.gas_used)
        if end.output and end.error in (None, _REVERTED):
            self._room.take(2 * len(end.output))
            frame["output"] = _hex(end.output)
        if end.error is None:
            return
        frame["error"] = end.error
        if frame["type"] in ("CREATE", "CREATE2"):
            del frame["to"]
        reason = revert_reason(end.output) if end.error == _REVERTED else None
        if reason is not None:
            frame["revertReason"] = reason
        _drop_logs(frame)

    def log(self, log: Log) -> None:
        """Note a log in the open frame, unless it lies below the only one shown."""
        index, self._next_log = self._next_log, self._next_log + 1
        if not self._has_logs or (self._is_top_only and self._depth > 1):
            return
        self._room.take(_BYTES_A_LOG + 2 * len(log.payload))
        frame = self._open[-1]
        frame.setdefault("logs", []).append(
            {
                "address": _hex(log.address),
                "topics": [_hex(topic) for topic in log.topics],
                "data": _hex(log.payload),
                "index": hex(index),
                "position": hex(len(frame.get("calls", []))),
            }
        )


def _drop_logs(frame: dict[str, Any]) -> None:
    """What a failed frame and those below it logged was undone with them."""
    waiting = [frame]
    while waiting:
        undone = waiting.pop()
        undone.pop("logs", None)
        waiting += undone.get("calls", [])


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
