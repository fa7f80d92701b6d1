"""What Hanse asks of a chain: blocks, logs, calls, receipts, and sending bytes that were signed before.

Everything above speaks of typed calls and plain dataclasses; hashes are 0x hex, addresses checksummed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from settlement.blocks import BlockHeader
from settlement.chain.abi import Call, checksum
from settlement.chain.errors_map import refusal_of
from settlement.chain.rpc import Rpc, RpcRefused
from settlement.errors import ChainError, HanseError

T = TypeVar("T")

NOBODY = "0x0000000000000000000000000000000000000000"
LOG_RANGE: Final = 10_000
"""Blocks that one search for logs covers at first."""

_ALREADY_KNOWN = ("already known", "already imported", "alreadyknown", "known transaction")
_NONCE_USED = ("nonce too low", "nonce is too low", "already been used", "oldnonce")


class NetworkDiffers(ChainError):
    """The node serves another chain than the one this installation belongs to."""

    code = "other_network"


class NonceTooLow(ChainError):
    """A transaction with that nonce is mined: ours under another hash, or somebody else's with our key."""

    code = "nonce_too_low"


@dataclass(frozen=True)
class RawLog:
    """One log as the node gave it."""

    address: str
    topics: tuple[bytes, ...]
    body: bytes
    index: int
    tx_hash: str
    block_number: int
    block_hash: str


@dataclass(frozen=True)
class FullHeader:
    """A block's header with what the follower needs beside: its bloom, and the transactions in it."""

    header: BlockHeader
    bloom: bytes
    tx_hashes: tuple[str, ...]


@dataclass(frozen=True)
class Receipt:
    """What became of a transaction."""

    tx_hash: str
    block_number: int
    block_hash: str
    is_success: bool
    gas_used: int
    created: str | None
    logs: tuple[RawLog, ...]


@dataclass(frozen=True)
class Fees:
    """What the chain asks now. Units: wei per gas."""

    base: int
    priority: int

    @property
    def ceiling(self) -> int:
        """A fee cap that holds while the base fee doubles."""
        return 2 * self.base + self.priority


