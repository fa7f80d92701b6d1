"""The in-process peers: eth-tester as it comes with its py-evm backend, and py-evm's own mining chain.

Only the bench knows py-evm outside the chain's engine: it is what the engine is compared with. These run in a child
process, see ``child``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Protocol

from eth_utils.address import to_checksum_address

from hanse.bench_chain.load import CLIENTS, FUNDS_WEI
from settlement.settings import LOCAL_CHAIN_ID

_CALL_GAS = 3_000_000
_GAS_LIMIT = 30_000_000


class Peer(Protocol):
    """A chain in this process. Times are in seconds."""

    def prepare(self, raws: Sequence[bytes]) -> None:
        """Mine them, one block each."""
        ...

    def play(self, raws: Sequence[bytes]) -> tuple[float, int]:
        """How long they took, decoded, checked and mined, and how many of them failed."""
        ...

    def call(self, to: bytes, calldata: bytes, count: int) -> float:
        """How long that many calls of a view took."""
        ...


def open_peer(kind: str, funded: Sequence[bytes]) -> Peer:
    """The peer of that name, its accounts funded at genesis."""
    peer: type[EthTester | PyEvm] = EthTester if kind == "eth-tester" else PyEvm
    return peer({one: {"balance": FUNDS_WEI, "nonce": 0, "code": b"", "storage": {}} for one in funded})


class EthTester:
    """eth-tester with its defaults: each transaction is a block. Only the accounts and the chain id are ours."""

    def __init__(self, genesis: dict[bytes, Any]) -> None:
        from eth_tester import EthereumTester, PyEVMBackend

        self._tester: Any = EthereumTester(PyEVMBackend(genesis_state=genesis))
        self._chain: Any = self._tester.backend.chain
        # It takes no chain id; the transactions are signed for ours.
        type(self._chain).chain_id = LOCAL_CHAIN_ID
        self._caller = to_checksum_address(next(iter(genesis)))

    def prepare(self, raws: Sequence[bytes]) -> None:
        self.play(raws)

    def play(self, raws: Sequence[bytes]) -> tuple[float, int]:
        first = self._chain.get_block().number
        hexed = ["0x" + raw.hex() for raw in raws]
        started = time.perf_counter()
        for raw in hexed:
            self._tester.send_raw_transaction(raw)
        took_s = time.perf_counter() - started
        return took_s, sum(map(self._failed_in, range(first, self._chain.get_block().number)))

    def _failed_in(self, number: int) -> int:
        block = self._chain.get_canonical_block_by_number(number)
        return sum(receipt.state_root != b"\1" for receipt in block.get_receipts(self._chain.chaindb))

    def call(self, to: bytes, calldata: bytes, count: int) -> float:
        request = {
            "from": self._caller,
            "to": to_checksum_address(to),
            "data": "0x" + calldata.hex(),
            "gas": _CALL_GAS,
        }
        started = time.perf_counter()
        for _ in range(count):
            self._tester.call(request)
        return time.perf_counter() - started


class PyEvm:
    """py-evm's own ``MiningChain`` in memory, with blocks as large as the clients at once: what the engine itself allows."""

    def __init__(self, genesis: dict[bytes, Any]) -> None:
        from eth.chains.base import MiningChain
        from eth.db import get_db_backend
        from eth.vm.forks import PragueVM

        def keep_gas_limit(chain: Any, parent: Any, **fields: Any) -> Any:
            fields["gas_limit"] = parent.gas_limit
            return MiningChain.create_header_from_parent(chain, parent, **fields)

        members = {
            "chain_id": LOCAL_CHAIN_ID,
            "vm_configuration": ((0, PragueVM),),
            "create_header_from_parent": keep_gas_limit,
        }
        chain_class: Any = type("BenchChain", (MiningChain,), members)
        header = {"difficulty": 0, "gas_limit": _GAS_LIMIT, "timestamp": int(time.time())}
        self._chain: Any = chain_class.from_genesis(get_db_backend(), header, genesis)

    def prepare(self, raws: Sequence[bytes]) -> None:
        for raw in raws:
            self._mine([raw])

    def play(self, raws: Sequence[bytes]) -> tuple[float, int]:
        computations: list[Any] = []
        started = time.perf_counter()
        for start in range(0, len(raws), CLIENTS):
            computations += self._mine(raws[start : start + CLIENTS])
        took_s = time.perf_counter() - started
        return took_s, sum(one.is_error for one in computations)

    def _mine(self, raws: Sequence[bytes]) -> Sequence[Any]:
        builder = self._chain.get_vm().get_transaction_builder()
        _, _, computations = self._chain.mine_all([builder.decode(raw) for raw in raws])
        found: Sequence[Any] = computations
        return found

    def call(self, to: bytes, calldata: bytes, count: int) -> float:
        from eth.vm.spoof import SpoofTransaction

        unsigned = self._chain.create_unsigned_transaction(
            nonce=0, gas_price=10**10, gas=_CALL_GAS, to=to, value=0, data=calldata
        )
        spoofed = SpoofTransaction(unsigned, from_=bytes(20), gas_price=0)
        head = self._chain.get_canonical_head()
        started = time.perf_counter()
        for _ in range(count):
            self._chain.get_transaction_result(spoofed, head)
        return time.perf_counter() - started
