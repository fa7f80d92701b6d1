"""What a tester ordered for the blocks to come, besides their time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from settlement.chain.local.formats.blocks import ZERO_ADDRESS, Header
from settlement.chain.local.formats.hashing import bytes_int, int_bytes, rlp_decode, rlp_encode


@dataclass(frozen=True, slots=True)
class BlockRules:
    """``coinbase`` and ``gas_limit`` hold from the next block on; ``base_fee`` (wei) and ``randomness`` (32 bytes, what
    PREVRANDAO answers) for the next block alone. None: as the chain itself would have it.
    """

    coinbase: bytes = ZERO_ADDRESS
    gas_limit: int | None = None
    base_fee: int | None = None
    randomness: bytes | None = None

    def applied(self, header: Header) -> Header:
        """``header`` as it was ordered."""
        if self == BlockRules():
            return header
        return replace(
            header,
            coinbase=self.coinbase,
            gas_limit=header.gas_limit if self.gas_limit is None else self.gas_limit,
            base_fee=header.base_fee if self.base_fee is None else self.base_fee,
            mix_hash=self.randomness or header.mix_hash,
        )

    def after_block(self) -> BlockRules:
        """The rules once a block was mined."""
        return replace(self, base_fee=None, randomness=None)

    def encode(self) -> bytes:
        """None is empty, so a number is written one higher: a base fee of 0 is a wish like others."""
        limit, fee = (
            b"" if wish is None else int_bytes(wish + 1) for wish in (self.gas_limit, self.base_fee)
        )
        return rlp_encode([self.coinbase, limit, fee, self.randomness or b""])

    @classmethod
    def decode(cls, encoded: bytes) -> BlockRules:
        coinbase, limit, fee, randomness = rlp_decode(encoded)
        if len(coinbase) != 20 or len(randomness) not in (0, 32):
            raise ValueError("the next blocks' coinbase or randomness has not its length")
        return cls(
            coinbase,
            bytes_int(limit) - 1 if limit else None,
            bytes_int(fee) - 1 if fee else None,
            randomness or None,
        )
