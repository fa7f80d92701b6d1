"""The whole service for tests: embedded node, deployed suite, worker, and the API on a loopback port, driven over HTTP.

Actors are outside parties: they hold an API key and their own signing key, and know no more than the API tells.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from secrets import token_hex
from typing import Any, Final, TypeVar

import httpx2
from eth_account import Account
from eth_utils.crypto import keccak
from fastapi import FastAPI
from stdnum.iso7064 import mod_97_10

from api.app import create_app
from api.server import server_of
from settlement import typed_data
from settlement.chain.client import ChainClient
from settlement.chain.deployment import deploy_suite
from settlement.chain.local.server import LocalNode
from settlement.chain.signer import demo_signer
from settlement.chain.wanted import Wanted
from settlement.chain.worker import run_worker
from settlement.ids import id_from_text
from settlement.settings import load_settings
from settlement.store.engine import migrate, open_database, transaction
from settlement.use_cases.authenticate import new_api_key
from settlement.use_cases.context import Context, open_context
from settlement.use_cases.issue_client import ensure_client
from settlement.use_cases.transactions import view_transaction, wait_for_transaction, want
from settlement.wire.client import HanseClient
from settlement.wire.model import instant_from_text, instant_text

T = TypeVar("T")

DAY: Final = 86_400
HOUR: Final = 3_600
COUNTRY: Final = 826
CUSTOMS: Final = ("customs1", "customs2", "customs3")
OBSERVERS: Final = ("observer1", "observer2", "observer3")
ROLES: Final[dict[str, list[str]]] = {
    "buyer": ["buyer"],
    "supplier": ["supplier"],
    "bank": ["funder"],
    "insurer": ["insurer"],
    "treasury": ["customs"],
    **{name: ["customs"] for name in CUSTOMS},
    **{name: ["observer"] for name in OBSERVERS},
    "carrier": ["carrier"],
    "arbiter": ["arbiter"],
    "auditor": ["auditor"],
    # Members of the same roles who are party to nothing.
    "other_buyer": ["buyer"],
    "other_supplier": ["supplier"],
    "other_bank": ["funder"],
    "other_insurer": ["insurer"],
    "other_customs": ["customs"],
}
RICH: Final = 9_000_000_00
PORT: Final = "VNHPH"
WIND: Final = 2


def lei_of(actor: str) -> str:
    """An LEI with right check digits."""
    base = f"HANSE{actor.replace('_', '').upper():0<13}"[:18]
    return base + mod_97_10.calc_check_digits(base)


def secret_of(actor: str) -> bytes:
    """An actor's own signing key."""
    return keccak(text=f"hanse api tests, {actor}")


def address_of(actor: str) -> str:
    """The address of that key."""
    return str(Account.from_key(secret_of(actor)).address)


def usd(minor: int) -> dict[str, str]:
    """An amount of the API."""
    return {"value": str(minor), "currency": "USD"}


def minor(amount: dict[str, str]) -> int:
    """Its minor units."""
    return int(amount["value"])


