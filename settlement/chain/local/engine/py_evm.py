"""The engine: py-evm under Prague rules, behind ``port.Engine``. Only this folder knows py-evm.

Blocks are built in this package, not by py-evm's chain objects: what is used of it is the state, the executor and the
opcodes. Validity (nonce, balance, signature, least gas) is checked before a transaction comes here, once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from eth.abc import ComputationAPI, SignedTransactionAPI
from eth.exceptions import OutOfGas, Revert, VMError
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.state import PragueState, PragueTransactionExecutor
from eth_typing import Address

from settlement.chain.local.engine.accounts_db import Accounts, NodeStore
from settlement.chain.local.engine.computation import described
from settlement.chain.local.engine.port import CallEnd, CallStart, Execution, NodeReader, Tracer
from settlement.chain.local.engine.straight_runs import QuickComputation
from settlement.chain.local.engine.system_contracts import begin_block
from settlement.chain.local.engine.tracing import ended, traced
from settlement.chain.local.formats.blocks import Header, Log
from settlement.chain.local.formats.transactions import Transaction


class _Executor(PragueTransactionExecutor):
    def validate_transaction(self, transaction: SignedTransactionAPI) -> None:
        """Nothing: the pool checked it, and calls are run that no pool would take."""


class _State(PragueState):
    computation_class = QuickComputation
    account_db_class = Accounts
    transaction_executor_class = _Executor

    def get_tip(self, transaction: SignedTransactionAPI) -> int:
        """Nothing for what pays nothing: a simulated call may be free of the base fee."""
        return max(super().get_tip(transaction), 0)

    def set_system_contracts(self) -> None:
        """Nothing: a state is opened as it is; ``system_contracts`` says what blocks do with such contracts."""


class PyEvm:
    """py-evm as an engine for one chain id."""

    def __init__(self, chain_id: int) -> None:
        self._chain_id = chain_id
        self.fork = PragueVM.fork

    def open(
        self, read_node: NodeReader, state_root: bytes, header: Header, past_hashes: Iterable[bytes] = ()
    ) -> PyEvmWorkspace:
        """The state under ``state_root`` as the block with ``header`` sees it."""
        root: Any = state_root
        nodes = NodeStore(read_node)
        return PyEvmWorkspace(_State(nodes, self._context(header, past_hashes), root), nodes)

    def _context(self, header: Any, past_hashes: Any) -> ExecutionContext:
        # Any: py-evm gives bytes and ints names of its own (Address, Hash32, BlockNumber), which end at this file.
        return ExecutionContext(
            coinbase=header.coinbase,
            timestamp=header.timestamp,
            block_number=header.number,
            difficulty=header.difficulty,
            mix_hash=header.mix_hash,
            gas_limit=header.gas_limit,
            prev_hashes=past_hashes,
            chain_id=self._chain_id,
            base_fee_per_gas=header.base_fee,
            excess_blob_gas=header.excess_blob_gas,
        )


class PyEvmWorkspace:
    """One py-evm state and the nodes written by it. Not shared between threads."""

    def __init__(self, state: _State, nodes: NodeStore) -> None:
        self._state = state
        self._nodes = nodes

    def balance(self, address: bytes) -> int:
        return self._state.get_balance(Address(address))

    def nonce(self, address: bytes) -> int:
        return self._state.get_nonce(Address(address))

    def code(self, address: bytes) -> bytes:
        return self._state.get_code(Address(address))

    def storage(self, address: bytes, slot: int) -> int:
        return self._state.get_storage(Address(address), slot)

    def set_balance(self, address: bytes, wei: int) -> None:
        self._state.set_balance(Address(address), wei)

    def set_nonce(self, address: bytes, nonce: int) -> None:
        self._state.set_nonce(Address(address), nonce)

    def set_code(self, address: bytes, code: bytes) -> None:
        self._state.set_code(Address(address), code)

    def set_storage(self, address: bytes, slot: int, word: int) -> None:
        self._state.set_storage(Address(address), slot, word)

    def clear_storage(self, address: bytes) -> None:
        self._state.delete_storage(Address(address))

    def begin_block(self, header: Header) -> None:
        """What the rules have a block do to the state before its first transaction."""
        begin_block(self._state, header)

    def run(self, transaction: Transaction, tracer: Tracer | None = None) -> Execution:
        """Run it and keep its effects; a message that fails keeps only what it paid for gas."""
        self._state.lock_changes()
        executor = _Executor(self._state)
        # Not one of py-evm's classes: it has the fields that the executor reads, under the same names.
        runnable = cast("SignedTransactionAPI", transaction)
        message = executor.build_evm_message(runnable)
        if tracer is not None:
            tracer.enter(_start(transaction, message.storage_address))
        try:
            with traced(self._state, tracer):
                computation = executor.build_computation(message, runnable)
        except VMError as exc:
            # py-evm raises here, instead of answering a failed computation, when the value is not there to send.
            if tracer is not None:
                tracer.leave(CallEnd(transaction.gas, b"", described(exc)))
            return Execution(transaction.gas, 0, b"", (), b"", described(exc), gas_peak=transaction.gas)
        spent = transaction.gas - computation.get_gas_remaining()
        refund = executor.calculate_gas_refund(computation, spent)
        executor.finalize_computation(runnable, computation)
        self._state.clear_transient_storage()
        # Not py-evm's own receipt: it caps the refund after adding the call data's floor, EIP-7623 before.
        gas_used = spent - refund + computation.data_floor_gas
        if tracer is not None:
            tracer.leave(ended(computation, gas_used))
        return _execution(transaction, message.storage_address, computation, (spent, gas_used, refund))

    def close(self) -> tuple[bytes, dict[bytes, bytes]]:
        """The new root and what must be stored under it."""
        self._state.lock_changes()
        self._state.persist()
        return self._state.state_root, self._nodes.written


def _start(transaction: Transaction, storage_address: bytes) -> CallStart:
    # The whole gas limit, as geth has it: what is taken before the first step counts as used by this frame.
    return CallStart(
        kind="CREATE" if transaction.is_create else "CALL",
        sender=transaction.sender,
        target=storage_address,
        payload=transaction.data,
        gas=transaction.gas,
        value=transaction.value,
    )


def _execution(
    transaction: Transaction, storage_address: bytes, computation: ComputationAPI, gas: tuple[int, int, int]
) -> Execution:
    spent, gas_used, refund = gas
    error = computation.error if computation.is_error else None
    logs = tuple(
        Log(address, tuple(topic.to_bytes(32, "big") for topic in topics), payload)
        for address, topics, payload in computation.get_log_entries()
    )
    return Execution(
        gas_used=gas_used,
        gas_refunded=refund,
        output=computation.output,
        logs=logs,
        created=storage_address if transaction.is_create else b"",
        error=None if error is None else described(error),
        is_revert=isinstance(error, Revert),
        is_out_of_gas=isinstance(error, OutOfGas),
        gas_peak=max(spent, transaction.floor_gas),
    )
