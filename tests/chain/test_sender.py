"""Intents become transactions exactly once, whatever dies in between; on both databases."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from settlement.chain.bindings.enums import Status
from settlement.chain.client import ChainClient
from settlement.chain.gateways.cash_token import CashTokenGateway, deploy_test_cash
from settlement.chain.rpc import ChainUnreachable, RpcRefused
from settlement.chain.sender import Ready, Sender
from settlement.chain.signer import Signed, SignerName, demo_signer
from settlement.errors import ChainError, Conflict
from settlement.money import currency
from settlement.store.engine import reading, transaction
from settlement.store.handles import Engine
from settlement.store.repositories.broadcasts import broadcasts_of_intent
from settlement.store.repositories.intents import find_intent, intents_about
from settlement.store.repositories.leases import find_lease, take_lease
from settlement.store.tables_private import Broadcast, Intent, SignerLease
from tests.chain.trade import RICH_MINOR, USD, Trade, address_of, member_of

POINTS = ("signed", "stored", "sent")


class Killed(BaseException):
    """The process died here."""


def dying_at(point: str) -> Callable[[str], None]:
    """Die when this point is reached."""

    def reached(name: str) -> None:
        if name == point:
            raise Killed

    return reached


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


class NoLogsClient(ChainClient):
    """A node that refuses every search for logs, until it is mended."""

    is_mended = False

    def __init__(self, url: str) -> None:
        super().__init__(url, 31337)

    def ask(self, method: str, *params: Any) -> Any:
        if method == "eth_getLogs" and not self.is_mended:
            raise RpcRefused(method, -32005, "query exceeds max block range", None)
        return super().ask(method, *params)


def sender_of(
    engine: Engine,
    trade: Trade,
    name: SignerName = "relayer",
    *,
    reached: Callable[[str], None] = lambda _: None,
    client: ChainClient | None = None,
    confirmations: int = 0,
) -> Sender:
    """A sender whose lease another one need not wait for, and which looks for forks at every step."""
    return Sender(
        engine,
        client or trade.client,
        demo_signer(name),
        trade.deployment,
        confirmations=confirmations,
        lease_ttl_s=0,
        watch_every_s=0,
        reached=reached,
    )


def intent_of(engine: Engine, intent_id: str) -> Intent:
    """The intent as it stands."""
    with reading(engine) as session:
        found = find_intent(session, intent_id)
    assert found is not None
    return found


def broadcasts(engine: Engine, intent_id: str) -> list[Broadcast]:
    """Everything ever signed for it."""
    with reading(engine) as session:
        return broadcasts_of_intent(session, intent_id)


def relayer_nonce(trade: Trade) -> int:
    """How many transactions of the relayer are mined."""
    return trade.client.nonce(demo_signer("relayer").address, block="latest")


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


def test_step__somebody_else_relayed_the_same_act__is_done_by_their_transaction(
    database: Engine, trade: Trade
) -> None:
    order = trade.order()
    accept = trade.accept(order)
    intent = trade.want(database, accept)
    theirs = trade.send(accept, by="governor")
    sender_of(database, trade).step()
    done = intent_of(database, intent)
    assert (done.state, done.error) == ("final", None)
    assert (done.tx_hash, done.block_number) == (theirs.tx_hash, theirs.block_number)


def test_step__somebody_else_relayed_it_between_our_try_and_the_block__is_done_by_their_transaction(
    database: Engine, trade: Trade
) -> None:
    accept = trade.accept(trade.order())
    intent = trade.want(database, accept)
    theirs: list[str] = []

    def outrun(point: str) -> None:
        if point == "stored":
            theirs.append(trade.send(accept, by="governor").tx_hash)

    before = relayer_nonce(trade)
    sender_of(database, trade, reached=outrun).step()
    done = intent_of(database, intent)
    assert (done.state, done.tx_hash) == ("final", theirs[0])
    # Ours was mined too, as a revert: its nonce is not left out.
    assert relayer_nonce(trade) == before + 1


def test_step__a_nonce_taken_by_another_transaction_of_the_key__the_intent_gets_a_new_one(
    database: Engine, trade: Trade
) -> None:
    intent = trade.want(database, trade.accept(trade.order()))
    token = CashTokenGateway(trade.client, trade.gateways.ledger.token(USD.number).token)
    with pytest.raises(Killed):
        sender_of(database, trade, reached=dying_at("stored")).step()
    (lost,) = broadcasts(database, intent)
    trade.send(token.mint(address_of("bank"), 1, "outside"), by="relayer")

    fresh = sender_of(database, trade)
    while fresh.step():
        pass

    first, second = broadcasts(database, intent)
    assert (first.tx_hash, second.nonce) == (lost.tx_hash, lost.nonce + 1)
    assert intent_of(database, intent).tx_hash == second.tx_hash


def test_step__evidence_cannot_be_looked_for__only_the_refused_intent_waits(
    database: Engine, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = trade.order()
    trade.send(trade.accept(order))
    bad = trade.want(database, trade.draw(order, order.face))
    with NoLogsClient(trade.node.url) as client:
        sender = sender_of(database, trade, client=client)
        for _ in range(3):
            assert not sender.step()
        assert (intent_of(database, bad).state, intent_of(database, bad).error) == ("queued", None)
        good = trade.want(database, trade.accept(trade.order()))
        sender.step()
        assert intent_of(database, good).state == "final"

        client.is_mended = True
        monkeypatch.setattr("settlement.chain.outcomes.EVIDENCE_AGAIN_S", 0)
        fresh = sender_of(database, trade, client=client)
        while fresh.step():
            pass
    assert (intent_of(database, bad).state, intent_of(database, bad).error_code) == (
        "failed",
        "advance_exceeded",
    )


def test_step__a_revert_whose_evidence_cannot_be_looked_for__is_settled_once_it_can(
    sqlite_database: Engine, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("settlement.chain.outcomes.EVIDENCE_AGAIN_S", 0)
    accept = trade.accept(trade.order())
    intent = trade.want(sqlite_database, accept)
    theirs: list[str] = []

    def outrun(point: str) -> None:
        if point == "stored":
            theirs.append(trade.send(accept, by="governor").tx_hash)

    with NoLogsClient(trade.node.url) as client:
        sender = sender_of(sqlite_database, trade, reached=outrun, client=client)
        sender.step()
        # Nothing moves: the loop rests instead of asking without end.
        assert not sender.step()
        assert intent_of(sqlite_database, intent).state == "sent"
        good = trade.want(sqlite_database, trade.accept(trade.order()))
        sender_of(sqlite_database, trade, client=client).step()
        assert intent_of(sqlite_database, good).state == "final"
        client.is_mended = True
        while sender.step():
            pass
    done = intent_of(sqlite_database, intent)
    assert (done.state, done.tx_hash) == ("final", theirs[0])


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


def test_step__a_stuck_transaction__is_sent_again_at_a_higher_fee_under_its_nonce(
    sqlite_database: Engine, trade: Trade
) -> None:
    trade.client.ask("evm_setAutomine", False)
    intent = trade.want(sqlite_database, trade.accept(trade.order()))
    sender = sender_of(sqlite_database, trade)
    sender.step()
    (first,) = broadcasts(sqlite_database, intent)
    with transaction(sqlite_database) as session:
        # As if it had been waiting for a minute.
        session.merge(Broadcast(**(first.model_dump() | {"created_at": first.created_at - 60})))
    sender_of(sqlite_database, trade).step()
    _, second = broadcasts(sqlite_database, intent)
    assert second.nonce == first.nonce
    assert second.max_fee * 8 > first.max_fee * 9
    trade.client.ask("evm_mine")
    sender_of(sqlite_database, trade).step()
    assert intent_of(sqlite_database, intent).tx_hash == second.tx_hash


def test_step__the_first_one_is_mined_after_all__its_receipt_is_found_under_its_own_hash(
    sqlite_database: Engine, trade: Trade
) -> None:
    """A receipt is looked for under every hash ever signed, not only the newest."""
    intent = trade.want(sqlite_database, trade.accept(trade.order()))
    with pytest.raises(Killed):
        sender_of(sqlite_database, trade, reached=dying_at("stored")).step()
    (first,) = broadcasts(sqlite_database, intent)
    with transaction(sqlite_database) as session:
        session.merge(Broadcast(**(first.model_dump() | {"created_at": first.created_at - 60})))
    trade.client.ask("evm_setAutomine", False)
    sender_of(sqlite_database, trade).step()
    _, second = broadcasts(sqlite_database, intent)
    # The pool forgets the replacement, and a block takes the first.
    trade.client.ask("evm_revert", trade.client.ask("evm_snapshot"))
    trade.client.send_raw(bytes.fromhex(first.raw[2:]))
    trade.client.ask("evm_mine")
    sender_of(sqlite_database, trade).step()
    assert second.tx_hash != first.tx_hash
    assert intent_of(sqlite_database, intent).tx_hash == first.tx_hash


@pytest.mark.parametrize("depth", [1, 5])
def test_t25__a_fork_that_drops_our_blocks__the_same_bytes_are_sent_again(
    database: Engine, trade: Trade, depth: int
) -> None:
    sender = sender_of(database, trade)
    intents = []
    for _ in range(depth):
        intents.append(trade.want(database, trade.accept(trade.order(face=1_000_00))))
        sender.step()
    before = {intent: intent_of(database, intent) for intent in intents}
    trade.client.ask("anvil_reorg", depth, [])
    while sender.step():
        pass
    for intent in intents:
        after = intent_of(database, intent)
        assert after.state == "final"
        assert after.tx_hash == before[intent].tx_hash
        assert after.block_hash != before[intent].block_hash
        assert len(broadcasts(database, intent)) == 1


def test_t25__a_chain_set_back_by_its_tester__a_fresh_sender_sends_again_what_it_lost(
    database: Engine, trade: Trade
) -> None:
    snapshot = trade.client.ask("evm_snapshot")
    order = trade.order()
    intent = trade.want(database, trade.accept(order))
    sender_of(database, trade).step()
    assert trade.client.ask("evm_revert", snapshot)
    fresh = sender_of(database, trade)
    while fresh.step():
        pass
    assert intent_of(database, intent).state == "final"
    assert trade.gateways.receivables.position(trade.id_of(order)).face == order.face


def test_step__nonces_of_outside_transactions_that_a_fork_dropped__are_filled_in(
    database: Engine, trade: Trade
) -> None:
    """No gap is left: a nonce that nobody of ours signed would hold up all later ones."""
    token = CashTokenGateway(trade.client, trade.gateways.ledger.token(USD.number).token)
    trade.send(token.mint(address_of("bank"), 1, "outside"))
    first = trade.want(database, trade.accept(trade.order()))
    sender = sender_of(database, trade)
    sender.step()
    trade.client.ask("anvil_reorg", 2, [])
    second = trade.want(database, trade.accept(trade.order()))
    for _ in range(4):
        sender.step()
    assert intent_of(database, first).state == "final"
    assert intent_of(database, second).state == "final"


def test_step__a_fork_reopens_more_than_may_be_in_flight__nothing_new_is_signed_before_they_are_done(
    database: Engine, trade: Trade, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, head = sender_of(database, trade), trade.client.head()
    done = [trade.want(database, trade.accept(trade.order(face=1_000_00))) for _ in range(3)]
    sender.step()
    assert {intent_of(database, one).state for one in done} == {"final"}
    monkeypatch.setattr("settlement.chain.sender.MOST_IN_FLIGHT", 2)
    trade.client.ask("evm_setAutomine", False)
    trade.client.ask("anvil_reorg", trade.client.head() - head, [])
    later = trade.want(database, trade.accept(trade.order(face=1_000_00)))
    sender.step()
    assert {intent_of(database, one).state for one in done} == {"sent"}
    assert broadcasts(database, later) == []
    trade.client.ask("evm_setAutomine", True)
    trade.client.ask("evm_mine")
    while sender.step():
        pass
    assert {intent_of(database, one).state for one in (*done, later)} == {"final"}


def test_step__with_confirmations__is_final_only_below_them(database: Engine, trade: Trade) -> None:
    intent = trade.want(database, trade.accept(trade.order()))
    sender = sender_of(database, trade, confirmations=3)
    sender.step()
    states = [intent_of(database, intent).state]
    for _ in range(3):
        trade.client.ask("evm_mine")
        sender.step()
        states.append(intent_of(database, intent).state)
    assert states == ["mined", "mined", "mined", "final"]


def test_step__a_test_token_is_created__its_currency_is_listed_by_a_second_intent(
    database: Engine, trade: Trade
) -> None:
    yen = currency("JPY")
    trade.want(database, deploy_test_cash(yen))
    sender = sender_of(database, trade, "governor")
    while sender.step():
        pass
    assert trade.gateways.ledger.token(yen.number).exponent == 0
    with reading(database) as session:
        (listing,) = intents_about(session, "list_currency", str(yen.number))
    assert listing.state == "final"


def test_t28__two_senders_on_one_database__use_no_nonce_twice_and_leave_none_out(
    postgresql_database: Engine, trade: Trade
) -> None:
    intents = [
        trade.want(postgresql_database, trade.accept(trade.order(face=1_000_00)), created_at=int(time.time()))
        for _ in range(16)
    ]
    before = relayer_nonce(trade)
    stop, troubles = threading.Event(), []

    def work() -> None:
        with ChainClient(trade.node.url, 31337) as client:
            sender = sender_of(postgresql_database, trade, client=client)
            while not stop.is_set():
                try:
                    sender.step()
                except Conflict as lost:
                    troubles.append(lost)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while any(intent_of(postgresql_database, one).state != "final" for one in intents):
        assert time.monotonic() < until
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
