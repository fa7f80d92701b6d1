"""The point evaluation precompile of EIP-4844, its trusted setup loaded once; py-evm loads it in every call, for seconds."""

from __future__ import annotations

from functools import cache
from typing import Any

from eth.abc import ComputationAPI
from eth.exceptions import VMError
from eth.precompiles import point_evaluation as stock
from eth.vm.forks.cancun.constants import (
    BLS_MODULUS,
    FIELD_ELEMENTS_PER_BLOB,
    POINT_EVALUATION_PRECOMPILE_GAS,
)

INPUT_BYTES = 192


@cache
def trusted_setup() -> Any:
    """The ceremony's result, as py-evm carries it; the same object each time."""
    return stock.load_trusted_setup(stock.TRUSTED_SETUP_PATH, 0)


def evaluate_point(computation: ComputationAPI) -> ComputationAPI:
    """Check that the polynomial that was committed to has the value y at z.

    Source: EIP-4844, "Point evaluation precompile"; the words of its errors are geth's.
    """
    computation.consume_gas(POINT_EVALUATION_PRECOMPILE_GAS, reason="point evaluation")
    given = computation.msg.data_as_bytes
    if len(given) != INPUT_BYTES:
        raise VMError("invalid input length")
    versioned_hash, z, y, commitment, proof = (
        given[start:end] for start, end in ((0, 32), (32, 64), (64, 96), (96, 144), (144, 192))
    )
    if stock.kzg_to_versioned_hash(commitment) != versioned_hash:
        raise VMError("mismatched versioned hash")
    try:
        is_proved = stock.verify_kzg_proof(commitment, z, y, proof, trusted_setup())
    except RuntimeError as exc:
        # The library's refusal of bytes that are no point or no field element.
        raise VMError("error verifying kzg proof") from exc
    if not is_proved:
        raise VMError("error verifying kzg proof")
    computation.output = FIELD_ELEMENTS_PER_BLOB.to_bytes(32, "big") + BLS_MODULUS.to_bytes(32, "big")
    return computation
