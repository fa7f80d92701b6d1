"""What addresses, orders and lines are called on one chain: from the deployment file, and from the suite's own logs."""

from __future__ import annotations

import json
from collections import Counter
from functools import cached_property
from pathlib import Path

from hanse.actors import COMPANIES
from hanse.explorer.abis import Decoded, event_topics, read_event
from hanse.explorer.node_reader import NodeReader, raw_log
from settlement.chain.abi import checksum
from settlement.chain.client import NOBODY
from settlement.chain.deployment import Deployment, load_deployment
from settlement.chain.local.accounts import ADDRESSES
from settlement.chain.rpc import RpcRefused
from settlement.errors import HanseError, InputRefused
from settlement.ids import id_text, lei_hash, share_number
from settlement.money import Currency, currency_of_number

_SERVICE = {ADDRESSES[0]: "governor", ADDRESSES[1]: "relayer"}
_PRECOMPILES = {
    1: "ecrecover",
    2: "sha256",
    3: "ripemd160",
    4: "identity",
    5: "modexp",
    6: "bn254 add",
    7: "bn254 mul",
    8: "bn254 pairing",
    9: "blake2f",
    10: "kzg point evaluation",
}
_TERMS = {
    "order": ("Receivables", "Accepted"),
    "policy": ("DisruptionCover", "CoverBought"),
    "pool": ("DisruptionCover", "PoolFunded"),
    "line": ("Receivables", "LinePublished"),
}
"""The event that tells what an order, a policy, a pool or a line is, by the field that names it."""
ONE_BY_ONE = 20
_ORDER_FIELDS = frozenset({"order", "share", "tokenId", "id"})


