"""The chain as one file or one string: dumped, and loaded in the place of another."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from concurrent.futures import Future
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from settlement.chain.local.dump import write_dump
from settlement.chain.local.events import BlockStored
from settlement.chain.local.faults import LIMIT_EXCEEDED, RpcFault
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, read_bytes
from settlement.chain.local.rpc.verbs import ALL_NAMES, Verbs, then, under
from settlement.chain.local.wire.bounds import MOST_BODY_BYTES

# What is dumped here must fit a request that loads it, where each byte takes two digits.
MOST_DUMP_BYTES = MOST_BODY_BYTES // 2 - 1_024
# About five seconds' work, during which nothing is mined.
MOST_UNPACKED_BYTES = 2**28
_log = logging.getLogger(__name__)


class StateVerbs(Verbs):
    """``dumpState`` and ``loadState``. The string is this node's own, as anvil's is anvil's."""

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        verbs = {
            "dumpState": Method(self.dump, 0, 1, is_slow=True),
            "loadState": Method(self.load, 1, 1),
        }
        return under(ALL_NAMES, verbs)

    def dump(self, _with_history: Any = None) -> str:
        """Anvil's clients ask for past states or not; here they are always in it."""
        sink = _Bounded()
        write_dump(self._node.chain.storage, sink)
        return prefixed(sink.getvalue())

    def load(self, state: Any) -> Future[bool]:
        packed = read_bytes(state, "state")
        return then(self._order(load_state, lambda: BytesIO(packed), MOST_UNPACKED_BYTES), lambda _: True)


class _Bounded(BytesIO):
    """Takes so much and no more."""

    def write(self, chunk: Any, /) -> int:
        if self.tell() + len(chunk) > MOST_DUMP_BYTES:
            raise RpcFault(
                f"the state takes more than {MOST_DUMP_BYTES} bytes; start the node with --state FILE instead",
                rpc_code=LIMIT_EXCEEDED,
            )
        return super().write(chunk)


def load_state(node: Node, opened: Callable[[], BinaryIO], most_bytes: int | None = None) -> None:
    """Put a dump in the place of the chain. For the writer thread.

    Raises: InvalidParams when it is no dump that fits; RpcFault when it cannot be written. The chain is then as before.
    """
    chain = node.chain
    chain.replace(opened, most_bytes)
    node.signers.hold(chain.settings)
    node.waiting.load()
    # Whoever follows heads is told of the one that there is now.
    node.events.publish(BlockStored(chain.block_of(chain.head)))


def load_state_file(node: Node, path: Path) -> bool:
    """Start from the file when it is there and the node's chain is a new one; whether it was read.

    A chain that has blocks or accounts of its own goes on: after a kill it is newer than the file.

    Raises: InvalidParams, RpcFault with the reason why it cannot be loaded.
    """
    if not path.exists():
        return False
    head = node.chain.head
    if head.number or head.state_root != head.header.state_root:
        _log.warning("%s is not read: the chain's folder has a chain of its own, which goes on", path)
        return False
    try:
        path.open("rb").close()
    except OSError as exc:
        raise RpcFault(f"the state file {path} cannot be read: {exc.strerror}; name another") from exc
    node.order(lambda: load_state(node, lambda: path.open("rb"))).result()
    return True


def save_state_file(node: Node, path: Path) -> None:
    """Write the chain to the file: the new one whole, or the old one as it was.

    Raises: RpcFault when it cannot be written.
    """
    beside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                write_dump(node.chain.storage, file)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as exc:
        raise RpcFault(
            f"the state file {path} cannot be written: {exc.strerror}; make room, or choose another"
        ) from exc
