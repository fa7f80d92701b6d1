"""The border where types meet: below it ints, bytes and addresses; above it ids, structs and what is wanted.

One file per contract, one method per verb or view that somebody uses.
"""

from __future__ import annotations

from dataclasses import dataclass

from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.chain.gateways.clearance import ClearanceGateway
from settlement.chain.gateways.cover import CoverGateway
from settlement.chain.gateways.governance import GovernanceGateway
from settlement.chain.gateways.index import IndexGateway
from settlement.chain.gateways.ledger import LedgerGateway
from settlement.chain.gateways.lines import LinesGateway
from settlement.chain.gateways.network import NetworkGateway
from settlement.chain.gateways.receivables import ReceivablesGateway


@dataclass(frozen=True)
class Gateways:
    """All contracts of one deployment."""

    governance: GovernanceGateway
    network: NetworkGateway
    ledger: LedgerGateway
    receivables: ReceivablesGateway
    lines: LinesGateway
    clearance: ClearanceGateway
    index: IndexGateway
    cover: CoverGateway


def open_gateways(client: ChainClient, deployment: Deployment) -> Gateways:
    """The gateways of a deployment; they hold no connection of their own."""
    return Gateways(
        GovernanceGateway(client, deployment.governance),
        NetworkGateway(client, deployment.trusted_network),
        LedgerGateway(client, deployment.cash_ledger),
        ReceivablesGateway(client, deployment.receivables),
        LinesGateway(client, deployment.credit_lines),
        ClearanceGateway(client, deployment.clearance_oracle),
        IndexGateway(client, deployment.index_oracle),
        CoverGateway(client, deployment.disruption_cover),
    )
