"""What became of what was sent is found out: by whom, in which block, and whether a fork took it back."""

from __future__ import annotations

from typing import Any

import pytest

from settlement.chain.client import ChainClient
from settlement.chain.gateways.cash_token import CashTokenGateway, deploy_test_cash
from settlement.chain.rpc import RpcRefused
from settlement.money import currency
from settlement.store.engine import reading, transaction
from settlement.store.handles import Engine
from settlement.store.repositories.intents import intents_about
from settlement.store.tables_private import Broadcast
from tests.chain.sending import Killed, broadcasts, dying_at, intent_of, relayer_nonce, sender_of
from tests.chain.trade import USD, Trade, address_of


class NoLogsClient(ChainClient):
    """A node that refuses every search for logs, until it is mended."""

    is_mended = False

    def __init__(self, url: str) -> None:
        super().__init__(url, 31337)

    def ask(self, method: str, *params: Any) -> Any:
        if method == "eth_getLogs" and not self.is_mended:
            raise RpcRefused(method, -32005, "query exceeds max block range", None)
        return super().ask(method, *params)


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
    trade.client.ask("anvil_dropTransaction", second.tx_hash)
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


@pytest.mark.parametrize("code", ["JPY", "KWD"])
def test_d08__a_test_token_is_created__its_currency_is_listed_with_whole_minor_units(
    database: Engine, trade: Trade, code: str
) -> None:
    unit = currency(code)
    created = trade.want(database, deploy_test_cash(unit))
    sender = sender_of(database, trade, "governor")
    while sender.step():
        pass
    listed = trade.gateways.ledger.token(unit.number)
    assert (listed.exponent, listed.scale) == (unit.exponent, 10 ** (6 - unit.exponent))
    receipt = trade.client.receipt(intent_of(database, created).tx_hash or "")
    assert receipt is not None
    assert listed.token == receipt.created
    with reading(database) as session:
        (listing,) = intents_about(session, "list_currency", str(unit.number))
    assert listing.state == "final"
