"""A real HTTP server that answers what a committee member asks of the service, and records what is handed in."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from settlement.ids import OrderId, id_text
from settlement.wire.client import HanseClient
from settlement.wire.model import instant_text

CHAIN_ID = 31337
CLEARANCE = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
INDICES = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
NOW_AT = 1_770_000_000
HOUR_S = 3_600


class Service(ThreadingHTTPServer):
    """State is plain attributes; a test sets them and looks at ``attestations`` and ``observations``."""

    daemon_threads = True

    def __init__(self) -> None:
        self.now_at = NOW_AT
        self.bases: dict[str, dict[str, Any]] = {}
        self.attestations: list[dict[str, Any]] = []
        self.observations: list[dict[str, Any]] = []
        self.on_chain: list[dict[str, Any]] = []
        self.refusal: tuple[int, str] | None = None
        self.asked: list[str] = []
        self.withheld: set[str] = set()
        super().__init__(("127.0.0.1", 0), _Door)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def accept(self, order: OrderId, *values: int, declarations: tuple[dict[str, Any], ...] = ()) -> str:
        """An accepted order whose lines are worth these minor units, ten pieces each."""
        self.bases[id_text(order)] = {
            "order": id_text(order),
            "jurisdiction": 276,
            "phase": "accepted",
            "seq": 0,
            "face": {"value": str(sum(values)), "currency": "USD"},
            "lines": [
                {
                    "position": position,
                    "id": str(position),
                    "quantity": "10",
                    "unit": "C62",
                    "value": {"value": str(value), "currency": "USD"},
                }
                for position, value in enumerate(values, start=1)
            ],
            "declarations": list(declarations),
        }
        return id_text(order)

    def answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, Any]:
        """What a GET gives."""
        if path == "/v1/network":
            contracts = {"ClearanceOracle": CLEARANCE, "IndexOracle": INDICES}
            return 200, {"chain_id": CHAIN_ID, "contracts": contracts}
        if path == "/v1/clock":
            return 200, {"business_time": instant_text(self.now_at)}
        if path == "/v1/orders":
            rows = [{"id": order, "phase": basis["phase"]} for order, basis in self.bases.items()]
            return 200, {"items": rows, "next": None}
        if path == "/v1/cover/observations":
            found = [one for one in self.on_chain if str(one["day"]) == query["day"][0]]
            return 200, {"items": [{"observations": found}], "next": None}
        order = path.removeprefix("/v1/orders/").removesuffix("/basis")
        if order in self.withheld or order not in self.bases:
            return 404, {"code": "not_found", "detail": path}
        return 200, self.bases[order]


class _Door(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        asked = urlsplit(self.path)
        self._answer(*self.server.answer(asked.path, parse_qs(asked.query)))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refusal is not None:
            status, code = self.server.refusal
            self._answer(status, {"code": code, "detail": "refused by the test"})
            return
        kept = {
            "/v1/clearance/attestations": self.server.attestations,
            "/v1/cover/observations": self.server.observations,
        }
        kept[self.path].append(body)
        self._answer(202, {})

    def _answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the base class calls it by
        """A test looks at what was handed in, not at a log."""


@contextmanager
def running() -> Iterator[tuple[Service, HanseClient]]:
    """A service on a free loopback port, and a client of it."""
    service = Service()
    thread = threading.Thread(target=service.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with HanseClient(service.url, "hk_test") as client:
            yield service, client
    finally:
        service.shutdown()
        service.server_close()
        thread.join()
