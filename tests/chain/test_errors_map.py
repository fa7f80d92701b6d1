"""Every custom error of the contracts means one class of the error tree, in words."""

from __future__ import annotations

import dataclasses
import string
from typing import Any

import pytest
from eth_abi.abi import encode

from contracts import artifact_names, load_artifact
from settlement.chain.abi import PANIC_SELECTOR
from settlement.chain.bindings import errors, registry
from settlement.chain.errors_map import MEANINGS, refusal_of
from settlement.errors import ChainError, Conflict, EvidenceError, HanseError, InvariantBroken, NotPermitted


def test_errors_map__every_error_of_every_artifact__is_mapped() -> None:
    declared = {
        entry["name"]
        for name in artifact_names()
        for entry in load_artifact(name).abi
        if entry["type"] == "error"
    }
    assert declared - set(MEANINGS) == set()
    assert {error.__name__ for error in registry.ALL_ERRORS} - set(MEANINGS) == set()


def test_errors_map__every_meaning__belongs_to_an_error_that_exists() -> None:
    assert set(MEANINGS) - {error.__name__ for error in registry.ALL_ERRORS} == set()


def test_errors_map__every_class__is_of_the_tree() -> None:
    assert all(issubclass(kind, HanseError) for kind, _ in MEANINGS.values())


@pytest.mark.parametrize("error", registry.ALL_ERRORS, ids=lambda error: error.__name__)
def test_errors_map__words__name_only_fields_that_the_error_has(error: type[registry.CustomError]) -> None:
    _, words = MEANINGS[error.__name__]
    named = {name for _, name, _, _ in string.Formatter().parse(words) if name}
    declared: Any = error
    assert named <= {field.name for field in dataclasses.fields(declared)}


def _example(error: Any) -> bytes:
    """Revert bytes of the error with small values."""
    inside = error.SIGNATURE[error.SIGNATURE.index("(") + 1 : -1]
    types = inside.split(",") if inside else []
    examples: dict[str, Any] = {"address": "0x" + "11" * 20, "string": "text", "bool": True}
    values = [
        b"\x01" * int(kind[5:]) if kind.startswith("bytes") else examples.get(kind, 1) for kind in types
    ]
    return bytes(error.SELECTOR) + encode(types, values)


@pytest.mark.parametrize("error", registry.ALL_ERRORS, ids=lambda error: error.__name__)
def test_refusal_of__each_custom_error__becomes_its_class_with_words(
    error: type[registry.CustomError],
) -> None:
    refusal = refusal_of(_example(error), "try")
    assert type(refusal) is MEANINGS[error.__name__][0]
    assert refusal.message.startswith("try was refused: ")
    assert "{" not in refusal.message


def test_refusal_of__a_deadline__is_told_as_a_date() -> None:
    refusal = refusal_of(_example(errors.SignatureExpired), "draw")
    assert isinstance(refusal, EvidenceError)
    assert refusal.code == "signature_expired"
    assert "1970-01-01T00:00:01+00:00" in refusal.message


def test_refusal_of__not_eligible__is_not_permitted() -> None:
    assert isinstance(refusal_of(_example(errors.NotEligible), "accept"), NotPermitted)


def test_refusal_of__a_panic__is_a_broken_invariant() -> None:
    refusal = refusal_of(PANIC_SELECTOR + encode(["uint256"], [0x11]), "draw")
    assert isinstance(refusal, InvariantBroken)
    assert "overflow" in refusal.message


def test_refusal_of__a_text_of_foreign_code__is_a_conflict_with_that_text() -> None:
    refusal = refusal_of(bytes.fromhex("08c379a0") + encode(["string"], ["paused"]), "deposit")
    assert isinstance(refusal, Conflict)
    assert "paused" in refusal.message


@pytest.mark.parametrize("raw", [b"", b"\x01\x02", b"\xff" * 40])
def test_refusal_of__bytes_that_nobody_declares__is_a_chain_error(raw: bytes) -> None:
    assert isinstance(refusal_of(raw, "call"), ChainError)
