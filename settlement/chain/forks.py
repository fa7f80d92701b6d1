"""Which of the blocks we saw are still of the chain."""

from __future__ import annotations

from collections.abc import Sequence

from settlement.blocks import BlockHeader
from settlement.chain.client import ChainClient
from settlement.errors import ChainError
from settlement.settings import LOCAL_CHAIN_ID


def is_gone(client: ChainClient, number: int, block_hash: str) -> bool:
    """Whether the chain has another block in its place.

    A node that merely lags has none there, which is not news; the local chain is one node, and its word is the chain's.
    """
    standing = client.block(number)
    if standing is None:
        return client.chain_id == LOCAL_CHAIN_ID
    return standing.hash != block_hash


def newest_standing(client: ChainClient, known: Sequence[BlockHeader]) -> BlockHeader:
    """The first of these blocks, newest first, that the chain still has.

    Raises: ChainError when it has none of them.
    """
    standing = next((one for one in known if not is_gone(client, one.number, one.hash)), None)
    if standing is None:
        raise ChainError(
            "the chain forked below every block that can be taken back; run `hanse rebuild`",
            code="fork_below_window",
        )
    return standing
