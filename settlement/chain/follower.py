"""Brings the chain's blocks into the database, by block hash, and takes back what a fork replaced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

import structlog
from eth_utils.crypto import keccak

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.chain.abi import decode_event
from settlement.chain.client import ChainClient, FullHeader, RawLog
from settlement.chain.deployment import Deployment
from settlement.chain.forks import is_gone, newest_standing
from settlement.chain.identity import Identity
from settlement.chain.pace import Pace
from settlement.errors import ChainError, Conflict
from settlement.store.engine import reading, transaction
from settlement.store.handles import Engine
from settlement.store.projector import CURSOR, apply_blocks, rollback_to, window_blocks
from settlement.store.repositories.cursors import find_cursor

BATCH: Final = 100
"""Blocks read, and committed together, when the database is behind."""

log = structlog.get_logger(__name__)

FetchedBlock = tuple[BlockHeader, list[PlacedEvent]]


class NodeLags(ChainError):
    """The node knows a block but not (all of) its logs yet."""

    code = "node_lags"


class Follower:
    """Keeps one database level with one chain.

    Holds:  the database follows the chain it was begun on, or nothing.
    """

    def __init__(self, engine: Engine, client: ChainClient, deployment: Deployment) -> None:
        self._engine = engine
        self._client = client
        self._deployment = deployment
        self._identity = Identity(engine, client, deployment)

    def run(self, stop: threading.Event) -> None:
        """Step until told to stop; trouble is logged and waited out."""
        pace = Pace(stop)
        while not stop.is_set():
            try:
                pace.rest(has_moved=self.step())
            except (ChainError, Conflict) as trouble:
                self._identity.doubt()
                log.warning("follower_paused", code=trouble.code, reason=trouble.message)
                pace.recover()

    def step(self) -> bool:
        """Project the next blocks, or take back what a fork replaced; say whether anything moved.

        Raises: ChainError when the node does not answer, lags, serves another chain, or forked below the window;
                Conflict when another follower moved the cursor.
        """
        self._identity.require()
        latest = self._client.block("latest")
        if latest is None:
            raise ChainError("the node does not know its latest block; is it still starting?")
        cursor = self._cursor()
        if cursor is None:
            return self._apply(self._deployment.block, min(latest.number, self._deployment.block + BATCH - 1))
        number, block_hash = cursor
        if (latest.number, latest.hash) == cursor:
            return False
        if latest.number <= number or is_gone(self._client, number, block_hash):
            # A fork, or another chain altogether.
            self._identity.check()
            return self._roll_back()
        return self._apply(number + 1, min(latest.number, number + BATCH))

    def _cursor(self) -> tuple[int, str] | None:
        with reading(self._engine) as session:
            cursor = find_cursor(session, CURSOR)
            return None if cursor is None else (cursor.block_number, cursor.block_hash)

    def _apply(self, first: int, last: int) -> bool:
        blocks = list(fetch_blocks(self._client, self._deployment, first, last))
        if not blocks:
            return False
        with transaction(self._engine) as session:
            apply_blocks(session, blocks)
        return True

    def _roll_back(self) -> bool:
        """Go back to the newest block that both know.

        Raises: ChainError when it lies below the window.
        """
        with reading(self._engine) as session:
            known = window_blocks(session)
        ancestor = newest_standing(self._client, known)
        if ancestor == known[0]:
            # The node is behind us on the same chain: that is not news.
            return False
        log.warning("fork_followed", ancestor=ancestor.number, taken_back=known[0].number - ancestor.number)
        with transaction(self._engine) as session:
            rollback_to(session, ancestor.number)
        return True


def fetch_blocks(
    client: ChainClient, deployment: Deployment, first: int | None = None, last: int | None = None
) -> Iterator[FetchedBlock]:
    """The blocks of a range with the suite's events, in order; from the deployment to the head if not told otherwise.

    Ends early where the node knows no further block.
    Raises: ChainError when blocks do not follow one another, or the node lags.
    """
    begin = deployment.block if first is None else first
    end = client.head() if last is None else last
    names = deployment.names
    before: BlockHeader | None = None
    for start in range(begin, end + 1, BATCH):
        headers = client.headers(start, min(end, start + BATCH - 1))
        logs = client.logs([one.header.hash for one in headers], list(names))
        for full, found in zip(headers, logs, strict=True):
            if before is not None and full.header.parent_hash != before.hash:
                raise ChainError(
                    f"block {full.header.number} does not follow the one before; the chain forked meanwhile"
                )
            before = full.header
            yield full.header, _placed(_trusted(client, full, found, names), names)
        if len(headers) < min(end, start + BATCH - 1) - start + 1:
            return


def _trusted(
    client: ChainClient, full: FullHeader, found: list[RawLog], names: dict[str, str]
) -> list[RawLog]:
    """The logs, unless the header says that some are missing: empty logs of a lagging node are not news (T26).

    Raises: NodeLags.
    """
    if found or not any(_may_hold(full.bloom, address) for address in names):
        return found
    # The header's filter may err on the side of yes; the receipts know.
    receipts = client.receipts(full.tx_hashes)
    for tx_hash, receipt in zip(full.tx_hashes, receipts, strict=True):
        if receipt is None or receipt.block_hash != full.header.hash:
            raise NodeLags(
                f"the node has no receipt of {tx_hash} in block {full.header.number} yet; ask again"
            )
        if any(one.address in names for one in receipt.logs):
            raise NodeLags(f"the node has not indexed the logs of block {full.header.number} yet; ask again")
    return found


def _may_hold(bloom: bytes, address: str) -> bool:
    """Whether a header's log filter admits an address.

    Source: Ethereum Yellow Paper, section 4.3.1.
    """
    digest = keccak(bytes.fromhex(address[2:]))
    bits = int.from_bytes(bloom, "big")
    return all(bits >> (int.from_bytes(digest[i : i + 2], "big") & 2047) & 1 for i in (0, 2, 4))


def _placed(logs: list[RawLog], names: dict[str, str]) -> list[PlacedEvent]:
    ordered = sorted(logs, key=lambda one: one.index)
    return [
        PlacedEvent(
            names[one.address], decode_event(one.topics, one.body, names[one.address]), one.index, one.tx_hash
        )
        for one in ordered
    ]
