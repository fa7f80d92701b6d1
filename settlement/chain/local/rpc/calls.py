"""Messages that nobody signed: running them, and finding the gas and the access list they need."""

from __future__ import annotations

from dataclasses import replace

from settlement.chain.local.chain import Chain
from settlement.chain.local.engine.port import Execution, Tracer, Workspace
from settlement.chain.local.faults import EXECUTION_REVERTED, SERVER_ERROR, RpcFault
from settlement.chain.local.formats.transactions import (
    AccessList,
    Transaction,
)
from settlement.chain.local.rpc.block_names import View
from settlement.chain.local.rpc.call_request import CallRequest
from settlement.chain.local.rpc.hexes import prefixed
from settlement.chain.local.rpc.revert_words import revert_reason
from settlement.chain.local.tracers.accesses import AccessTracer

CALL_STIPEND = 2_300
PLAIN_TRANSFER_GAS = 21_000
# geth's own. A block's limit can be set without end; a call that loops would then keep its thread for ever.
MOST_CALL_GAS = 50_000_000


class GasTooLow(RpcFault):
    """The message cannot even begin with this gas limit."""


def call(chain: Chain, view: View, request: CallRequest) -> bytes:
    """What the message returns.

    Raises: RpcFault; with code 3 and the revert's bytes when it reverts.
    """
    gas = gas_of(view, request)
    done = try_call(chain, view, request, gas)
    if done.error is not None:
        raise call_fault(done)
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
        raise call_fault(done)
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
    gas = gas_of(view, request)
    while True:
        tracer = AccessTracer(request.access_list)
        done = try_call(chain, view, request, gas, tracer)
        if tracer.touched == request.access_list:
            return request.access_list, done
        request = replace(request, access_list=tracer.touched)


def gas_of(view: View, request: CallRequest) -> int:
    """The gas that a message is given: what it asks for, as far as the block and a call may have it."""
    most = min(view.header.gas_limit, MOST_CALL_GAS)
    return min(request.gas or most, most)


def _most_gas(chain: Chain, view: View, request: CallRequest) -> int:
    most = min(view.header.gas_limit, MOST_CALL_GAS)
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
    return run_call(*open_call(chain, view, request, gas), tracer)


def open_call(chain: Chain, view: View, request: CallRequest, gas: int) -> tuple[Workspace, Transaction]:
    """The state that the message is to run on, and the message.

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
    return workspace, transaction


def run_call(workspace: Workspace, transaction: Transaction, tracer: Tracer | None = None) -> Execution:
    """Run a message that was opened.

    Raises: RpcFault when the engine or the tracer cannot.
    """
    try:
        return workspace.run(transaction, tracer)
    except RpcFault:
        # A tracer's refusal to go on.
        raise
    except Exception as exc:
        # An engine's own failure may be anything, such as a balance over 256 bits where a caller overrode one.
        raise RpcFault(f"the engine cannot run this message: {exc!r}") from exc


def call_fault(done: Execution, otherwise: int = SERVER_ERROR) -> RpcFault:
    """Why the message failed; with code 3 and the revert's bytes when it reverted, else with the code ``otherwise``."""
    if not done.is_revert:
        return RpcFault(done.error or "execution failed", rpc_code=otherwise)
    reason = revert_reason(done.output)
    message = "execution reverted" if reason is None else f"execution reverted: {reason}"
    return RpcFault(message, rpc_code=EXECUTION_REVERTED, data=prefixed(done.output))
