"""``debug_trace*``: what a transaction, a block or a call did, by running it again under a tracer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.engine.port import Execution, Tracer, Workspace
from settlement.chain.local.faults import InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import Head, MinedTransaction
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.calls import CallRequest, try_call
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import prefixed, read_word
from settlement.chain.local.tracers.call_tree import CallTracer
from settlement.chain.local.tracers.step_log import StepLogger, StepOptions, read_flag

_Answer = Callable[[Execution], dict[str, Any]]
TRACERS = ("callTracer",)


@dataclass(frozen=True, slots=True)
class TraceOptions:
    """Which tracer is wanted, and how; without a name it is the struct logger."""

    name: str
    tracer_config: dict[str, Any]
    steps: StepOptions

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
        tracer_config = config.get("tracerConfig") or {}
        if not isinstance(tracer_config, dict):
            raise InvalidParams("invalid tracerConfig: expected an object")
        options = cls(name, tracer_config, StepOptions.read(config))
        # Refused before anything runs.
        options.start(first_log=0)
        return options

    def start(self, *, first_log: int) -> tuple[Tracer, _Answer]:
        """A tracer for one run, and what makes the answer of it."""
        if self.name == "callTracer":
            calls = CallTracer(
                is_top_only=read_flag(self.tracer_config, "onlyTopCall"),
                has_logs=read_flag(self.tracer_config, "withLog"),
                first_log=first_log,
            )
            return calls, lambda _: calls.root
        steps = StepLogger(self.steps)
        return steps, steps.answer


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
        workspace = _before(self._chain, head)
        for mined in self._chain.block_of(head).transactions[: wanted.index]:
            workspace.run(mined.transaction)
        return _trace(workspace, wanted, options)

    def block(self, block: Any, config: Any = None) -> list[dict[str, Any]]:
        """Every transaction of a block."""
        options = TraceOptions.read(config)
        head = self._blocks.head(block)
        if not head.number:
            raise RpcFault("genesis is not traceable")
        workspace = _before(self._chain, head)
        return [
            {"txHash": prefixed(mined.transaction.hash), "result": _trace(workspace, mined, options)}
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
        tracer, answer = options.start(first_log=0)
        gas = min(message.gas or view.header.gas_limit, view.header.gas_limit)
        return answer(try_call(self._chain, view, message, gas, tracer))


def _before(chain: Chain, head: Head) -> Workspace:
    """The state that the block's first transaction ran on."""
    below = chain.head_at(head.number - 1)
    if below is None:
        raise RpcFault("header not found")
    workspace = chain.workspace(below, head.header)
    workspace.begin_block(head.header)
    return workspace


def _trace(workspace: Workspace, mined: MinedTransaction, options: TraceOptions) -> dict[str, Any]:
    tracer, answer = options.start(first_log=mined.receipt.first_log)
    return answer(workspace.run(mined.transaction, tracer))
