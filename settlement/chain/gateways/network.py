"""Members and their keys."""

from __future__ import annotations

from settlement.chain.bindings.enums import Status
from settlement.chain.bindings.structs import Key, KeyGrant, KeyRevocation, Member
from settlement.chain.bindings.trusted_network import TrustedNetwork
from settlement.chain.gateways.gateway import Gateway
from settlement.chain.wanted import Kind, Wanted
from settlement.ids import MemberId


class NetworkGateway(Gateway):
    """The TrustedNetwork contract."""

    def enrol(
        self, lei_hash: bytes, account: str, jurisdiction: int, roles: int, lane: int, valid_until: int
    ) -> Wanted:
        """Governance: take a company in; ``account`` becomes its first key. Shapes: ``lei_hash`` of 20 bytes."""
        call = TrustedNetwork.enroll(lei_hash, account, jurisdiction, roles, lane, valid_until)
        key = f"0x{lei_hash.hex()}"
        return Wanted(Kind.ENROL, key, self.address, call.data, "governor", subject=key)

    def set_status(self, member: MemberId, status: Status, occasion: str = "") -> Wanted:
        """Governance: suspend, expel or reactivate; ``occasion`` tells a second suspension from the first."""
        call = TrustedNetwork.set_status(member, status)
        key = f"{member}:{int(status)}"
        return Wanted(Kind.SET_STATUS, key, self.address, call.data, "governor", occasion, str(member))

    def renew(self, member: MemberId, roles: int, lane: int, valid_until: int) -> Wanted:
        """Governance: new roles, lane and expiry."""
        call = TrustedNetwork.renew(member, roles, lane, valid_until)
        key = f"{member}:{roles}:{lane}:{valid_until}"
        return Wanted(Kind.RENEW, key, self.address, call.data, "governor", subject=str(member))

    def grant_key(self, grant: KeyGrant, signature: bytes, possession: bytes) -> Wanted:
        """A member gives itself a key or changes one; the new key signed as well."""
        call = TrustedNetwork.grant_key(grant, signature, possession)
        effect = f"{grant.key}:{grant.member}:{grant.scopes}:{grant.limit}"
        return Wanted(Kind.GRANT_KEY, effect, self.address, call.data, subject=str(grant.member))

    def revoke_key(self, revocation: KeyRevocation, signature: bytes) -> Wanted:
        """A member's key is dead from that block on."""
        call = TrustedNetwork.revoke_key(revocation, signature)
        return Wanted(
            Kind.REVOKE_KEY, revocation.key, self.address, call.data, subject=str(revocation.member)
        )

    def id_of(self, lei_hash: bytes, *, block: str | int = "latest") -> MemberId | None:
        """The member with that LEI, if any."""
        found = self._ask(TrustedNetwork.id_of(lei_hash), block)
        return MemberId(found) if found else None

    def member(self, member: MemberId, *, block: str | int = "latest") -> Member:
        """A member as stored."""
        return self._ask(TrustedNetwork.member_of(member), block)

    def account(self, member: MemberId, *, block: str | int = "latest") -> str:
        """The address that a member's cash is paid out to."""
        return self._ask(TrustedNetwork.account_of(member), block)

    def key(self, key: str, *, block: str | int = "latest") -> Key:
        """A key as stored; member 0 when nobody has it."""
        return self._ask(TrustedNetwork.key_of(key), block)

    def count(self, *, block: str | int = "latest") -> int:
        """How many members there are; their ids run from 1."""
        return self._ask(TrustedNetwork.member_count(), block)
