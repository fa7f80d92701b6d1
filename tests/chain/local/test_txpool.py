"""The pool as testers see it: geth's views, taking transactions out, bounds, and what a failed replacement leaves."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.chain.local.faults import RpcFault
from settlement.chain.local.formats.transactions import Transaction
from settlement.chain.local.mining import Mining
from settlement.chain.local.pool import MOST_BYTES_IN_ALL, MOST_IN_ALL, MOST_PER_SENDER, AccountState, Pool
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import GWEI, ProcessNode, Rpc, RpcError, address_of, init_code

RICH = AccountState(nonce=0, balance=10**30)


@pytest.fixture
def idle(rpc: Rpc) -> Rpc:
    """A node that mines on order only."""
    rpc("evm_setAutomine", False)
    return rpc


def test_txpool__a_row_and_a_gap__pending_and_queued(idle: Rpc) -> None:
    first, second = idle.send(0, nonce=0), idle.send(0, nonce=1, value=7)
    behind = idle.send(0, nonce=5, data=init_code(b"\0"), gas=100_000)
    other = idle.send(1, nonce=0)
    assert idle("txpool_status") == {"pending": "0x3", "queued": "0x1"}
    content = idle("txpool_content")
    assert {tx["hash"] for rows in content["pending"].values() for tx in rows.values()} == {
        first,
        second,
        other,
    }
    assert content["pending"][address_of(0)].keys() == {"0", "1"}
    assert content["queued"] == {address_of(0): {"5": idle("eth_getTransactionByHash", behind)}}
    assert idle("txpool_contentFrom", address_of(1)) == {
        "pending": {"0": idle("eth_getTransactionByHash", other)},
        "queued": {},
    }
    summary = idle("txpool_inspect")
    assert summary["pending"][address_of(0)]["1"] == f"{address_of(1)}: 7 wei + 21000 gas × 5000000000 wei"
    assert summary["queued"][address_of(0)]["5"] == "contract creation: 0 wei + 100000 gas × 5000000000 wei"
    idle("evm_mine")
    assert idle("txpool_status") == {"pending": "0x0", "queued": "0x1"}


def test_drop_transaction__in_the_middle_of_a_row__later_ones_are_queued(idle: Rpc) -> None:
    hashes = [idle.send(0, nonce=nonce) for nonce in range(3)]
    assert idle("anvil_dropTransaction", hashes[1]) == hashes[1]
    assert idle("anvil_dropTransaction", hashes[1]) is None
    assert idle("txpool_status") == {"pending": "0x1", "queued": "0x1"}
    idle("evm_mine")
    assert idle.receipt(hashes[0])["status"] == "0x1"
    assert idle("eth_getTransactionByHash", hashes[1]) is None
    assert idle("hardhat_dropTransaction", hashes[0]) is None


def test_drop_all_and_of_sender__only_what_was_meant__is_gone(idle: Rpc) -> None:
    mine, other = idle.send(0, nonce=3), idle.send(1)
    assert idle("anvil_removePoolTransactions", address_of(0)) is None
    assert idle("eth_getTransactionByHash", mine) is None
    assert idle("eth_getTransactionByHash", other)["blockHash"] is None
    assert idle("anvil_dropAllTransactions") is None
    assert idle("txpool_status") == {"pending": "0x0", "queued": "0x0"}
    for params in (["0x12"], [None]):
        with pytest.raises(RpcError, match="-32602"):
            idle("anvil_dropTransaction", *params)


def test_dropped_and_replaced__killed_and_started_again__do_not_come_back(tmp_path: Path) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        rpc("evm_setAutomine", False)
        dropped, kept = rpc.send(0, nonce=0), rpc.send(1, nonce=0)
        replaced = rpc.send(2, nonce=0)
        rpc("anvil_dropTransaction", dropped)
        better = {"maxFeePerGas": 10 * GWEI, "maxPriorityFeePerGas": 2 * GWEI}
        winner = rpc.send(2, nonce=0, **better)
        node.kill()
    with LocalNode(tmp_path, mining=Mining(is_automatic=False)) as reopened, Rpc(reopened.port) as rpc:
        assert [rpc("eth_getTransactionByHash", gone) for gone in (dropped, replaced)] == [None, None]
        rpc("evm_mine")
        assert [rpc.receipt(one)["status"] for one in (kept, winner)] == ["0x1", "0x1"]
        rpc("anvil_rollback", 1)
    with LocalNode(tmp_path) as reopened, Rpc(reopened.port) as rpc:
        assert rpc("txpool_status") == {"pending": "0x0", "queued": "0x0"}
        assert rpc.number("eth_blockNumber") == 0


def test_mine__packs_by_arrival__and_each_senders_by_nonce(idle: Rpc) -> None:
    late, first, second = idle.send(0, nonce=1), idle.send(1, nonce=0), idle.send(0, nonce=0)
    idle("evm_mine")
    assert idle("eth_getBlockByNumber", "latest", False)["transactions"] == [first, second, late]


# Bounds and replacement, on the pool itself


def test_pool__costs_of_a_row__counted_as_it_grows_shrinks_and_is_replaced() -> None:
    pool, cost = Pool(30_000_000), 21_000 * GWEI
    funds = AccountState(nonce=0, balance=3 * cost)
    for nonce in range(3):
        pool.add(_tx(1, nonce), funds)
    with pytest.raises(RpcFault, match=f"queued cost {3 * cost}, tx cost {cost}, overshot {cost}"):
        pool.add(_tx(1, 3), funds)
    with pytest.raises(RpcFault, match=f"queued cost {2 * cost}, tx cost {2 * cost}, overshot {cost}"):
        pool.add(_tx(1, 2, 2 * GWEI, 2 * GWEI), funds)
    pool.remove(_tx(1, 1))
    pool.add(_tx(1, 2, 2 * GWEI, 2 * GWEI), funds)
    with pytest.raises(RpcFault, match=f"queued cost {3 * cost}"):
        pool.add(_tx(1, 1), funds)
    pool.clear()
    pool.add(_tx(1, 0, 3 * GWEI), funds)


@given(st.data())
def test_pool__any_arrivals__what_is_ready_are_rows_of_nonces_that_pay_and_none_is_left_out(
    data: st.DataObject,
) -> None:
    pool, mined = Pool(30_000_000), {sender: data.draw(st.integers(0, 2)) for sender in (1, 2, 3)}
    arrivals = st.tuples(st.sampled_from([1, 2, 3]), st.integers(0, 6), st.sampled_from([GWEI // 2, GWEI]))
    for sender, nonce, fee in data.draw(st.lists(arrivals, max_size=20)):
        with contextlib.suppress(RpcFault):
            pool.add(_tx(sender, nonce, fee, 1), AccountState(mined[sender], 10**30))
    ready = pool.ready(lambda sender: mined[int.from_bytes(sender, "big")], GWEI)
    held = {(int.from_bytes(tx.sender, "big"), tx.nonce): tx for tx in pool.waiting()}
    for sender, first in mined.items():
        row: list[Transaction] = []
        while (tx := held.get((sender, first + len(row)))) is not None and tx.max_fee_per_gas >= GWEI:
            row.append(tx)
        assert [tx for tx in ready if int.from_bytes(tx.sender, "big") == sender] == row
    assert pool.copy().ready(lambda sender: mined[int.from_bytes(sender, "big")], GWEI) == ready


def _tx(sender: int, nonce: int, fee: int = GWEI, tip: int = GWEI) -> Transaction:
    return Transaction(
        sender=sender.to_bytes(20, "big"),
        to=b"\7" * 20,
        data=b"",
        value=0,
        gas=21_000,
        nonce=nonce,
        max_fee_per_gas=fee,
        max_priority_fee_per_gas=tip,
        hash=b"%d %d %d %d" % (sender, nonce, fee, tip),
    )


def test_pool__as_many_of_one_sender_as_it_takes__one_more_is_refused_and_a_replacement_is_not() -> None:
    pool = Pool(30_000_000)
    for nonce in range(MOST_PER_SENDER):
        pool.add(_tx(1, nonce), RICH)
    with pytest.raises(RpcFault, match="txpool is full"):
        pool.add(_tx(1, MOST_PER_SENDER), RICH)
    assert pool.add(_tx(1, 0, 2 * GWEI, 2 * GWEI), RICH) == _tx(1, 0)
    assert pool.add(_tx(2, 0), RICH) is None
    assert len(pool) == MOST_PER_SENDER + 1


def test_pool__as_many_as_it_takes_in_all__one_more_is_refused_until_one_leaves() -> None:
    pool = Pool(30_000_000)
    for at in range(MOST_IN_ALL):
        pool.add(_tx(1 + at // 64, at % 64), RICH)
    with pytest.raises(RpcFault, match="txpool is full"):
        pool.add(_tx(10_000, 0), RICH)
    pool.remove(_tx(1, 0))
    pool.add(_tx(10_000, 0), RICH)
    assert len(pool) == MOST_IN_ALL


def test_pool__as_many_bytes_as_it_takes__one_more_is_refused_until_some_leave() -> None:
    pool = Pool(30_000_000)
    half = bytes(MOST_BYTES_IN_ALL // 2)
    large = [replace(_tx(sender, 0), raw=half) for sender in (1, 2)]
    for tx in large:
        pool.add(tx, RICH)
    one_byte = replace(_tx(3, 0), raw=b"\1")
    better = replace(_tx(1, 0, 2 * GWEI, 2 * GWEI), raw=half + b"\1")
    for tx in (one_byte, better):
        with pytest.raises(RpcFault, match="txpool is full"):
            pool.add(tx, RICH)
    assert pool.waiting() == large
    same_size = replace(better, raw=half)
    assert pool.add(same_size, RICH) == large[0]
    pool.remove(same_size)
    pool.add(one_byte, RICH)
    pool.clear()
    for tx in large:
        pool.add(tx, RICH)


@pytest.mark.parametrize(
    ("fee", "tip", "is_enough"),
    [
        (11 * GWEI, 11 * GWEI, True),
        (11 * GWEI - 1, 11 * GWEI - 1, False),
        (11 * GWEI, 10 * GWEI, False),
        (20 * GWEI, 11 * GWEI - 1, False),
        (20 * GWEI, 11 * GWEI, True),
    ],
)
def test_pool__replacement__fee_and_tip_ten_percent_higher(fee: int, tip: int, is_enough: bool) -> None:
    pool, old = Pool(30_000_000), _tx(1, 0, 10 * GWEI, 10 * GWEI)
    pool.add(old, RICH)
    if is_enough:
        assert pool.add(_tx(1, 0, fee, tip), RICH) == old
    else:
        with pytest.raises(RpcFault, match="replacement transaction underpriced"):
            pool.add(_tx(1, 0, fee, tip), RICH)
        assert pool.waiting() == [old]


def test_pool__tip_of_nothing__must_rise_as_well() -> None:
    pool = Pool(30_000_000)
    pool.add(_tx(1, 0, 10 * GWEI, 0), RICH)
    with pytest.raises(RpcFault, match="underpriced"):
        pool.add(_tx(1, 0, 20 * GWEI, 0), RICH)
    pool.add(_tx(1, 0, 20 * GWEI, 1), RICH)


def test_pool__put_back__only_where_nothing_stands() -> None:
    pool, old = Pool(30_000_000), _tx(1, 0)
    new = replace(old, hash=b"new")
    pool.put_back(old)
    pool.put_back(new)
    assert pool.waiting() == [old]
    pool.remove(old)
    pool.put_back(new)
    assert pool.waiting() == [new]