@dataclass
class Service:
    """A running service and its actors."""

    context: Context
    url: str
    keys: dict[str, str] = field(repr=False)
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(trust_env=False), repr=False)
    members: dict[str, int] = field(default_factory=dict)
    _clients: dict[str, HanseClient] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def client(self, actor: str) -> HanseClient:
        """The actor's HTTP client."""
        if actor not in self._clients:
            self._clients[actor] = HanseClient(self.url, self.keys[actor])
        return self._clients[actor]

    def close(self) -> None:
        """Give all connections back."""
        for client in self._clients.values():
            client.close()
        self.http.close()

    def ask(
        self, method: str, path: str, actor: str | None = None, body: Any = None, **headers: str
    ) -> httpx2.Response:
        """One plain request, whatever becomes of it; ``headers`` with underscores for dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if method == "POST":
            sent.setdefault("Idempotency-Key", token_hex(16))
        if actor is not None:
            sent["Authorization"] = f"Bearer {self.keys[actor]}"
        return self.http.request(method, self.url + path, headers=sent, json=body)

    def sign(self, actor: str, act: dict[str, Any], wait_s: int = 30) -> dict[str, Any]:
        """The actor signs an act; the answer."""
        return self.client(actor).sign_and_send(act, secret_of(actor), wait_s=wait_s)

    def done(self, answer: dict[str, Any]) -> dict[str, Any]:
        """The answer's transaction, which must be mined."""
        transaction_ = dict(answer["transaction"])
        assert transaction_["state"] in {"mined", "final"}, transaction_
        return transaction_

    def govern(self, wanted: Wanted) -> None:
        """Governance by intent, as the operator's tools will want it; returns once it is mined and projected."""
        with self.context.writing() as session:
            intent = want(session, wanted, "test", int(time.time()))
        wait_for_transaction(self.context.engine, intent, 30)
        with self.context.reading() as session:
            assert view_transaction(session, intent).state in {"mined", "final"}

    def now(self) -> int:
        """Business time."""
        return instant_from_text(self.client("operator").get("/v1/clock")["business_time"])

    def document(self, **changes: Any) -> dict[str, Any]:
        """A JSON order of 100,000.00 USD with two lines and a number of its own."""
        plain = {
            "number": f"PO-{next(self._numbers):05d}",
            "issued_on": instant_text(self.now())[:10],
            "buyer": {"name": "buyer", "identifiers": [{"scheme": "LEI", "value": lei_of("buyer")}]},
            "supplier": {"name": "supplier", "identifiers": [{"scheme": "LEI", "value": lei_of("supplier")}]},
            "lines": [
                {
                    "id": "1",
                    "description": "chairs",
                    "quantity": "100",
                    "unit": "C62",
                    "value": usd(60_000_00),
                },
                {
                    "id": "2",
                    "description": "tables",
                    "quantity": "10",
                    "unit": "C62",
                    "value": usd(40_000_00),
                },
            ],
            "payable": usd(100_000_00),
        }
        return plain | changes

    def terms(self, **changes: Any) -> dict[str, Any]:
        """Terms beside a document: settled on release, half a year to deliver."""
        plain = {
            "buyer": self.members["buyer"],
            "supplier": self.members["supplier"],
            "jurisdiction": COUNTRY,
            "late_bps": 800,
            "expires_at": instant_text(self.now() + 180 * DAY),
        }
        return plain | changes

    def draft(self, **terms: Any) -> dict[str, Any]:
        """An order that the buyer sent and nobody signed."""
        return self.client("buyer").post(
            "/v1/orders", {"terms": self.terms(**terms), "document": self.document()}
        )

    def accepted(self, *, on_line: bool = True, **terms: Any) -> dict[str, Any]:
        """An order on chain, reserved on the cheapest line."""
        order = self.draft(**terms)
        self.sign("buyer", order["acts"][0])
        supplier = self.client("supplier")
        wish: dict[str, Any] = {}
        if on_line:
            offer = supplier.get(f"/v1/orders/{order['id']}/offers")["items"][0]
            wish = {"line": offer["line"], "version": offer["version"]}
        act = supplier.post(f"/v1/orders/{order['id']}/acceptances", wish)
        self.done(self.sign("supplier", act))
        return self.order(order["id"])

    def order(self, order_id: str, actor: str = "buyer") -> dict[str, Any]:
        """The order as an actor sees it."""
        return self.client(actor).get(f"/v1/orders/{order_id}")

    def draw(self, order_id: str, amount_minor: int) -> dict[str, Any]:
        """The supplier draws; the transaction."""
        act = self.client("supplier").post(f"/v1/loans/{order_id}/draws", {"amount": usd(amount_minor)})
        return self.done(self.sign("supplier", act))

    def state(self, order_id: str, **changes: Any) -> dict[str, Any]:
        """A customs state: everything released."""
        now = self.now()
        plain = {
            "order": order_id,
            "jurisdiction": COUNTRY,
            "seq": 1,
            "phase": "released",
            "hold": False,
            "refused": False,
            "released": str(100_000_00),
            "duty": "0",
            "declarations": "0x" + keccak(text="declaration").hex(),
            "messages": "0x" + keccak(text="messages").hex(),
            "event_at": instant_text(now - 60),
            "deadline_at": instant_text(now - now % HOUR + HOUR),
        }
        return plain | changes

    def attestation(self, actor: str, state: dict[str, Any], signer: str | None = None) -> dict[str, Any]:
        """What a customs member hands in."""
        words = {"accepted": 1, "shipped": 2, "released": 3, "cleared": 4}
        message = {
            "order": id_from_text(state["order"]),
            "jurisdiction": state["jurisdiction"],
            "seq": state["seq"],
            "phase": words[state["phase"]],
            "hold": state["hold"],
            "refused": state["refused"],
            "released": int(state["released"]),
            "duty": int(state["duty"]),
            "declarations": bytes.fromhex(state["declarations"][2:]),
            "messages": bytes.fromhex(state["messages"][2:]),
            "eventAt": instant_from_text(state["event_at"]),
            "deadline": instant_from_text(state["deadline_at"]),
        }
        network = self.client(actor).get("/v1/network")
        typed = typed_data.typed_message(
            "Attestation", network["chain_id"], network["contracts"]["ClearanceOracle"], message
        )
        return {"state": state, "signature": "0x" + typed_data.sign(typed, secret_of(signer or actor)).hex()}

    def hand_in(self, actor: str, state: dict[str, Any], wait_s: int = 30) -> dict[str, Any]:
        """A customs member hands a state in; the answer."""
        return self.client(actor).post(
            "/v1/clearance/attestations", self.attestation(actor, state), wait_s=wait_s
        )

    def policy_wish(self, order_id: str, **changes: Any) -> dict[str, Any]:
        """Wind cover for an order, from the day after tomorrow."""
        first = self.now() // DAY + 2
        plain = {
            "insurer": self.members["insurer"],
            "insured": self.members["supplier"],
            "order": order_id,
            "sum": str(50_000_00),
            "premium": str(500_00),
            "peril": WIND,
            "place": PORT,
            "first_day": first,
            "last_day": first + 2,
            "attach": 330,
            "exhaust": 500,
            "waiting_days": 1,
        }
        return plain | changes

    def rich(self, actor: str, amount_minor: int = RICH) -> None:
        """Give an actor free cash."""
        wish = {"member": self.members[actor], "amount": usd(amount_minor)}
        self.done(self.client("operator").post("/v1/cash/mint", wish, wait_s=30))
        act = self.client(actor).post("/v1/cash/deposits", {"amount": usd(amount_minor)})
        self.done(self.sign(actor, act))


