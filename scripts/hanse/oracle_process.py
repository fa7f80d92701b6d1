"""The process that runs a demo network's committee members and observers, each with its own folder."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path

from hanse.demo.stage import COMMITTEE_SIZE
from oracle.run import MemberFolder, RunningMember, member_folder
from settlement.wire.client import HanseClient

KINDS = ("customs", "observer")


def doors(folder: Path) -> list[Path]:
    """Where each member writes down the address of its inbox once it listens."""
    return [
        member_folder(folder, kind, n).path / "door.json"
        for kind in KINDS
        for n in range(1, COMMITTEE_SIZE + 1)
    ]


def run_members(folder: Path, api_url: str) -> None:
    """Run them all until SIGTERM or SIGINT."""
    is_stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: is_stopping.set())
    with contextlib.ExitStack() as stack:
        members = [
            RunningMember(home, stack.enter_context(_api(home, api_url)), is_observer=kind == "observer")
            for kind in KINDS
            for home in (member_folder(folder, kind, n) for n in range(1, COMMITTEE_SIZE + 1))
        ]
        is_stopping.wait()
        # All are told before any is waited for, so that stopping takes as long as the slowest one.
        for member in members:
            member.request_stop()
        for member in members:
            member.join()


def _api(home: MemberFolder, api_url: str) -> HanseClient:
    return HanseClient(api_url, (home.path / "api_key").read_text(encoding="ascii").strip())
