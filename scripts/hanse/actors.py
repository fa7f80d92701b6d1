"""The demo network's companies: outside parties with keys of their own, kept in one private file."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from eth_account import Account
from stdnum.iso7064 import mod_97_10

from settlement.durable_file import write_durably
from settlement.wire.client import HanseClient

UNITED_KINGDOM = 826
GERMANY = 276
VIET_NAM = 704


@dataclass(frozen=True)
class Company:
    """A company as it asks to be enrolled. ``lei`` is well-formed and fictitious."""

    actor: str
    name: str
    serial: str
    jurisdiction: int
    roles: tuple[str, ...]
    lane: str = "green"

    @property
    def lei(self) -> str:
        """The 18 characters of the serial with their two check digits (ISO 17442)."""
        return self.serial + mod_97_10.calc_check_digits(self.serial)


COMPANIES = (
    Company("buyer", "Thames Home Retail Ltd", "HANSEDEMO0BUYER001", UNITED_KINGDOM, ("buyer",)),
    Company("supplier", "Song Hong Textiles JSC", "HANSEDEMO0SUPPL001", VIET_NAM, ("supplier",)),
    Company("bank", "Hafen Trade Bank AG", "HANSEDEMO0BANKS001", GERMANY, ("funder",)),
    Company("insurer", "Alster Parametric SE", "HANSEDEMO0INSUR001", GERMANY, ("insurer",)),
    Company("treasury", "Customs Treasury", "HANSEDEMO0TREAS001", UNITED_KINGDOM, ("customs",)),
    *(
        Company(f"customs-{n}", f"Customs Office {n}", f"HANSEDEMO0CUSTO00{n}", UNITED_KINGDOM, ("customs",))
        for n in range(1, 6)
    ),
    *(
        Company(
            f"observer-{n}", f"Weather Office {n}", f"HANSEDEMO0OBSER00{n}", UNITED_KINGDOM, ("observer",)
        )
        for n in range(1, 6)
    ),
)


@dataclass(frozen=True)
class Cast:
    """Who takes part in a demo network, and in which currencies."""

    companies: tuple[Company, ...] = COMPANIES
    currencies: tuple[str, ...] = ("GBP", "USD")


@dataclass(frozen=True)
class Actor:
    """One company's system: its member id, its own signing key and its API key. Secrets are in no repr."""

    name: str
    lei: str
    address: str
    private_key: bytes = field(repr=False)
    member: int | None = None
    api_key: str | None = field(default=None, repr=False)

    def client(self, api_url: str) -> HanseClient:
        """An HTTP client with this company's API key."""
        return HanseClient(api_url, self.api_key)


class Credentials:
    """``credentials.json``: every demo key in one file of mode 600; each change is on disk before it is used."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rows: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._rows = json.loads(path.read_text(encoding="utf-8"))["actors"]

    def actor(self, name: str, lei: str = "", private_key: bytes | None = None) -> Actor:
        """The actor of that name, made with a fresh key at first."""
        if name not in self._rows:
            key = private_key if private_key is not None else secrets.token_bytes(32)
            self.keep(Actor(name, lei, str(Account.from_key(key).address), key))
        row = self._rows[name]
        return Actor(
            name,
            row["lei"],
            row["address"],
            bytes.fromhex(row["private_key"][2:]),
            row["member"],
            row["api_key"],
        )

    def keep(self, actor: Actor) -> Actor:
        """Write an actor down."""
        self._rows[actor.name] = {
            "lei": actor.lei,
            "address": actor.address,
            "member": actor.member,
            "api_key": actor.api_key,
            "private_key": "0x" + actor.private_key.hex(),
        }
        write_durably(self._path, json.dumps({"actors": self._rows}, indent=1))
        return actor

    def with_member(self, actor: Actor, member: int) -> Actor:
        """Write down which member the actor is."""
        return self.keep(replace(actor, member=member))

    def with_api_key(self, actor: Actor, api_key: str) -> Actor:
        """Write down the actor's API key."""
        return self.keep(replace(actor, api_key=api_key))

    def names(self) -> list[str]:
        """Everybody in the file."""
        return sorted(self._rows)
