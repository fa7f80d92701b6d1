"""Transactions that wait for a block, and the rules by which one is let in. The words are geth's: clients match on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from settlement.chain.local.engine.execution import cannot_pay
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.transactions import MAX_INITCODE_BYTES, Transaction

PRICE_BUMP_PERCENT = 10
MOST_PER_SENDER = 1_024
MOST_IN_ALL = 8_192
# Encoded; one transaction may take megabytes, and is in memory twice.
MOST_BYTES_IN_ALL = 64 * 2**20


@dataclass(frozen=True, slots=True)
class AccountState:
    """What the chain's head says of a sender."""

    nonce: int
    balance: int


@dataclass(slots=True)
class Pool:
    """Waiting transactions by sender and nonce. Used by the one writer thread; others may count and list."""

    gas_limit: int
    _by_sender: dict[bytes, dict[int, Transaction]] = field(default_factory=dict)
    # What all of a sender's may cost together; added up anew for each arrival, long rows would cost their square.
    _costs: dict[bytes, int] = field(default_factory=dict)
    # Arrival decides the order in a block; a replacement keeps the place of what it replaces.
    _by_hash: dict[bytes, tuple[int, Transaction]] = field(default_factory=dict)
    _counter: int = 0
    _bytes: int = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    @property
    def mark(self) -> tuple[int, int]:
        """Another one whenever something else waits."""
        return self._counter, len(self._by_hash)

    def copy(self) -> Pool:
        """What waits at this moment, whatever the writer does meanwhile."""
        same = Pool(self.gas_limit)
        # One step for the interpreter, so no other thread changes the pool within it.
        for arrival, tx in list(self._by_hash.values()):
            same._enter(tx, arrival)
        return same

    def find(self, tx_hash: bytes) -> Transaction | None:
        """The waiting transaction with this hash."""
        found = self._by_hash.get(tx_hash)
        return None if found is None else found[1]

    def waiting(self) -> list[Transaction]:
        """All that wait, in the order of their arrival."""
        return [tx for _, tx in sorted(self._by_hash.values(), key=_arrival)]

    def next_nonce(self, sender: bytes, mined: int) -> int:
        """The nonce after the last one that waits without a gap."""
        queue = self._by_sender.get(sender)
        if queue:
            while mined in queue:
                mined += 1
        return mined

    def row(self, sender: bytes, mined: int) -> Iterator[Transaction]:
        """What waits without a gap after the ``mined`` first ones."""
        queue = self._by_sender.get(sender, {})
        while (tx := queue.get(mined)) is not None:
            yield tx
            mined += 1

    def add(self, tx: Transaction, account: AccountState) -> Transaction | None:
        """Let ``tx`` in; answers the transaction it replaced, if any.

        Raises: RpcFault with the reason it is refused.
        """
        if tx.hash in self._by_hash:
            raise RpcFault("already known")
        check_by_itself(tx, self.gas_limit)
        if tx.nonce < account.nonce:
            raise RpcFault(f"nonce too low: next nonce {account.nonce}, tx nonce {tx.nonce}")
        queue = self._by_sender.get(tx.sender, {})
        replaced = queue.get(tx.nonce)
        self._check_funds(tx, account, replaced)
        if replaced is not None:
            _check_outbids(tx, replaced)
        elif len(queue) >= MOST_PER_SENDER or len(self) >= MOST_IN_ALL:
            raise RpcFault("txpool is full")
        if self._bytes + len(tx.raw) - (0 if replaced is None else len(replaced.raw)) > MOST_BYTES_IN_ALL:
            raise RpcFault("txpool is full")
        # Counted for a replacement too, which the mark must show.
        arrival = self._next_arrival()
        if replaced is not None:
            arrival = self._by_hash.pop(replaced.hash)[0]
        self._enter(tx, arrival)
        return replaced

    def put_back(self, tx: Transaction) -> None:
        """Let in again what was let in before, unless another stands in its place."""
        if tx.nonce not in self._by_sender.get(tx.sender, {}):
            self._enter(tx, self._next_arrival())

    def _enter(self, tx: Transaction, arrival: int) -> None:
        queue = self._by_sender.setdefault(tx.sender, {})
        replaced = queue.get(tx.nonce)
        before = self._costs.get(tx.sender, 0) - (0 if replaced is None else replaced.most_it_costs)
        self._costs[tx.sender] = before + tx.most_it_costs
        self._bytes += len(tx.raw) - (0 if replaced is None else len(replaced.raw))
        self._by_hash[tx.hash] = arrival, tx
        queue[tx.nonce] = tx

    def _next_arrival(self) -> int:
        self._counter += 1
        return self._counter

    def _check_funds(self, tx: Transaction, account: AccountState, replaced: Transaction | None) -> None:
        cost = tx.most_it_costs
        if account.balance < cost:
            raise cannot_pay(tx, account.balance)
        queued = self._costs.get(tx.sender, 0) - (0 if replaced is None else replaced.most_it_costs)
        if account.balance < queued + cost:
            raise RpcFault(
                f"insufficient funds for gas * price + value: balance {account.balance}, queued cost {queued}, "
                f"tx cost {cost}, overshot {queued + cost - account.balance}"
            )

    def remove(self, tx: Transaction) -> None:
        """Forget it: it was mined, or can never be."""
        if self._by_hash.pop(tx.hash, None) is None:
            return
        queue = self._by_sender[tx.sender]
        del queue[tx.nonce]
        self._costs[tx.sender] -= tx.most_it_costs
        self._bytes -= len(tx.raw)
        if not queue:
            del self._by_sender[tx.sender], self._costs[tx.sender]

    def ready(self, nonce_of: Callable[[bytes], int], base_fee: int) -> list[Transaction]:
        """What can be mined now, by arrival and, within a sender, by nonce; a gap or too low a fee ends its sender's row."""
        runs: list[tuple[int, Transaction]] = []
        for sender, queue in self._by_sender.items():
            nonce = nonce_of(sender)
            latest = 0
            while (tx := queue.get(nonce)) is not None and tx.max_fee_per_gas >= base_fee:
                # A later nonce that arrived first must still follow.
                latest = max(latest, self._by_hash[tx.hash][0])
                runs.append((latest, tx))
                nonce += 1
        # The sort is stable, so a sender's row keeps its order where arrivals are equal.
        return [tx for _, tx in sorted(runs, key=_arrival)]

    def clear(self) -> None:
        """Forget all."""
        self._by_sender.clear()
        self._costs.clear()
        self._by_hash.clear()
        self._bytes = 0