def wait_until(look: Callable[[], T | None], what: str, within_s: int = 30) -> T:
    """What ``look`` gives as soon as it is not None."""
    until, pause = time.monotonic() + within_s, threading.Event()
    while (found := look()) is None:
        assert time.monotonic() < until, f"waited in vain for {what}"
        pause.wait(0.02)
    return found


@contextmanager
def served(context: Context, app: FastAPI | None = None) -> Iterator[str]:
    """The API of a context on a free port; its URL."""
    server = server_of(app or create_app(context), 0)
    thread = threading.Thread(target=server.run, name="api")
    thread.start()
    try:
        wait_until(lambda: server.started or None, "the API")
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def working(context: Context) -> Iterator[None]:
    """The worker on a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=run_worker, args=(context.settings, stop), name="worker")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextmanager
def run_service(folder: Path, database_url: str | None = None) -> Iterator[Service]:
    """Everything, with no member yet but the operator's client."""
    with LocalNode(folder / "chain") as node:
        environment = {"HANSE_CHAIN_URL": node.url}
        if database_url is not None:
            environment["HANSE_DATABASE_URL"] = database_url
        settings = load_settings(folder, environment)
        with ChainClient(node.url, settings.chain_id) as client:
            deploy_suite(client, demo_signer("governor"), settings.deployment_file)
        engine = open_database(settings.database_url)
        migrate(engine)
        context = open_context(settings, engine)
        key = new_api_key()
        with transaction(engine) as session:
            ensure_client(session, key, name="operator", member=None, now_at=int(time.time()))
        try:
            with working(context), served(context) as url:
                service = Service(context, url, {"operator": key})
                try:
                    yield service
                finally:
                    service.close()
        finally:
            context.client.close()
            engine.dispose()


def found_network(service: Service) -> None:
    """Members, their API keys, a currency, committee, observers, cash, one line: all over HTTP."""
    operator = service.client("operator")
    valid_until = instant_text(service.now() + 2_000 * DAY)
    for actor, roles in ROLES.items():
        wish = {
            "lei": lei_of(actor),
            "name": actor,
            "account": address_of(actor),
            "jurisdiction": COUNTRY,
            "roles": roles,
            "lane": "standard",
            "valid_until": valid_until,
        }
        answer = operator.post("/v1/members", wish, wait_s=30)
        service.done(answer)
        service.members[actor] = answer["member"]["id"]
        made = operator.post("/v1/clients", {"name": actor, "member": service.members[actor]})
        service.keys[actor] = made["api_key"]
    service.done(operator.post("/v1/network/currencies", {"currency": "USD"}, wait_s=30))
    seats = [{"member": service.members[name], "key": address_of(name)} for name in CUSTOMS]
    committee = {
        "jurisdiction": COUNTRY,
        "threshold": 2,
        "treasury": service.members["treasury"],
        "seats": seats,
    }
    service.done(operator.post("/v1/network/committees", committee, wait_s=30))
    observers = {"threshold": 2, "keys": [address_of(name) for name in OBSERVERS]}
    service.done(operator.post("/v1/network/observers", observers, wait_s=30))
    for actor in ("buyer", "bank", "insurer", "supplier"):
        service.rich(actor)
    service.done(service.sign("bank", service.client("bank").post("/v1/lines", line_wish(service))))


def line_wish(service: Service, **changes: Any) -> dict[str, Any]:
    """The bank's standing offer."""
    plain = {
        "currency": "USD",
        "limit": str(5_000_000_00),
        "order_cap": str(500_000_00),
        "rate_bps": 600,
        "late_bps": 200,
        "advance_accepted_bps": 5_000,
        "advance_shipped_bps": 7_000,
        "advance_released_bps": 8_000,
        "expires_at": instant_text(service.now() + 1_000 * DAY),
    }
    return plain | changes
