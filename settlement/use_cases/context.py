"""What every use case stands on: the settings, the database and the chain, opened once and passed down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Final

from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment, load_deployment
from settlement.chain.gateways import Gateways, open_gateways
from settlement.settings import Settings
from settlement.store.engine import POOL_SIZE, migrate, open_database, reading, transaction
from settlement.store.handles import Engine, Session

__all__ = ["THREADS", "Context", "Session", "open_context", "open_service"]

THREADS: Final = POOL_SIZE
"""Requests worked on at once: as many as there are database connections."""


@dataclass(frozen=True)
class Context:
    """One service over one database and one deployment."""

    settings: Settings
    engine: Engine
    client: ChainClient
    deployment: Deployment
    chain: Gateways

    def reading(self) -> AbstractContextManager[Session]:
        """One reading transaction; it sees a single state and blocks no writer."""
        return reading(self.engine)

    def writing(self) -> AbstractContextManager[Session]:
        """One writing transaction: committed when the block ends, rolled back when it raises."""
        return transaction(self.engine)

    def business_now(self) -> int:
        """Unix seconds of the next block; deadlines are reckoned from it.

        Raises: ChainError.
        """
        return self.client.time()


def open_context(settings: Settings, engine: Engine, deployment: Deployment | None = None) -> Context:
    """Find the deployment and make ready to reach it; no connection is opened yet.

    Raises: NotFound, Conflict when there is no finished deployment.
    """
    found = deployment or load_deployment(settings.deployment_file)
    client = ChainClient(settings.chain_url, settings.chain_id)
    return Context(settings, engine, client, found, open_gateways(client, found))


@contextmanager
def open_service(settings: Settings) -> Iterator[Context]:
    """Open database and deployment for as long as a server runs; the tables are brought up to date first.

    Raises: NotFound, Conflict when there is no finished deployment; InputRefused for an unusable database URL.
    """
    engine = open_database(settings.database_url)
    try:
        migrate(engine)
        context = open_context(settings, engine)
        try:
            yield context
        finally:
            context.client.close()
    finally:
        engine.dispose()
