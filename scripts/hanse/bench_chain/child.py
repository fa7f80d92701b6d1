"""A peer in a process of its own, so that each has a whole interpreter, and its own choice of the curve's library."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, Final

from hanse.bench_chain.load import Lanes, in_turn
from settlement.errors import ChainError

_PURE_CURVE: Final = "eth_keys.backends.NativeECCBackend"
_GRACE_S: Final = 10


class ChildPlayer:
    """Plays what it is given in a child process, and says how long that took there."""

    def __init__(self, name: str, kind: str, funded: Sequence[bytes], *, is_pure: bool = False) -> None:
        self.name = name
        context = multiprocessing.get_context("spawn")
        self._pipe, there = context.Pipe()
        # A daemon: multiprocessing ends it with this process.
        self._process = context.Process(
            target=_work, args=(there, kind, list(funded), is_pure), daemon=True, name=f"bench-{kind}"
        )
        self._process.start()
        there.close()

    def prepare(self, raws: Sequence[bytes]) -> None:
        self._ask("prepare", list(raws))

    def play(self, lanes: Lanes) -> float:
        """Seconds for all of them, one after another.

        Raises: ChainError when one of them failed.
        """
        took_s, failed = self._ask("play", list(in_turn(lanes)))
        if failed:
            raise ChainError(
                f"{failed} transactions of the bench failed on {self.name}; its figures say nothing"
            )
        return float(took_s)

    def call(self, to: bytes, calldata: bytes, count: int) -> float:
        """Seconds for that many calls, one after another."""
        return float(self._ask("call", to, calldata, count))

    def close(self) -> None:
        self._pipe.close()
        self._process.join(_GRACE_S)
        if self._process.is_alive():
            self._process.kill()

    def _ask(self, name: str, *arguments: Any) -> Any:
        try:
            self._pipe.send((name, arguments))
            trouble, result = self._pipe.recv()
        except (EOFError, OSError) as gone:
            raise ChainError(f"the process of {self.name} ended; see stderr") from gone
        if trouble:
            raise ChainError(f"{self.name} cannot {name}: {trouble}")
        return result


def _work(pipe: Connection, kind: str, funded: list[bytes], is_pure: bool) -> None:  # noqa: FBT001  passed by a Process
    if is_pure:
        # Read when eth-keys is first used, which is after this.
        os.environ["ECC_BACKEND_CLASS"] = _PURE_CURVE
    from hanse.bench_chain.peers import open_peer

    peer = open_peer(kind, funded)
    while True:
        try:
            name, arguments = pipe.recv()
        except EOFError:
            return
        try:
            pipe.send((None, getattr(peer, name)(*arguments)))
        except Exception as exc:  # noqa: BLE001  whatever it is, the parent is told and decides
            pipe.send((repr(exc), None))
