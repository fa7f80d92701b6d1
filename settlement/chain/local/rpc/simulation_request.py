"""What eth_simulateV1 is asked: blocks in order, the calls in each, and what is to be seen otherwise than it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from settlement.chain.local.faults import InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import ZERO_ADDRESS, ZERO_WORD, Header
from settlement.chain.local.rpc.drafts import Draft
from settlement.chain.local.rpc.hexes import read_word
from settlement.chain.local.rpc.overrides import StateOverrides, override_header, read_state_overrides

MOST_BLOCKS = 256
MOST_CALLS = 1_000
# From one block to the next where no time is named, as on geth.
BLOCK_TIME_S = 12
MOST_NONCE = 2**64 - 1

NUMBER_NOT_IN_ORDER = -38020
TIME_NOT_IN_ORDER = -38021
TOO_MUCH_ASKED = -38026


@dataclass(frozen=True, slots=True)
class PlannedBlock:
    """A block to be made. What follows from the block before it is not in ``header`` yet."""

    header: Header
    has_base_fee: bool = False
    overrides: StateOverrides | None = None
    calls: tuple[Draft, ...] = ()


@dataclass(frozen=True, slots=True)
class SimulationRequest:
    """``is_validated`` asks for a block's own rules of nonces and fees, which calls are otherwise free of."""

    blocks: tuple[PlannedBlock, ...]
    traces_transfers: bool
    is_validated: bool
    is_full: bool

    @classmethod
    def read(cls, given: Any, base: Header, chain_id: int) -> SimulationRequest:
        """From the request's JSON, on the block with the header ``base``.

        Raises: InvalidParams naming the field; RpcFault with the execution API's code.
        """
        if not isinstance(given, dict):
            raise InvalidParams("invalid argument 0: expected an object with blockStateCalls")
        return cls(
            blocks=_read_blocks(given.get("blockStateCalls") or [], base, chain_id),
            traces_transfers=_read_flag(given, "traceTransfers"),
            is_validated=_read_flag(given, "validation"),
            is_full=_read_flag(given, "returnFullTransactions"),
        )


def _read_flag(given: dict[str, Any], name: str) -> bool:
    value = given.get(name)
    if not isinstance(value, bool | None):
        raise InvalidParams(f"invalid {name}: expected true or false")
    return bool(value)


def _read_blocks(given: Any, base: Header, chain_id: int) -> tuple[PlannedBlock, ...]:
    if not isinstance(given, list) or not all(isinstance(entry, dict) for entry in given):
        raise InvalidParams("invalid blockStateCalls: expected a list of objects")
    if not given:
        raise InvalidParams("empty input")
    if len(given) > MOST_BLOCKS:
        raise RpcFault("too many blocks", rpc_code=TOO_MUCH_ASKED)
    blocks: list[PlannedBlock] = []
    calls = 0
    for entry in given:
        last = blocks[-1].header if blocks else base
        asked = entry.get("blockOverrides") or {}
        number = _header_after(last, asked).number
        if number <= last.number:
            raise RpcFault(
                f"block numbers must be in order: {number} <= {last.number}", rpc_code=NUMBER_NOT_IN_ORDER
            )
        if number - base.number > MOST_BLOCKS:
            raise RpcFault("too many blocks", rpc_code=TOO_MUCH_ASKED)
        while last.number + 1 < number:
            last = _header_after(last, {})
            blocks.append(PlannedBlock(last))
        header = _header_after(last, asked)
        if header.timestamp <= last.timestamp:
            raise RpcFault(
                f"block timestamps must be in order: {header.timestamp} <= {last.timestamp}",
                rpc_code=TIME_NOT_IN_ORDER,
            )
        blocks.append(_read_block(entry, header, chain_id))
        calls += len(blocks[-1].calls)
        if calls > MOST_CALLS:
            raise RpcFault(f"too many calls: at most {MOST_CALLS} in all", rpc_code=TOO_MUCH_ASKED)
    return tuple(blocks)


def _read_block(entry: dict[str, Any], header: Header, chain_id: int) -> PlannedBlock:
    asked = entry.get("blockOverrides") or {}
    calls = entry.get("calls") or []
    if not isinstance(calls, list):
        raise InvalidParams("invalid calls: expected a list of objects")
    # One too many is enough to be refused.
    drafts = tuple(Draft.read(call, chain_id, ZERO_ADDRESS) for call in calls[: MOST_CALLS + 1])
    for draft in drafts:
        if draft.nonce is not None and draft.nonce >= MOST_NONCE:
            raise InvalidParams(f"invalid nonce: must be below {hex(MOST_NONCE)}")
    return PlannedBlock(
        header=header,
        has_base_fee=any(asked.get(name) is not None for name in ("baseFeePerGas", "baseFee")),
        overrides=read_state_overrides(entry.get("stateOverrides")),
        calls=drafts,
    )


def _header_after(last: Header, asked: Any) -> Header:
    """The header of the block after ``last``; limit, coinbase and difficulty stay as they are unless asked otherwise."""
    beacon_root = None
    if isinstance(asked, dict):
        # What is no use to a single call is to a block; and having no withdrawals is what every block here does.
        beacon_root = asked.get("beaconRoot")
        is_own = {"beaconRoot"} | ({"withdrawals"} if asked.get("withdrawals") == [] else set())
        asked = {name: value for name, value in asked.items() if name not in is_own}
    following = Header(
        parent_hash=ZERO_WORD,
        number=last.number + 1,
        timestamp=last.timestamp + BLOCK_TIME_S,
        gas_limit=last.gas_limit,
        coinbase=last.coinbase,
        difficulty=last.difficulty,
        base_fee=0,
    )
    header = override_header(following, asked)
    return (
        header
        if beacon_root is None
        else replace(header, parent_beacon_root=read_word(beacon_root, "block override beaconRoot"))
    )
