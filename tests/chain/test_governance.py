"""Acts of governance once the network is sealed: said in the open, then done, by the same intent."""

from __future__ import annotations

import time

from settlement.chain.bindings.enums import Status
from settlement.chain.governance import GOVERNOR, GUARDIAN
from settlement.chain.signer import demo_signer
from settlement.chain.wanted import Kind
from settlement.settings import LOCAL_DELAY_S
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.repositories.intents import STATES, intents_in
from settlement.store.tables_private import Intent
from tests.chain.sending import intent_of, sender_of
from tests.chain.trade import Trade, address_of, member_of

GUARD = address_of("guardian")


def seal(trade: Trade) -> str:
    """Seal the network; the governor's address."""
    governor = demo_signer("governor").address
    trade.send(trade.gateways.governance.seal(trade.deployment, governor, GUARD), by="governor")
    return governor


def schedules(engine: Engine) -> list[Intent]:
    """What the sender said in the open before doing it."""
    with reading(engine) as session:
        return [one for one in intents_in(session, STATES) if one.kind == Kind.SCHEDULE]


def test_seal__roles_read_from_the_chain__are_the_governors_with_a_delay_and_nobodys_without(
    trade: Trade,
) -> None:
    """I-29: after the set-up nobody is admin."""
    governance = trade.gateways.governance
    assert governance.is_admin(demo_signer("governor").address)
    governor = seal(trade)
    assert [governance.is_admin(address) for address in (governor, GUARD)] == [False, False]
    assert governance.role_of(GOVERNOR, governor) == governance.delay_s() == LOCAL_DELAY_S
    assert (governance.role_of(GUARDIAN, GUARD), governance.role_of(GUARDIAN, governor)) == (0, None)
    assert governance.role_of(GOVERNOR, GUARD) is None


def test_step__act_of_governance__is_scheduled_first_and_done_after_its_delay(
    database: Engine, trade: Trade
) -> None:
    """I-29: one intent is enough; the sender says the act and does it when it is due."""
    seal(trade)
    insurer = member_of("insurer")
    wanted = trade.gateways.network.set_status(insurer, Status.SUSPENDED)
    intent = trade.want(database, wanted, created_at=int(time.time()))
    sender = sender_of(database, trade, "governor")
    for _ in range(2):
        sender.step()
    (said,) = schedules(database)
    assert said.state == "final"
    assert trade.gateways.governance.scheduled_for(bytes.fromhex(said.effect_key[2:])) in range(
        1, trade.now + LOCAL_DELAY_S + 1
    )
    trade.advance(LOCAL_DELAY_S + 1)
    sender.step()
    done = intent_of(database, intent)
    assert done.state == "final"
    assert (done.block_number or 0) > (said.block_number or 0)
    assert trade.gateways.network.member(insurer).status == Status.SUSPENDED


def test_step__same_act_again__is_scheduled_again(database: Engine, trade: Trade) -> None:
    seal(trade)
    sender = sender_of(database, trade, "governor")
    for status in (Status.SUSPENDED, Status.ACTIVE, Status.SUSPENDED):
        wanted = trade.gateways.network.set_status(member_of("insurer"), status, str(time.monotonic_ns()))
        intent = trade.want(database, wanted, created_at=int(time.time()))
        for _ in range(3):
            sender.step()
            trade.advance(LOCAL_DELAY_S + 1)
        assert intent_of(database, intent).state == "final"
        assert trade.gateways.network.member(member_of("insurer")).status == status
