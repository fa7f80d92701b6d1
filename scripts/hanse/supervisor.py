"""One process tree: starts children, waits until each answers, starts a dead one again, ends them all with itself."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from settlement.errors import ChainError

_POLL_S = 1 / 10
_RESTART_WINDOW_S = 30
_RESTARTS_ALLOWED = 5
_GRACE_S = 10

log = structlog.get_logger(__name__)


class ChildFailed(ChainError):
    """A child process did not come up, or died again and again."""

    code = "child_failed"


@dataclass(frozen=True)
class ChildSpec:
    """How to start one child: ``python -m MODULE ARGUMENTS --parent-fd N``, and how to see that it answers."""

    name: str
    module: str
    arguments: tuple[str, ...]
    is_ready: Callable[[], bool]
    ready_within_s: int = 60


@dataclass
class _Child:
    spec: ChildSpec
    process: subprocess.Popen[bytes]
    deaths: deque[int] = field(default_factory=lambda: deque(maxlen=_RESTARTS_ALLOWED))


class Supervisor:
    """Owns the children of one data folder."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = dict(environment)
        self._children: list[_Child] = []
        self._guard = threading.Lock()
        self._is_stopping = threading.Event()
        # Children inherit only the read end; the write end closes with this process, even on kill -9.
        self._read_end, self._write_end = os.pipe()
        self._watcher = threading.Thread(target=self._watch, name="supervisor", daemon=True)
        self._failure: ChildFailed | None = None

    def start(self, spec: ChildSpec) -> None:
        """Start a child and return once it answers.

        Raises: ChildFailed when it ends or stays silent; the message names its log.
        """
        child = _Child(spec, self._spawn(spec))
        with self._guard:
            self._children.append(child)
        if not self._watcher.is_alive():
            self._watcher.start()
        give_up_at = time.monotonic() + spec.ready_within_s
        while not spec.is_ready():
            if self._failure is not None:
                raise self._failure
            if time.monotonic() > give_up_at:
                raise ChildFailed(f"{spec.name} does not answer; its log is {self._log_path(spec)}")
            time.sleep(_POLL_S)

    def process_ids(self) -> dict[str, int]:
        """Process id by child name."""
        with self._guard:
            return {child.spec.name: child.process.pid for child in self._children}

    def wait(self) -> None:
        """Block until interrupted.

        Raises: ChildFailed when a child cannot be kept alive.
        """
        while not self._is_stopping.wait(_POLL_S):
            if self._failure is not None:
                raise self._failure

    def stop(self) -> None:
        """End all children, last started first, each with time to finish; by force after ten seconds."""
        self._is_stopping.set()
        if self._watcher.is_alive():
            self._watcher.join()
        with self._guard:
            children = list(reversed(self._children))
        for child in children:
            child.process.terminate()
            try:
                child.process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                log.warning("child_killed", child=child.spec.name, after_s=_GRACE_S)
                child.process.kill()
                child.process.wait()
        os.close(self._write_end)
        os.close(self._read_end)

    def _spawn(self, spec: ChildSpec) -> subprocess.Popen[bytes]:
        arguments = [sys.executable, "-m", spec.module, *spec.arguments, "--parent-fd", str(self._read_end)]
        with self._log_path(spec).open("ab") as output:
            # A group of its own, so that Ctrl-C reaches the supervisor alone and it can end them in order.
            return subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(self._read_end,),
                env=self._environment,
                process_group=0,
            )

    def _log_path(self, spec: ChildSpec) -> Path:
        return self._folder / "logs" / f"{spec.name}.log"

    def _watch(self) -> None:
        while not self._is_stopping.wait(_POLL_S):
            with self._guard:
                children = list(self._children)
            for child in children:
                if child.process.poll() is not None and not self._is_stopping.is_set():
                    self._revive(child)

    def _revive(self, child: _Child) -> None:
        now = int(time.monotonic())
        child.deaths.append(now)
        if len(child.deaths) == _RESTARTS_ALLOWED and now - child.deaths[0] < _RESTART_WINDOW_S:
            self._failure = ChildFailed(
                f"{child.spec.name} died {_RESTARTS_ALLOWED} times in {_RESTART_WINDOW_S} s; "
                f"its log is {self._log_path(child.spec)}"
            )
            return
        log.warning("child_restarted", child=child.spec.name, exit_status=child.process.returncode)
        with self._guard:
            child.process = self._spawn(child.spec)
