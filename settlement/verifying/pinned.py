"""One block of the chain and the projection as it stood there: what every comparison reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from settlement.chain.abi import Call
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.errors import ChainError, Conflict, HanseError
from settlement.store.engine import reading
from settlement.store.handles import Engine
from settlement.store.projector import CURSOR
from settlement.store.repositories.cursors import find_cursor
from settlement.store.repositories.whole_tables import all_rows
from settlement.store.tables_projection import PROJECTION_TABLES, ProjectionTable

T = TypeVar("T")
R = TypeVar("R", bound=ProjectionTable)


@dataclass(frozen=True)
class Pinned:
    """The chain at one block, by hash, and all projected rows of the same moment."""

    client: ChainClient = field(repr=False)
    deployment: Deployment
    number: int
    block_hash: str
    tables: dict[type[ProjectionTable], list[ProjectionTable]] = field(repr=False)

    def rows(self, model: type[R]) -> list[R]:
        """The rows of one table, in the order of its key."""
        return [row for row in self.tables[model] if isinstance(row, model)]

    def ask(self, address: str, calls: Sequence[Call[T]]) -> list[T | HanseError]:
        """Views of one contract at the pinned block; the error where one reverts."""
        return self.client.call_many(address, calls, block=self.block_hash)

    def ask_one(self, address: str, call: Call[T]) -> T:
        """One view.

        Raises: the mapped error when it reverts.
        """
        return self.client.call(address, call, block=self.block_hash)


def pin(engine: Engine, client: ChainClient, deployment: Deployment) -> Pinned:
    """Read the whole projection in one transaction, and find its block on the chain.

    Raises: Conflict when nothing is projected yet; ChainError when the chain no longer has that block.
    """
    with reading(engine) as session:
        cursor = find_cursor(session, CURSOR)
        if cursor is None:
            raise Conflict("nothing is projected yet; start the worker and verify again")
        tables: dict[type[ProjectionTable], list[ProjectionTable]] = {
            model: list(all_rows(session, model)) for model in PROJECTION_TABLES
        }
        number, block_hash = cursor.block_number, cursor.block_hash
    standing = client.block(number)
    if standing is None or standing.hash != block_hash:
        raise ChainError(
            f"the chain no longer has block {number} ({block_hash}); let the follower catch up and verify again",
            code="fork",
        )
    return Pinned(client, deployment, number, block_hash, tables)
