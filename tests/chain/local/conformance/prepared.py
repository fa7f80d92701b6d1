"""A chain with one of everything that reading methods tell apart, the same on any node that is given a new chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hanse.waiting import wait_for
from settlement.chain.local.accounts import well_known_accounts
from tests.chain.local.client import EMITTER, GWEI, Rpc, address_of, init_code, signed, words

GENESIS_AT = 1_800_000_000
BLOCK_TIME_S = 12
# Reverts with the very bytes that it is called with.
ECHO_REVERT = bytes.fromhex("365f5f37365ffd")
TOPIC = words(0xE1)
NOWHERE = "0x" + "ab" * 32
STRANGER = "0x" + "11" * 20
AUTHORITY = 5


@dataclass(frozen=True, slots=True)
class Prepared:
    """What to ask for. Hashes and addresses are hex, as the node answers them."""

    rpc: Rpc
    emitter: str
    echo: str
    legacy: str
    unprotected: str
    access_list: str
    dynamic: str
    delegation: str
    failed: str
    pair: tuple[str, str]
    waiting: str
    head: int

    def block(self, number: int) -> dict[str, Any]:
        return dict(self.rpc("eth_getBlockByNumber", hex(number), False))

    def block_of(self, tx_hash: str) -> dict[str, Any]:
        """The block that the transaction is in."""
        return self.block(int(self.rpc.receipt(tx_hash)["blockNumber"], 16))


def prepare(rpc: Rpc) -> Prepared:
    """Send one of everything, each in a block of its own and at a fixed time."""
    emitter = _mined(rpc, 0, data=init_code(EMITTER), gas=1_000_000)
    echo = _mined(rpc, 0, data=init_code(ECHO_REVERT), gas=1_000_000)
    target = str(rpc.receipt(emitter)["contractAddress"])
    listed = [{"address": target, "storageKeys": [words(0), words(1)]}]
    noted: dict[str, Any] = {"to": target, "data": words(42, int(TOPIC, 16), 7), "gas": 200_000}
    entry = well_known_accounts()[AUTHORITY].sign_authorization(
        {"chainId": 31_337, "address": bytes.fromhex(target[2:]), "nonce": 0}
    )
    authority = address_of(AUTHORITY)
    sent = {
        "legacy": _mined(rpc, 0, gasPrice=3 * GWEI),
        "unprotected": _mined(rpc, 1, gasPrice=3 * GWEI, chainId=None),
        "access_list": _mined(rpc, 0, gasPrice=3 * GWEI, accessList=listed, type=1, **noted),
        "dynamic": _mined(rpc, 0, **noted),
        "delegation": _mined(rpc, 0, **(noted | {"to": authority}), authorizationList=[entry]),
        "failed": _mined(rpc, 0, to=target, gas=100_000),
    }
    rpc("evm_setAutomine", False)
    pair = rpc.send(0, **noted), rpc.send(1, **noted)
    mine_at_next_time(rpc)
    rpc("evm_setAutomine", True)
    waiting = rpc.send(3, nonce=1)
    # So that calls on the block in the making see one and the same time, however long the rest takes.
    _fix_time(rpc)
    return Prepared(
        rpc=rpc,
        emitter=target,
        echo=str(rpc.receipt(echo)["contractAddress"]),
        pair=pair,
        waiting=waiting,
        head=rpc.number("eth_blockNumber"),
        **sent,
    )


def mine_at_next_time(rpc: Rpc) -> None:
    """A block at the next fixed time."""
    _fix_time(rpc)
    rpc("evm_mine")


def _mined(rpc: Rpc, index: int, **fields: Any) -> str:
    _fix_time(rpc)
    raw = signed(index, nonce=rpc.nonce(index), **fields)
    tx_hash = str(rpc("eth_sendRawTransaction", raw))
    # Ours answers once it is on disk; anvil mines a moment after it answered.
    wait_for(lambda: rpc("eth_getTransactionReceipt", tx_hash), "a receipt")
    return tx_hash


def _fix_time(rpc: Rpc) -> None:
    above = rpc.number("eth_blockNumber") + 1
    rpc("evm_setNextBlockTimestamp", GENESIS_AT + above * BLOCK_TIME_S)
