"""Tokens that misbehave, assembled by hand: no compiler is needed to test, and no such code belongs in the suite."""

from __future__ import annotations

from eth_utils.crypto import keccak

OPS = {
    "ADD": 0x01,
    "SUB": 0x03,
    "EQ": 0x14,
    "ISZERO": 0x15,
    "SHR": 0x1C,
    "CALLDATALOAD": 0x35,
    "CODECOPY": 0x39,
    "POP": 0x50,
    "MSTORE": 0x52,
    "SLOAD": 0x54,
    "SSTORE": 0x55,
    "JUMPI": 0x57,
    "JUMPDEST": 0x5B,
    "GAS": 0x5A,
    "DUP1": 0x80,
    "DUP2": 0x81,
    "CALL": 0xF1,
    "RETURN": 0xF3,
    "STOP": 0x00,
    "REVERT": 0xFD,
}

Word = str | int | bytes


def odd_token(
    *,
    fee: int = 0,
    is_silent: bool = False,
    calls: tuple[str, bytes] | None = None,
    is_refusing: bool = False,
) -> bytes:
    """Creation code of a token of two decimals where anyone may move anything.

    ``fee`` is kept of each transfer; a silent one returns no value; ``calls`` is a contract and calldata that every
    transferFrom calls before it credits, as a token with hooks does; a refusing one reverts on ``transfer``.
    """
    answer: list[Word] = ["STOP"] if is_silent else [1, 0, "MSTORE", 32, 0, "RETURN"]
    hook = _hook(*calls) if calls else []
    transfer: list[Word] = [0, 0, "REVERT"] if is_refusing else [*_credit(4, 36, fee), *answer]
    body = _assemble(
        _join(
            [0, "CALLDATALOAD", 224, "SHR"],
            _case("decimals()", "decimals"),
            _case("balanceOf(address)", "balance"),
            _case("mint(address,uint256)", "mint"),
            _case("transfer(address,uint256)", "transfer"),
            _case("transferFrom(address,address,uint256)", "from"),
            [0, 0, "REVERT"],
            [":decimals", 2, 0, "MSTORE", 32, 0, "RETURN"],
            [":balance", 4, "CALLDATALOAD", "SLOAD", 0, "MSTORE", 32, 0, "RETURN"],
            _join([":mint"], _credit(4, 36, 0), ["STOP"]),
            _join([":transfer"], transfer),
            _join([":from"], hook, _credit(36, 68, fee), answer),
        )
    )
    start = _assemble(
        [b"\x61" + len(body).to_bytes(2, "big"), "DUP1", b"\x60\x0e", 0, "CODECOPY", 0, "RETURN"]
    )
    assert len(start) == 14
    return start + body


def _credit(to: int, value: int, fee: int) -> list[Word]:
    """Add calldata word ``value`` less the fee to the balance of the address in word ``to``; nobody is debited."""
    return _join(
        [fee, value, "CALLDATALOAD", "SUB"],
        [to, "CALLDATALOAD", "SLOAD", "ADD"],
        [to, "CALLDATALOAD", "SSTORE"],
    )


def _hook(contract: str, payload: bytes) -> list[Word]:
    """Call a contract with a payload and go on whatever it answers."""
    size = len(payload)
    words = [payload[n : n + 32].ljust(32, b"\x00") for n in range(0, size, 32)]
    stores = [item for n, word in enumerate(words) for item in (b"\x7f" + word, n * 32, "MSTORE")]
    address = b"\x73" + bytes.fromhex(contract[2:])
    return [*stores, 0, 0, size, 0, 0, address, "GAS", "CALL", "POP"]


def _case(signature: str, label: str) -> list[Word]:
    return ["DUP1", b"\x63" + keccak(text=signature)[:4], "EQ", f"@{label}", "JUMPI"]


def _join(*parts: list[Word]) -> list[Word]:
    return [word for part in parts for word in part]


def _assemble(words: list[Word]) -> bytes:
    code = bytearray()
    places: dict[str, int] = {}
    holes: list[tuple[int, str]] = []
    for word in words:
        if isinstance(word, bytes):
            code += word
        elif isinstance(word, int):
            code += b"\x61" + word.to_bytes(2, "big")
        elif word.startswith(":"):
            places[word[1:]] = len(code)
            code.append(OPS["JUMPDEST"])
        elif word.startswith("@"):
            holes.append((len(code) + 1, word[1:]))
            code += b"\x61\x00\x00"
        else:
            code.append(OPS[word])
    for at, label in holes:
        code[at : at + 2] = places[label].to_bytes(2, "big")
    return bytes(code)
