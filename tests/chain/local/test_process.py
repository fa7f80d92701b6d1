"""The node as a process: it stops when told to and when its parent is gone, and goes on where it was."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest

from settlement.chain.local.server import LocalNode
from tests.chain.local.client import ProcessNode, Rpc, RpcError


def test_node__killed_with_a_transaction_waiting__it_waits_still(tmp_path: Path) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        waiting = rpc.send(0, nonce=1)
        node.kill()
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        assert rpc("eth_getTransactionByHash", waiting)["blockHash"] is None
        with pytest.raises(RpcError, match="already known"):
            rpc.send(0, nonce=1)
        rpc.send(0, nonce=0)
        assert rpc.receipt(waiting)["status"] == "0x1"
        node.kill()
    with LocalNode(tmp_path) as reopened, Rpc(reopened.port) as rpc:
        assert rpc.nonce(0) == 2
        assert rpc("eth_getBlockByNumber", "pending", False)["transactions"] == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_node__told_to_stop__ends_cleanly_and_the_folder_is_free(
    tmp_path: Path, number: signal.Signals
) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        rpc.send(0)
        node.process.send_signal(number)
        _, errors = node.process.communicate(timeout=20)
        assert (node.process.returncode, errors) == (0, "")
    with LocalNode(tmp_path) as reopened, Rpc(reopened.port) as rpc:
        assert rpc.number("eth_blockNumber") == 1


def test_node__told_to_stop_during_a_long_call__does_not_wait_for_it(tmp_path: Path) -> None:
    with ProcessNode(tmp_path) as node, Rpc(node.port) as rpc:
        burner = rpc.deploy(bytes.fromhex("5b5f56"))
        request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": [{"to": burner}]})
        rpc.connection.request("POST", "/", request.encode())
        with Rpc(node.port) as other:
            assert other("eth_chainId") == "0x7a69"
        started = time.monotonic()
        assert node.terminate() == 0
        assert time.monotonic() - started < 3


def test_node__parent_gone__ends(tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    with ProcessNode(tmp_path, "--parent-fd", str(read_end), pass_fds=(read_end,)) as node:
        os.close(read_end)
        with Rpc(node.port) as rpc:
            assert rpc("eth_chainId") == "0x7a69"
        os.close(write_end)
        node.process.communicate(timeout=20)
        assert node.process.returncode == 0


def test_node__host_that_others_can_reach__refused(tmp_path: Path) -> None:
    with ProcessNode(tmp_path, "--host", "0.0.0.0") as node:
        _, errors = node.process.communicate(timeout=20)
        assert node.process.returncode == 2
        assert "loopback only" in errors


def test_node__port_taken__says_so(tmp_path: Path) -> None:
    with (
        ProcessNode(tmp_path / "one") as first,
        ProcessNode(tmp_path / "two", "--port", str(first.port)) as second,
    ):
        _, errors = second.process.communicate(timeout=20)
        assert second.process.returncode == 2
        assert f"port {first.port}" in errors
