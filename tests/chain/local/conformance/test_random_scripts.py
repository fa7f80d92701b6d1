"""Random operations on our node and on anvil at once: after each the two chains read the same."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hanse.waiting import wait_for
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from tests.chain.local.anvil import Anvil, needs_anvil
from tests.chain.local.client import (
    EMITTER,
    GWEI,
    NESTER,
    Rpc,
    RpcError,
    address_of,
    init_code,
    signed,
    words,
)
from tests.chain.local.conformance.comparing import differences
from tests.chain.local.conformance.conftest import ANVIL
from tests.chain.local.conformance.prepared import ECHO_REVERT, GENESIS_AT, STRANGER

SENDERS = range(4)
GAS = 300_000
_OF_RECEIPT = (
    "status", "type", "from", "to", "contractAddress", "gasUsed", "cumulativeGasUsed", "effectiveGasPrice",
    "transactionIndex", "logsBloom",
)  # fmt: skip
_OF_LOG = ("address", "topics", "data", "logIndex", "transactionIndex", "removed")
_OF_BLOCK = (
    "number", "timestamp", "gasUsed", "gasLimit", "baseFeePerGas", "transactionsRoot", "receiptsRoot", "logsBloom",
    "transactions",
)  # fmt: skip

pytestmark = needs_anvil


class Twins:
    """The same orders to two nodes; each operation leaves both with a block at the same time and base fee."""

    def __init__(self, ours: Rpc, theirs: Rpc, seed: int) -> None:
        self.chains = ours, theirs
        self.dice = random.Random(seed)
        self.at = GENESIS_AT
        self.contracts: list[str] = []
        self.snapshots: list[tuple[Any, Any]] = []
        self.done: list[str] = []
        for runtime in (EMITTER, NESTER, ECHO_REVERT):
            (receipt, _) = self.send(0, data=init_code(runtime), gas=1_000_000)
            self.contracts.append(str(receipt["contractAddress"]))

    def ask(self, method: str, *params: Any) -> Any:
        """The one answer of both.

        Raises: AssertionError when there are two.
        """
        ours, theirs = ([_answer(chain, method, params)] for chain in self.chains)
        assert ours == theirs, (method, params, self.done[-5:])
        return ours[0]

    def fix_next_block(self) -> None:
        """Anvil's snapshots do not keep the fee, nor the two nodes' clocks the same second."""
        self.at += self.dice.randrange(1, 1_000)
        fee = hex(self.dice.randrange(GWEI // 10, GWEI))
        for chain in self.chains:
            chain("evm_setNextBlockTimestamp", self.at)
            chain("anvil_setNextBlockBaseFeePerGas", fee)

    def send(self, index: int, **fields: Any) -> list[dict[str, Any]]:
        """The receipts of one transaction in a block of its own."""
        self.fix_next_block()
        raw = signed(index, nonce=self.chains[0].nonce(index), **fields)
        tx_hash = self.ask("eth_sendRawTransaction", raw)
        return [_receipt(chain, tx_hash) for chain in self.chains]

    # Operations, one of which is drawn at each step

    def do_transfer(self) -> None:
        self.send(self.dice.choice(SENDERS), value=self.dice.randrange(10**18), to=self._anybody(), gas=GAS)

    def do_call(self) -> None:
        data = words(*(self.dice.randrange(6) for _ in range(self.dice.randrange(4))))
        fields: dict[str, Any] = {"to": self.dice.choice(self.contracts), "data": data, "gas": GAS}
        if self.dice.random() < 0.3:
            fields |= {"gasPrice": 2 * GWEI}
        self.send(self.dice.choice(SENDERS), **fields)

    def do_burst(self) -> None:
        """Several transactions in one block."""
        self.ask("evm_setAutomine", False)
        for index in SENDERS:
            for nonce in range(self.dice.randrange(3)):
                first = self.chains[0].number("eth_getTransactionCount", address_of(index), "latest")
                data = words(self.dice.randrange(6), 1, 2)
                to = self.dice.choice(self.contracts)
                self.ask(
                    "eth_sendRawTransaction", signed(index, nonce=first + nonce, to=to, data=data, gas=GAS)
                )
        self.fix_next_block()
        self.ask("evm_mine")
        self.ask("evm_setAutomine", True)

    def do_mine(self) -> None:
        self.fix_next_block()
        self.ask("anvil_mine", hex(self.dice.randrange(1, 4)), hex(self.dice.randrange(1, 20)))
        self.at += 60

    def do_set_account(self) -> None:
        who, value = self._anybody(), self.dice.randrange(10**20)
        self.ask("anvil_setBalance", who, hex(value))
        self.ask("anvil_setStorageAt", self.contracts[0], hex(self.dice.randrange(3)), words(value))
        self.ask("hardhat_setNonce", STRANGER, self._later_nonce())

    def do_pose(self) -> None:
        self.ask("anvil_setBalance", STRANGER, hex(10**18))
        self.ask("anvil_impersonateAccount", STRANGER)
        self.fix_next_block()
        request = {
            "from": STRANGER, "to": self.dice.choice(self.contracts), "data": words(1, 2, 3), "gas": hex(GAS),
            "maxFeePerGas": hex(5 * GWEI), "maxPriorityFeePerGas": hex(GWEI),
        }  # fmt: skip
        for chain in self.chains:
            _receipt(chain, chain("eth_sendTransaction", request))
        self.ask("anvil_stopImpersonatingAccount", STRANGER)

    def do_snapshot(self) -> None:
        ours, theirs = (chain("evm_snapshot") for chain in self.chains)
        self.snapshots.append((ours, theirs))

    def do_revert(self) -> None:
        if not self.snapshots:
            return
        chosen = self.dice.randrange(len(self.snapshots))
        numbers = self.snapshots[chosen]
        del self.snapshots[chosen:]
        reverted = [chain("evm_revert", number) for chain, number in zip(self.chains, numbers, strict=True)]
        assert reverted == [True, True]

    def do_refused(self) -> None:
        """What is refused on both changes neither."""
        poor = signed(9, nonce=0, value=10**30)
        for chain in self.chains:
            with pytest.raises(RpcError, match=r"(?i)insufficient funds"):
                chain("eth_sendRawTransaction", poor)

    def _later_nonce(self) -> str:
        mined = self.chains[0].number("eth_getTransactionCount", STRANGER, "latest")
        return hex(mined + self.dice.randrange(3))

    def _anybody(self) -> str:
        return self.dice.choice([*map(address_of, range(6, 9)), STRANGER])

    # Looking

    def look(self) -> Iterator[str]:
        """Where what is read of the two differs."""
        ours, theirs = (_picture(chain, [*self.contracts, STRANGER]) for chain in self.chains)
        yield from map(str, differences("chain", ours, theirs))


def _receipt(chain: Rpc, tx_hash: str) -> dict[str, Any]:
    """Anvil gives the hash first and mines then."""
    return dict(wait_for(lambda: chain("eth_getTransactionReceipt", tx_hash), "a receipt"))


def _answer(chain: Rpc, method: str, params: tuple[Any, ...]) -> Any:
    try:
        return chain(method, *params)
    except RpcError as error:
        return str(error)


def _picture(chain: Rpc, watched: list[str]) -> dict[str, Any]:
    """The head and its receipts, but for hashes that PREVRANDAO decides, and all accounts that move."""
    block = chain("eth_getBlockByNumber", "latest", False)
    receipts = chain("eth_getBlockReceipts", block["number"])
    # What an impersonated account sent has a hash of each node's own.
    own = {receipt["transactionHash"] for receipt in receipts if receipt["from"] == STRANGER}
    shown = {
        name: block[name] for name in _OF_BLOCK if not own or name not in ("transactions", "transactionsRoot")
    }
    accounts = [*map(address_of, range(10)), *watched]
    return {
        "block": shown,
        "receipts": [
            {name: receipt[name] for name in _OF_RECEIPT}
            | {"logs": [{name: log[name] for name in _OF_LOG} for log in receipt["logs"]]}
            for receipt in receipts
        ],
        "accounts": {
            who: [chain(f"eth_get{what}", who, "latest") for what in ("Balance", "TransactionCount", "Code")]
            for who in accounts
        },
        "slots": [
            chain("eth_getStorageAt", who, hex(slot), "latest") for who in watched for slot in range(3)
        ],
    }


def _play(folder: Path, seed: int, steps: int) -> list[str]:
    """The first step after which the two differ, and where; nothing when they never do."""
    settings = ChainSettings(genesis_at=GENESIS_AT)
    with (
        LocalNode(folder, settings=settings) as node,
        Anvil("--timestamp", str(GENESIS_AT), *ANVIL) as anvil,
        Rpc(node.port) as ours,
        Rpc(anvil.port) as theirs,
    ):
        twins = Twins(ours, theirs, seed)
        operations = sorted(name for name in dir(twins) if name.startswith("do_"))
        for _ in range(steps):
            name = twins.dice.choice(operations)
            twins.done.append(name)
            getattr(twins, name)()
            if found := list(twins.look()):
                return [*twins.done[-8:], *found]
        assert set(operations) <= set(twins.done)
    return []


def test_random_operations__on_both_nodes__leave_the_same_chain(tmp_path: Path) -> None:
    assert _play(tmp_path / "chain", seed=4, steps=60) == []


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(10))
def test_random_operations__many_on_both_nodes__leave_the_same_chain(tmp_path: Path, seed: int) -> None:
    assert _play(tmp_path / "chain", seed=seed, steps=400) == []
