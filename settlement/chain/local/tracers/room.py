"""How much one request's trace may hold: a contract can make millions of steps, or calls with a megabyte each."""

from __future__ import annotations

from settlement.chain.local.faults import LIMIT_EXCEEDED, RpcFault

MOST_TRACE_BYTES = 64 * 2**20


class Room:
    """What is left of the bound; sizes are about those of the JSON, which takes some four times as much in memory."""

    def __init__(
        self,
        what: str = "the trace",
        advice: str = "name a limit of steps, leave memory or stack out, or trace one transaction with callTracer's "
        "onlyTopCall",
    ) -> None:
        self._left = MOST_TRACE_BYTES
        self._refusal = f"{what} is larger than {MOST_TRACE_BYTES >> 20} MiB: {advice}"

    def take(self, size: int) -> None:
        """Make sure that there is room for ``size`` bytes more.

        Raises: RpcFault when there is not.
        """
        self._left -= size
        if self._left < 0:
            raise RpcFault(self._refusal, rpc_code=LIMIT_EXCEEDED)
