"""JSON-RPC over HTTP: the one place that touches web3, for its transport alone.

web3's provider repeats a failed `eth_sendRawTransaction` by itself; here only reads are repeated, since whether to send
again is the sender's decision.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from web3.providers.rpc import HTTPProvider
from web3.providers.rpc.utils import REQUEST_RETRY_ALLOWLIST, ExceptionRetryConfiguration
from web3.types import RPCEndpoint

from settlement.errors import ChainError

READ_RETRIES = 3
POOLED_CONNECTIONS = 32
BATCH_LIMIT = 100
"""Requests in one HTTP body; more are sent in several."""

_REPEATABLE = tuple(
    name for name in REQUEST_RETRY_ALLOWLIST if name.startswith("eth_") and name != "eth_sendRawTransaction"
)


class ChainUnreachable(ChainError):
    """No answer came: the node is down, slow, or something between us and it is."""

    code = "chain_unreachable"


class RpcRefused(ChainError):
    """The node answered with an error object.

    ``number`` is JSON-RPC's error code; ``revert`` the revert bytes where a call reverted, else None.
    """

    code = "chain_refused"

    def __init__(self, method: str, number: int, text: str, revert: bytes | None) -> None:
        super().__init__(f"the node refused {method}: {text} (code {number})")
        self.number = number
        self.text = text
        self.revert = revert


class Rpc:
    """One node's JSON-RPC endpoint; safe to share between threads, to be closed."""

    def __init__(self, url: str, *, timeout_s: int = 10) -> None:
        self.url = url
        self._session = requests.Session()
        adapter = HTTPAdapter(pool_maxsize=POOLED_CONNECTIONS)
        self._session.mount("http://", adapter)
        self._session.mount("https://", adapter)
        self._provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout_s},
            session=self._session,
            exception_retry_configuration=ExceptionRetryConfiguration(
                # requests' own errors are all OSError.
                errors=(OSError,),
                retries=READ_RETRIES,
                backoff_factor=0.05,  # house: allow float - web3 counts seconds so
                method_allowlist=_REPEATABLE,
            ),
        )

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    def ask(self, method: str, *params: Any) -> Any:
        """One request.

        Raises: ChainUnreachable when no answer came, RpcRefused when it was an error object.
        """
        try:
            answer: Any = self._provider.make_request(RPCEndpoint(method), list(params))
        except (OSError, ValueError) as failed:
            raise self._unreachable(method, failed) from failed
        return _result(method, answer)

    def ask_many(self, method: str, params: Sequence[Sequence[Any]]) -> list[Any]:
        """The same method for several parameter lists, in few HTTP bodies; answers in the order asked.

        Raises: as ``ask``, for the first that failed.
        """
        answers = self.try_many(method, params)
        for answer in answers:
            if isinstance(answer, RpcRefused):
                raise answer
        return answers

    def try_many(self, method: str, params: Sequence[Sequence[Any]]) -> list[Any]:
        """The same, with an RpcRefused in the place of what was refused.

        Raises: ChainUnreachable when no answer came.
        """
        answers: list[Any] = []
        for start in range(0, len(params), BATCH_LIMIT):
            part = params[start : start + BATCH_LIMIT]
            answers.extend(self._batch(method, part))
        return answers

    def _batch(self, method: str, params: Sequence[Sequence[Any]]) -> list[Any]:
        if len(params) == 1:
            try:
                return [self.ask(method, *params[0])]
            except RpcRefused as refused:
                return [refused]
        try:
            answer: Any = self._provider.make_batch_request(
                [(RPCEndpoint(method), list(one)) for one in params]
            )
        except (OSError, ValueError) as failed:
            raise self._unreachable(method, failed) from failed
        if not isinstance(answer, list):
            raise ChainError(f"the node answered a batch of {method} as one: {str(answer)[:80]}")
        if len(answer) != len(params):
            raise ChainError(
                f"the node answered {len(answer)} of {len(params)} requests of one batch; ask again"
            )
        return [_result_or_refusal(method, one) for one in answer]

    def _unreachable(self, method: str, failed: Exception) -> ChainUnreachable:
        # The kind of failure alone: requests' own words are a traceback of several lines.
        return ChainUnreachable(
            f"the chain at {self.url} did not answer {method} ({type(failed).__name__}); is the node running?"
            " `hanse up` starts it"
        )


def _result_or_refusal(method: str, answer: Any) -> Any:
    try:
        return _result(method, answer)
    except RpcRefused as refused:
        return refused


def _result(method: str, answer: Any) -> Any:
    if not isinstance(answer, dict):
        raise ChainError(
            f"the node answered {method} with something that is not JSON-RPC: {str(answer)[:80]}"
        )
    wrong = answer.get("error")
    if wrong is None:
        return answer.get("result")
    if not isinstance(wrong, dict):
        raise RpcRefused(method, 0, str(wrong), None)
    raise RpcRefused(method, int(wrong.get("code", 0)), str(wrong.get("message", "")), _revert_bytes(wrong))


def _revert_bytes(wrong: dict[str, Any]) -> bytes | None:
    """The revert bytes of an error object; nodes put them in `data`, some one level deeper."""
    found = wrong.get("data")
    if isinstance(found, dict):
        found = found.get("data") or found.get("result")
    if isinstance(found, str) and found.startswith("0x"):
        return bytes.fromhex(found[2:])
    # geth gives code 3, and no data for a revert without bytes.
    return b"" if wrong.get("code") == 3 or "revert" in str(wrong.get("message", "")).lower() else None
