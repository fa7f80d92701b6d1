"""Messages that nobody signed: reading them, running them, and finding the gas they need."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.engine.port import Execution, Tracer
from settlement.chain.local.faults import EXECUTION_REVERTED, InvalidParams, RpcFault
from settlement.chain.local.formats.blocks import ZERO_ADDRESS
from settlement.chain.local.formats.transactions import (
    DYNAMIC_FEE,
    SET_CODE,
    AccessList,
    Authorization,
    Transaction,
)
from settlement.chain.local.rpc.block_names import View
from settlement.chain.local.rpc.hexes import prefixed, read_address, read_bytes, read_quantity, read_word
from settlement.chain.local.rpc.revert_words import revert_reason
from settlement.chain.local.tracers.accesses import AccessTracer

CALL_STIPEND = 2_300
PLAIN_TRANSFER_GAS = 21_000


class GasTooLow(RpcFault):
    """The message cannot even begin with this gas limit."""


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


def call(chain: Chain, view: View, request: CallRequest) -> bytes:
    """What the message returns.

    Raises: RpcFault; with code 3 and the revert's bytes when it reverts.
    """
    gas = min(request.gas or view.header.gas_limit, view.header.gas_limit)
    done = try_call(chain, view, request, gas)
    if done.error is not None:
        raise _call_fault(done)
    return done.output


def estimate_gas(chain: Chain, view: View, request: CallRequest) -> int:
    """The least gas limit, within 1.5 %, with which the message succeeds.

    The limit must cover what nested calls may not use (63/64) and what is refunded at the end, so it is searched for
    by running, as geth does, not computed from what one run used.

    Raises: RpcFault when it fails with any limit.
    """
    most = _most_gas(chain, view, request)
    is_plain = not (request.data or request.access_list or request.authorization_list)
    if request.to and is_plain and most >= PLAIN_TRANSFER_GAS:
        workspace = view.open(chain)
        if not workspace.code(request.to):
            try_call(chain, view, request, PLAIN_TRANSFER_GAS)
            return PLAIN_TRANSFER_GAS
    try:
        done = try_call(chain, view, request, most)
    except GasTooLow as fault:
        raise RpcFault(f"gas required exceeds allowance ({most})") from fault
    if done.error is not None:
        if done.is_out_of_gas:
            raise RpcFault(f"gas required exceeds allowance ({most})")
        raise _call_fault(done)
    too_little, enough = done.gas_used - 1, most
    guess = (done.gas_used + done.gas_refunded + CALL_STIPEND) * 64 // 63
    if guess < enough:
        if _succeeds(chain, view, request, guess):
            enough = guess
        else:
            too_little = guess
    while too_little + 1 < enough and (enough - too_little) * 1_000 >= enough * 15:
        # Most messages need little more than they use: the first steps stay near the lower end.
        middle = min((too_little + enough) // 2, too_little * 2)
        if _succeeds(chain, view, request, middle):
            enough = middle
        else:
            too_little = middle
    return enough


def access_list(chain: Chain, view: View, request: CallRequest) -> tuple[AccessList, Execution]:
    """What the message touches, and how it ran when it named all of that.

    Naming something makes it cheaper, so that the message may run on and touch more: it is run until it does not.
    """
    gas = min(request.gas or view.header.gas_limit, view.header.gas_limit)
    while True:
        tracer = AccessTracer(request.access_list)
        done = try_call(chain, view, request, gas, tracer)
        if tracer.touched == request.access_list:
            return request.access_list, done
        request = replace(request, access_list=tracer.touched)


def _most_gas(chain: Chain, view: View, request: CallRequest) -> int:
    most = view.header.gas_limit
    if request.gas is not None and PLAIN_TRANSFER_GAS <= request.gas < most:
        most = request.gas
    if request.gas_price:
        balance = view.open(chain).balance(request.sender)
        if balance < request.value:
            raise RpcFault("insufficient funds for transfer")
        most = min(most, (balance - request.value) // request.gas_price)
    return most


def _succeeds(chain: Chain, view: View, request: CallRequest, gas: int) -> bool:
    try:
        return try_call(chain, view, request, gas).error is None
    except RpcFault:
        return False


def try_call(
    chain: Chain, view: View, request: CallRequest, gas: int, tracer: Tracer | None = None
) -> Execution:
    """Run the message; what it did is gone with the workspace.

    Raises: RpcFault when it cannot even begin.
    """
    header = view.header
    if request.gas_price is None:
        # Without a price the base fee is left out of the rules, as geth does; BASEFEE then answers 0.
        header = replace(header, base_fee=0)
    elif request.gas_price < header.base_fee:
        raise RpcFault(
            f"max fee per gas less than block base fee: maxFeePerGas: {request.gas_price}, baseFee: {header.base_fee}"
        )
    workspace = view.open(chain, header)
    transaction = request.transaction(gas, workspace.nonce(request.sender))
    least = max(transaction.minimum_gas, transaction.floor_gas)
    if gas < least:
        raise GasTooLow(f"intrinsic gas too low: have {gas}, want {least}")
    balance = workspace.balance(request.sender)
    if balance < transaction.most_it_costs:
        if not request.gas_price:
            raise RpcFault(f"insufficient funds for transfer: address {prefixed(request.sender)}")
        raise RpcFault(
            f"insufficient funds for gas * price + value: balance {balance}, tx cost {transaction.most_it_costs}, "
            f"overshot {transaction.most_it_costs - balance}"
        )
    try:
        return workspace.run(transaction, tracer)
    except RpcFault:
        # A tracer's refusal to go on.
        raise
    except Exception as exc:
        # An engine's own failure may be anything, such as a balance over 256 bits where a caller overrode one.
        raise RpcFault(f"the engine cannot run this message: {exc!r}") from exc


def _call_fault(done: Execution) -> RpcFault:
    if not done.is_revert:
        return RpcFault(done.error or "execution failed")
    reason = revert_reason(done.output)
    message = "execution reverted" if reason is None else f"execution reverted: {reason}"
    return RpcFault(message, rpc_code=EXECUTION_REVERTED, data=prefixed(done.output))