class ChainClient:
    """One chain behind one URL.

    Holds:  a node of another chain id is refused at the first question.
    Raises: ChainError when the node does not answer; the mapped error when a call reverts.
    """

    def __init__(self, url: str, chain_id: int, *, timeout_s: int = 10) -> None:
        self.url = url
        self.chain_id = chain_id
        self._rpc = Rpc(url, timeout_s=timeout_s)
        self._is_checked = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the connections back."""
        self._rpc.close()

    def ask(self, method: str, *params: Any) -> Any:
        """Any JSON-RPC method, after the chain id was compared once.

        Raises: NetworkDiffers, ChainError.
        """
        if not self._is_checked:
            self.check_network()
        return self._rpc.ask(method, *params)

    def check_network(self) -> None:
        """Compare the node's chain id with ours.

        Raises: NetworkDiffers.
        """
        served = _int(self._rpc.ask("eth_chainId"))
        if served != self.chain_id:
            raise NetworkDiffers(
                f"the node at {self.url} serves chain {served}, but this installation belongs to chain {self.chain_id};"
                " point HANSE_CHAIN_URL at the right node or set HANSE_CHAIN_ID"
            )
        self._is_checked = True

    # Reading contracts

    def call(self, to: str, call: Call[T], *, block: str | int = "latest", caller: str = NOBODY) -> T:
        """Ask a view, or try a verb without sending it.

        ``block`` is a number, a block hash, or a tag; "pending" sees business time.
        Raises: the mapped error when it reverts.
        """
        try:
            output = self.ask("eth_call", _message(to, call.data, caller), _block(block))
        except RpcRefused as refused:
            if refused.revert is None:
                raise
            raise refusal_of(refused.revert, f"{call.contract}.{call.name}") from refused
        return call.decode(bytes.fromhex(output[2:]))

    def call_many(
        self, to: str, calls: Sequence[Call[T]], *, block: str | int = "latest"
    ) -> list[T | HanseError]:
        """The answers of several views of one contract at one block, in few HTTP bodies; the mapped error where one reverts.

        Raises: ChainError when the node does not answer one of them.
        """
        if not self._is_checked:
            self.check_network()
        asked = [(_message(to, call.data, NOBODY), _block(block)) for call in calls]
        answers: list[T | HanseError] = []
        for call, output in zip(calls, self._rpc.try_many("eth_call", asked), strict=True):
            if not isinstance(output, RpcRefused):
                answers.append(call.decode(bytes.fromhex(output[2:])))
            elif output.revert is not None:
                answers.append(refusal_of(output.revert, f"{call.contract}.{call.name}"))
            else:
                raise output
        return answers

    def simulate(
        self, caller: str, to: str | None, calldata: bytes, *, block: str | int = "pending"
    ) -> bytes | None:
        """Try a transaction at business time: None when it would pass, else the revert bytes.

        Raises: ChainError when the node gives no verdict.
        """
        try:
            self.ask("eth_call", _message(to, calldata, caller), _block(block))
        except RpcRefused as refused:
            if refused.revert is None:
                raise
            return refused.revert
        return None

    def passes(self, caller: str, tries: Sequence[tuple[str, bytes, int]]) -> list[bool]:
        """Whether each of these (to, calldata, gas limit) would pass at business time, alone and within its gas."""
        if not self._is_checked:
            self.check_network()
        asked = [
            (_message(to, calldata, caller) | {"gas": hex(gas)}, "pending") for to, calldata, gas in tries
        ]
        return [not isinstance(one, RpcRefused) for one in self._rpc.try_many("eth_call", asked)]

    def code(self, address: str, *, block: str | int = "latest") -> bytes:
        """The code at an address, empty when there is none."""
        return bytes.fromhex(self.ask("eth_getCode", address, _block(block))[2:])

    # Blocks and logs

    def head(self) -> int:
        """The newest block's number."""
        return _int(self.ask("eth_blockNumber"))

    def genesis_hash(self) -> str:
        """What tells two chains of one id apart.

        Raises: ChainError when the node does not have its first block.
        """
        first = self.block(0)
        if first is None:
            raise ChainError(f"the node at {self.url} does not know block 0; use one that keeps its headers")
        return first.hash

    def time(self) -> int:
        """Business time: the timestamp the next block would have. Units: unix seconds."""
        pending = self.ask("eth_getBlockByNumber", "pending", False)
        if pending is not None:
            return _int(pending["timestamp"])
        latest = self.ask("eth_getBlockByNumber", "latest", False)
        return max(_int(latest["timestamp"]) + 1, int(time.time()))

    def block(self, which: int | str) -> BlockHeader | None:
        """A header by number, tag or hash; None when the node has none (yet)."""
        found = self._raw_block(which)
        return None if found is None else found.header

    def _raw_block(self, which: int | str) -> FullHeader | None:
        if isinstance(which, str) and len(which) == 66:
            raw = self.ask("eth_getBlockByHash", which, False)
        else:
            raw = self.ask("eth_getBlockByNumber", _tag(which), False)
        return None if raw is None else _header(raw)

    def headers(self, first: int, last: int) -> list[FullHeader]:
        """Headers of a range of numbers, as far as the node has them without a gap."""
        if not self._is_checked:
            self.check_network()
        raw = self._rpc.ask_many("eth_getBlockByNumber", [(hex(n), False) for n in range(first, last + 1)])
        found: list[FullHeader] = []
        for one in raw:
            if one is None:
                break
            found.append(_header(one))
        return found

    def logs(self, block_hashes: Sequence[str], addresses: Sequence[str]) -> list[list[RawLog]]:
        """The logs of some contracts in each of some blocks, by block hash, so that a fork cannot mix them."""
        if not self._is_checked:
            self.check_network()
        answers = self._rpc.ask_many(
            "eth_getLogs", [({"blockHash": one, "address": list(addresses)},) for one in block_hashes]
        )
        return [[_log(raw) for raw in answer] for answer in answers]

    def find_logs(self, address: str, topics: Sequence[bytes], since_block: int) -> list[RawLog]:
        """One contract's logs whose first topics are these, from a block to the newest one.

        Asked in ranges of blocks, and in smaller ones where the node refuses: nodes limit a question's range, or the
        number of logs in its answer, each with other words.
        Raises: ChainError when the node does not even answer for one block.
        """
        wanted = {"address": address, "topics": ["0x" + topic.hex() for topic in topics]}
        found: list[RawLog] = []
        first, head, span = since_block, self.head(), LOG_RANGE
        while first <= head:
            last = min(head, first + span - 1)
            try:
                raw = self.ask("eth_getLogs", wanted | {"fromBlock": hex(first), "toBlock": hex(last)})
            except RpcRefused:
                if last == first:
                    raise
                span = (last - first + 1) // 2
                continue
            found.extend(_log(one) for one in raw)
            first = last + 1
        return found

    # Transactions

    def calldata_of(self, tx_hash: str) -> bytes | None:
        """What a transaction carried; none when the node does not know it."""
        found = self.ask("eth_getTransactionByHash", tx_hash)
        return None if found is None else bytes.fromhex(found["input"][2:])

    def send_raw(self, raw: bytes) -> None:
        """Broadcast signed bytes once; a node that has them already has done its part.

        Raises: NonceTooLow, ChainError.
        """
        (refused,) = self.send_many([raw])
        if refused is not None:
            raise refused

    def send_many(self, raws: Sequence[bytes]) -> list[ChainError | None]:
        """Broadcast signed bytes once each, in few HTTP bodies; for each, why the node refused it, or none.

        Raises: ChainUnreachable when no answer came: any of them may have arrived.
        """
        if not self._is_checked:
            self.check_network()
        answers = self._rpc.try_many("eth_sendRawTransaction", [("0x" + raw.hex(),) for raw in raws])
        return [_refusal(answer) for answer in answers]

    def receipts(self, tx_hashes: Sequence[str]) -> list[Receipt | None]:
        """Receipts in the order asked, None where there is none (yet)."""
        if not self._is_checked:
            self.check_network()
        answers = self._rpc.ask_many("eth_getTransactionReceipt", [(one,) for one in tx_hashes])
        return [None if raw is None else _receipt(raw) for raw in answers]

    def receipt(self, tx_hash: str) -> Receipt | None:
        """One receipt."""
        return self.receipts([tx_hash])[0]

    def nonce(self, address: str, *, block: str = "pending") -> int:
        """The next nonce of an account; "latest" counts mined transactions only."""
        return _int(self.ask("eth_getTransactionCount", address, block))

    def estimate(self, caller: str, to: str | None, calldata: bytes) -> int:
        """Gas a transaction would need at business time, as the node reckons it.

        Raises: the mapped error when it would revert.
        """
        found = self.try_gas(caller, to, calldata)
        if isinstance(found, bytes):
            raise refusal_of(found, "a transaction")
        return found

    def try_gas(self, caller: str, to: str | None, calldata: bytes) -> int | bytes:
        """Try a transaction at business time: the gas it needs, or the revert bytes.

        Raises: ChainError when the node gives no verdict.
        """
        try:
            return _int(self.ask("eth_estimateGas", _message(to, calldata, caller), "pending"))
        except RpcRefused as refused:
            if refused.revert is not None:
                return refused.revert
            if "gas required exceeds" in refused.text.lower():
                return b""
            raise

    def fees(self) -> Fees:
        """What a transaction has to offer now."""
        latest = self.ask("eth_getBlockByNumber", "latest", False)
        return Fees(_int(latest.get("baseFeePerGas") or "0x0"), _int(self.ask("eth_maxPriorityFeePerGas")))


