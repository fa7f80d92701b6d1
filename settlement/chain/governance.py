"""First governance of a network: each step is looked for on chain before it is done, so it may be called at every start.

These send directly with the governor's key: use them before a sender runs on it. Afterwards governance goes through
intents, with what the gateways say is wanted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from settlement.chain.bindings.index_oracle import ObserversSeated
from settlement.chain.bindings.structs import Seat
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.chain.direct import send_and_wait
from settlement.chain.effects import Effects, open_effects
from settlement.chain.gateways.cash_token import creation_code
from settlement.chain.signer import Signer
from settlement.chain.wanted import Wanted
from settlement.errors import ChainError, Conflict, NotFound
from settlement.ids import MemberId, lei_hash
from settlement.money import Currency


@dataclass(frozen=True)
class Governor:
    """Who governs one deployment."""

    client: ChainClient = field(repr=False)
    signer: Signer
    deployment: Deployment
    effects: Effects = field(repr=False)

    def ensure_member(
        self, lei: str, account: str, jurisdiction: int, roles: int, lane: int, valid_until: int
    ) -> MemberId:
        """Enrol a company unless it is a member.

        Raises: Conflict when its LEI is enrolled with another account.
        """
        network = self.effects.gateways.network
        found = network.id_of(lei_hash(lei))
        if found is None:
            self._send(network.enrol(lei_hash(lei), account, jurisdiction, roles, lane, valid_until))
            found = network.id_of(lei_hash(lei))
        if found is None:
            raise ChainError(f"{lei} was enrolled, yet the network does not know it; is the node lagging?")
        if network.account(found) != account:
            raise Conflict(
                f"LEI {lei} is member {found} with account {network.account(found)}, not {account}"
            )
        return found

    def ensure_currency(self, unit: Currency) -> str:
        """List a test token for a currency unless one is listed; the token's address. For test networks."""
        ledger = self.effects.gateways.ledger
        try:
            return ledger.token(unit.number).token
        except NotFound:
            # A token that a killed run left unlisted stays where it is; nobody knows of it.
            created = send_and_wait(self.client, self.signer, None, creation_code(unit)).created
        if created is None:
            raise ChainError(
                f"the test token for {unit.code} was mined without an address; is this an EVM chain?"
            )
        self._send(ledger.list_currency(unit.number, unit.exponent, created))
        return created

    def ensure_committee(
        self, jurisdiction: int, threshold: int, treasury: MemberId, seats: Sequence[Seat]
    ) -> None:
        """Seat these customs members unless they sit already."""
        clearance = self.effects.gateways.clearance
        sitting = clearance.committee(jurisdiction)
        if (sitting.threshold, sitting.treasury, sitting.seats) != (threshold, treasury, tuple(seats)):
            self._send(clearance.seat(jurisdiction, threshold, treasury, tuple(seats)))

    def ensure_observers(self, threshold: int, keys: Sequence[str]) -> None:
        """Seat these observers unless they sit already."""
        logs = self.effects.logs(self.deployment.index_oracle, ObserversSeated)
        if logs:
            sitting = ObserversSeated.from_log(logs[-1].topics, logs[-1].body)
            if (sitting.threshold, sitting.keys) == (threshold, tuple(keys)):
                return
        self._send(self.effects.gateways.index.seat(threshold, tuple(keys)))

    def _send(self, wanted: Wanted) -> None:
        send_and_wait(self.client, self.signer, wanted.to, wanted.calldata)


def open_governor(client: ChainClient, signer: Signer, deployment: Deployment) -> Governor:
    """The governor of a deployment."""
    return Governor(client, signer, deployment, open_effects(client, deployment))
