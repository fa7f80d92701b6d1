"""The calls inside a transaction, by the names of contracts, modules and verbs, from a node's ``callTracer``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hanse.explorer.abis import read_call, read_error
from hanse.explorer.book import Book
from settlement.chain.abi import checksum
from settlement.wei import ether_text

_KINDS = {
    "DELEGATECALL": " (module)",
    "CALLCODE": " (module)",
    "STATICCALL": " (view)",
    "CREATE": " (creation)",
    "CREATE2": " (creation)",
    "SELFDESTRUCT": " (destruction)",
}


@dataclass(frozen=True)
class Inner:
    """One call. ``error`` in the machine's words, ``revert`` the bytes it failed with. Units: gas, wei."""

    kind: str
    address: str
    name: str
    gas_used: int
    value: int
    error: str | None
    revert: bytes | None
    calls: tuple[Inner, ...]


def inner_calls(book: Book, traced: dict[str, Any]) -> Inner:
    """The tree with names."""
    address, calldata = traced.get("to"), bytes.fromhex(traced.get("input", "0x")[2:])
    kind, error = str(traced["type"]), traced.get("error")
    return Inner(
        kind,
        "" if address is None else checksum(address),
        _name(book, kind, address, calldata),
        int(traced.get("gasUsed", "0x0"), 16),
        int(traced.get("value") or "0x0", 16),
        error,
        None if error is None else bytes.fromhex(traced.get("output", "0x")[2:]),
        tuple(inner_calls(book, one) for one in traced.get("calls", ())),
    )


def tree_lines(root: Inner) -> list[str]:
    """The tree, a call a line, the gas of each with all below it in a column; equal neighbours are counted."""
    told = list(_lines(root, 0))
    width = max(len(text) for text, _ in told)
    gas_width = max(len(gas) for _, gas in told)
    return [f"{text.ljust(width)}  {gas.rjust(gas_width)}" for text, gas in told]


def _lines(call: Inner, depth: int, times: int = 1) -> Iterator[tuple[str, str]]:
    failed = "" if call.error is None else f"  fails: {_failure(call)}"
    paid = f" with {ether_text(call.value)} ether" if call.value and call.kind == "CALL" else ""
    count = f" x {times}" if times > 1 else ""
    gas = f"{call.gas_used * times:,} gas"
    yield f"{'  ' * depth}{call.name}{_KINDS.get(call.kind, '')}{paid}{count}{failed}", gas
    index = 0
    while index < len(call.calls):
        one = call.calls[index]
        same = 1
        while index + same < len(call.calls) and call.calls[index + same] == one:
            same += 1
        yield from _lines(one, depth + 1, same)
        index += same


def tree_object(call: Inner) -> dict[str, Any]:
    """The tree for programs."""
    return {
        "kind": call.kind.lower(),
        "address": call.address,
        "name": call.name,
        "gas_used": call.gas_used,
        "value_wei": str(call.value),
        "error": call.error,
        "revert": None if call.revert is None else "0x" + call.revert.hex(),
        "calls": [tree_object(one) for one in call.calls],
    }


def _name(book: Book, kind: str, address: str | None, calldata: bytes) -> str:
    if address is None:
        return "a contract"
    place = book.code_name(address) or book.address_name(address) or checksum(address)
    if kind.startswith("CREATE") or kind == "SELFDESTRUCT" or int(address, 16) < 1 << 16:
        return place
    if not calldata:
        return place
    # A module's own name is where its code lies; what it is called with is read with its ABI.
    call = read_call(_contract(book, address), calldata)
    return f"{place}.{'0x' + calldata[:4].hex() if call is None else call.name}"


def _contract(book: Book, address: str) -> str | None:
    found = book.contract_at(address)
    if found is None and book.deployment is not None:
        modules = {checksum(at): name for name, at in book.deployment.code.items()}
        found = modules.get(checksum(address))
    return found


def _failure(call: Inner) -> str:
    error = read_error(call.revert or b"")
    return call.error or "" if error is None else error.name
