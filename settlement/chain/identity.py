"""Whether the node serves the chain that this installation, and its database, belong to."""

from __future__ import annotations

import time

from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment
from settlement.errors import ChainError
from settlement.store.engine import transaction
from settlement.store.handles import Engine
from settlement.store.repositories.network import remember_identity


class Identity:
    """One chain, told from all others by its id, its first block and the code at our addresses.

    Holds:  what asks before it acts never acts on another chain of the same id.
    """

    def __init__(self, engine: Engine, client: ChainClient, deployment: Deployment) -> None:
        self._engine = engine
        self._client = client
        self._deployment = deployment
        self._is_checked = False

    def require(self) -> None:
        """Check before the first act; afterwards only when something made it doubtful.

        Raises: as ``check``.
        """
        if not self._is_checked:
            self.check()

    def doubt(self) -> None:
        """Check again before the next act: another node may answer by now."""
        self._is_checked = False

    def check(self) -> None:
        """Compare node and database with the deployment; an empty database is bound to it.

        Raises: ChainError when chain, first block or contracts are not those the database was begun on.
        """
        self._is_checked = False
        self._client.check_network()
        if self._client.genesis_hash() != self._deployment.genesis_hash:
            raise ChainError(
                f"the chain at {self._client.url} begins with another block than the one deployed on;"
                " point HANSE_CHAIN_URL at the right node, or start in a fresh folder",
                code="other_network",
            )
        for name, address in self._deployment.code.items():
            if not self._client.code(address):
                raise ChainError(
                    f"there is no code at {address}, where {name} was deployed; was the chain rolled back"
                    " below the deployment? run `hanse deploy`, or start in a fresh folder",
                    code="missing_code",
                )
        with transaction(self._engine) as session:
            remember_identity(
                session,
                chain_id=self._deployment.chain_id,
                genesis_hash=self._deployment.genesis_hash,
                deployment_block=self._deployment.block,
                addresses=dict(self._deployment.code),
                created_at=int(time.time()),
            )
        self._is_checked = True
