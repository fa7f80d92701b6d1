"""``debug_trace*``: what a transaction, a block or a call did, by running it again under a tracer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.engine.port import Workspace
from settlement.chain.local.faults import InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import Head
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.call_request import CallRequest
from settlement.chain.local.rpc.calls import gas_of, open_call, run_call
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, read_word
from settlement.chain.local.tracers.call_tree import CallTracer
from settlement.chain.local.tracers.prestate import PrestateOptions, PrestateTracer
from settlement.chain.local.tracers.room import Room
from settlement.chain.local.tracers.step_log import StepLogger, StepOptions, read_flag

TRACERS = ("callTracer", "prestateTracer")


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Which tracer is wanted, and how; without a name it is the struct logger."""

    name: str
    steps: StepOptions
    prestate: PrestateOptions
    is_top_only: bool
    has_logs: bool

    @classmethod
    def read(cls, config: Any) -> TraceOptions:
        """From a request's last parameter.

        Raises: InvalidParams; RpcFault for a tracer that is not here.
        """
        config = {} if config is None else config
        if not isinstance(config, dict):
            raise InvalidParams("invalid trace options: expected an object")
        name = config.get("tracer") or ""
        if name and name not in TRACERS:
            raise RpcFault(
                f"tracer {name!r} is not here: leave it out for steps, or name {' or '.join(TRACERS)}"
            )
        given = config.get("tracerConfig") or {}
        if not isinstance(given, dict):
            raise InvalidParams("invalid tracerConfig: expected an object")
        return cls(
            name=name,
            steps=StepOptions.read(config),
            prestate=PrestateOptions(
                is_diff=read_flag(given, "diffMode"),
                has_code=not read_flag(given, "disableCode"),
                has_storage=not read_flag(given, "disableStorage"),
                has_empty=read_flag(given, "includeEmpty"),
            ),
            is_top_only=read_flag(given, "onlyTopCall"),
            has_logs=read_flag(given, "withLog"),
        )


@dataclass(frozen=True, slots=True)
class Replay:
    """A state to run transactions in under a tracer, and the same state once more where a tracer looks back.

    ``coinbase`` is that of the block; ``room`` is shared by all that one request traces.
    """

    options: TraceOptions
    room: Room
    state: Workspace
    state_before: Workspace | None
    coinbase: bytes

    @classmethod
    def opened(cls, options: TraceOptions, coinbase: bytes, open_state: Callable[[], Workspace]) -> Replay:
        """``open_state`` gives the state anew each time."""
        looks_back = options.name == "prestateTracer"
        return cls(options, Room(), open_state(), open_state() if looks_back else None, coinbase)

    def skip(self, transaction: Transaction) -> None:
        """Run it without looking."""
        self.state.run(transaction)
        if self.state_before is not None:
            self.state_before.run(transaction)

    def trace(self, transaction: Transaction, *, first_log: int = 0) -> dict[str, Any]:
        """Run it and answer what the tracer makes of it. ``first_log`` is the index of its first log in the block."""
        options = self.options
        if self.state_before is not None:
            prestate = PrestateTracer(options.prestate, self.room, transaction, self.coinbase)
            run_call(self.state, transaction, prestate)
            answer = prestate.answer(self.state_before, self.state)
            self.state_before.run(transaction)
            return answer
        if options.name == "callTracer":
            calls = CallTracer(
                self.room, is_top_only=options.is_top_only, has_logs=options.has_logs, first_log=first_log
            )
            run_call(self.state, transaction, calls)
            return calls.root
        steps = StepLogger(options.steps, self.room)
        return steps.answer(run_call(self.state, transaction, steps))


class TraceReader:
    """Runs again what is mined, on the state that it was mined on, and calls on any state."""

    def __init__(self, node: Node) -> None:
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        table = {
            "debug_traceTransaction": Method(self.transaction, 1, 2, is_slow=True),
            "debug_traceBlockByNumber": Method(self.block, 1, 2, is_slow=True),
            "debug_traceBlockByHash": Method(self.block_by_hash, 1, 2, is_slow=True),
            "debug_traceCall": Method(self.call, 1, 3, is_slow=True),
        }
        return steadily(self._chain, table)

    def transaction(self, tx_hash: Any, config: Any = None) -> dict[str, Any]:
        """A mined transaction, after those before it in its block ran."""
        options = TraceOptions.read(config)
        found = self._chain.find_transaction(read_word(tx_hash, "hash"))
        if found is None:
            raise RpcFault("transaction not found")
        head, wanted = found
        replay = self._replay(head, options)
        for mined in self._chain.block_of(head).transactions[: wanted.index]:
            replay.skip(mined.transaction)
        return replay.trace(wanted.transaction, first_log=wanted.receipt.first_log)

    def block(self, block: Any, config: Any = None) -> list[dict[str, Any]]:
        """Every transaction of a block."""
        options = TraceOptions.read(config)
        head = self._blocks.head(block)
        if not head.number:
            raise RpcFault("genesis is not traceable")
        replay = self._replay(head, options)
        return [
            {
                "txHash": prefixed(mined.transaction.hash),
                "result": replay.trace(mined.transaction, first_log=mined.receipt.first_log),
            }
            for mined in self._chain.block_of(head).transactions
        ]

    def block_by_hash(self, block_hash: Any, config: Any = None) -> list[dict[str, Any]]:
        """Every transaction of the block with this hash."""
        return self.block({"blockHash": prefixed(read_word(block_hash, "block hash"))}, config)

    def call(self, request: Any, block: Any = None, config: Any = None) -> dict[str, Any]:
        """A message that nobody sent. What it reverts with is part of the trace, and no error."""
        options = TraceOptions.read(config)
        given = config or {}
        view = self._blocks.view(block, given.get("stateOverrides"), given.get("blockOverrides"))
        message = CallRequest.read(request)
        gas = gas_of(view, message)
        _, transaction = open_call(self._chain, view, message, gas)
        replay = Replay.opened(
            options, view.header.coinbase, lambda: open_call(self._chain, view, message, gas)[0]
        )
        return replay.trace(transaction)

    def _replay(self, head: Head, options: TraceOptions) -> Replay:
        return Replay.opened(options, head.header.coinbase, lambda: _before(self._chain, head))


def _before(chain: Chain, head: Head) -> Workspace:
    """The state that the block's first transaction ran on."""
    below = chain.head_at(head.number - 1)
    if below is None:
        raise RpcFault("header not found")
    workspace = chain.workspace(below, head.header)
    workspace.begin_block(head.header)
    return workspace
