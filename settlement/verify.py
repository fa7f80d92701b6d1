"""Is what the database says what the chain says? Everything is read at one block: the last one projected.

Views of the contracts come first; the chain's log only where no view keeps what a table has.
"""

from __future__ import annotations

from typing import Final

from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.store.handles import Engine
from settlement.verifying.cash import compare_cash
from settlement.verifying.clearance import compare_committees
from settlement.verifying.cover import compare_cover
from settlement.verifying.credit import compare_credit
from settlement.verifying.events import compare_events
from settlement.verifying.members import compare_members
from settlement.verifying.orders import compare_orders
from settlement.verifying.pinned import pin
from settlement.verifying.report import Check, Report, Tally, checks_of
from settlement.verifying.shares import compare_shares

__all__ = ["Check", "Report", "verify"]

UNPROVEN: Final = (
    "documents, Merkle salts and API clients are private: nothing on chain speaks of them but the orders' roots",
    "that the customs' and observers' messages were true: the chain proves only who signed them",
    "what happened below the deployment block, and on other chains",
)
"""What no comparison here can show."""


def verify(engine: Engine, client: ChainClient, deployment: Deployment) -> Report:
    """Compare every projection table with the chain at the projection's own block.

    Holds:  I-01, I-07, I-11, I-14, I-22 are recomputed from the chain's values.
    Raises: Conflict when nothing is projected yet; ChainError when the node does not answer or the chain forked
            meanwhile: verify again.
    """
    pinned = pin(engine, client, deployment)
    tallies: list[Tally] = [
        *compare_cash(pinned),
        *compare_members(pinned),
        *compare_orders(pinned),
        *compare_shares(pinned),
        *compare_credit(pinned),
        *compare_committees(pinned),
        *compare_cover(pinned),
        *compare_events(pinned),
    ]
    return Report(pinned.number, pinned.block_hash, tuple(checks_of(tallies)), UNPROVEN)
