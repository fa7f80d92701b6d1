"""Bring the demo network's companies, currencies, committee, observers and lines into being, over HTTP, once; seal it.

Every step looks first, so that a killed set-up goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hanse.actors import UNITED_KINGDOM, Actor, Cast, Credentials
from hanse.demo.stage import COMMITTEE_SIZE, Stage, amount_body, amount_text
from oracle.run import member_folder
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.chain.gateways import open_gateways
from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.signer import load_signer
from settlement.days import DAY_S
from settlement.durable_file import write_durably
from settlement.errors import ChainError, InputRefused
from settlement.settings import LOCAL_CHAIN_ID, Settings
from settlement.store.engine import open_database, transaction
from settlement.use_cases.authenticate import new_api_key
from settlement.use_cases.issue_client import ensure_client
from settlement.use_cases.transactions import wait_for_transaction, want
from settlement.wire.client import HanseClient
from settlement.wire.model import instant_text

THRESHOLD = 3
GUARDIAN_ACCOUNT = 2
SEAL_WITHIN_S = 60
YEARS_VALID_S = 5 * 365 * DAY_S
RATE_BPS = 600
DEMO_LIMITS = {"GBP": 50_000_000, "USD": 50_000_000}


def ensure_operator(credentials: Credentials, database_url: str) -> Actor:
    """The operator's API key: the first client, registered beside the API since nobody could ask it over HTTP yet."""
    operator = credentials.actor("operator")
    if operator.api_key is None:
        operator = credentials.with_api_key(operator, new_api_key())
    engine = open_database(database_url)
    try:
        with transaction(engine) as session:
            ensure_client(
                session, str(operator.api_key), name="operator", member=None, now_at=int(time.time())
            )
    finally:
        engine.dispose()
    return operator


def ensure_network(stage: Stage, folder: Path, cast: Cast) -> None:
    """Companies, API keys, currencies, committee, observers."""
    operator = stage.client("operator")
    ensure_members(stage, folder, cast)
    listed = {one["currency"] for one in operator.get("/v1/network")["currencies"]}
    for code in cast.currencies:
        if code not in listed:
            ensure_currency(stage, code)
    network = operator.get("/v1/network")
    if not any(one["jurisdiction"] == UNITED_KINGDOM for one in network["committees"]):
        seats = [
            {"member": stage.member(f"customs-{n}"), "key": member_folder(folder, "customs", n).key().address}
            for n in range(1, COMMITTEE_SIZE + 1)
        ]
        wish = {
            "jurisdiction": UNITED_KINGDOM,
            "threshold": THRESHOLD,
            "treasury": stage.member("treasury"),
            "seats": seats,
        }
        _post(stage, "/v1/network/committees", wish)
    if not network["observers"]:
        keys = [member_folder(folder, "observer", n).key().address for n in range(1, COMMITTEE_SIZE + 1)]
        _post(stage, "/v1/network/observers", {"threshold": THRESHOLD, "keys": keys})


def ensure_sealed(settings: Settings, deployment: Deployment) -> None:
    """End the set-up, once: the governor governs on with a delay, the guardian may halt, nobody is admin any more.

    Raises: InputRefused where no guardian is named for a real network, ChainError when the seal was not mined.
    """
    governor = load_signer("governor", settings).address
    with ChainClient(settings.chain_url, settings.chain_id) as client:
        governance = open_gateways(client, deployment).governance
        if not governance.is_admin(governor):
            return
        wanted = governance.seal(deployment, governor, guardian_of(settings))
        engine = open_database(settings.database_url)
        try:
            with transaction(engine) as session:
                intent = want(session, wanted, "operator", int(time.time()))
            wait_for_transaction(engine, intent, SEAL_WITHIN_S)
        finally:
            engine.dispose()
        if governance.is_admin(governor):
            raise ChainError("the network could not be sealed; look at the worker's log and run `hanse seal`")


def guardian_of(settings: Settings) -> str:
    """Who may halt new business at once: the address that is named, or a well-known one on a local chain.

    Raises: InputRefused for another chain without one.
    """
    if settings.guardian is not None:
        return settings.guardian
    if settings.chain_id != LOCAL_CHAIN_ID:
        raise InputRefused(
            "set HANSE_GUARDIAN to the address that may halt new business", field="HANSE_GUARDIAN"
        )
    return well_known_accounts()[GUARDIAN_ACCOUNT].address


def ensure_currency(stage: Stage, code: str) -> None:
    """List a currency with test cash of its own."""
    _post(stage, "/v1/network/currencies", {"currency": code})


