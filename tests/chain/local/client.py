"""A plain JSON-RPC client and the two hand-made contracts that the node's tests run."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from eth_utils.address import to_checksum_address

from settlement.chain.local.accounts import well_known_accounts

GWEI = 10**9
FEES = {"maxFeePerGas": 5 * GWEI, "maxPriorityFeePerGas": GWEI}

# Without call data it reverts with 0xdeadbeef. With some it stores the block's time in slot 0, logs word 0 under the
# topics word 1 and word 2, and returns the block's time.
EMITTER = bytes.fromhex(
    "3660145763deadbeef60e01b60005260046000fd5b425f555f355f5260403560203560205fa2425f5260205ff3"
)
# Calls itself as often as word 0 says, then stores the gas that is left; a failed call fails all above it.
NESTER = bytes.fromhex("5f358015601e57600190035f525f5f60205f5f305af1601c575f5ffd5b005b5a5f5500")


def init_code(runtime: bytes) -> bytes:
    """What to send to deploy ``runtime``."""
    return bytes([0x60, len(runtime), 0x60, 12, 0x60, 0, 0x39, 0x60, len(runtime), 0x60, 0, 0xF3]) + runtime


def words(*values: int) -> str:
    return "0x" + "".join(f"{value:064x}" for value in values)


class RpcError(Exception):
    """The error object of an answer."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]
        self.data = error.get("data")


class Rpc:
    """One kept-open connection to a node."""

    def __init__(self, port: int) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.connection.close()

    def post(self, body: bytes) -> Any:
        self.connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answered = self.connection.getresponse().read()
        return json.loads(answered) if answered else None

    def __call__(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 7, "method": method, "params": list(params)}
        response = self.post(json.dumps(request).encode())
        if "error" in response:
            raise RpcError(response["error"])
        return response["result"]

    def number(self, method: str, *params: Any) -> int:
        return int(self(method, *params), 16)

    @staticmethod
    def number_in(answer: dict[str, Any], name: str) -> int:
        return int(answer[name], 16)

    def nonce(self, index: int) -> int:
        return self.number("eth_getTransactionCount", address_of(index), "pending")

    def send(self, index: int, **fields: Any) -> str:
        """Sign by the account's number and send; the hash."""
        fields.setdefault("nonce", self.nonce(index))
        return str(self("eth_sendRawTransaction", signed(index, **fields)))

    def receipt(self, tx_hash: str) -> dict[str, Any]:
        return dict(self("eth_getTransactionReceipt", tx_hash))

    def deploy(self, runtime: bytes) -> str:
        receipt = self.receipt(self.send(0, data=init_code(runtime), gas=1_000_000))
        assert receipt["status"] == "0x1"
        return str(receipt["contractAddress"])


def address_of(index: int) -> str:
    return str(well_known_accounts()[index].address)


def signed(index: int, **fields: Any) -> str:
    """A raw transaction of a well-known account; a plain transfer of one wei unless told otherwise.

    ``chainId=None`` leaves it out, as before EIP-155.
    """
    is_create = "data" in fields and "to" not in fields
    default: dict[str, Any] = {"chainId": 31_337, "gas": 21_000, "value": 0 if is_create else 1}
    default["to"] = "" if is_create else address_of((index + 1) % 10)
    if "gasPrice" not in fields:
        default.update(FEES)
    if "data" in fields:
        default["value"] = 0
    default |= fields
    if default["chainId"] is None:
        del default["chainId"]
    if default["to"]:
        default["to"] = to_checksum_address(default["to"])
    signed_transaction = well_known_accounts()[index].sign_transaction(default)
    return "0x" + bytes(signed_transaction.raw_transaction).hex()


class ProcessNode:
    """The node as a process of its own; ``through`` is a command that ends by becoming the one it is given."""

    def __init__(
        self, folder: Path, *arguments: str, pass_fds: tuple[int, ...] = (), through: tuple[str, ...] = ()
    ) -> None:
        command = [
            *through,
            sys.executable,
            "-m",
            "settlement.chain.local",
            "--data",
            str(folder),
            "--port",
            "0",
            "--quiet",
            *arguments,
        ]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, pass_fds=pass_fds
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rpartition(":")[2]) if self.url else 0

    def kill(self) -> None:
        self.process.kill()
        self._reap()

    def terminate(self) -> int:
        self.process.terminate()
        return self._reap()

    def _reap(self) -> int:
        self.process.communicate(timeout=20)
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
