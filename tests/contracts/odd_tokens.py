"""Tokens that misbehave, assembled by hand: no compiler is needed to test, and no such code belongs in the suite."""

from __future__ import annotations

from tests.contracts.assembler import Word, assemble, case, creation, join


def odd_token(
    *,
    fee: int = 0,
    is_silent: bool = False,
    calls: tuple[str, bytes] | None = None,
    is_refusing: bool = False,
    is_denying: bool = False,
    exit_fee: int = 0,
    symbol: bytes | None = None,
) -> bytes:
    """Creation code of a token of two decimals where anyone may pull in anything, and give away only what it has.

    ``fee`` is kept of each transfer, ``exit_fee`` taken from the sender beside it; a silent one returns no value;
    ``calls`` is a contract and calldata that every transfer calls before it credits, as a token with hooks does; a
    refusing one reverts on ``transfer``, a denying one moves nothing there and says so. ``shrink(address,uint256)``
    takes from a balance, as a token does whose supply follows a price. ``symbol`` is all that it answers when asked for
    one; without, there is no such function.
    """
    answer: list[Word] = ["STOP"] if is_silent else [1, 0, "MSTORE", 32, 0, "RETURN"]
    hook = _hook(*calls) if calls else []
    transfer = join(hook, _debit("CALLER", 36, exit_fee), _credit(4, 36, fee), answer)
    if is_refusing:
        transfer = [0, 0, "REVERT"]
    elif is_denying:
        transfer = [0, 0, "MSTORE", 32, 0, "RETURN"]
    body = assemble(
        join(
            [0, "CALLDATALOAD", 224, "SHR"],
            case("decimals()", "decimals"),
            case("symbol()", "symbol") if symbol is not None else [],
            case("balanceOf(address)", "balance"),
            case("mint(address,uint256)", "mint"),
            case("shrink(address,uint256)", "shrink"),
            case("transfer(address,uint256)", "transfer"),
            case("transferFrom(address,address,uint256)", "from"),
            [0, 0, "REVERT"],
            [":decimals", 2, 0, "MSTORE", 32, 0, "RETURN"],
            [":symbol", *_saying(symbol or b"")],
            [":balance", 4, "CALLDATALOAD", "SLOAD", 0, "MSTORE", 32, 0, "RETURN"],
            join([":mint"], _credit(4, 36, 0), ["STOP"]),
            join([":shrink"], _debit("4", 36, 0), ["STOP"]),
            join([":transfer"], transfer),
            join([":from"], hook, _credit(36, 68, fee), answer),
        )
    )
    return creation(body)


def _saying(answer: bytes) -> list[Word]:
    """Return these bytes, whatever they are."""
    words = [answer[n : n + 32].ljust(32, b"\x00") for n in range(0, len(answer), 32)]
    stores: list[Word] = [item for n, word in enumerate(words) for item in (b"\x7f" + word, n * 32, "MSTORE")]
    return [*stores, len(answer), 0, "RETURN"]


def _credit(to: int, value: int, fee: int) -> list[Word]:
    """Add calldata word ``value`` less the fee to the balance of the address in word ``to``; nobody is debited."""
    return join(
        [fee, value, "CALLDATALOAD", "SUB"],
        [to, "CALLDATALOAD", "SLOAD", "ADD"],
        [to, "CALLDATALOAD", "SSTORE"],
    )


def _debit(who: str, value: int, fee: int) -> list[Word]:
    """Take calldata word ``value`` and the fee from the caller's balance, or from that of the address in a word."""
    account: list[Word] = ["CALLER"] if who == "CALLER" else [int(who), "CALLDATALOAD"]
    return join([fee, value, "CALLDATALOAD", "ADD"], account, ["SLOAD", "SUB"], account, ["SSTORE"])


def _hook(contract: str, payload: bytes) -> list[Word]:
    """Call a contract with a payload and go on whatever it answers."""
    size = len(payload)
    words = [payload[n : n + 32].ljust(32, b"\x00") for n in range(0, size, 32)]
    stores = [item for n, word in enumerate(words) for item in (b"\x7f" + word, n * 32, "MSTORE")]
    address = b"\x73" + bytes.fromhex(contract[2:])
    return [*stores, 0, 0, size, 0, 0, address, "GAS", "CALL", "POP"]