class Book:
    """Names on one chain. Without a deployment that fits it, only well-known accounts have one."""

    def __init__(self, node: NodeReader, deployment_file: Path) -> None:
        self._node = node
        self._terms: dict[tuple[str, int], Decoded | None] = {}
        self._asked: Counter[str] = Counter()
        self._whole: set[str] = set()
        self.deployment, self._code, self.remark = _fitting(node, deployment_file)

    def contract_at(self, address: str) -> str | None:
        """The contract of the suite at an address, by the name its calls and logs are read with."""
        if self.deployment is None:
            return None
        return self.deployment.names.get(checksum(address)) or self._tokens.get(checksum(address))

    def code_name(self, address: str) -> str | None:
        """Whose code lies at an address: a contract's, a module's, a library's or the machine's own."""
        number = int(address, 16)
        return (
            self._code.get(checksum(address))
            or self._tokens.get(checksum(address))
            or _PRECOMPILES.get(number)
        )

    def address_name(self, address: str) -> str | None:
        """What an address is called, None when it has no name here."""
        address = checksum(address)
        if address == NOBODY:
            return "nobody"
        account = f"account {ADDRESSES.index(address)}" if address in ADDRESSES else None
        if self.deployment is None:
            return account
        if account is not None and address in _SERVICE:
            return f"{_SERVICE[address]}, {account}"
        currency = self._currencies.get(address)
        if currency is not None:
            return f"{currency} token"
        return self.code_name(address) or self._members.get(address) or account

    def address_text(self, address: str) -> str:
        """An address with its name."""
        name = self.address_name(address)
        return checksum(address) if name is None else f"{checksum(address)} ({name})"

    def place_of(self, name: str) -> tuple[str, str | None]:
        """The address of a contract, a module or an address itself, and the name its events are read with.

        Raises: InputRefused for a name that is not of the suite.
        """
        if name.startswith("0x"):
            if len(name) != 42 or not all(one in "0123456789abcdefABCDEF" for one in name[2:]):
                raise InputRefused(
                    f"{name[:80]!r} is no address; give 0x and 40 hex digits", field="--contract"
                )
            return checksum(name), self.contract_at(name)
        if self.deployment is None:
            raise InputRefused(
                f"{name!r} is a name, and names need the deployment file: {self.remark}; or give an address",
                field="--contract",
            )
        known = {one.lower(): one for one in self.deployment.addresses}
        if name.lower() not in known:
            raise InputRefused(
                f"{name!r} is no contract of the suite; there are {', '.join(self.deployment.addresses)}",
                field="--contract",
            )
        found = known[name.lower()]
        return self.deployment.addresses[found], found

    def id_name(self, field: str, number: int) -> str | None:
        """An order by its number and year, a share by its number too; a pool by its insurer and currency."""
        if field == "pool":
            pool = self._terms_of("pool", number)
            return (
                None
                if pool is None
                else f"member {pool.field('insurer')}'s {_code(pool.field('currency'))} pool"
            )
        terms = self._terms_of("order", number & ~0xFF) if field in _ORDER_FIELDS else None
        if terms is None:
            return None
        numbers = {one.name: one.value for one in terms.field("terms")}
        share = f" share {share_number(number)}" if share_number(number) else ""
        return f"{numbers['number']}/{numbers['year']}{share}"

    def member_name(self, member: int) -> str | None:
        """Which of the demo's companies a member is."""
        return self._people.get(member)

    def currency_of(self, field: str, number: int) -> Currency | None:
        """The currency of the order, share, policy, pool or line that a field names."""
        kind, wanted = ("order", number & ~0xFF) if field in _ORDER_FIELDS else (field, number)
        terms = self._terms_of(kind, wanted)
        if terms is None:
            return None
        told = {one.name: one.value for one in (*terms.fields, *(terms.field("terms") or ()))}
        try:
            return currency_of_number(told["currency"])
        except InputRefused:
            return None

    def _terms_of(self, kind: str, number: int) -> Decoded | None:
        """The event that told what something is: asked for one by one at first, all at once when there are many."""
        key = (kind, number)
        if key in self._terms or kind in self._whole:
            return self._terms.get(key)
        contract, event = _TERMS[kind]
        if self._asked[kind] < ONE_BY_ONE:
            self._asked[kind] += 1
            found = self._find(contract, event, number)
            self._terms[key] = found[-1] if found else None
        else:
            self._whole.add(kind)
            # The first field of each of these events is the id.
            self._terms |= {(kind, one.fields[0].value): one for one in self._find(contract, event)}
        return self._terms.get(key)

    def _find(self, contract: str, event: str, indexed: int | None = None) -> list[Decoded]:
        """All logs of one of the suite's events, with this number as first indexed field."""
        if self.deployment is None:
            return []
        topics: list[list[str]] = [["0x" + topic.hex() for topic in event_topics(event, contract)]]
        if indexed is not None:
            topics.append([id_text(indexed)])
        wanted = {"address": self.deployment.addresses[contract], "topics": topics}
        found: list[Decoded] = []
        try:
            for part in self._node.logs(wanted, self.deployment.block, self._node.head()):
                for one in part:
                    log = raw_log(one)
                    read = read_event(contract, log.topics, log.body)
                    found += [] if read is None else [read]
        except RpcRefused:
            # A node without logs still shows everything else.
            return []
        return found

    @cached_property
    def _currencies(self) -> dict[str, str]:
        listed = self._find("CashLedger", "CurrencyListed")
        return {checksum(one.field("token")): _code(one.field("currency")) for one in listed}

    @cached_property
    def _tokens(self) -> dict[str, str]:
        """Listed tokens, read as TestCash: what every ERC-20 token has is a part of that."""
        return dict.fromkeys(self._currencies, "TestCash")

    @cached_property
    def _enrolled(self) -> list[Decoded]:
        return self._find("TrustedNetwork", "MemberEnrolled")

    @cached_property
    def _members(self) -> dict[str, str]:
        return {
            checksum(one.field("account")): f"member {one.field('member')}'s account"
            for one in self._enrolled
        }

    @cached_property
    def _people(self) -> dict[int, str]:
        """The chain knows hashes of LEIs only; the demo's companies are the ones whose LEIs are at hand."""
        known = {lei_hash(company.lei): company.actor for company in COMPANIES}
        return {
            one.field("member"): known[one.field("lei")]
            for one in self._enrolled
            if one.field("lei") in known
        }


def _code(number: int) -> str:
    try:
        return currency_of_number(number).code
    except InputRefused:
        return f"currency {number}"


def _fitting(node: NodeReader, path: Path) -> tuple[Deployment | None, dict[str, str], str]:
    """The deployment in a file if it is of this chain, whose code lies where, and what is to be said of it."""
    if not path.is_file():
        return None, {}, f"there is none at {path}"
    try:
        deployment = load_deployment(path)
    except HanseError as trouble:
        return None, {}, trouble.message
    if deployment.chain_id != node.chain_id() or deployment.genesis_hash != node.block("0")["hash"]:
        return None, {}, f"{path} is of another chain than the one at {node.url}"
    steps = json.loads(path.read_text(encoding="utf-8"))["steps"]
    return deployment, {checksum(address): name for name, address in steps.items()}, ""
