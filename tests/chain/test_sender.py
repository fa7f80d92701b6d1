"""Intents become transactions exactly once, whatever dies in between; on both databases."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence

import pytest

from settlement.chain.bindings.enums import Status
from settlement.chain.client import ChainClient
from settlement.chain.rpc import ChainUnreachable
from settlement.chain.sender import Ready, Sender
from settlement.chain.signer import Signed, demo_signer
from settlement.errors import ChainError, Conflict
from settlement.store.engine import reading, transaction
from settlement.store.handles import Engine
from settlement.store.repositories.leases import find_lease, take_lease
from settlement.store.tables_private import SignerLease
from tests.chain.sending import Killed, broadcasts, dying_at, intent_of, relayer_nonce, sender_of
from tests.chain.trade import RICH_MINOR, Trade, member_of

POINTS = ("signed", "stored", "sent")


class UnansweredSender(Sender):
    """The database stores the commit, and its answer never comes back."""

    is_cut = False

    def _store(self, lease: SignerLease, ready: list[Ready], signed: list[Signed]) -> None:
        super()._store(lease, ready, signed)
        if not self.is_cut:
            self.is_cut = True
            self._lease = None
            raise ConnectionError("the database went away")


class CutOffClient(ChainClient):
    """The network fails at the first broadcast: before the node has it, or before its answer is back."""

    def __init__(self, url: str, *, is_sent: bool) -> None:
        super().__init__(url, 31337)
        self.is_sent = is_sent
        self.is_cut = False

    def send_many(self, raws: Sequence[bytes]) -> list[ChainError | None]:
        if self.is_cut:
            return super().send_many(raws)
        self.is_cut = True
        if self.is_sent:
            super().send_many(raws)
        raise ChainUnreachable("the connection was cut")


def test_step__an_intent__is_mined_once_with_its_place(database: Engine, trade: Trade) -> None:
    order = trade.order()
    intent = trade.want(database, trade.accept(order))
    assert sender_of(database, trade).step()
    done = intent_of(database, intent)
    (sent,) = broadcasts(database, intent)
    assert (done.state, done.block_number) == ("final", trade.client.head())
    assert done.tx_hash == sent.tx_hash
    assert sent.state == "mined"
    assert done.gas_used is not None
    assert trade.gateways.receivables.position(trade.id_of(order)).face == order.face


def test_step__nothing_to_do__moves_nothing(database: Engine, trade: Trade) -> None:
    assert not sender_of(database, trade).step()


def test_step__an_act_that_builds_on_another_on_its_way__waits_for_it(database: Engine, trade: Trade) -> None:
    order = trade.order()
    accept, draw = trade.accept(order), trade.draw(order, 10_000_00)
    first = trade.want(database, accept, created_at=int(time.time()))
    second = trade.want(database, draw, created_at=int(time.time()))
    sender = sender_of(database, trade)
    sender.step()
    assert intent_of(database, first).state == "final"
    sender.step()
    assert intent_of(database, second).state == "final"


def test_step__acts_that_waited_long_before_the_sender_came_up__are_done_in_their_order(
    database: Engine, trade: Trade
) -> None:
    deposit = trade.want(database, trade.permitted_deposit("insurer", 100), created_at=int(time.time()) - 6)
    fund = trade.want(database, trade.fund_pool(RICH_MINOR + 100), created_at=int(time.time()) - 6)
    sender = sender_of(database, trade)
    sender.step()
    assert intent_of(database, deposit).state == "final"
    assert intent_of(database, fund).state == "queued"
    sender.step()
    assert intent_of(database, fund).state == "final"


def test_step__an_earlier_act_is_in_flight_for_long__the_one_that_builds_on_it_waits_on(
    database: Engine, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("settlement.chain.sender.PATIENCE_S", 0)
    deposit = trade.want(database, trade.permitted_deposit("insurer", 100))
    fund = trade.want(database, trade.fund_pool(RICH_MINOR + 100))
    trade.client.ask("evm_setAutomine", False)
    sender = sender_of(database, trade)
    for _ in range(3):
        sender.step()
    states = [intent_of(database, one).state for one in (deposit, fund)]
    assert states[0] == "sent"
    assert states[1] in ("queued", "sent")
    trade.client.ask("evm_mine")
    trade.client.ask("evm_setAutomine", True)
    while sender.step():
        pass
    assert {intent_of(database, one).state for one in (deposit, fund)} == {"final"}


def test_step__only_later_acts_are_in_flight__the_refused_one_fails_after_a_while(
    database: Engine, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Traffic that never ends does not keep it from its answer."""
    order = trade.order()
    trade.send(trade.accept(order))
    bad = trade.want(database, trade.draw(order, order.face))
    good = trade.want(database, trade.accept(trade.order()))
    trade.client.ask("evm_setAutomine", False)
    sender = sender_of(database, trade)
    sender.step()
    assert [intent_of(database, one).state for one in (bad, good)] == ["queued", "sent"]
    monkeypatch.setattr("settlement.chain.sender.PATIENCE_S", 0)
    sender.step()
    assert [intent_of(database, one).state for one in (bad, good)] == ["failed", "sent"]


