"""What an outcome makes necessary: wanted in the same commit that notes the outcome."""

from __future__ import annotations

import time

from settlement.chain.client import Receipt
from settlement.chain.gateways import Gateways
from settlement.chain.wanted import Kind
from settlement.store.handles import Session
from settlement.store.repositories.intents import add_intent
from settlement.store.tables_private import Intent


def follow_up(session: Session, gateways: Gateways, intent: Intent, receipt: Receipt) -> None:
    """A test token that was created is listed for its currency."""
    if intent.kind != Kind.DEPLOY_TEST_CASH or receipt.created is None:
        return
    currency, exponent = intent.effect_key.split(":")
    wanted = gateways.ledger.list_currency(int(currency), int(exponent), receipt.created)
    add_intent(
        session,
        signer=wanted.signer,
        kind=wanted.kind,
        to_address=wanted.to,
        calldata="0x" + wanted.calldata.hex(),
        effect_key=wanted.effect_key,
        created_at=int(time.time()),
        client_id=intent.client_id,
        subject=wanted.subject,
    )
