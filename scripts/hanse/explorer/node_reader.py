"""What the explorer asks of a node: any that speaks the common JSON-RPC methods."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from settlement.chain.abi import checksum
from settlement.chain.rpc import Rpc, RpcRefused
from settlement.errors import ChainError, InputRefused, NotFound

RANGE: Final = 10_000
"""Blocks that one search for logs covers at first."""
_TAGS: Final = frozenset({"latest", "earliest", "pending", "safe", "finalized"})
_TRACE: Final = {"tracer": "callTracer"}


class NodeReader:
    """One node, read only.

    Raises: InputRefused for what is no URL of HTTP.
    """

    def __init__(self, url: str) -> None:
        if not _is_url(url):
            raise InputRefused(f"{url[:80]!r} is no http:// or https:// URL of a node", field="--rpc-url")
        self.url = url
        self._rpc = Rpc(url, timeout_s=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._rpc.close()

    def chain_id(self) -> int:
        """The chain the node serves."""
        return self._number("eth_chainId")

    def head(self) -> int:
        """The newest block's number."""
        return self._number("eth_blockNumber")

    def _number(self, method: str) -> int:
        answer = self._rpc.ask(method)
        try:
            return int(answer, 16)
        except (TypeError, ValueError):
            raise ChainError(
                f"the service at {self.url} answered {method} with {str(answer)[:80]!r}: it is no Ethereum node; "
                "name another with --rpc-url"
            ) from None

    def block(self, which: str, *, is_full: bool = False) -> dict[str, Any]:
        """A block by number, tag or hash.

        Raises: NotFound; InputRefused for what names no block.
        """
        wanted = block_argument(which)
        method = "eth_getBlockByHash" if len(wanted) == 66 else "eth_getBlockByNumber"
        found = self._rpc.ask(method, wanted, is_full)
        if found is None:
            raise NotFound(
                f"there is no block {which} on the chain at {self.url}; its newest is {self.head()}"
            )
        return dict(found)

    def number_of(self, which: str) -> int:
        """A block's number, from a number that need not be there yet, a tag or a hash.

        Raises: NotFound; InputRefused for what names no block.
        """
        if which in _TAGS or is_hex(which, 32):
            return int(self.block(which)["number"], 16)
        return block_number(which)

    def blocks(self, numbers: Sequence[int]) -> list[dict[str, Any]]:
        """Blocks by number, those that are there, with the hashes of their transactions."""
        found = self._rpc.ask_many("eth_getBlockByNumber", [(hex(number), False) for number in numbers])
        return [dict(one) for one in found if one is not None]

    def transaction(self, tx_hash: str) -> dict[str, Any]:
        """A transaction, mined or waiting.

        Raises: NotFound; InputRefused for what is no hash.
        """
        if not is_hex(tx_hash, 32):
            raise InputRefused(f"{tx_hash[:80]!r} is no transaction hash; give 0x and 64 hex digits")
        found = self._rpc.ask("eth_getTransactionByHash", tx_hash)
        if found is None:
            raise NotFound(
                f"the node at {self.url} knows no transaction {tx_hash}; is it of another chain, or taken off by a revert?"
            )
        return dict(found)

    def receipts(self, tx_hashes: Sequence[str]) -> list[dict[str, Any] | None]:
        """Receipts in the order asked; None where there is none."""
        return self._rpc.ask_many("eth_getTransactionReceipt", [(one,) for one in tx_hashes])

    def trace(self, tx_hash: str) -> dict[str, Any] | None:
        """The tree of calls of a mined transaction; None from a node that does not trace."""
        try:
            return dict(self._rpc.ask("debug_traceTransaction", tx_hash, _TRACE))
        except RpcRefused:
            return None

    def revert_of(self, transaction: dict[str, Any]) -> bytes | None:
        """Why a failed transaction would fail on the block before its own; None when it would not, or nobody can say."""
        message = {
            key: transaction[key]
            for key in ("from", "to", "input", "value", "gas")
            if transaction.get(key) is not None
        }
        before = max(0, int(transaction["blockNumber"], 16) - 1)
        try:
            self._rpc.ask("eth_call", message, hex(before))
        except RpcRefused as refused:
            return refused.revert
        return None

    def logs(self, wanted: dict[str, Any], first: int, last: int) -> Iterator[list[dict[str, Any]]]:
        """Logs of a range of blocks, piece by piece; smaller pieces where the node refuses a range.

        Raises: RpcRefused when the node does not even answer for one block.
        """
        span = RANGE
        while first <= last:
            end = min(last, first + span - 1)
            try:
                found = self._rpc.ask("eth_getLogs", wanted | {"fromBlock": hex(first), "toBlock": hex(end)})
            except RpcRefused:
                if end == first:
                    raise
                span = (end - first + 1) // 2
                continue
            yield found
            first = end + 1


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        # Half a pair of brackets, a port that is no number.
        return False


@dataclass(frozen=True)
class RawLog:
    """One log's bytes; its address is checksummed."""

    address: str
    topics: tuple[bytes, ...]
    body: bytes


def raw_log(found: dict[str, Any]) -> RawLog:
    """The bytes of a log as the node gave it."""
    topics = tuple(bytes.fromhex(topic[2:]) for topic in found["topics"])
    return RawLog(checksum(found["address"]), topics, bytes.fromhex(found["data"][2:]))


def block_argument(text: str) -> str:
    """A block as JSON-RPC wants it: from a number, 0x number, tag or hash.

    Raises: InputRefused.
    """
    if text in _TAGS or is_hex(text, 32):
        return text
    return hex(block_number(text))


def block_number(text: str) -> int:
    """A block's number, decimal or 0x.

    Raises: InputRefused.
    """
    try:
        number = int(text, 0) if text.startswith("0x") else int(text)
    except ValueError:
        number = -1
    if not 0 <= number < 1 << 63:
        raise InputRefused(f"{text[:80]!r} names no block; give a number, a hash, or latest")
    return number


def is_hex(text: str, size: int) -> bool:
    """Whether this is 0x and as many bytes in hex."""
    if len(text) != 2 + 2 * size or not text.startswith("0x"):
        return False
    try:
        bytes.fromhex(text[2:])
    except ValueError:
        return False
    return True
