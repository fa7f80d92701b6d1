"""What a JSON-RPC request is answered with when it cannot be served."""

from __future__ import annotations

from typing import Any

from settlement.errors import ChainError

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
SERVER_ERROR = -32000
RESPONSE_TOO_LARGE = -32003
LIMIT_EXCEEDED = -32005
EXECUTION_REVERTED = 3


class RpcFault(ChainError):
    """A request refused by the node; carried to the caller as the standard error object."""

    def __init__(self, message: str, *, rpc_code: int = SERVER_ERROR, data: Any = None) -> None:
        super().__init__(message, code="rpc_fault")
        self.rpc_code = rpc_code
        self.data = data

    def body(self) -> dict[str, Any]:
        """The JSON-RPC error object."""
        answer: dict[str, Any] = {"code": self.rpc_code, "message": self.message}
        if self.data is not None:
            answer["data"] = self.data
        return answer


class InvalidParams(RpcFault):
    """The parameters have the wrong number, type or form."""

    def __init__(self, message: str) -> None:
        super().__init__(message, rpc_code=INVALID_PARAMS)


class FolderInUse(ChainError):
    """Another process has this chain's folder open."""

    code = "chain_folder_in_use"


class FolderDamaged(ChainError):
    """The folder's contents contradict themselves or the settings they are opened with."""

    code = "chain_folder_damaged"


class FolderUnusable(ChainError):
    """The folder cannot be opened for want of room or rights on the disk."""

    code = "chain_folder_unusable"