def _refusal(answer: Any) -> ChainError | None:
    if not isinstance(answer, RpcRefused):
        return None
    said = answer.text.lower()
    if any(words in said for words in _ALREADY_KNOWN):
        return None
    if any(words in said for words in _NONCE_USED):
        return NonceTooLow(f"{answer.message}; look for a receipt under every hash signed for it")
    return answer


def _message(to: str | None, calldata: bytes, caller: str) -> dict[str, str]:
    message = {"from": caller, "data": "0x" + calldata.hex()}
    if to is not None:
        message["to"] = to
    return message


def _tag(which: int | str) -> str:
    return hex(which) if isinstance(which, int) else which


def _block(which: int | str) -> Any:
    """A block parameter; a hash goes as EIP-1898 wants it, so that a fork answers with an error."""
    if isinstance(which, str) and len(which) == 66:
        return {"blockHash": which}
    return _tag(which)


def _int(quantity: str) -> int:
    return int(quantity, 16)


def _header(raw: dict[str, Any]) -> FullHeader:
    header = BlockHeader(
        number=_int(raw["number"]),
        hash=raw["hash"],
        parent_hash=raw["parentHash"],
        timestamp=_int(raw["timestamp"]),
    )
    return FullHeader(header, bytes.fromhex(raw["logsBloom"][2:]), tuple(raw["transactions"]))


def _log(raw: dict[str, Any]) -> RawLog:
    return RawLog(
        address=checksum(raw["address"]),
        topics=tuple(bytes.fromhex(topic[2:]) for topic in raw["topics"]),
        body=bytes.fromhex(raw["data"][2:]),
        index=_int(raw["logIndex"]),
        tx_hash=raw["transactionHash"],
        block_number=_int(raw["blockNumber"]),
        block_hash=raw["blockHash"],
    )


def _receipt(raw: dict[str, Any]) -> Receipt:
    created = raw.get("contractAddress")
    return Receipt(
        tx_hash=raw["transactionHash"],
        block_number=_int(raw["blockNumber"]),
        block_hash=raw["blockHash"],
        is_success=_int(raw["status"]) == 1,
        gas_used=_int(raw["gasUsed"]),
        created=None if created is None else checksum(created),
        logs=tuple(_log(one) for one in raw["logs"]),
    )
