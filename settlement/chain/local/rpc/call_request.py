"""A message that nobody signed, as a request's JSON names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.formats.blocks import ZERO_ADDRESS
from settlement.chain.local.formats.transactions import (
    DYNAMIC_FEE,
    SET_CODE,
    AccessList,
    Authorization,
    Transaction,
)
from settlement.chain.local.rpc.hexes import read_address, read_bytes, read_quantity, read_word

_BLOB_FIELDS = frozenset({"blobVersionedHashes", "blobs", "maxFeePerBlobGas", "sidecars"})


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A message to try. ``gas_price`` is None when the caller named none: then nothing is paid for gas."""

    sender: bytes
    to: bytes
    data: bytes
    value: int
    gas: int | None
    gas_price: int | None
    access_list: AccessList
    authorization_list: tuple[Authorization, ...] = ()

    @classmethod
    def read(cls, request: Any) -> CallRequest:
        """From the request's JSON.

        Raises: InvalidParams, naming the field.
        """
        if not isinstance(request, dict):
            raise InvalidParams("invalid transaction: expected an object")
        given = {name: value for name, value in request.items() if value is not None}
        if {"data", "input"} <= given.keys() and given["data"] != given["input"]:
            raise InvalidParams(
                'both "data" and "input" are set and not equal. Please use "input" to pass transaction call data'
            )
        if not _BLOB_FIELDS.isdisjoint(given):
            raise InvalidParams("invalid transaction: blob transactions (type 3) are not supported")
        data = read_bytes(given.get("input", given.get("data", "0x")), "input")
        price = given.get("maxFeePerGas", given.get("gasPrice"))
        return cls(
            sender=read_address(given["from"], "from") if "from" in given else ZERO_ADDRESS,
            to=read_address(given["to"], "to") if given.get("to") not in (None, "", "0x") else b"",
            data=data,
            value=read_quantity(given.get("value", "0x0"), "value"),
            gas=read_quantity(given["gas"], "gas") if "gas" in given else None,
            gas_price=None if price is None else read_quantity(price, "gasPrice") or None,
            access_list=_read_access_list(given.get("accessList", [])),
            authorization_list=_read_authorizations(given.get("authorizationList", [])),
        )

    def transaction(self, gas: int, nonce: int) -> Transaction:
        price = self.gas_price or 0
        return Transaction(
            sender=self.sender,
            to=self.to,
            data=self.data,
            value=self.value,
            gas=gas,
            nonce=nonce,
            max_fee_per_gas=price,
            max_priority_fee_per_gas=price,
            access_list=self.access_list,
            authorization_list=self.authorization_list,
            # Only a transaction of this type has its entries looked at.
            type_id=SET_CODE if self.authorization_list else DYNAMIC_FEE,
        )


def _read_authorizations(entries: Any) -> tuple[Authorization, ...]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidParams("invalid authorizationList: expected a list of objects")
    return tuple(
        Authorization(
            address=read_address(entry.get("address"), "authorizationList.address"),
            y_parity=read_quantity(entry.get("yParity", entry.get("v")), "authorizationList.yParity"),
            chain_id=read_quantity(entry.get("chainId"), "authorizationList.chainId"),
            nonce=read_quantity(entry.get("nonce"), "authorizationList.nonce"),
            r=read_quantity(entry.get("r"), "authorizationList.r"),
            s=read_quantity(entry.get("s"), "authorizationList.s"),
        )
        for entry in entries
    )


def _read_access_list(entries: Any) -> AccessList:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise InvalidParams("invalid accessList: expected a list of objects")
    return tuple(
        (
            read_address(entry.get("address"), "accessList.address"),
            tuple(
                int.from_bytes(read_word(key, "storageKey"), "big") for key in entry.get("storageKeys") or []
            ),
        )
        for entry in entries
    )
