"""What grows with a chain, and what must not: the node's memory, and the time to find a few logs among many blocks."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from hanse.bench_chain.http_load import ask, http_request, latencies, play_requests
from hanse.bench_chain.load import CLIENTS, Fleet
from hanse.bench_chain.nodes import NodePlayer, our_node
from settlement.chain.local.formats.hashing import keccak
from settlement.errors import ChainError

_STEPS: Final = 10
_LOG_EVERY_BLOCKS: Final = 100
_MATCHES: Final = 10
_QUERIES: Final = 200
# Logs word 0 of its call data under the topics word 1 and word 2.
_EMITTER: Final = "0x6040356020355f355f5260205fa200"
_EMITTER_AT: Final = keccak(b"hanse bench emitter")[:20]
_COMMON: Final = keccak(b"a log of the bench")
_RARE: Final = keccak(b"one that is asked for")


def measure_memory(folder: Path, transactions: int, say: Callable[[str], None]) -> dict[str, Any]:
    """The node's memory after each tenth of so many plain transfers.

    Units: KiB. ``own`` leaves out pages of the chain's file that the system keeps mapped; None where it is not told.
    """
    step = transactions // _STEPS
    fleet = Fleet()
    with our_node(folder / "memory", CLIENTS, fleet.addresses) as node:
        states = [{"transactions": 0, **_memory(node.pid)}]
        rates = []
        for number in range(_STEPS):
            rates.append(step / node.send(fleet.transfers(step)))
            states.append({"transactions": (number + 1) * step, **_memory(node.pid)})
            say(f"memory: {(number + 1) * step} transactions, {states[-1]['rss']} KiB")
        mined = sum(
            int(ask(node.port, "eth_getTransactionCount", _hexed(one), "latest"), 16)
            for one in fleet.addresses
        )
    if mined != step * _STEPS:
        raise ChainError(f"{mined} of {step * _STEPS} transfers were mined; the memory's figures say nothing")
    kind = "own" if states[0]["own"] is not None else "rss"
    halves = [max(int(one[kind] or 0) for one in half) for half in (states[1:6], states[6:])]
    size = sum(path.stat().st_size for path in (folder / "memory").iterdir())
    return {
        "states": states,
        "growth": round(halves[1] / halves[0], 3),
        "tx_per_s": {"first": round(rates[0], 1), "last": round(rates[-1], 1)},
        "folder_kib": size // 1024,
    }


def _memory(pid: int) -> dict[str, int | None]:
    status = Path(f"/proc/{pid}/status")
    if not status.exists():
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
        )
        return {"rss": int(shown.stdout), "own": None}
    fields = dict(line.split(":", 1) for line in status.read_text(encoding="ascii").splitlines())
    return {"rss": int(fields["VmRSS"].split()[0]), "own": int(fields["RssAnon"].split()[0])}


def measure_logs(folder: Path, sizes: Sequence[int], say: Callable[[str], None]) -> dict[str, Any]:
    """How long a node takes, over HTTP, to find ten logs in the whole of chains of so many blocks.

    Units: milliseconds.
    """
    figures: dict[str, Any] = {}
    fleet = Fleet()
    with our_node(folder / "logs", 1, fleet.addresses[:1]) as node:
        ask(node.port, "anvil_setCode", _hexed(_EMITTER_AT), _EMITTER)
        for blocks in sizes:
            started = time.perf_counter()
            _fill(node, fleet, blocks)
            filled_s = time.perf_counter() - started
            whole = {
                "fromBlock": "0x0",
                "toBlock": "latest",
                "topics": [_hexed(_COMMON), _hexed(_rare(blocks))],
            }
            recent = {"fromBlock": hex(blocks - 1_000), "toBlock": "latest", "address": _hexed(_EMITTER_AT)}
            figures[str(blocks)] = {
                "whole_range": _latency(node.port, whole),
                "last_1000_blocks": _latency(
                    node.port, recent if blocks > 1_000 else {**recent, "fromBlock": "0x0"}
                ),
                "filling_s": round(filled_s, 1),
            }
            say(f"logs: {blocks} blocks, {figures[str(blocks)]['whole_range']['median_ms']} ms")
    return figures


def _rare(blocks: int) -> bytes:
    return keccak(_RARE + blocks.to_bytes(8, "big"))


def _fill(node: NodePlayer, fleet: Fleet, blocks: int) -> None:
    """Grow the chain to so many blocks; ten of the new logs carry the topic that is asked for."""
    at = int(ask(node.port, "eth_blockNumber"), 16)
    logs = (blocks - at) // _LOG_EVERY_BLOCKS or 1
    spacing = max(1, logs // _MATCHES)
    for number in range(logs):
        is_rare = number % spacing == 0 and number // spacing < _MATCHES
        words = number.to_bytes(32, "big") + _COMMON + (_rare(blocks) if is_rare else keccak(_mark(number)))
        raw = fleet.sign(0, _EMITTER_AT, gas=100_000, data=words)
        play_requests(
            node.port,
            [
                [
                    http_request("eth_sendRawTransaction", _hexed(raw)),
                    http_request("anvil_mine", hex(_LOG_EVERY_BLOCKS - 1)),
                ]
            ],
        )
    missing = blocks - int(ask(node.port, "eth_blockNumber"), 16)
    if missing > 0:
        ask(node.port, "anvil_mine", hex(missing))


def _mark(number: int) -> bytes:
    """A topic's source that no other log has."""
    return b"log " + number.to_bytes(8, "big")


def _latency(port: int, wanted: dict[str, Any]) -> dict[str, float | int]:
    request = http_request("eth_getLogs", wanted)
    found = len(ask(port, "eth_getLogs", wanted))
    taken_ms = [taken_s * 1_000 for taken_s in latencies(port, request, _QUERIES)]
    return {
        "median_ms": round(statistics.median(taken_ms), 2),
        "p95_ms": round(taken_ms[_QUERIES * 95 // 100], 2),
        "found": found,
    }


def _hexed(value: bytes) -> str:
    return "0x" + value.hex()
