"""JSON-RPC 2.0: a body in, a body out. Whatever a body holds, it is answered and the node goes on."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from itertools import accumulate
from time import perf_counter
from typing import Any

from settlement.chain.local.faults import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    LIMIT_EXCEEDED,
    METHOD_NOT_FOUND,
    PARSE_ERROR,
    InvalidParams,
    RpcFault,
)
from settlement.chain.local.rpc.request_log import RequestLog

MOST_IN_A_BATCH = 1_000
MOST_NESTED = 100
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Method:
    """``run`` takes the parameters, by place. It answers a result, or a future of one.

    ``least`` and ``most`` bound their number. ``is_slow`` keeps it off the thread that serves connections.
    """

    run: Callable[..., Any]
    least: int = 0
    most: int = 0
    is_slow: bool = False


class Dispatcher:
    """Answers requests by a table of methods."""

    def __init__(self, methods: dict[str, Method], workers: Executor, log: RequestLog) -> None:
        self._methods = methods
        self._workers = workers
        self._request_log = log

    async def answer(self, body: bytes) -> bytes:
        """The response to an HTTP body; empty when it holds only notifications."""
        try:
            request = None if _is_too_deep(body) else json.loads(body)
        except ValueError:
            request = None
        if request is None:
            return _encoded(
                _failure(None, RpcFault("parse error: the body is no JSON", rpc_code=PARSE_ERROR))
            )
        if not isinstance(request, list):
            response = await self._answer_one(request)
            return b"" if response is None else _encoded(response)
        if not request:
            return _encoded(_failure(None, RpcFault("empty batch", rpc_code=INVALID_REQUEST)))
        if len(request) > MOST_IN_A_BATCH:
            fault = RpcFault(f"batch too large: at most {MOST_IN_A_BATCH} requests", rpc_code=LIMIT_EXCEEDED)
            return _encoded(_failure(None, fault))
        responses = await asyncio.gather(*map(self._answer_one, request))
        answered = [response for response in responses if response is not None]
        return _encoded(answered) if answered else b""

    async def _answer_one(self, request: Any) -> dict[str, Any] | None:
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            return _failure(None, RpcFault("invalid request: no method", rpc_code=INVALID_REQUEST))
        request_id = request.get("id")
        if not isinstance(request_id, str | int | float | None):
            return _failure(
                None, RpcFault("invalid request: id is no string or number", rpc_code=INVALID_REQUEST)
            )
        name, started = request["method"], perf_counter()
        result: Any = None
        fault: RpcFault | None = None
        try:
            result = await self._call(name, request.get("params"))
        except RpcFault as refused:
            fault = refused
        except Exception as exc:  # noqa: BLE001  a defect of ours: the caller gets an error object, the log the trace
            _log.exception("%s failed", name)
            fault = RpcFault(f"internal error: {exc!r}", rpc_code=INTERNAL_ERROR)
        self._request_log.answered(name, perf_counter() - started, fault)
        if "id" not in request:
            return None
        if fault is not None:
            return _failure(request_id, fault)
        return {"jsonrpc": "2.0", "id": request_id, "result": result}

    async def _call(self, name: str, params: Any) -> Any:
        method = self._methods.get(name)
        if method is None:
            raise RpcFault(f"the method {name} does not exist/is not available", rpc_code=METHOD_NOT_FOUND)
        arguments = [] if params is None else params
        if not isinstance(arguments, list):
            raise InvalidParams("params must be a list")
        while len(arguments) > method.least and arguments[-1] is None:
            arguments = arguments[:-1]
        if len(arguments) < method.least:
            raise InvalidParams(f"missing value for required argument {len(arguments)}")
        if len(arguments) > method.most:
            raise InvalidParams(f"too many arguments, want at most {method.most}")
        if method.is_slow:
            return await asyncio.get_running_loop().run_in_executor(self._workers, method.run, *arguments)
        result = method.run(*arguments)
        return await asyncio.wrap_future(result) if isinstance(result, Future) else result


def _is_too_deep(body: bytes) -> bool:
    """Whether brackets nest deeper than any request's. Asked before parsing, which would overflow the stack in C:
    py-evm has lifted the interpreter's own bound. Brackets within strings count as well; requests have none there.
    """
    if body.count(b"[") + body.count(b"{") <= MOST_NESTED:
        return False
    steps = (1 if byte in b"[{" else -1 for byte in body.translate(None, _NO_BRACKETS))
    return max(accumulate(steps)) > MOST_NESTED


def _failure(request_id: Any, fault: RpcFault) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": request_id, "error": fault.body()}


def _encoded(response: Any) -> bytes:
    return json.dumps(response, separators=(",", ":")).encode()
