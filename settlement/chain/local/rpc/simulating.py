"""eth_simulateV1: blocks of calls, run one after another on the state after a block, and never stored."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain as joined
from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.engine.execution import Mined, receipt_of
from settlement.chain.local.engine.port import Execution, Workspace
from settlement.chain.local.faults import INVALID_PARAMS, RpcFault
from settlement.chain.local.formats.blocks import Block, Head, Header, Log, PlacedLog, seal
from settlement.chain.local.formats.hashing import keccak
from settlement.chain.local.formats.signing import without_signature
from settlement.chain.local.formats.transactions import MAX_INITCODE_BYTES, Transaction
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.answers import block_answer, log_answer, transaction_answer
from settlement.chain.local.rpc.block_names import NamedBlocks, steadily
from settlement.chain.local.rpc.calls import MOST_CALL_GAS, call_fault, run_call
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.drafts import Draft
from settlement.chain.local.rpc.hexes import prefixed, quantity
from settlement.chain.local.rpc.simulation_request import TOO_MUCH_ASKED, PlannedBlock, SimulationRequest
from settlement.chain.local.tracers.room import Room
from settlement.chain.local.tracers.transfers import TransferTracer

# The execution API's codes of what cannot be in a block.
NONCE_TOO_LOW = -38010
NONCE_TOO_HIGH = -38011
FEE_TOO_LOW = -38012
GAS_TOO_LOW = -38013
FUNDS_TOO_LOW = -38014
BLOCK_IS_FULL = -38015
INITCODE_TOO_LONG = -38025
# That of a call which failed otherwise than by reverting.
FAILED = -32015
_BYTES_A_LOG = 700


class Simulator:
    """Runs blocks that are not there."""

    def __init__(self, node: Node) -> None:
        self._chain = node.chain
        self._blocks = NamedBlocks(node)

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        return steadily(self._chain, {"eth_simulateV1": Method(self.simulate, 1, 2, is_slow=True)})

    def simulate(self, request: Any, block: Any = None) -> list[dict[str, Any]]:
        """The blocks, each with what its calls did."""
        base = self._blocks.view(block).head
        plan = SimulationRequest.read(request, base.header, self._chain.settings.chain_id)
        return _Simulation(self._chain, base, plan).run()


@dataclass(frozen=True, slots=True)
class _Called:
    done: Execution
    # With ether that moved among them, if it is asked for.
    logs: tuple[Log, ...]


class _Simulation:
    """One request's run: the state, and what is left of the bounds, pass from each block to the next."""

    def __init__(self, chain: Chain, base: Head, plan: SimulationRequest) -> None:
        self._chain = chain
        self._base = base
        self._plan = plan
        self._nodes = dict(base.nodes or {})
        self._hashes: list[bytes] = []
        self._gas_left = MOST_CALL_GAS
        self._room = Room("the answer", "ask for fewer calls")

    def run(self) -> list[dict[str, Any]]:
        head, answers = self._base, []
        for planned in self._plan.blocks:
            block, called = self._run_block(head, planned)
            head = replace(block.head, nodes=self._nodes)
            self._hashes.append(head.hash)
            answers.append(self._answer(block, called))
        return answers

    def _run_block(self, parent: Head, planned: PlannedBlock) -> tuple[Block, list[_Called]]:
        header = replace(planned.header, parent_hash=parent.hash)
        if self._plan.is_validated and not planned.has_base_fee:
            header = replace(header, base_fee=parent.header.next_base_fee())
        workspace = self._chain.workspace(parent, header, past_hashes=self._past_hashes())
        for address, override in (planned.overrides or {}).items():
            override.apply(workspace, address)
        workspace.begin_block(header)
        mined: list[Mined] = []
        called: list[_Called] = []
        gas_used = first_log = 0
        for draft in planned.calls:
            tx = self._transaction(draft, workspace, header, gas_used)
            self._check(tx, workspace, header)
            one = self._run(tx, workspace)
            gas_used += one.done.gas_used
            mined.append((tx, receipt_of(tx, header, one.done, gas_used, first_log)))
            first_log += len(one.done.logs)
            called.append(one)
        root, nodes = workspace.close()
        self._nodes.update(nodes)
        return seal(header, root, mined), called

    def _past_hashes(self) -> Any:
        below = self._chain.hashes_down_from(self._base, self._base.number + 1)
        return joined(reversed(self._hashes.copy()), below)

    def _transaction(self, draft: Draft, workspace: Workspace, header: Header, gas_used: int) -> Transaction:
        """What the call would be as a transaction: nobody signed it, and what it does not name is free."""
        room = header.gas_limit - gas_used
        gas = room if draft.call.gas is None else draft.call.gas
        if gas > room:
            raise RpcFault(
                f"block gas limit reached: {gas_used} >= {header.gas_limit}", rpc_code=BLOCK_IS_FULL
            )
        if not self._gas_left:
            raise RpcFault(
                f"gas limit reached: all calls together have {MOST_CALL_GAS}", rpc_code=TOO_MUCH_ASKED
            )
        nonce = workspace.nonce(draft.call.sender) if draft.nonce is None else draft.nonce
        named = replace(draft, nonce=nonce, fee=draft.fee or 0, tip=draft.tip or 0)
        tx = named.filled(min(gas, self._gas_left), header, self._chain.settings.chain_id)
        raw = without_signature(tx)
        return replace(tx, raw=raw, hash=keccak(raw))

    def _check(self, tx: Transaction, workspace: Workspace, header: Header) -> None:
        """Whether it could be in the block.

        Raises: RpcFault in geth's words, with the execution API's code.
        """
        refusal = (
            (self._nonce_refusal(tx, workspace.nonce(tx.sender)) if self._plan.is_validated else None)
            or self._fee_refusal(tx, header)
            or _refusal(tx, workspace.balance(tx.sender))
        )
        if refusal is not None:
            code, words = refusal
            raise RpcFault(f"err: {words} (supplied gas {tx.gas})", rpc_code=code)

    @staticmethod
    def _nonce_refusal(tx: Transaction, nonce: int) -> tuple[int, str] | None:
        words = f"address {prefixed(tx.sender)}, tx: {tx.nonce} state: {nonce}"
        if tx.nonce < nonce:
            return NONCE_TOO_LOW, f"nonce too low: {words}"
        return (NONCE_TOO_HIGH, f"nonce too high: {words}") if tx.nonce > nonce else None

    def _fee_refusal(self, tx: Transaction, header: Header) -> tuple[int, str] | None:
        fee, tip = tx.max_fee_per_gas, tx.max_priority_fee_per_gas
        if not self._plan.is_validated and not fee and not tip:
            return None
        words = f"address {prefixed(tx.sender)}, "
        if tip > fee:
            words += f"maxPriorityFeePerGas: {tip}, maxFeePerGas: {fee}"
            return INVALID_PARAMS, f"max priority fee per gas higher than max fee per gas: {words}"
        if fee < header.base_fee:
            words += f"maxFeePerGas: {fee}, baseFee: {header.base_fee}"
            return FEE_TOO_LOW, f"max fee per gas less than block base fee: {words}"
        return None

    def _run(self, tx: Transaction, workspace: Workspace) -> _Called:
        tracer = TransferTracer() if self._plan.traces_transfers else None
        done = run_call(workspace, tx, tracer)
        self._gas_left -= done.gas_used
        logs = done.logs if tracer is None else tuple(tracer.logs)
        # The input is told again where whole transactions are.
        size = len(done.output) + len(tx.data) + sum(len(log.payload) for log in logs)
        self._room.take(2 * size + _BYTES_A_LOG * (len(logs) + 1))
        return _Called(done, logs)

    def _answer(self, block: Block, called: list[_Called]) -> dict[str, Any]:
        head = block.head
        transactions = [
            transaction_answer(mined.transaction, head, mined.index)
            if self._plan.is_full
            else prefixed(mined.transaction.hash)
            for mined in block.transactions
        ]
        calls = []
        first_log = 0
        for mined, one in zip(block.transactions, called, strict=True):
            places = [
                PlacedLog(head, mined.transaction.hash, mined.index, first_log + offset, log)
                for offset, log in enumerate(one.logs)
            ]
            first_log += len(places)
            calls.append(_call_answer(one.done, [log_answer(placed) for placed in places]))
        return {**block_answer(head, transactions), "calls": calls}


