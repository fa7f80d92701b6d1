"""Ctrl-C and SIGTERM: everything ends in order and leaves nothing behind (T29)."""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path

import pytest

from tests.faults.live import LiveNetwork
from tests.journeys.conftest import run_hanse


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_t29__stop_signal__ends_every_process_and_frees_the_ports(
    tmp_path: Path, number: signal.Signals
) -> None:
    """I-01: and what was done is still there and whole."""
    network = LiveNetwork(tmp_path / "net")
    network.start()
    network.wait_until_up()
    children = [network.child(name) for name in ("chain", "worker", "api", "oracle")]
    network.process.send_signal(number)
    assert network.process.wait(30) == 0
    assert not [pid for pid in children if _is_running(pid)]
    for port in (network.api_port, network.rpc_port):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
    logs = "".join(path.read_text(encoding="utf-8") for path in (network.folder / "logs").glob("*.log"))
    assert "Traceback" not in logs, logs
    refused = run_hanse("verify", "--data", str(network.folder))
    assert refused.returncode == 1
    assert "did not answer" in refused.stderr, "the chain is down, and verify says so"


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
