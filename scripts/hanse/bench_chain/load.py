"""What is played: signed transactions that every system gets byte for byte."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import zip_longest
from typing import Any, Final

from eth_keys import keys
from eth_utils.crypto import keccak

from settlement.chain.local.formats.hashing import int_bytes, rlp_encode
from settlement.settings import LOCAL_CHAIN_ID

CLIENTS: Final = 50
"""Connections at once, and senders: each client sends for one of them, in the order of its nonces."""
FUNDS_WEI: Final = 10**24
# The base fee falls while these blocks are filled, so any system takes every transaction.
_MAX_FEE_WEI: Final = 10**11
_PRIORITY_FEE_WEI: Final = 10**9
_RECEIVERS: Final = 1_000

Lanes = list[list[bytes]]
"""Raw transactions by sender, each in the order of its nonces."""


class Fleet:
    """The senders' keys, of no value anywhere, and the nonces they have used."""

    def __init__(self) -> None:
        self._keys = _keys()
        self._nonces = [0] * CLIENTS

    @property
    def addresses(self) -> list[bytes]:
        return [bytes(key.public_key.to_canonical_address()) for key in self._keys]

    def sign(self, lane: int, to: bytes, *, gas: int, value: int = 0, data: bytes = b"") -> bytes:
        """The sender's next transaction, of type 2. Units: wei."""
        numbers = (LOCAL_CHAIN_ID, self._nonces[lane], _PRIORITY_FEE_WEI, _MAX_FEE_WEI, gas)
        self._nonces[lane] += 1
        body: list[Any] = [*map(int_bytes, numbers), to, int_bytes(value), data, []]
        signed = self._keys[lane].sign_msg_hash(keccak(b"\2" + rlp_encode(body)))
        return b"\2" + rlp_encode([*body, *map(int_bytes, (signed.v, signed.r, signed.s))])

    def transfers(self, count: int) -> Lanes:
        """Plain transfers of one wei, to one thousand receivers."""
        lanes: Lanes = [[] for _ in range(CLIENTS)]
        for number in range(count):
            to = keccak(b"receiver" + int_bytes(number % _RECEIVERS))[:20]
            lane = number % CLIENTS
            lanes[lane].append(self.sign(lane, to, gas=21_000, value=1))
        return lanes


@cache
def _keys() -> tuple[Any, ...]:
    return tuple(keys.PrivateKey(keccak(text=f"hanse bench sender {n}")) for n in range(CLIENTS))


def in_turn(lanes: Sequence[Sequence[bytes]]) -> Iterator[bytes]:
    """All in one row: the first of every lane, then the second of every lane, and so on."""
    for row in zip_longest(*lanes):
        yield from (raw for raw in row if raw is not None)
