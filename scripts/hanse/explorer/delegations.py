"""What a transaction of type 4 carries: accounts that let the code of another address run as theirs (EIP-7702)."""

from __future__ import annotations

from typing import Any

from hanse.explorer.book import Book
from hanse.explorer.layout import INDENT
from settlement.chain.abi import checksum
from settlement.chain.local.formats.transactions import Authorization

_NOBODY = bytes(20)


def delegation_lines(book: Book, raw: dict[str, Any]) -> list[str]:
    """One a line; whether it took effect is seen in the account's code."""
    found = _read(raw)
    return ["", "delegations", *(INDENT + _line(book, one) for one in found)] if found else []


def delegation_objects(book: Book, raw: dict[str, Any]) -> list[dict[str, Any]]:
    """The same for programs; the authority is null where the signature is none."""
    return [
        {
            "authority": _place(book, one.authority()),
            "code_of": _place(book, one.address),
            "nonce": one.nonce,
            "chain_id": one.chain_id,
        }
        for one in _read(raw)
    ]


def _line(book: Book, one: Authorization) -> str:
    authority = one.authority()
    who = "nobody, the signature is none" if authority is None else book.address_text("0x" + authority.hex())
    runs = "runs no code" if one.address == _NOBODY else f"runs {book.address_text('0x' + one.address.hex())}"
    chain = f"chain {one.chain_id}" if one.chain_id else "any chain"
    return f"{who}  {runs}  nonce {one.nonce:,}  {chain}"


def _place(book: Book, address: bytes | None) -> dict[str, str | None] | None:
    if address is None:
        return None
    text = "0x" + address.hex()
    return {"address": checksum(text), "name": book.address_name(text)}


def _read(raw: dict[str, Any]) -> list[Authorization]:
    return [
        Authorization(
            chain_id=int(entry["chainId"], 16),
            address=bytes.fromhex(entry["address"][2:]),
            nonce=int(entry["nonce"], 16),
            y_parity=int(entry.get("yParity") or entry.get("v") or "0x0", 16),
            r=int(entry["r"], 16),
            s=int(entry["s"], 16),
        )
        for entry in raw.get("authorizationList") or []
    ]