def ensure_members(stage: Stage, folder: Path, cast: Cast) -> None:
    """Enrol every company that is not a member yet, all in one go, and give each an API key."""
    operator, credentials = stage.client("operator"), stage.credentials
    companies = {company.actor: company for company in cast.companies}
    for company in companies.values():
        credentials.actor(company.actor, company.lei)
    known = {one["lei"]: one["id"] for one in operator.items("/v1/members")}
    queued = []
    for actor, company in companies.items():
        if company.lei not in known:
            wish = {
                "lei": company.lei,
                "name": company.name,
                "account": credentials.actor(actor).address,
                "jurisdiction": company.jurisdiction,
                "roles": list(company.roles),
                "lane": company.lane,
                "valid_until": instant_text(stage.now() + YEARS_VALID_S),
            }
            queued.append(operator.post("/v1/members", wish)["transaction"])
    for transaction_ in queued:
        stage.mined("operator", transaction_)
    known = {one["lei"]: one["id"] for one in operator.items("/v1/members")}
    for actor, company in companies.items():
        _ensure_client(operator, credentials, actor, known[company.lei])
    for actor in companies:
        _give_oracle_key(folder, credentials.actor(actor))


def ensure_lines(stage: Stage, limits: Mapping[str, int] = DEMO_LIMITS) -> None:
    """The bank's standing offer in each currency, with the cash behind it. Units: minor units by currency."""
    bank = stage.client("bank")
    offered = {
        one["limit"]["currency"] for one in bank.items("/v1/lines") if one["funder"] == stage.member("bank")
    }
    for code, limit_minor in limits.items():
        stage.provide_cash("bank", code, limit_minor)
        if code not in offered:
            done = stage.sign("bank", bank.post("/v1/lines", line_wish(stage, code, limit_minor)))
            limit = amount_text(amount_body(limit_minor, code))
            stage.tell("bank", f"offers a line of {limit} at {RATE_BPS} bps", done)


def line_wish(stage: Stage, code: str, limit_minor: int) -> dict[str, Any]:
    """The terms of the bank's demo line."""
    return {
        "currency": code,
        "limit": str(limit_minor),
        "order_cap": str(limit_minor),
        "rate_bps": RATE_BPS,
        "late_bps": 200,
        "fee_bps": 0,
        "advance_accepted_bps": 7_000,
        "advance_shipped_bps": 8_000,
        "advance_released_bps": 9_000,
        "day_count": "act/365",
        "grace_days": 10,
        "recourse": False,
        "expires_at": instant_text(stage.now() + 365 * DAY_S),
    }


def ensure_demo_cash(stage: Stage, needs: Mapping[tuple[str, str], int]) -> None:
    """Free cash of the demo's payers. Units: minor units, by (actor, currency)."""
    for (actor, code), minor_units in needs.items():
        stage.provide_cash(actor, code, minor_units)


def ensure_pool(stage: Stage, code: str, capital_minor: int) -> None:
    """The insurer's capital in one currency."""
    insurer = stage.client("insurer")
    pools = {
        one["capital"]["currency"]: int(one["capital"]["value"]) for one in insurer.items("/v1/cover/pools")
    }
    missing = capital_minor - pools.get(code, 0)
    if missing > 0:
        stage.provide_cash("insurer", code, missing)
        done = stage.sign("insurer", insurer.post("/v1/cover/pools", {"amount": amount_body(missing, code)}))
        stage.tell("insurer", f"puts {code} capital behind its cover", done)


def _ensure_client(operator: HanseClient, credentials: Credentials, name: str, member: int) -> None:
    actor = credentials.actor(name)
    if actor.member is None:
        actor = credentials.with_member(actor, member)
    if actor.api_key is None:
        issued = operator.post("/v1/clients", {"name": name, "member": member})
        credentials.with_api_key(actor, issued["api_key"])


def _give_oracle_key(folder: Path, actor: Actor) -> None:
    """A customs office's own computer keeps its API key in its own folder."""
    if actor.name.startswith("customs-") or actor.name.startswith("observer-"):
        kind, number = actor.name.rsplit("-", 1)
        path = member_folder(folder, kind, int(number)).path / "api_key"
        if not path.exists():
            write_durably(path, str(actor.api_key))


def _post(stage: Stage, path: str, wish: Mapping[str, Any]) -> None:
    answer = stage.client("operator").post(path, wish)
    stage.mined("operator", answer["transaction"])