def test_step__it_needs_what_the_other_signer_has_queued__waits_for_it(
    database: Engine, trade: Trade
) -> None:
    network, buyer = trade.gateways.network, member_of("buyer")
    accept = trade.accept(trade.order())
    trade.send(network.set_status(buyer, Status.SUSPENDED), by="governor")
    back = trade.want(database, network.set_status(buyer, Status.ACTIVE))
    needs = trade.want(database, accept)
    relayer, governor = sender_of(database, trade), sender_of(database, trade, "governor")
    relayer.step()
    assert intent_of(database, needs).state == "queued"
    governor.step()
    relayer.step()
    assert {intent_of(database, one).state for one in (back, needs)} == {"final"}


def test_step__an_act_that_the_contract_refuses__fails_with_its_reason(
    database: Engine, trade: Trade
) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    intent = trade.want(database, trade.draw(order, order.face))
    before = relayer_nonce(trade)
    sender_of(database, trade).step()
    failed = intent_of(database, intent)
    assert (failed.state, failed.error_code) == ("failed", "advance_exceeded")
    assert failed.error is not None
    assert "5000000 minor units" in failed.error
    assert broadcasts(database, intent) == []
    assert relayer_nonce(trade) == before


@pytest.mark.parametrize("point", POINTS)
def test_t24__killed_at_each_point__a_fresh_sender_finishes_with_one_effect(
    database: Engine, trade: Trade, point: str
) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    intent = trade.want(database, trade.draw(order, 10_000_00))
    before = relayer_nonce(trade)
    with pytest.raises(Killed):
        sender_of(database, trade, reached=dying_at(point)).step()
    stored = broadcasts(database, intent)
    assert len(stored) == (0 if point == "signed" else 1)

    fresh = sender_of(database, trade)
    while fresh.step():
        pass

    assert intent_of(database, intent).state == "final"
    assert relayer_nonce(trade) == before + 1
    assert trade.balance("supplier") == 10_000_00
    if stored:
        # The same bytes went out again: nothing new was signed.
        assert broadcasts(database, intent)[0].raw == stored[0].raw
        assert len(broadcasts(database, intent)) == 1


@pytest.mark.parametrize(
    "is_sent", [False, True], ids=["before the node has it", "before the answer is back"]
)
def test_t24__the_network_fails_in_the_broadcast__identical_bytes_are_sent_again(
    database: Engine, trade: Trade, is_sent: bool
) -> None:
    order = trade.order()
    intent = trade.want(database, trade.accept(order))
    before = relayer_nonce(trade)
    with CutOffClient(trade.node.url, is_sent=is_sent) as client:
        sender = sender_of(database, trade, client=client)
        with pytest.raises(ChainUnreachable):
            sender.step()
        (stored,) = broadcasts(database, intent)
        while intent_of(database, intent).state != "final":
            sender.step()
    assert [one.raw for one in broadcasts(database, intent)] == [stored.raw]
    assert relayer_nonce(trade) == before + 1


def test_t27__the_answer_to_the_commit_is_lost__no_nonce_is_used_twice(
    database: Engine, trade: Trade
) -> None:
    first = trade.want(database, trade.accept(trade.order()))
    sender = UnansweredSender(
        database, trade.client, demo_signer("relayer"), trade.deployment, lease_ttl_s=60, watch_every_s=0
    )
    with pytest.raises(ConnectionError):
        sender.step()
    second = trade.want(database, trade.accept(trade.order()))
    while sender.step():
        pass
    assert {intent_of(database, one).state for one in (first, second)} == {"final"}
    (one,), (two,) = broadcasts(database, first), broadcasts(database, second)
    assert two.nonce == one.nonce + 1


