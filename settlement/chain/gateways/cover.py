"""Parametric cover: pools and policies."""

from __future__ import annotations

from settlement.chain.bindings.disruption_cover import CoverBought, DisruptionCover, PoolOfAnswer
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

    def pay(self, policy: int, terms: Policy, day: int, occasion: str = "") -> Wanted:
        """Pay a policy for its first covered day whose index reached attach."""
        key = id_text(policy)
        call = DisruptionCover.pay(terms, day)
        return Wanted(Kind.PAY_COVER, key, self.address, call.data, occasion=occasion, subject=key)

    def expire(self, policy: int, terms: Policy, occasion: str = "") -> Wanted:
        """Free the capital of a policy that can no longer be paid."""
        key = id_text(policy)
        call = DisruptionCover.expire(terms)
        return Wanted(Kind.EXPIRE_COVER, key, self.address, call.data, occasion=occasion, subject=key)

    def terms(self, policy: int, *, since_block: int) -> Policy | None:
        """What both signed, as the sale's event repeats it; none when there was no sale from that block on."""
        topics = (CoverBought.TOPIC, policy.to_bytes(32, "big"))
        found = self.client.find_logs(self.address, topics, since_block)
        return CoverBought.from_log(found[-1].topics, found[-1].body).terms if found else None

    def is_nonce_used(self, member: MemberId, nonce: int, *, block: str | int = "latest") -> bool:
        """Whether a pool funding with that nonce was done."""
        return self._ask(DisruptionCover.is_nonce_used(member, nonce), block)

    def expires_at(self, terms: Policy) -> int:
        """The time after which the capital may be freed. Units: unix seconds."""
        return self._ask(DisruptionCover.expires_at(terms), "latest")

    def policy(self, policy: int, *, block: str | int = "latest") -> PolicyState:
        """A policy as stored; insurer 0 when there is none. Units: minor units."""
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
