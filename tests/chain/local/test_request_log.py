"""The log of requests: one line each in the form asked for, and no request waits for it."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from settlement.chain.local.faults import RpcFault
from settlement.chain.local.rpc.request_log import MOST_WAITING_LINES, LogForm, RequestLog
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import Rpc, RpcError


def _lines(form: LogForm) -> list[str]:
    out = io.StringIO()
    log = RequestLog(form, out)
    log.answered("eth_chainId", 0.00125)
    log.answered("eth_call", 0.5, RpcFault("execution reverted", rpc_code=3))
    log.answered("evil\r\n\x1b[31m" + "x" * 100, 0, RpcFault("no such\nmethod" + "x" * 1_000))
    log.close()
    return out.getvalue().splitlines()


def test_request_log__for_people__a_line_with_method_time_and_error() -> None:
    first, second, third = _lines(LogForm.HUMAN)
    assert re.fullmatch(r"\d\d:\d\d:\d\d eth_chainId 1.25 ms", first)
    assert second.endswith("eth_call 500.0 ms  error 3: execution reverted")
    assert "error -32000: no such\\nmethodxxx" in third
    assert r"evil\r\n\x1b[31mxxx" in third
    assert len(third) < 600


def test_request_log__json__an_object_a_line() -> None:
    first, second, third = map(json.loads, _lines(LogForm.JSON))
    assert first.pop("timestamp").endswith("Z")
    assert first == {"event": "request", "level": "info", "method": "eth_chainId", "ms": 1.25}
    assert (second["code"], second["error"], second["ms"]) == (3, "execution reverted", 500.0)
    assert third["method"].startswith("evil\r\n")


def test_request_log__silent__no_lines_until_switched_on() -> None:
    assert _lines(LogForm.SILENT) == []
    out = io.StringIO()
    log = RequestLog(LogForm.SILENT, out)
    log.switch(is_on=True)
    log.answered("eth_chainId", 0)
    log.switch(is_on=False)
    log.answered("eth_gasPrice", 0)
    log.close()
    assert "eth_chainId" in out.getvalue()
    assert "eth_gasPrice" not in out.getvalue()


@pytest.mark.parametrize(
    ("form", "loss"),
    [
        (LogForm.HUMAN, r"\(\d+ lines left out\)"),
        (LogForm.JSON, r'\{"event": "lines left out", "count": \d+, .*\}'),
    ],
)
def test_request_log__nobody_reads__requests_do_not_wait_and_the_loss_is_counted(
    form: LogForm, loss: str
) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w") as out, os.fdopen(read_end) as reader:
        log = RequestLog(form, out)
        for _ in range(MOST_WAITING_LINES * 2):
            log.answered("eth_" + "x" * 70, 0)
        reading = iter(reader.readline, "")
        assert any(re.fullmatch(loss, line.rstrip()) for line in reading)
        log.answered("eth_after", 0)
        assert any("eth_after" in line for line in reading)
        log.close()


def test_request_log__reader_gone__requests_go_on() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    out = os.fdopen(write_end, "w")
    log = RequestLog(LogForm.HUMAN, out)
    log.answered("eth_chainId", 0)
    log.close()
    log.answered("eth_chainId", 0)
    with pytest.raises(BrokenPipeError):
        out.close()


@contextmanager
def _logging_node(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Rpc]]:
    """A node in a process of its own that logs as JSON, and a client."""
    command = [sys.executable, "-m", "settlement.chain.local", "--data", str(folder), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with Rpc(int(url.rpartition(":")[2])) as rpc:
            yield process, rpc
        process.terminate()


def test_request_log__node_of_its_own__logs_what_is_asked_and_what_is_no_request(tmp_path: Path) -> None:
    with _logging_node(tmp_path) as (process, rpc):
        rpc("eth_chainId")
        rpc.post(b"{")
        rpc.post(b'{"id":1,"method":"no_such"}')
        process.terminate()
        _, errors = process.communicate(timeout=20)
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [(line["method"], line.get("code")) for line in lines] == [
        ("eth_chainId", None),
        ("(no request)", -32_700),
        ("no_such", -32_601),
    ]


def test_request_log__nobody_reads_a_node_s_lines__it_serves_on_and_stops_when_told(tmp_path: Path) -> None:
    ask = json.dumps([{"id": 1, "method": "eth_chainId"}] * 1_000).encode()
    with _logging_node(tmp_path) as (process, rpc):
        for _ in range(3):
            assert len(rpc.post(ask)) == 1_000
        process.terminate()
        assert process.wait(20) == 0


@pytest.mark.parametrize("prefix", ["anvil", "hardhat"])
def test_logging_verb__takes_true_or_false__refuses_else(node: LocalNode, rpc: Rpc, prefix: str) -> None:
    assert rpc(f"{prefix}_setLoggingEnabled", False) is None
    with pytest.raises(RpcError, match="-32602: invalid argument 0: expected true or false"):
        rpc(f"{prefix}_setLoggingEnabled", 1)