def test_step__many_intents__go_out_in_few_blocks_in_their_order(
    sqlite_database: Engine, trade: Trade
) -> None:
    wanted = [trade.accept(trade.order(face=1_000_00)) for _ in range(12)]
    intents = [trade.want(sqlite_database, one) for one in wanted]
    before, head = relayer_nonce(trade), trade.client.head()
    sender_of(sqlite_database, trade).step()
    nonces = [broadcasts(sqlite_database, intent)[0].nonce for intent in intents]
    assert nonces == list(range(before, before + 12))
    assert {intent_of(sqlite_database, intent).state for intent in intents} == {"final"}
    assert trade.client.head() - head < 12


def test_t28__two_senders_on_one_database__use_no_nonce_twice_and_leave_none_out(
    postgresql_database: Engine, trade: Trade
) -> None:
    intents = [
        trade.want(postgresql_database, trade.accept(trade.order(face=1_000_00)), created_at=int(time.time()))
        for _ in range(16)
    ]
    before = relayer_nonce(trade)
    stop = threading.Event()

    def work() -> None:
        with ChainClient(trade.node.url, 31337) as client:
            # Each takes the lease from the other whenever it looks; who lost it waits a moment, as everywhere.
            sender_of(postgresql_database, trade, client=client).run(stop)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 200
    try:
        while any(intent_of(postgresql_database, one).state != "final" for one in intents):
            assert time.monotonic() < until
            stop.wait(0.1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    sent = [one for intent in intents for one in broadcasts(postgresql_database, intent)]
    mined = [one for one in sent if one.state == "mined"]
    assert sorted(one.nonce for one in mined) == list(range(before, before + 16))
    assert len({one.nonce for one in sent}) == len(sent)


def test_step__while_another_holds_the_lease__does_nothing(database: Engine, trade: Trade) -> None:
    with transaction(database) as session:
        take_lease(session, "relayer", "elsewhere/1/x", now=int(time.time()), ttl_s=60)
    intent = trade.want(database, trade.accept(trade.order()))
    assert not sender_of(database, trade).step()
    assert intent_of(database, intent).state == "queued"


def test_step__the_holder_was_a_process_of_this_machine_that_is_gone__takes_over_at_once(
    database: Engine, trade: Trade
) -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    child.wait()
    holder = f"{socket.gethostname()}/{child.pid}/x"
    with transaction(database) as session:
        take_lease(session, "relayer", holder, now=int(time.time()), ttl_s=600)
    intent = trade.want(database, trade.accept(trade.order()))
    sender_of(database, trade).step()
    assert intent_of(database, intent).state == "final"


def test_step__the_lease_is_lost_while_signing__nothing_is_stored_or_sent(
    database: Engine, trade: Trade
) -> None:
    intent = trade.want(database, trade.accept(trade.order()))
    before = relayer_nonce(trade)

    def usurp(point: str) -> None:
        if point == "signed":
            with transaction(database) as session:
                assert take_lease(session, "relayer", "elsewhere/1/x", now=int(time.time()) + 60, ttl_s=60)

    with pytest.raises(Conflict, match="lease"):
        sender_of(database, trade, reached=usurp).step()
    assert broadcasts(database, intent) == []
    assert intent_of(database, intent).state == "queued"
    assert relayer_nonce(trade) == before


def test_t29__told_to_stop__gives_the_lease_back(database: Engine, trade: Trade) -> None:
    intent = trade.want(database, trade.accept(trade.order()))
    sender = Sender(database, trade.client, demo_signer("relayer"), trade.deployment, lease_ttl_s=600)
    stop = threading.Event()
    thread = threading.Thread(target=sender.run, args=(stop,))
    thread.start()
    until = time.monotonic() + 30
    while intent_of(database, intent).state not in ("mined", "final"):
        assert time.monotonic() < until
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    with reading(database) as session:
        lease = find_lease(session, "relayer")
    assert lease is not None
    assert lease.expires_at == 0
