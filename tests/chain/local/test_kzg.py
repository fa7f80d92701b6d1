"""The point evaluation precompile: proofs that hold, proofs that do not, and a setup that is loaded once."""

from __future__ import annotations

import pytest

from settlement.chain.local.engine.kzg import trusted_setup
from settlement.chain.local.engine.port import Execution
from settlement.chain.local.engine.py_evm import PyEvm
from settlement.chain.local.formats.blocks import Header
from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT
from settlement.chain.local.formats.transactions import Transaction
from tests.chain.local.client import words
from tests.chain.local.scenario import KZG_OF_ZERO

AT = bytes(19) + b"\x0a"
# The number of field elements in a blob and the field's modulus (EIP-4844).
PROVED = words(4_096, 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001)


def evaluated(payload: str) -> Execution:
    header = Header(parent_hash=bytes(32), number=1, gas_limit=30_000_000, timestamp=1, base_fee=0)
    workspace = PyEvm(31_337).open(dict[bytes, bytes]().get, EMPTY_TRIE_ROOT, header)
    message = Transaction(
        sender=b"\x11" * 20,
        to=AT,
        data=bytes.fromhex(payload),
        value=0,
        gas=200_000,
        nonce=0,
        max_fee_per_gas=0,
        max_priority_fee_per_gas=0,
    )
    return workspace.run(message)


def test_kzg__proof_that_holds__the_constants_of_the_eip() -> None:
    done = evaluated(KZG_OF_ZERO)
    assert (done.error, "0x" + done.output.hex()) == (None, PROVED)
    setup = trusted_setup()
    evaluated(KZG_OF_ZERO)
    assert trusted_setup() is setup


@pytest.mark.parametrize(
    ("payload", "error"),
    [
        # The polynomial zero is 0 at 3 and not 1.
        (KZG_OF_ZERO.replace(words(3, 0)[2:], words(3, 1)[2:]), "error verifying kzg proof"),
        # No element of the field.
        (KZG_OF_ZERO.replace(words(3, 0)[2:], "ff" * 32 + words(0)[2:]), "error verifying kzg proof"),
        ("02" + KZG_OF_ZERO[2:], "mismatched versioned hash"),
        (KZG_OF_ZERO[2:], "invalid input length"),
        (KZG_OF_ZERO + "00", "invalid input length"),
    ],
)
def test_kzg__proof_that_does_not_hold__all_gas_is_gone(payload: str, error: str) -> None:
    done = evaluated(payload)
    assert (done.error, done.gas_used, done.output) == (error, 200_000, b"")
