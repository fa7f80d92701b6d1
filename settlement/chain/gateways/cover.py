"""Parametric cover: pools and policies."""

from __future__ import annotations

from settlement.chain.bindings.disruption_cover import DisruptionCover, PoolOfAnswer
from settlement.chain.bindings.structs import Policy, PolicyState, PoolFunding
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import MemberId, id_text


class CoverGateway(Gateway):
    """The DisruptionCover contract."""

    def fund(self, funding: PoolFunding, signature: bytes) -> Wanted:
        """Move an insurer's free cash into its pool."""
        call = DisruptionCover.fund(funding, signature)
        key = f"{funding.insurer}:{funding.nonce}"
        return Wanted(Kind.FUND_POOL, key, self.address, call.data, subject=str(funding.insurer))

    def buy(self, policy: int, terms: Policy, insurer_signature: bytes, insured_signature: bytes) -> Wanted:
        """Buy the cover that both signed; ``policy`` is the terms' policy id."""
        call = DisruptionCover.buy(terms, insurer_signature, insured_signature)
        return Wanted(Kind.BUY_COVER, id_text(policy), self.address, call.data, subject=id_text(policy))

    def pay(self, policy: int, day: int, occasion: str = "") -> Wanted:
        """Pay a policy for a covered day whose index is fixed."""
        key = id_text(policy)
        call = DisruptionCover.pay(policy, day)
        return Wanted(Kind.PAY_COVER, key, self.address, call.data, occasion=occasion, subject=key)

    def expire(self, policy: int, occasion: str = "") -> Wanted:
        """Free the capital of a policy that can no longer be paid."""
        key = id_text(policy)
        call = DisruptionCover.expire(policy)
        return Wanted(Kind.EXPIRE_COVER, key, self.address, call.data, occasion=occasion, subject=key)

    def policy(self, policy: int, *, block: str | int = "latest") -> PolicyState:
        """A policy as stored.

        Raises: NotFound when there is none.
        """
        return self._ask(DisruptionCover.policy_of(policy), block)

    def pool(self, insurer: MemberId, currency: int, *, block: str | int = "latest") -> PoolOfAnswer:
        """Capital of a pool and how much of it is locked. Units: minor units."""
        return self._ask(DisruptionCover.pool_of(insurer, currency), block)

    def pool_id(self, insurer: MemberId, currency: int) -> int:
        """The ledger account of a pool."""
        return self._ask(DisruptionCover.pool_id(insurer, currency), "latest")

    def policy_id(self, terms: Policy) -> int:
        """The id that a policy of these terms would have."""
        return self._ask(DisruptionCover.policy_id(terms), "latest")
