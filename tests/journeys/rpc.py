"""A witness that shares no code with Hanse: raw JSON-RPC over urllib, and events decoded from the ABIs alone."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

ARTIFACTS = Path(__file__).resolve().parents[2] / "contracts" / "artifacts"


@dataclass(frozen=True)
class Log:
    """One decoded event with where it was logged."""

    name: str
    fields: dict[str, Any]
    tx: str
    block: int


class Witness:
    """Asks a node and nothing else."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            document = json.load(answer)
        assert "error" not in document, document
        return document["result"]

    def view(self, contract: str, address: str, name: str, *arguments: Any) -> Any:
        """Call a view by its ABI; structs come as dictionaries."""
        entry = next(one for one in _abi(contract) if one["type"] == "function" and one["name"] == name)
        types = [_type(one) for one in entry["inputs"]]
        data = keccak(text=f"{name}({','.join(types)})")[:4] + encode(types, arguments)
        raw = bytes.fromhex(self.ask("eth_call", {"to": address, "data": "0x" + data.hex()}, "latest")[2:])
        values = decode([_type(one) for one in entry["outputs"]], raw)
        named = [_named(one, value) for one, value in zip(entry["outputs"], values, strict=True)]
        return named[0] if len(named) == 1 else tuple(named)

    def logs(self, contract: str, address: str) -> list[Log]:
        """All events ever logged at a contract's address, in order: its own and those of modules that run there."""
        names = [*sorted(path.stem for path in ARTIFACTS.glob("*.json")), contract]
        # Two token standards share a signature and differ in what is indexed.
        events = {
            (_topic(one), 1 + sum(each["indexed"] for each in one["inputs"])): one
            for name in names
            for one in _abi(name)
            if one["type"] == "event"
        }
        found = self.ask("eth_getLogs", {"address": address, "fromBlock": "0x0", "toBlock": "latest"})
        return [_decoded(events[log["topics"][0], len(log["topics"])], log) for log in found]

    def gas_of(self, tx: str) -> int:
        """Gas a transaction used, from its receipt."""
        return int(self.ask("eth_getTransactionReceipt", tx)["gasUsed"], 16)

    def time_of(self, block: int) -> int:
        """A block's timestamp."""
        return int(self.ask("eth_getBlockByNumber", hex(block), False)["timestamp"], 16)


@contextmanager
def chain_of(folder: Path) -> Iterator[Witness]:
    """The chain of a finished demo, opened again by the node alone."""
    node = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "settlement.chain.local",
            "--data",
            str(folder / "chain"),
            "--port",
            "0",
            "--quiet",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert node.stdout is not None
        yield Witness(node.stdout.readline().strip())
    finally:
        node.terminate()
        node.wait(20)
        if node.stdout is not None:
            node.stdout.close()


def _abi(contract: str) -> list[dict[str, Any]]:
    document = json.loads((ARTIFACTS / f"{contract}.json").read_text(encoding="utf-8"))
    return list(document["abi"])


def _type(entry: dict[str, Any]) -> str:
    kind = str(entry["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_type(one) for one in entry['components'])}){kind.removeprefix('tuple')}"


def _named(entry: dict[str, Any], value: Any) -> Any:
    if entry["type"] == "tuple":
        pairs = zip(entry["components"], value, strict=True)
        return {one["name"]: _named(one, part) for one, part in pairs}
    return value


def _topic(event: dict[str, Any]) -> str:
    types = ",".join(_type(one) for one in event["inputs"])
    return "0x" + keccak(text=f"{event['name']}({types})").hex()


def _decoded(event: dict[str, Any], log: dict[str, Any]) -> Log:
    indexed = [one for one in event["inputs"] if one["indexed"]]
    plain = [one for one in event["inputs"] if not one["indexed"]]
    values = decode([_type(one) for one in plain], bytes.fromhex(log["data"][2:]))
    fields = {one["name"]: _named(one, value) for one, value in zip(plain, values, strict=True)}
    for one, topic in zip(indexed, log["topics"][1:], strict=True):
        fields[one["name"]] = decode([_type(one)], bytes.fromhex(topic[2:]))[0]
    return Log(event["name"], fields, log["transactionHash"], int(log["blockNumber"], 16))
