"""Whether a block we saw is still of the chain."""

from __future__ import annotations

from settlement.chain.client import ChainClient
from settlement.settings import LOCAL_CHAIN_ID


def is_gone(client: ChainClient, number: int, block_hash: str) -> bool:
    """Whether the chain has another block in its place.

    A node that merely lags has none there, which is not news; the local chain is one node, and its word is the chain's.
    """
    standing = client.block(number)
    if standing is None:
        return client.chain_id == LOCAL_CHAIN_ID
    return standing.hash != block_hash
