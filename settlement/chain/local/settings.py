"""What a new chain starts with."""

from __future__ import annotations

from dataclasses import dataclass

from settlement.chain.local.accounts import ACCOUNT_COUNT, INITIAL_BALANCE_WEI, MNEMONIC


@dataclass(frozen=True, slots=True)
class ChainSettings:
    """What a new chain starts with; an existing one keeps its own id, accounts and genesis.

    ``genesis_at`` (Unix seconds) makes the first block repeatable: one id and moment, one hash. Without it every
    new chain is told from all others, also from one that began in the same second.
    """

    chain_id: int = 31_337
    gas_limit: int = 30_000_000
    mnemonic: str = MNEMONIC
    accounts: int = ACCOUNT_COUNT
    balance_wei: int = INITIAL_BALANCE_WEI
    genesis_at: int | None = None
