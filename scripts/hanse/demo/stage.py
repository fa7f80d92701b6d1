"""What the demo's trades stand on: the actors' HTTP clients, the authorities, the clock, and waiting for effects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hanse.actors import Actor, Credentials
from hanse.authority import Authority
from hanse.demo.timeline import Timeline
from hanse.waiting import wait_for
from settlement.errors import ChainError
from settlement.money import Money, currency, minor_from_text
from settlement.wire.client import HanseClient
from settlement.wire.model import instant_from_text
from settlement.wire.network import LONGEST_ADVANCE_S

COMMITTEE_SIZE = 5


class EffectFailed(ChainError):
    """A transaction of the demo failed on chain."""

    code = "effect_failed"


@dataclass
class Stage:
    """Everything a trade needs; it knows no more than outside parties do."""

    api_url: str
    folder: Path
    credentials: Credentials
    timeline: Timeline
    _clients: dict[str, HanseClient] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.customs = Authority(self.folder, "customs", COMMITTEE_SIZE)
        self.weather = Authority(self.folder, "observer", COMMITTEE_SIZE)

    def actor(self, name: str) -> Actor:
        """One of the enrolled companies."""
        return self.credentials.actor(name)

    def member(self, name: str) -> int:
        """The member id of an enrolled company.

        Raises: EffectFailed when it was never enrolled.
        """
        member = self.actor(name).member
        if member is None:
            raise EffectFailed(f"{name} is not a member of the network yet")
        return member

    def client(self, name: str) -> HanseClient:
        """The HTTP client of an actor, or of the ``operator``."""
        if name not in self._clients:
            self._clients[name] = self.actor(name).client(self.api_url)
        return self._clients[name]

    def close(self) -> None:
        """Give all connections back."""
        for client in self._clients.values():
            client.close()
        self.customs.close()
        self.weather.close()

    def sign(self, name: str, act: Mapping[str, Any]) -> dict[str, Any] | None:
        """The actor signs an act on its own machine and hands the signature in.

        Returns the transaction once it is mined, or None while other signatures are awaited.
        Raises: EffectFailed with the chain's reason.
        """
        answer = self.client(name).sign_and_send(act, self.actor(name).private_key)
        transaction = answer["transaction"]
        return None if transaction is None else self.mined(name, transaction)

    def mined(self, name: str, transaction: Mapping[str, Any]) -> dict[str, Any]:
        """Wait until a transaction is on chain.

        Raises: EffectFailed with the chain's reason.
        """

        def look() -> dict[str, Any] | None:
            seen = self.client(name).get(f"/v1/transactions/{transaction['id']}")
            return seen if seen["state"] in {"mined", "final", "failed"} else None

        done = look() or wait_for(look, f"transaction {transaction['id']} ({transaction['kind']})")
        if done["state"] == "failed":
            raise EffectFailed(f"{transaction['kind']}: {done['error']['code']}: {done['error']['message']}")
        return done

    def order(self, order: str, name: str = "buyer") -> dict[str, Any]:
        """The order as an actor sees it."""
        return self.client(name).get(f"/v1/orders/{order}")

    def order_when(
        self, order: str, is_so: Callable[[dict[str, Any]], bool], what: str, name: str = "buyer"
    ) -> dict[str, Any]:
        """Wait until the order is in some state."""

        def look() -> dict[str, Any] | None:
            seen = self.order(order, name)
            return seen if is_so(seen) else None

        return wait_for(look, what)

    def now(self) -> int:
        """Business time, unix seconds."""
        return instant_from_text(self.client("operator").get("/v1/clock")["business_time"])

    def advance_to(self, at: int) -> None:
        """Move business time forward to ``at``; nothing happens when it is past already."""
        while (ahead := at - self.now()) > 0:
            self.client("operator").post("/v1/clock/advance", {"seconds": min(ahead, LONGEST_ADVANCE_S)})

    def tell(self, actor: str, what: str, transaction: Mapping[str, Any] | None = None) -> None:
        """A line of the timeline at the present business time."""
        seen = transaction or {}
        self.timeline.tell(self.now(), actor, what, gas=seen.get("gas_used"), transaction=seen.get("hash"))

    def provide_cash(self, name: str, code: str, minor: int) -> None:
        """Top the actor's free cash up to ``minor``: test cash is minted to its account, which deposits it."""
        missing = minor - self.free_cash(name, code)
        if missing <= 0:
            return
        amount = amount_body(missing, code)
        minted = self.client("operator").post(
            "/v1/cash/mint", {"member": self.member(name), "amount": amount}
        )
        self.mined("operator", minted["transaction"])
        done = self.sign(name, self.client(name).post("/v1/cash/deposits", {"amount": amount}))
        self.tell(name, f"deposits {amount_text(amount)}", done)

    def free_cash(self, name: str, code: str) -> int:
        """The actor's free cash, minor units."""
        accounts = self.client(name).items("/v1/cash/accounts")
        return sum(
            minor(account["balance"])
            for account in accounts
            if account["kind"] == "member" and account["balance"]["currency"] == code
        )


def amount_body(value_minor: int, code: str) -> dict[str, str]:
    """An amount as the API takes it."""
    return {"value": str(value_minor), "currency": code}


def minor(amount: Mapping[str, str]) -> int:
    """The minor units of an amount of the API."""
    return minor_from_text(amount["value"])


def amount_text(amount: Mapping[str, str]) -> str:
    """An amount for people."""
    return str(Money(minor(amount), currency(amount["currency"])))
