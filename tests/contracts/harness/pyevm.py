"""py-evm as the reference engine: exact gas, and the place where coverage can be recorded."""

from __future__ import annotations

from typing import Any

import rlp
from eth.abc import ComputationAPI
from eth.constants import BLANK_ROOT_HASH, CREATE_CONTRACT_ADDRESS, ZERO_HASH32
from eth.db.account import AccountDB
from eth.db.atomic import AtomicDB
from eth.exceptions import Revert
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.prague.state import PragueState
from eth.vm.message import Message
from eth_utils.crypto import keccak

from settlement.chain.abi import checksum
from tests.contracts.harness.port import (
    BLOCK_GAS,
    CHAIN_ID,
    GENESIS_AT,
    Evm,
    Execution,
    Log,
    Snapshot,
)

COINBASE = b"\xc0" * 20
BASE_COST = 21_000
CREATE_COST = 32_000


class _Accounts(AccountDB):
    def get_code(self, address: Any) -> bytes:
        # The original copies the set of all nodes read so far on every call, for a witness nobody reads here.
        try:
            return self._journaldb[self.get_code_hash(address)]
        except KeyError:
            return b""


class _State(PragueState):
    account_db_class = _Accounts

    def set_system_contracts(self) -> None:
        """Nothing: no test here looks at beacon roots, and writing them for each example costs time."""


class PyEvm(Evm):
    """A py-evm state that is fed messages directly."""

    engine = "py-evm"

    def __init__(self) -> None:
        super().__init__()
        self._db = AtomicDB()
        self._context = ExecutionContext(
            coinbase=COINBASE,  # type: ignore[arg-type]  # py-evm's Address is a NewType of bytes
            timestamp=GENESIS_AT,
            block_number=1,  # type: ignore[arg-type]  # the same for BlockNumber
            difficulty=0,
            mix_hash=ZERO_HASH32,
            gas_limit=BLOCK_GAS,
            prev_hashes=(),
            chain_id=CHAIN_ID,
            base_fee_per_gas=0,
            excess_blob_gas=0,
        )
        self._state = _State(self._db, self._context, BLANK_ROOT_HASH)

    def set_chain_id(self, chain_id: int) -> None:
        """Go on as the other branch of a chain that split: the same state under another chain id."""
        self.chain_id = chain_id
        self._context._chain_id = chain_id

    def put_code(self, address: str, code: bytes) -> None:
        """Give a plain account code, as a delegation by EIP-7702 does."""
        self._state.set_code(_raw(address), code)

    def put_storage(self, address: str, slot: int, word: int) -> None:
        """Write one storage word, to stand where only very many transactions lead."""
        self._state.set_storage(_raw(address), slot, word)

    def storage(self, address: str, slot: int) -> int:
        return self._state.get_storage(_raw(address), slot)

    def code(self, address: str) -> bytes:
        return self._state.get_code(_raw(address))

    def _put_time(self, at: int) -> None:
        self._context._timestamp = at

    def _take(self) -> bytes:
        self._state.lock_changes()
        self._state.persist()
        return bytes(self._state.state_root)

    def _give_back(self, taken: Snapshot) -> None:
        self._state = _State(self._db, self._context, taken.state)

    def _create(self, sender: str, code: bytes) -> tuple[str, Execution]:
        origin = _raw(sender)
        address = keccak(rlp.encode([origin, self._state.get_nonce(origin)]))[12:]
        self._state.increment_nonce(origin)
        done = self._run(origin, CREATE_CONTRACT_ADDRESS, code, created=address)
        return "0x" + address.hex(), self._told(done, code, CREATE_COST)

    def _message(self, sender: str, to: str, payload: bytes, *, is_static: bool) -> Execution:
        origin, target = _raw(sender), _raw(to)
        if not is_static:
            return self._told(self._run(origin, target, payload), payload, 0)
        # `snapshot` gives lock_changes no chance to run in between, so the journal can go back.
        self._begin()
        mark = self._state.snapshot()
        done = self._apply(origin, target, payload, None)
        self._state.revert(mark)
        return self._told(done, payload, 0)

    def _begin(self) -> None:
        """A transaction's boundary: what was written is original now, nothing is warm, transient storage is empty."""
        self._state.lock_changes()
        self._state.clear_transient_storage()

    def _run(
        self, origin: bytes, target: bytes, payload: bytes, created: bytes | None = None
    ) -> ComputationAPI:
        self._begin()
        return self._apply(origin, target, payload, created)

    def _apply(self, origin: bytes, target: bytes, payload: bytes, created: bytes | None) -> ComputationAPI:
        state = self._state
        for address in (origin, created or target, COINBASE):
            state.mark_address_warm(address)  # type: ignore[arg-type]  # py-evm's Address is a NewType of bytes
        message = Message(
            gas=self.gas_limit,
            to=target,  # type: ignore[arg-type]  # the same
            sender=origin,  # type: ignore[arg-type]  # the same
            value=0,
            data=b"" if created else payload,
            code=payload if created else state.get_code(target),  # type: ignore[arg-type]  # the same
            create_address=created,  # type: ignore[arg-type]  # the same
        )
        context = state.get_transaction_context_class()(gas_price=0, origin=origin)  # type: ignore[arg-type]  # the same
        run = (
            state.computation_class.apply_create_message if created else state.computation_class.apply_message
        )
        return run(state, message, context)

    def _told(self, done: ComputationAPI, payload: bytes, extra: int) -> Execution:
        failure = "" if done.is_success else type(done.error).__name__
        # What a halted frame leaves in `output` is no answer of the contract.
        output = done.output if done.is_success or isinstance(done.error, Revert) else b""
        return Execution(done.is_success, output, _logs(done), _paid(done, payload, extra), failure)


def _paid(done: ComputationAPI, payload: bytes, extra: int) -> int:
    """Gas of a whole transaction.

    Source: EIP-2028 calldata, EIP-3529 refunds, EIP-7623 floor; py-evm itself counts the words of creation code.
    """
    zeros = payload.count(0)
    tokens = zeros + 4 * (len(payload) - zeros)
    used = BASE_COST + extra + 4 * tokens + done.get_gas_used()
    refund = done.get_gas_refund() if done.is_success else 0
    return max(used - min(refund, used // 5), BASE_COST + 10 * tokens)


def _logs(done: ComputationAPI) -> tuple[Log, ...]:
    return tuple(
        Log(checksum("0x" + address.hex()), tuple(topic.to_bytes(32, "big") for topic in topics), body)
        for address, topics, body in done.get_log_entries()
    )


def _raw(address: str) -> Any:
    return bytes.fromhex(address[2:])