def _arrival(entry: tuple[int, Transaction]) -> int:
    return entry[0]


def check_by_itself(tx: Transaction, gas_limit: int) -> None:
    """What can be refused without looking at the chain.

    Raises: RpcFault with the reason.
    """
    if tx.gas > gas_limit:
        raise RpcFault("exceeds block gas limit")
    if tx.max_fee_per_gas >= 2**256 or tx.max_priority_fee_per_gas > tx.max_fee_per_gas:
        raise RpcFault(
            "max priority fee per gas higher than max fee per gas: "
            f"maxPriorityFeePerGas: {tx.max_priority_fee_per_gas}, maxFeePerGas: {tx.max_fee_per_gas}"
        )
    if tx.nonce >= 2**64 - 1:
        raise RpcFault("nonce has max value")
    if tx.is_create and len(tx.data) > MAX_INITCODE_BYTES:
        raise RpcFault(f"max initcode size exceeded: code size {len(tx.data)}, limit {MAX_INITCODE_BYTES}")
    if tx.gas < tx.minimum_gas:
        raise RpcFault(f"intrinsic gas too low: gas {tx.gas}, minimum needed {tx.minimum_gas}")
    if tx.gas < tx.floor_gas:
        raise RpcFault(
            f"insufficient gas for floor data gas cost: gas {tx.gas}, minimum needed {tx.floor_gas}"
        )


def _check_outbids(tx: Transaction, replaced: Transaction) -> None:
    pairs = (
        (tx.max_fee_per_gas, replaced.max_fee_per_gas),
        (tx.max_priority_fee_per_gas, replaced.max_priority_fee_per_gas),
    )
    # Both must rise, also where ten percent of a fee is nothing. The bound is rounded down, as geth's is.
    if any(new <= old or new < old * (100 + PRICE_BUMP_PERCENT) // 100 for new, old in pairs):
        raise RpcFault("replacement transaction underpriced")
