"""The verb that switches the log of requests on and off."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.faults import InvalidParams
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.request_log import RequestLog


class LogSwitch:
    """``anvil_setLoggingEnabled`` and its kin."""

    def __init__(self, log: RequestLog) -> None:
        self._log = log

    def methods(self) -> dict[str, Method]:
        """The table of what it does."""
        method = Method(self.set_logging, 1, 1)
        return {"anvil_setLoggingEnabled": method, "hardhat_setLoggingEnabled": method}

    def set_logging(self, is_on: Any) -> None:
        if not isinstance(is_on, bool):
            raise InvalidParams("invalid argument 0: expected true or false")
        self._log.switch(is_on=is_on)
