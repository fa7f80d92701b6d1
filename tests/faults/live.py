"""A network run by ``hanse up`` in processes of its own, which a test may stop, starve and kill."""

from __future__ import annotations

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hanse.actors import Credentials
from hanse.demo.stage import Stage
from hanse.demo.timeline import Timeline
from hanse.tree import free_port
from hanse.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class LiveNetwork:
    """One data folder and the ``hanse up`` that runs on it now."""

    folder: Path
    api_port: int = field(default_factory=free_port)
    rpc_port: int = field(default_factory=free_port)
    _process: subprocess.Popen[str] | None = None
    _said: list[str] = field(default_factory=list)
    _paused: list[int] = field(default_factory=list)

    def start(self, *, is_demo_wanted: bool = False) -> None:
        """Run ``hanse up``; it need not be up yet when this returns."""
        path = os.pathsep.join([str(ROOT), str(ROOT / "scripts")])
        command = [sys.executable, "-m", "hanse", "up", "--data", str(self.folder)]
        if not is_demo_wanted:
            command.append("--no-demo")
        self._said = []
        self._process = subprocess.Popen(
            [*command, "--port", str(self.api_port), "--rpc-port", str(self.rpc_port)],
            env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        threading.Thread(target=self._listen, args=(self._process,), daemon=True).start()

    def wait_until_up(self) -> None:
        """Return once it says that it is up; fail with all it said otherwise."""

        def look() -> bool | None:
            if any("Hanse is up" in line for line in self._said):
                return True
            assert self.process.poll() is None, "".join(self._said)
            return None

        wait_for(look, f"hanse up on {self.folder}", within_s=120)

    def say(self) -> str:
        """All it printed since the last start."""
        return "".join(self._said)

    @property
    def process(self) -> subprocess.Popen[str]:
        """The supervisor."""
        assert self._process is not None
        return self._process

    def child(self, name: str) -> int:
        """Process id of one child."""
        note = json.loads((self.folder / "run.json").read_text(encoding="utf-8"))
        return int(note["processes"][name])

    def pause(self, name: str) -> None:
        """Let a child stand still."""
        self._paused.append(self.child(name))
        os.kill(self._paused[-1], signal.SIGSTOP)

    def go_on(self, name: str) -> None:
        """Let it go on."""
        self._paused.remove(self.child(name))
        os.kill(self.child(name), signal.SIGCONT)

    def kill_parent(self) -> None:
        """Kill -9 of the supervisor alone; its children notice by themselves, those that stood still once they run."""
        self.process.kill()
        self.process.wait()
        for child in self._paused:
            os.kill(child, signal.SIGCONT)
        self._paused.clear()

    def kill_all(self) -> None:
        """Kill -9 of the supervisor and all its children at once."""
        victims = [self.process.pid, *_children_of(self.process.pid)]
        for victim in victims:
            os.kill(victim, signal.SIGKILL)
        self.process.wait()
        self._paused.clear()

    def stop(self) -> None:
        """Ctrl-C, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(40)

    def stage(self) -> Stage:
        """The outside parties, with the keys that ``up`` wrote down."""
        credentials = Credentials(self.folder / "credentials.json")
        quiet = Timeline(stream=io.StringIO())
        return Stage(f"http://127.0.0.1:{self.api_port}", self.folder, credentials, quiet)

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Look into the database beside the running service."""
        with sqlite3.connect(f"file:{self.folder / 'hanse.db'}?mode=ro", uri=True) as connection:
            return connection.execute(query, arguments).fetchall()

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._said.append(line)


def _children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task")
    found: list[int] = []
    for task in tasks.iterdir():
        found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return found


def once(look: Callable[[], Any], what: str) -> Any:
    """Wait until ``look`` gives something true."""
    return wait_for(lambda: look() or None, what)
