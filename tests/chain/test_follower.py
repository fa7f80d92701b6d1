"""The database follows the chain by block hash, and only the chain it was begun on; on both databases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from settlement.blocks import BlockHeader
from settlement.chain.bindings.receivables import Accepted
from settlement.chain.client import ChainClient, FullHeader, NetworkDiffers, RawLog, Receipt
from settlement.chain.follower import Follower, NodeLags, fetch_blocks
from settlement.errors import ChainError, Conflict
from settlement.ids import id_text
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.projector import CURSOR, window_blocks
from settlement.store.rebuild import rebuild, state_hash
from settlement.store.repositories.cursors import find_cursor
from settlement.store.repositories.receivables import find_receivable, open_receivables
from settlement.store.tables_projection import Receivable
from tests.chain.trade import Trade


class LaggingClient(ChainClient):
    """A node behind a load balancer: it knows new blocks before it has their logs, and perhaps their receipts."""

    def __init__(self, url: str, *, has_receipts: bool) -> None:
        super().__init__(url, 31337)
        self.has_receipts = has_receipts

    def logs(self, block_hashes: Sequence[str], addresses: Sequence[str]) -> list[list[RawLog]]:
        return [[] for _ in block_hashes]

    def receipts(self, tx_hashes: Sequence[str]) -> list[Receipt | None]:
        return super().receipts(tx_hashes) if self.has_receipts else [None for _ in tx_hashes]


class BehindClient(ChainClient):
    """A node of a public network, some blocks behind the one we asked before."""

    behind = 0

    def __init__(self, url: str) -> None:
        super().__init__(url, 31337)

    def block(self, which: int | str) -> BlockHeader | None:
        last = super().head() - self.behind
        if which == "latest":
            return super().block(last)
        return None if isinstance(which, int) and which > last else super().block(which)

    def headers(self, first: int, last: int) -> list[FullHeader]:
        return super().headers(first, min(last, super().head() - self.behind))


def follow(follower: Follower) -> int:
    """Step until nothing moves; how many steps moved something."""
    steps = 0
    while follower.step():
        steps += 1
    return steps


def cursor_of(engine: Engine) -> tuple[int, str]:
    """Where the projection stands."""
    with reading(engine) as session:
        cursor = find_cursor(session, CURSOR)
    assert cursor is not None
    return cursor.block_number, cursor.block_hash


def receivable_of(engine: Engine, trade: Trade, order_id: int) -> Receivable | None:
    """The projected order."""
    with reading(engine) as session:
        return find_receivable(session, id_text(order_id))


def test_step__a_new_database__is_brought_level_with_the_chain(database: Engine, trade: Trade) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    follower = Follower(database, trade.client, trade.deployment)
    assert follow(follower) > 0
    latest = trade.client.block("latest")
    assert latest is not None
    assert cursor_of(database) == (latest.number, latest.hash)
    found = receivable_of(database, trade, trade.id_of(order))
    assert found is not None
    assert found.face_minor == order.face
    assert not follower.step()


def test_step__one_block_at_a_time_or_all_at_once__is_the_same_projection(
    sqlite_database: Engine, postgresql_database: Engine, trade: Trade
) -> None:
    slow = Follower(sqlite_database, trade.client, trade.deployment)
    follow(slow)
    order = trade.order()
    for wanted in (trade.accept(order), trade.draw(order, 1_000_00)):
        trade.send(wanted)
        assert follow(slow) == 1
    follow(Follower(postgresql_database, trade.client, trade.deployment))
    assert state_hash(sqlite_database) == state_hash(postgresql_database)


@pytest.mark.parametrize("depth", [1, 5, 20])
def test_t25__a_fork__is_rolled_back_and_the_other_branch_projected(
    database: Engine, trade: Trade, depth: int
) -> None:
    follower = Follower(database, trade.client, trade.deployment)
    for _ in range(20 - depth):
        trade.client.ask("evm_mine")
    follow(follower)
    before = state_hash(database)
    orders = [trade.order(face=1_000_00) for _ in range(min(depth, 5))]
    for order in orders:
        trade.send(trade.accept(order))
    for _ in range(depth - len(orders)):
        trade.client.ask("evm_mine")
    follow(follower)
    kept = trade.accept(orders[0])
    with reading(database) as session:
        assert len(open_receivables(session)) == len(orders)

    trade.client.ask("anvil_reorg", depth, [])
    assert follow(follower) >= 2

    assert state_hash(database) == before
    trade.send(kept)
    follow(follower)
    assert receivable_of(database, trade, trade.id_of(orders[0])) is not None
    rebuilt = state_hash(database)
    rebuild(database, fetch_blocks(trade.client, trade.deployment))
    assert state_hash(database) == rebuilt


@pytest.mark.parametrize("depth", [1, 5])
def test_t25__a_chain_set_back_by_its_tester__is_followed_backwards(
    database: Engine, trade: Trade, depth: int
) -> None:
    follower = Follower(database, trade.client, trade.deployment)
    follow(follower)
    before, place = state_hash(database), cursor_of(database)
    snapshot = trade.client.ask("evm_snapshot")
    order = trade.order()
    trade.send(trade.accept(order))
    for _ in range(depth - 1):
        trade.client.ask("evm_mine")
    follow(follower)
    assert trade.client.ask("evm_revert", snapshot)
    follow(follower)
    assert (state_hash(database), cursor_of(database)) == (before, place)


def test_t25__a_fork_below_the_window__stops_with_words_on_what_to_do(
    sqlite_database: Engine, trade: Trade
) -> None:
    snapshot = trade.client.ask("evm_snapshot")
    follower = Follower(sqlite_database, trade.client, trade.deployment)
    trade.client.ask("anvil_mine", 400)
    follow(follower)
    with reading(sqlite_database) as session:
        assert len(window_blocks(session)) < 400
    trade.client.ask("evm_revert", snapshot)
    trade.client.ask("anvil_mine", 3)
    with pytest.raises(ChainError, match="hanse rebuild"):
        follow(follower)


@pytest.mark.parametrize("has_receipts", [True, False], ids=["logs missing", "logs and receipts missing"])
def test_t26__empty_logs_of_a_lagging_node__are_not_news(
    database: Engine, trade: Trade, has_receipts: bool
) -> None:
    follow(Follower(database, trade.client, trade.deployment))
    place = cursor_of(database)
    order = trade.order()
    trade.send(trade.accept(order))
    with LaggingClient(trade.node.url, has_receipts=has_receipts) as lagging:
        follower = Follower(database, lagging, trade.deployment)
        with pytest.raises(NodeLags):
            follower.step()
    assert cursor_of(database) == place
    follow(Follower(database, trade.client, trade.deployment))
    assert receivable_of(database, trade, trade.id_of(order)) is not None


def test_t26__a_block_that_truly_has_no_events_of_ours__is_passed(database: Engine, trade: Trade) -> None:
    follow(Follower(database, trade.client, trade.deployment))
    trade.client.ask("evm_mine")
    with LaggingClient(trade.node.url, has_receipts=True) as client:
        assert follow(Follower(database, client, trade.deployment)) == 1


def test_t26__a_node_that_is_behind__is_waited_for(
    database: Engine, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Only the local chain is one node whose shorter head is the chain's.
    monkeypatch.setattr("settlement.chain.forks.LOCAL_CHAIN_ID", 1)
    order = trade.order()
    trade.send(trade.accept(order))
    with BehindClient(trade.node.url) as client:
        follower = Follower(database, client, trade.deployment)
        follow(follower)
        place = cursor_of(database)
        client.behind = 3
        assert not follower.step()
        assert cursor_of(database) == place
        client.behind = 0
        trade.client.ask("evm_mine")
        assert follow(follower) == 1


def test_t26__following_a_node_on_another_chain_id__is_refused(database: Engine, trade: Trade) -> None:
    with ChainClient(trade.node.url, 5) as client, pytest.raises(NetworkDiffers):
        Follower(database, client, trade.deployment).step()


def test_step__another_first_block__is_refused(database: Engine, trade: Trade) -> None:
    other = replace(trade.deployment, genesis_hash="0x" + "1" * 64)
    with pytest.raises(ChainError, match="begins with another block"):
        Follower(database, trade.client, other).step()


def test_step__missing_code__is_refused(database: Engine, trade: Trade) -> None:
    other = replace(trade.deployment, code={**trade.deployment.code, "CreditLines": "0x" + "1" * 40})
    with pytest.raises(ChainError, match="CreditLines was deployed"):
        Follower(database, trade.client, other).step()


def test_step__a_database_of_another_network__is_refused(database: Engine, trade: Trade) -> None:
    follow(Follower(database, trade.client, trade.deployment))
    other = replace(trade.deployment, block=3)
    with pytest.raises(ChainError, match="another network"):
        Follower(database, trade.client, other).step()


def test_step__two_followers__one_of_them_is_told_to_look_again(database: Engine, trade: Trade) -> None:
    """A follower that was outrun between reading and writing writes nothing."""
    first = Follower(database, trade.client, trade.deployment)
    follow(first)
    trade.client.ask("evm_mine")

    class OutrunClient(ChainClient):
        def logs(self, block_hashes: Sequence[str], addresses: Sequence[str]) -> list[list[RawLog]]:
            first.step()
            return super().logs(block_hashes, addresses)

    with OutrunClient(trade.node.url, 31337) as client:
        second = Follower(database, client, trade.deployment)
        with pytest.raises((Conflict, ChainError)):
            second.step()
        assert not second.step()


def test_fetch_blocks__the_whole_chain__has_each_event_at_its_place(trade: Trade) -> None:
    order = trade.order()
    receipt = trade.send(trade.accept(order))
    blocks = list(fetch_blocks(trade.client, trade.deployment))
    assert [block.number for block, _ in blocks] == list(range(trade.client.head() + 1))
    block, events = blocks[receipt.block_number]
    assert block.hash == receipt.block_hash
    accepted = next(one for one in events if isinstance(one.event, Accepted))
    assert (accepted.contract, accepted.tx_hash) == ("Receivables", receipt.tx_hash)
    assert [one.log_index for one in events] == sorted(one.log_index for one in events)
