"""Tokens that misbehave, assembled by hand: no compiler is needed to test, and no such code belongs in the suite."""

from __future__ import annotations

from tests.contracts.assembler import Word, assemble, case, creation, join


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
    body = assemble(
        join(
            [0, "CALLDATALOAD", 224, "SHR"],
            case("decimals()", "decimals"),
            case("balanceOf(address)", "balance"),
            case("mint(address,uint256)", "mint"),
            case("transfer(address,uint256)", "transfer"),
            case("transferFrom(address,address,uint256)", "from"),
            [0, 0, "REVERT"],
            [":decimals", 2, 0, "MSTORE", 32, 0, "RETURN"],
            [":balance", 4, "CALLDATALOAD", "SLOAD", 0, "MSTORE", 32, 0, "RETURN"],
            join([":mint"], _credit(4, 36, 0), ["STOP"]),
            join([":transfer"], transfer),
            join([":from"], hook, _credit(36, 68, fee), answer),
        )
    )
    return creation(body)


def _credit(to: int, value: int, fee: int) -> list[Word]:
    """Add calldata word ``value`` less the fee to the balance of the address in word ``to``; nobody is debited."""
    return join(
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
