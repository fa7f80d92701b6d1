"""Send one transaction and wait for it: for deployment, before any sender runs on the key."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

from settlement.chain.client import ChainClient, Receipt
from settlement.chain.errors_map import refusal_of
from settlement.chain.signer import Signer, Unsigned
from settlement.errors import ChainError

T = TypeVar("T")

WAIT_S: Final = 60
_POLL_S: Final = 0.02


def send_and_wait(
    client: ChainClient, signer: Signer, to: str | None, calldata: bytes, *, nonce: int | None = None
) -> Receipt:
    """Try, sign, send, and wait until it is mined.

    Raises: the mapped error when it would revert or did, ChainError when it is not mined in time.
    """
    gas = client.estimate(signer.address, to, calldata)
    use = client.nonce(signer.address) if nonce is None else nonce
    # A fifth above the estimate: state may move between estimate and block.
    fees = client.fees()
    signed = signer.sign(Unsigned(use, to, calldata, gas + gas // 5, fees.ceiling, fees.priority))
    client.send_raw(signed.raw)
    receipt = wait_for(lambda: client.receipt(signed.tx_hash), f"transaction {signed.tx_hash} was not mined")
    if not receipt.is_success:
        revert = client.simulate(signer.address, to, calldata, block=receipt.block_number)
        raise refusal_of(revert or b"", f"transaction {signed.tx_hash}")
    return receipt


def wait_for(look: Callable[[], T | None], otherwise: str, *, within_s: int = WAIT_S) -> T:
    """Ask until there is an answer.

    Raises: ChainError saying ``otherwise`` when there is none in time.
    """
    until = time.monotonic() + within_s
    while (found := look()) is None:
        if time.monotonic() > until:
            raise ChainError(f"{otherwise} within {within_s} s; is the chain producing blocks?")
        time.sleep(_POLL_S)
    return found
