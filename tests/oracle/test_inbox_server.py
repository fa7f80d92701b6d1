"""The door of a member's inbox over real HTTP."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from oracle.inbox import MAX_MESSAGE_BYTES, Inbox
from oracle.inbox_server import InboxServer

TOKEN = "the-token-of-customs-1"


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path)


@pytest.fixture
def door(inbox: Inbox) -> Iterator[InboxServer]:
    server = InboxServer(inbox, TOKEN, lambda: {"member": "customs-1"})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def http(door: InboxServer) -> Iterator[httpx2.Client]:
    host, port = door.server_address[:2]
    base, headers = f"http://{host!s}:{port}", {"Authorization": f"Bearer {TOKEN}"}
    with httpx2.Client(base_url=base, headers=headers, trust_env=False) as client:
        yield client


def envelope(raw: bytes = b"<a/>", **changes: Any) -> dict[str, Any]:
    return {"kind": "wco", "raw": base64.b64encode(raw).decode(), "placed_at": None, **changes}


def test_door__right_token__takes_an_item_once(http: httpx2.Client, inbox: Inbox) -> None:
    first = http.post("/inbox", json=envelope(placed_at=1_770_000_000))
    again = http.post("/inbox", json=envelope())
    assert (first.status_code, first.json()) == (202, {"is_new": True})
    assert (again.status_code, again.json()) == (200, {"is_new": False})
    assert [(one.raw, one.placed_at) for one in inbox.all()] == [(b"<a/>", 1_770_000_000)]
    assert http.get("/view").json() == {"member": "customs-1"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": TOKEN},
        {"Authorization": f"bearer {TOKEN}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": ""},
    ],
)
def test_door__wrong_token__is_401_and_keeps_nothing(
    http: httpx2.Client, inbox: Inbox, headers: dict[str, str]
) -> None:
    assert http.post("/inbox", json=envelope(), headers=headers).status_code == 401
    assert http.get("/view", headers=headers).status_code == 401
    assert inbox.all() == ()
    assert http.post("/inbox", json=envelope()).status_code == 202


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "text",
        None,
        envelope(kind="edifact"),
        envelope(kind=["wco"]),
        envelope(kind=None),
        envelope(raw=b""),
        envelope() | {"raw": "not base64!"},
        envelope() | {"raw": 7},
        envelope(placed_at=-1),
        envelope(placed_at=1 << 32),
        envelope(placed_at=1.5),
        envelope(placed_at=True),
        envelope(placed_at="1770000000"),
        envelope(raw=b"x" * (MAX_MESSAGE_BYTES + 1)),
    ],
)
def test_door__item_that_is_none__is_422_and_keeps_nothing(
    http: httpx2.Client, inbox: Inbox, document: Any
) -> None:
    answer = http.post("/inbox", json=document)
    assert answer.status_code == 422
    assert answer.json()["error"]
    assert inbox.all() == ()


def test_door__body_that_is_no_json__is_422(http: httpx2.Client) -> None:
    for body in (b"", b"{", b"[" * 100_000, b'{"kind": ' + b"9" * 5_000 + b"}"):
        assert http.post("/inbox", content=body).status_code == 422


def test_door__other_paths__are_404(http: httpx2.Client) -> None:
    assert http.post("/", json=envelope()).status_code == 404
    assert http.get("/inbox").status_code == 404


def test_door__body_without_length_or_too_long__is_refused_unread(door: InboxServer) -> None:
    host, port = door.server_address[:2]
    for length in (
        "",
        "Content-Length: 999999999\r\n",
        "Content-Length: -1\r\n",
        f"Content-Length: {'9' * 5_000}\r\n",
    ):
        head = f"POST /inbox HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n{length}\r\n"
        with socket.create_connection((str(host), int(port)), timeout=10) as wire:
            wire.sendall(head.encode())
            said = wire.makefile("rb").read()
        assert said.startswith(b"HTTP/1.1 422")
        assert json.loads(said.partition(b"\r\n\r\n")[2])["field"] == "body"


def test_door__address__is_loopback(door: InboxServer) -> None:
    assert door.server_address[0] == "127.0.0.1"
