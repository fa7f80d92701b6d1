"""JSON-RPC 2.0: a body in, a body out. Whatever a body holds, it is answered and the node goes on."""

from __future__ import annotations

import asyncio
import json
import logging
import math
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from itertools import accumulate, groupby
from time import perf_counter
from typing import Any, NoReturn

from settlement.chain.local.faults import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    RESPONSE_TOO_LARGE,
    InvalidParams,
    RpcFault,
)
from settlement.chain.local.rpc.crossing import Crossing
from settlement.chain.local.rpc.request_log import RequestLog
from settlement.chain.local.wire.peer import Peer

MOST_IN_A_BATCH = 1_000
MOST_NESTED = 100
# Each becomes an object of some hundred bytes, so this bounds the memory that a small body can take.
MOST_BRACKETS = 200_000
MOST_RESPONSE_BYTES = 100 * 2**20
# geth's bound for the answers of a batch together.
MOST_BATCH_RESPONSE_BYTES = 25_000_000
# A batch gives way to other clients after this long.
TURN_S = 0.005
# A row of these shares a block; whatever else a batch holds is done one after another, as geth does it.
_TOGETHER = "eth_sendRawTransaction"
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Exchange:
    """One body that is being answered: for whom, and what to do once the answer is sent."""

    peer: Peer | None
    afterwards: list[Callable[[], None]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Method:
    """``run`` takes the parameters, by place. It answers a result, or a future of one.

    ``least`` and ``most`` bound their number. ``is_slow`` keeps it off the thread that serves connections.
    ``runs_pending`` does so when it is asked for the block in the making, which must be run first.
    ``takes_exchange`` gives it the ``Exchange`` as its first argument.
    """

    run: Callable[..., Any]
    least: int = 0
    most: int = 0
    is_slow: bool = False
    runs_pending: bool = False
    takes_exchange: bool = False


class Dispatcher:
    """Answers requests by a table of methods. Made on the event loop that it answers on."""

    def __init__(self, methods: dict[str, Method], workers: Executor, log: RequestLog) -> None:
        self._methods = methods
        self._workers = workers
        self._request_log = log
        self._crossing = Crossing()

    async def answer(self, body: bytes, peer: Peer | None = None) -> bytes:
        """The response to a body; empty when it holds only notifications."""
        exchange = Exchange(peer)
        try:
            request = _parsed(body)
        except RpcFault as fault:
            return self._refused(None, fault)
        if isinstance(request, list):
            response = await self._answer_batch(request, exchange)
        else:
            response = await self._answer_one(request, exchange)
        for run in exchange.afterwards:
            # The wire writes the response before the loop's next turn.
            asyncio.get_running_loop().call_soon(run)
        return response

    async def _answer_batch(self, batch: list[Any], exchange: Exchange) -> bytes:
        if not batch:
            return self._refused(None, RpcFault("empty batch", rpc_code=INVALID_REQUEST))
        if len(batch) > MOST_IN_A_BATCH:
            fault = RpcFault(f"batch too large: at most {MOST_IN_A_BATCH} requests", rpc_code=INVALID_REQUEST)
            return b"[" + self._refused(_first_id(batch), fault) + b"]"
        responses: list[bytes] = []
        size, turn_began = 0, perf_counter()
        for is_together, row in groupby(batch, key=_may_go_together):
            for group in [list(row)] if is_together else [[one] for one in row]:
                for response in await self._answer_group(group, exchange, is_full=_is_full(size)):
                    responses.append(response)
                    size += len(response)
                if perf_counter() - turn_began > TURN_S:
                    await asyncio.sleep(0)
                    turn_began = perf_counter()
        return b"[" + b",".join(responses) + b"]" if responses else b""

    async def _answer_group(self, group: list[Any], exchange: Exchange, *, is_full: bool) -> list[bytes]:
        if is_full:
            fault = RpcFault("response too large: ask in several batches", rpc_code=RESPONSE_TOO_LARGE)
            return [_failure(_id_of(one), fault) for one in group if _awaits_answer(one)]
        if len(group) == 1:
            found = [await self._answer_one(group[0], exchange)]
        else:
            found = await asyncio.gather(*(self._answer_one(one, exchange) for one in group))
        return [response for response in found if response]

    async def _answer_one(self, request: Any, exchange: Exchange) -> bytes:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _failure(_id_of(request), RpcFault("invalid request: no method", rpc_code=INVALID_REQUEST))
        request_id = request.get("id")
        if not _is_id(request_id):
            fault = RpcFault("invalid request: id is no string or number", rpc_code=INVALID_REQUEST)
            return _failure(None, fault)
        if request.get("jsonrpc", "2.0") != "2.0":
            fault = RpcFault('invalid request: jsonrpc must be "2.0"', rpc_code=INVALID_REQUEST)
            return _failure(request_id, fault)
        name, started = request["method"], perf_counter()
        result, failed = b"", None
        try:
            result = await self._call(name, request.get("params"), exchange)
            if len(result) > MOST_RESPONSE_BYTES:
                raise RpcFault("response too large: ask for less at once", rpc_code=RESPONSE_TOO_LARGE)
        except RpcFault as fault:
            failed = fault
        except Exception as exc:  # noqa: BLE001  a defect of ours: the caller gets an error object, the log the trace
            _log.exception("%s failed", name)
            failed = RpcFault(f"internal error: {exc!r}", rpc_code=INTERNAL_ERROR)
        self._request_log.answered(name, perf_counter() - started, failed)
        if "id" not in request:
            return b""
        if failed is not None:
            return _failure(request_id, failed)
        return b'{"jsonrpc":"2.0","id":' + encoded(request_id) + b',"result":' + result + b"}"

    def _refused(self, request_id: Any, fault: RpcFault) -> bytes:
        """What is no request; it is logged all the same, as somebody will look for it."""
        self._request_log.answered("(no request)", 0, fault)
        return _failure(request_id, fault)

    async def _call(self, name: str, params: Any, exchange: Exchange) -> bytes:
        """The method's result as JSON."""
        method = self._methods.get(name)
        if method is None:
            raise RpcFault(f"the method {name} does not exist/is not available", rpc_code=METHOD_NOT_FOUND)
        arguments = [] if params is None else params
        if not isinstance(arguments, list):
            raise InvalidParams("params must be a list")
        named = len(arguments)
        while named > method.least and arguments[named - 1] is None:
            named -= 1
        # Once: a body can hold a million nulls.
        arguments = arguments[:named]
        if len(arguments) < method.least:
            raise InvalidParams(f"missing value for required argument {len(arguments)}")
        if len(arguments) > method.most:
            raise InvalidParams(f"too many arguments, want at most {method.most}")
        if method.is_slow or (method.runs_pending and any(map(is_pending, arguments))):
            loop = asyncio.get_running_loop()
            result = await loop.run_in_executor(self._workers, _run_and_encode, method.run, arguments)
        else:
            result = method.run(exchange, *arguments) if method.takes_exchange else method.run(*arguments)
        if isinstance(result, Future):
            result = await self._crossing.result_of(result)
        return result if isinstance(result, bytes) else encoded(result)


def is_pending(argument: Any) -> bool:
    """Whether it is the tag of the block in the making, as it is or in an object."""
    return argument == "pending" or (isinstance(argument, dict) and argument.get("blockNumber") == "pending")


def _run_and_encode(run: Callable[..., Any], arguments: list[Any]) -> Future[Any] | bytes:
    """A large answer is written as JSON where it was found; a future is waited for where nothing else waits."""
    result = run(*arguments)
    return result if isinstance(result, Future) else encoded(result)


def _parsed(body: bytes) -> Any:
    """The body's JSON. What nests deeper than any request is refused before parsing, which would overflow the stack
    in C: py-evm has lifted the interpreter's own bound. Brackets within strings count as well.

    Raises: RpcFault.
    """
    brackets = body.count(b"[") + body.count(b"{")
    if brackets > MOST_BRACKETS or (brackets > MOST_NESTED and _depth(body) > MOST_NESTED):
        raise RpcFault(
            f"parse error: more than {MOST_NESTED} brackets within one another, or {MOST_BRACKETS} in all",
            rpc_code=PARSE_ERROR,
        )
    try:
        return _DECODER.decode(body.decode())
    except ValueError:
        raise RpcFault("parse error: the body is no JSON", rpc_code=PARSE_ERROR) from None


def _depth(body: bytes) -> int:
    return max(accumulate(1 if byte in b"[{" else -1 for byte in body.translate(None, _NO_BRACKETS)))


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)
_ENCODER = json.JSONEncoder(separators=(",", ":"))


def _may_go_together(request: Any) -> bool:
    return isinstance(request, dict) and request.get("method") == _TOGETHER


def _is_full(size: int) -> bool:
    return size > MOST_BATCH_RESPONSE_BYTES


def _is_id(value: Any) -> bool:
    # What JSON cannot write again, such as 1e400, is no id either.
    return isinstance(value, str | int | None) or (isinstance(value, float) and math.isfinite(value))


def _id_of(request: Any) -> Any:
    found = request.get("id") if isinstance(request, dict) else None
    return found if _is_id(found) else None


def _first_id(batch: list[Any]) -> Any:
    return next((_id_of(one) for one in batch if _awaits_answer(one)), None)


def _awaits_answer(request: Any) -> bool:
    """Whether it is answered at all: a notification is not, and what is no request is told so."""
    return not isinstance(request, dict) or "id" in request or not isinstance(request.get("method"), str)


def _failure(request_id: Any, fault: RpcFault) -> bytes:
    return encoded({"jsonrpc": "2.0", "id": request_id, "error": fault.body()})


def encoded(value: Any) -> bytes:
    """The value as JSON."""
    return _ENCODER.encode(value).encode()
