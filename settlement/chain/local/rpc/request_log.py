"""The log of requests: one line each on stderr, for people or as JSON.

Lines are written by a thread of their own, so that a terminal or a pipe that nobody reads holds up no request.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import sys
import threading
from enum import StrEnum
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from settlement.chain.local.faults import INTERNAL_ERROR, RpcFault

MOST_WAITING_LINES = 10_000
_LONGEST_METHOD = 80
_LONGEST_ERROR = 400
_CLOSE_PATIENCE_S = 1.0
_LEFT_OUT = "(%d lines left out)\n"
_LEFT_OUT_JSON = '{"event": "lines left out", "count": %d, "level": "warning"}\n'


class LogForm(StrEnum):
    """How requests are logged."""

    SILENT = "silent"
    HUMAN = "human"
    JSON = "json"


class RequestLog:
    """Notes what was asked, how long it took, and what was wrong with it."""

    def __init__(self, form: LogForm = LogForm.SILENT, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lines = _Lines(_LEFT_OUT_JSON if form is LogForm.JSON else _LEFT_OUT)
        processors: list[Processor] = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ]
        if form is not LogForm.JSON:
            processors = [structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False), _for_people]
        self._log = structlog.wrap_logger(
            self._lines,
            processors=processors,
            wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        )
        self._writer: threading.Thread | None = None
        self._is_on = False
        self.switch(is_on=form is not LogForm.SILENT)

    def switch(self, *, is_on: bool) -> None:
        """Log from now on, or no more; a silent log that is switched on writes for people."""
        self._is_on = is_on
        if is_on and (self._writer is None or not self._writer.is_alive()):
            self._writer = threading.Thread(target=self._write, name="chain-log", daemon=True)
            self._writer.start()

    def answered(self, method: str, taken_s: float, fault: RpcFault | None = None) -> None:
        """Note one request. Never waits: where lines are not read, they are left out and counted."""
        if not self._is_on:
            return
        name, taken_ms = method[:_LONGEST_METHOD], round(taken_s * 1_000, 3)
        if fault is None:
            self._log.info("request", method=name, ms=taken_ms)
        else:
            level = logging.ERROR if fault.rpc_code == INTERNAL_ERROR else logging.INFO
            self._log.log(
                level,
                "request",
                method=name,
                ms=taken_ms,
                code=fault.rpc_code,
                error=fault.message[:_LONGEST_ERROR],
            )

    def close(self) -> None:
        """Write what still waits, unless nobody reads it."""
        if self._writer is not None and self._writer.is_alive():
            self._lines.end()
            self._writer.join(_CLOSE_PATIENCE_S)

    def _write(self) -> None:
        while (line := self._lines.next()) is not None:
            try:
                self._stream.write(line + "\n")
                self._stream.flush()
            except (OSError, ValueError):
                # Whoever read the lines is gone; requests are served without.
                self._is_on = False
                return


class _Lines:
    """Rendered lines on their way to the writing thread: where structlog thinks it prints."""

    def __init__(self, words_of_loss: str) -> None:
        self._words_of_loss = words_of_loss
        self._waiting: queue.Queue[str | None] = queue.Queue(MOST_WAITING_LINES)
        self._left_out = 0

    def info(self, line: str) -> None:
        try:
            self._waiting.put_nowait(line)
        except queue.Full:
            self._left_out += 1

    error = info

    def next(self) -> str | None:
        line = self._waiting.get()
        left_out, self._left_out = self._left_out, 0
        if not left_out or line is None:
            return line
        return self._words_of_loss % left_out + line

    def end(self) -> None:
        with contextlib.suppress(queue.Full):
            self._waiting.put_nowait(None)


def _for_people(_logger: WrappedLogger, _level: str, event: EventDict) -> str:
    line = f"{event['timestamp']} {_printable(event['method'])} {event['ms']} ms"
    if "error" in event:
        line += f"  error {event['code']}: {_printable(event['error'])}"
    return line


def _printable(text: str) -> str:
    """The text on one line: a caller's line breaks and terminal codes are shown, not obeyed."""
    return text if text.isprintable() else text.encode("unicode_escape").decode("ascii")
