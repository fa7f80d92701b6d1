"""The process that runs a demo network's committee members and observers, each with its own folder."""

from __future__ import annotations

import contextlib
import signal
import threading
from pathlib import Path

from hanse.demo.stage import COMMITTEE_SIZE
from oracle.run import RunningMember, member_folder
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
        for kind in KINDS:
            for n in range(1, COMMITTEE_SIZE + 1):
                home = member_folder(folder, kind, n)
                api_key = (home.path / "api_key").read_text(encoding="ascii").strip()
                api = stack.enter_context(HanseClient(api_url, api_key))
                member = RunningMember(home, api, is_observer=kind == "observer")
                stack.callback(member.stop)
        is_stopping.wait()
