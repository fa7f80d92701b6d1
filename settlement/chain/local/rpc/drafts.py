"""Transactions that somebody asks for without having signed them: reading them, and filling in what was left open."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.blocks import Header
from settlement.chain.local.formats.transactions import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    Transaction,
)
from settlement.chain.local.rpc.call_request import CallRequest
from settlement.chain.local.rpc.fees import SUGGESTED_TIP_WEI
from settlement.chain.local.rpc.hexes import prefixed, read_quantity

_PRICED = "both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is asked for; None is left open. ``fee`` and ``tip`` are wei per gas, both the price where that is named."""

    call: CallRequest
    type_id: int
    nonce: int | None
    fee: int | None
    tip: int | None

    @classmethod
    def read(cls, request: Any, chain_id: int, default_sender: bytes) -> Draft:
        """From the request's JSON.

        Raises: InvalidParams, naming what is wrong.
        """
        if not isinstance(request, dict):
            raise InvalidParams("invalid transaction: expected an object")
        given = {name: value for name, value in request.items() if value is not None}
        given.setdefault("from", prefixed(default_sender))
        named = read_quantity(given["chainId"], "chainId") if "chainId" in given else chain_id
        if named != chain_id:
            raise InvalidParams(f"chainId does not match node's (have={named}, want={chain_id})")
        fee, tip = _read_fees(given)
        return cls(
            call=replace(CallRequest.read(given), gas_price=None),
            type_id=_type_of(given),
            nonce=read_quantity(given["nonce"], "nonce") if "nonce" in given else None,
            fee=fee,
            tip=tip,
        )

    def filled(self, gas: int, following: Header, chain_id: int) -> Transaction:
        """The transaction, unsigned, with fees for the block with the header ``following``; nonce 0 where none is named."""
        fee, tip = self.fee, self.tip
        if self.type_id in (LEGACY, ACCESS_LIST):
            fee = tip = following.base_fee + SUGGESTED_TIP_WEI if fee is None else fee
        else:
            if tip is None:
                tip = SUGGESTED_TIP_WEI if fee is None else min(SUGGESTED_TIP_WEI, fee)
            # Twice the base fee stays enough for six full blocks in a row.
            fee = 2 * following.base_fee + tip if fee is None else fee
        tx = self.call.transaction(gas, 0 if self.nonce is None else self.nonce)
        return replace(
            tx,
            type_id=self.type_id,
            chain_id=chain_id,
            max_fee_per_gas=fee,
            max_priority_fee_per_gas=tip,
        )


def _read_fees(given: dict[str, Any]) -> tuple[int | None, int | None]:
    price = read_quantity(given["gasPrice"], "gasPrice") if "gasPrice" in given else None
    fee, tip = (
        read_quantity(given[name], name) if name in given else None
        for name in ("maxFeePerGas", "maxPriorityFeePerGas")
    )
    if price is None:
        return fee, tip
    if fee is not None or tip is not None:
        raise InvalidParams(_PRICED)
    return price, price


def _type_of(given: dict[str, Any]) -> int:
    """The type that is named, or that its fields imply.

    Raises: InvalidParams when it cannot have the fields that are given, or is none that this node runs.
    """
    is_priced = "gasPrice" in given
    implied = DYNAMIC_FEE
    if "authorizationList" in given:
        implied = SET_CODE
    elif is_priced:
        implied = ACCESS_LIST if "accessList" in given else LEGACY
    named = read_quantity(given["type"], "type") if "type" in given else implied
    if named == BLOB or named not in (LEGACY, ACCESS_LIST, DYNAMIC_FEE, SET_CODE):
        raise InvalidParams(f"invalid type: {named} is not supported; use 0, 1, 2 or 4")
    has_caps = "maxFeePerGas" in given or "maxPriorityFeePerGas" in given
    misfits = (
        (is_priced and named in (DYNAMIC_FEE, SET_CODE), "gasPrice"),
        (has_caps and named in (LEGACY, ACCESS_LIST), "maxFeePerGas"),
        (bool(given.get("accessList")) and named == LEGACY, "accessList"),
        ("authorizationList" in given and named != SET_CODE, "authorizationList"),
        (named == SET_CODE and not given.get("authorizationList"), "an empty authorizationList"),
        (named == SET_CODE and given.get("to") in (None, "", "0x"), "no recipient"),
    )
    for is_misfit, what in misfits:
        if is_misfit:
            raise InvalidParams(f"invalid transaction: type {named} cannot have {what}")
    return named
