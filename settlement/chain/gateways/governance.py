"""Who governs, and what waits for its delay."""

from __future__ import annotations

from settlement.chain.bindings.governance import Governance
from settlement.chain.deployment import Deployment
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.governance import ADMIN, sealing
from settlement.chain.wanted import Kind, Wanted


class GovernanceGateway(Gateway):
    """The Governance contract."""

    def seal(self, deployment: Deployment, governor: str, guardian: str) -> Wanted:
        """End the set-up: from then on every act of governance waits, and nobody is admin. The deployer governs on."""
        call = sealing(deployment.addresses, governor, governor, guardian, self.delay_s())
        return Wanted(Kind.SEAL_GOVERNANCE, governor, self.address, call.data, "governor")

    def schedule(self, target: str, calldata: bytes, operation: bytes) -> Wanted:
        """Governance: say in the open what will be done once its delay is over."""
        call = Governance.schedule(target, calldata, 0)
        key = "0x" + operation.hex()
        # One that was not executed within a week is scheduled anew, under its next number.
        occasion = str(self._ask(Governance.get_nonce(operation), "latest"))
        return Wanted(Kind.SCHEDULE, key, self.address, call.data, "governor", occasion)

    def is_admin(self, account: str, *, block: str | int = "latest") -> bool:
        """Whether the account may still do everything at once: nobody may once the network is sealed."""
        return self._ask(Governance.has_role(ADMIN, account), block).is_member

    def role_of(self, role: int, account: str, *, block: str | int = "latest") -> int | None:
        """How long the acts of an account in a role wait, none where it has not that role. Units: seconds."""
        found = self._ask(Governance.has_role(role, account), block)
        return found.execution_delay if found.is_member else None

    def scheduled_for(self, operation: bytes, *, block: str | int = "latest") -> int:
        """When a scheduled act may be done, 0 where it is not scheduled. Units: unix seconds."""
        return self._ask(Governance.get_schedule(operation), block)

    def delay_s(self, *, block: str | int = "latest") -> int:
        """What every act but the guardian's waits."""
        return self._ask(Governance.delay(), block)