def _refusal(tx: Transaction, balance: int) -> tuple[int, str] | None:
    """What is wrong with it whatever the mode: its code and the words."""
    if balance < tx.most_it_costs:
        words = f"address {prefixed(tx.sender)} have {balance} want {tx.most_it_costs}"
        return FUNDS_TOO_LOW, f"insufficient funds for gas * price + value: {words}"
    if tx.gas < tx.minimum_gas:
        return GAS_TOO_LOW, f"intrinsic gas too low: have {tx.gas}, want {tx.minimum_gas}"
    if tx.gas < tx.floor_gas:
        return GAS_TOO_LOW, f"insufficient gas for floor data gas cost: have {tx.gas}, want {tx.floor_gas}"
    if tx.is_create and len(tx.data) > MAX_INITCODE_BYTES:
        words = f"code size {len(tx.data)} limit {MAX_INITCODE_BYTES}"
        return INITCODE_TOO_LONG, f"max initcode size exceeded: {words}"
    return None


def _call_answer(done: Execution, logs: list[dict[str, Any]]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "returnData": prefixed(done.output if done.error is None else b""),
        "logs": logs,
        "gasUsed": quantity(done.gas_used),
        "maxUsedGas": quantity(done.gas_peak),
        "status": quantity(int(done.error is None)),
    }
    if done.error is not None:
        answer["error"] = call_fault(done, FAILED).body()
    return answer
