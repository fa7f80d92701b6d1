"""Another chain behind the same URL, or the same chain set back too far: nothing is sent, projected or rebuilt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hanse.books import rebuild_books
from settlement.chain.client import ChainClient
from settlement.chain.follower import Follower, fetch_blocks
from settlement.chain.local.server import LocalNode
from settlement.chain.rpc import Rpc
from settlement.chain.sender import Sender
from settlement.chain.signer import demo_signer
from settlement.errors import ChainError
from settlement.settings import load_settings
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.projector import window_blocks
from settlement.store.rebuild import rebuild, state_hash
from tests.chain.sending import broadcasts, intent_of, sender_of
from tests.chain.test_follower import cursor_of, follow
from tests.chain.trade import Trade


class ReroutedClient(ChainClient):
    """A URL behind which another node of the same id answers from some moment on."""

    def reroute(self, url: str) -> None:
        self._rpc.close()
        self._rpc = Rpc(url)


@pytest.fixture
def client(trade: Trade) -> Iterator[ReroutedClient]:
    """At first the trade's node."""
    with ReroutedClient(trade.node.url, 31337) as found:
        yield found


@pytest.fixture
def stranger(tmp_path: Path) -> Iterator[LocalNode]:
    """A fresh chain of the same id, longer than the trade's, without a contract."""
    with LocalNode(tmp_path / "stranger") as node, ChainClient(node.url, 31337) as other:
        other.ask("anvil_mine", 300)
        yield node


def _blocks(node: LocalNode) -> int:
    with ChainClient(node.url, 31337) as other:
        return other.head()


def test_t26__another_chain_of_our_id__gets_nothing_of_what_waits(
    database: Engine, trade: Trade, client: ReroutedClient, stranger: LocalNode
) -> None:
    intent = trade.want(database, trade.accept(trade.order()))
    client.reroute(stranger.url)
    sender = sender_of(database, trade, client=client)
    for _ in range(2):
        with pytest.raises(ChainError, match="begins with another block"):
            sender.step()
    assert (intent_of(database, intent).state, broadcasts(database, intent)) == ("queued", [])
    assert _blocks(stranger) == 300

    client.reroute(trade.node.url)
    sender.step()
    assert intent_of(database, intent).state == "final"


@pytest.mark.parametrize("watch_every_s", [0, 3600], ids=["watching the head", "between two looks at it"])
def test_t26__the_node_is_exchanged_under_a_running_sender__what_is_done_stays_done(
    database: Engine, trade: Trade, client: ReroutedClient, stranger: LocalNode, watch_every_s: int
) -> None:
    sender = Sender(
        database,
        client,
        demo_signer("relayer"),
        trade.deployment,
        lease_ttl_s=0,
        watch_every_s=watch_every_s,
    )
    done = trade.want(database, trade.accept(trade.order(face=1_000_00)))
    sender.step()
    before = intent_of(database, done)
    assert before.state == "final"
    later = trade.want(database, trade.accept(trade.order(face=1_000_00)))
    client.reroute(stranger.url)
    for _ in range(2):
        with pytest.raises(ChainError, match="begins with another block"):
            sender.step()
    assert intent_of(database, done) == before
    assert (intent_of(database, later).state, broadcasts(database, later)) == ("queued", [])
    assert _blocks(stranger) == 300

    client.reroute(trade.node.url)
    sender.step()
    assert intent_of(database, done) == before
    assert intent_of(database, later).state == "final"


def test_t26__the_node_is_exchanged_under_a_running_follower__the_books_stay_as_they_are(
    database: Engine, trade: Trade, client: ReroutedClient, stranger: LocalNode
) -> None:
    follower = Follower(database, client, trade.deployment)
    follow(follower)
    place, books = cursor_of(database), state_hash(database)
    client.reroute(stranger.url)
    with pytest.raises(ChainError, match="begins with another block"):
        follower.step()
    assert (cursor_of(database), state_hash(database)) == (place, books)


def test_step__no_code_at_an_address_of_ours__nothing_is_sent(sqlite_database: Engine, trade: Trade) -> None:
    intent = trade.want(sqlite_database, trade.accept(trade.order()))
    other = replace(trade.deployment, code={**trade.deployment.code, "CreditLines": "0x" + "1" * 40})
    sender = Sender(sqlite_database, trade.client, demo_signer("relayer"), other, lease_ttl_s=0)
    with pytest.raises(ChainError, match="CreditLines was deployed"):
        sender.step()
    assert broadcasts(sqlite_database, intent) == []


def test_t25__a_fork_below_the_window__stops_the_sender_too_until_the_books_are_rebuilt(
    database: Engine, trade: Trade
) -> None:
    snapshot = trade.client.ask("evm_snapshot")
    follower, sender = Follower(database, trade.client, trade.deployment), sender_of(database, trade)
    trade.client.ask("anvil_mine", 400)
    follow(follower)
    sender.step()
    with reading(database) as session:
        assert len(window_blocks(session)) < 400
    trade.client.ask("evm_revert", snapshot)
    trade.client.ask("anvil_mine", 3)
    intent = trade.want(database, trade.accept(trade.order()))
    for one in (sender, sender, sender_of(database, trade)):
        with pytest.raises(ChainError, match="hanse rebuild"):
            one.step()
    assert broadcasts(database, intent) == []

    rebuild(database, fetch_blocks(trade.client, trade.deployment))
    sender.step()
    assert intent_of(database, intent).state == "final"


def test_t25__a_fork_as_deep_as_the_window__what_it_lost_is_sent_again(
    database: Engine, trade: Trade
) -> None:
    sender = sender_of(database, trade)
    intent = trade.want(database, trade.accept(trade.order()))
    sender.step()
    before = intent_of(database, intent)
    trade.client.ask("anvil_mine", 200)
    sender.step()
    trade.client.ask("anvil_reorg", 201, [])
    while sender.step():
        pass
    after = intent_of(database, intent)
    assert (after.state, after.tx_hash) == ("final", before.tx_hash)
    assert after.block_hash != before.block_hash


def test_rebuild_books__another_chain_of_our_id__is_refused_and_the_books_stay(
    sqlite_database: Engine, trade: Trade, stranger: LocalNode
) -> None:
    follow(Follower(sqlite_database, trade.client, trade.deployment))
    place, books = cursor_of(sqlite_database), state_hash(sqlite_database)
    settings = load_settings(
        trade.folder,
        {"HANSE_DATABASE_URL": sqlite_database.url.render_as_string(hide_password=False)},
        rpc_port=stranger.port,
    )
    with pytest.raises(ChainError, match="begins with another block"):
        rebuild_books(settings)
    assert (cursor_of(sqlite_database), state_hash(sqlite_database)) == (place, books)

    rebuild_books(replace(settings, chain_url=trade.node.url))
    assert (cursor_of(sqlite_database), state_hash(sqlite_database)) == (place, books)
