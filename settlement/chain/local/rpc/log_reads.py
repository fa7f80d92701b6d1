"""``eth_getLogs``: the criteria of a log query, read and answered."""

from __future__ import annotations

from typing import Any

from settlement.chain.local.chain import Chain
from settlement.chain.local.faults import LIMIT_EXCEEDED, InvalidParams, RpcFault
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.answers import log_answer
from settlement.chain.local.rpc.block_names import TAGS, names_head, steadily
from settlement.chain.local.rpc.dispatcher import Method
from settlement.chain.local.rpc.hexes import read_address, read_quantity, read_word
from settlement.chain.local.store.log_index import LogFilter

MOST_LOGS = 20_000
MOST_TOPICS = 4


class LogReads:
    """Answers from the chain's index of logs."""

    def __init__(self, node: Node) -> None:
        self._chain = node.chain

    def methods(self) -> dict[str, Method]:
        """The table of what it answers."""
        return steadily(self._chain, {"eth_getLogs": Method(self.logs, 1, 1, is_slow=True)})

    def logs(self, request: Any) -> list[dict[str, Any]]:
        wanted = read_log_filter(request)
        return find_logs(self._chain, wanted, *read_log_range(self._chain, request))


def find_logs(chain: Chain, wanted: LogFilter, first: int, last: int) -> list[dict[str, Any]]:
    """The answers of all logs that match in blocks ``first`` to ``last``.

    Raises: RpcFault when there are too many for one answer.
    """
    found = []
    for placed in chain.find_logs(wanted, first, last):
        found.append(log_answer(placed))
        if len(found) > MOST_LOGS:
            raise RpcFault(
                f"query returned more than {MOST_LOGS} results; ask for a shorter range",
                rpc_code=LIMIT_EXCEEDED,
            )
    return found


def read_log_range(chain: Chain, request: dict[str, Any]) -> tuple[int, int]:
    """The first and the last block that the request asks for.

    Raises: InvalidParams; RpcFault for the hash of no block.
    """
    block_hash = request.get("blockHash")
    if block_hash is not None:
        if request.get("fromBlock") is not None or request.get("toBlock") is not None:
            raise InvalidParams(
                "cannot specify both BlockHash and FromBlock/ToBlock, choose one or the other"
            )
        head = chain.head_of(read_word(block_hash, "blockHash"))
        if head is None:
            raise RpcFault("unknown block")
        return head.number, head.number
    bounds = [request.get(name) for name in ("fromBlock", "toBlock")]
    first, last = (_read_bound(chain, bound) for bound in bounds)
    # A follower that asks from above the head up to "latest" is told that there is nothing, not that it erred.
    if first > last and not any(bound is None or bound in TAGS for bound in bounds):
        raise InvalidParams(f"invalid block range params: fromBlock {first} is after toBlock {last}")
    return first, last


def _read_bound(chain: Chain, wanted: Any) -> int:
    if wanted is None or names_head(wanted):
        return chain.head.number
    return 0 if wanted == "earliest" else min(read_quantity(wanted, "block number"), 2**63)


def read_log_filter(request: Any) -> LogFilter:
    """Addresses and topics of a query, a filter or a subscription.

    Raises: InvalidParams.
    """
    if not isinstance(request, dict):
        raise InvalidParams("invalid filter: expected an object")
    addresses = request.get("address")
    if addresses is None:
        addresses = []
    elif not isinstance(addresses, list):
        addresses = [addresses]
    topics = request.get("topics") or []
    if not isinstance(topics, list):
        raise InvalidParams("invalid topics: expected a list")
    if len(topics) > MOST_TOPICS:
        raise InvalidParams(f"exceed max topics: {len(topics)}, a log has at most {MOST_TOPICS}")
    places = [[] if entry is None else entry if isinstance(entry, list) else [entry] for entry in topics]
    return LogFilter(
        addresses=frozenset(read_address(address, "address") for address in addresses),
        # A null among alternatives matches anything, so the whole place does.
        topics=tuple(
            frozenset() if None in place else frozenset(read_word(topic, "topic") for topic in place)
            for place in places
        ),
    )
