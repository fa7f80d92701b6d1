"""What an outcome makes necessary: wanted in the same commit that notes the outcome."""

from __future__ import annotations

import time

from settlement.chain.bindings.cash_ledger import CashLedger
from settlement.chain.client import Receipt
from settlement.chain.deployment import Deployment
from settlement.chain.wanted import Kind
from settlement.store.handles import Session
from settlement.store.repositories.intents import add_intent
from settlement.store.tables_private import Intent


def follow_up(session: Session, deployment: Deployment, intent: Intent, receipt: Receipt) -> None:
    """A test token that was created is listed for its currency."""
    if intent.kind != Kind.DEPLOY_TEST_CASH or receipt.created is None:
        return
    currency, exponent = intent.effect_key.split(":")
    call = CashLedger.list(int(currency), int(exponent), receipt.created)
    add_intent(
        session,
        signer="governor",
        kind=Kind.LIST_CURRENCY,
        to_address=deployment.cash_ledger,
        calldata="0x" + call.data.hex(),
        effect_key=currency,
        created_at=int(time.time()),
        client_id=intent.client_id,
        subject=currency,
    )
