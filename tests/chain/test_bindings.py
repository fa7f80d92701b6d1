"""The generated bindings are fresh, and carry every value through unchanged."""

from __future__ import annotations

import dataclasses
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import eth_abi.abi
import pytest
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts import artifact_names, load_artifact
from hanse.bindgen.__main__ import differing
from hanse.bindgen.render import modules_of
from hanse.bindgen.shapes import Json, canonical, signature, snake
from hanse.bindgen.suite import Suite, suite_of
from settlement.chain import abi
from settlement.chain.bindings import errors, registry, structs
from settlement.errors import ChainError, InputRefused
from tests.chain.abi_values import plain, values_of

FOLDER = Path(str(files("settlement.chain.bindings")))
SUITE: Suite = suite_of(load_artifact(name) for name in artifact_names())


def entries(kind: str) -> list[Any]:
    """Every entry of one kind with its contract, as test parameters."""
    return [
        pytest.param(surface.name, entry, id=f"{surface.name}.{signature(entry)[:60]}")
        for surface in SUITE.surfaces
        for entry in surface.entries(kind)
    ]


def encoded(parameters: list[Json], values: tuple[Any, ...]) -> bytes:
    return eth_abi.abi.encode([canonical(parameter) for parameter in parameters], values)


def drawn(data: st.DataObject, parameters: list[Json]) -> tuple[Any, ...]:
    return data.draw(values_of(parameters, SUITE.enums))


def test_bindings__artifacts_as_committed__nothing_stale() -> None:
    assert differing(modules_of(SUITE), FOLDER) == []


def test_bindings__one_parameter_renamed__stale() -> None:
    artifacts = [load_artifact(name) for name in artifact_names()]
    entry = next(e for e in artifacts[0].abi if e["type"] == "function" and e["inputs"])
    renamed = entry | {"inputs": [entry["inputs"][0] | {"name": "renamed"}, *entry["inputs"][1:]]}
    changed = dataclasses.replace(
        artifacts[0], abi=tuple(renamed if e is entry else e for e in artifacts[0].abi)
    )
    assert f"{snake(artifacts[0].name)}.py" in differing(
        modules_of(suite_of([changed, *artifacts[1:]])), FOLDER
    )


def test_bindings__file_without_artifact__stale(tmp_path: Path) -> None:
    modules = modules_of(SUITE)
    for name, text in modules.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert differing(modules, tmp_path) == []
    (tmp_path / "gone.py").write_text("")
    assert differing(modules, tmp_path) == ["gone.py"]


@pytest.mark.parametrize("name", sorted(SUITE.structs))
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_struct__any_value__survives_the_round_trip(name: str, data: st.DataObject) -> None:
    struct = getattr(structs, name)
    value = drawn(data, list(SUITE.structs[name]))
    made = struct.from_abi(value)
    again = eth_abi.abi.decode([struct.ABI_TYPE], eth_abi.abi.encode([struct.ABI_TYPE], [made.to_abi()]))[0]
    assert again == value
    assert struct.from_abi(again) == made


@pytest.mark.parametrize(("contract", "entry"), entries("event"))
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_event__any_log__decodes_to_its_values(contract: str, entry: Json, data: st.DataObject) -> None:
    parameters = entry["inputs"]
    values = drawn(data, parameters)
    topics = [keccak(text=signature(entry))]
    expected: list[Any] = []
    for parameter, value in zip(parameters, values, strict=True):
        is_hashed = parameter["indexed"] and parameter["type"] in ("string", "bytes")
        if is_hashed:
            topics.append(keccak(value if isinstance(value, bytes) else value.encode()))
        elif parameter["indexed"]:
            topics.append(encoded([parameter], (value,)))
        expected.append(topics[-1] if is_hashed else value)
    rest = [(p, v) for p, v in zip(parameters, values, strict=True) if not p["indexed"]]
    body = encoded([p for p, _ in rest], tuple(v for _, v in rest))
    event = abi.decode_event(topics, body, contract)
    assert type(event).__name__ == entry["name"]
    assert list(plain(event)) == expected
    with pytest.raises(ChainError):
        abi.decode_event([*topics, bytes(32)], body, contract)


def test_event__unknown_topic_or_contract__says_so() -> None:
    topic = bytes(range(32))
    assert abi.decode_event([topic], b"x", "Receivables") == abi.UnknownEvent("Receivables", (topic,), b"x")
    assert abi.decode_event([], b"", "Nobody") == abi.UnknownEvent("Nobody", (), b"")


@pytest.mark.parametrize("name", sorted(SUITE.errors))
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_error__any_revert__decodes_to_its_values(name: str, data: st.DataObject) -> None:
    entry = SUITE.errors[name]
    values = drawn(data, entry["inputs"])
    raw = keccak(text=signature(entry))[:4] + encoded(entry["inputs"], values)
    error = abi.decode_error(raw)
    assert isinstance(error, getattr(errors, name))
    assert plain(error) == values
    if entry["inputs"]:
        assert abi.decode_error(raw[:-1]) == abi.UnknownError(raw[:-1])


def test_error__panic_text_and_noise__have_forms_of_their_own() -> None:
    panic = abi.decode_error(abi.PANIC_SELECTOR + (0x11).to_bytes(32, "big"))
    assert panic == abi.Panic(0x11)
    assert abi.Panic(0x11).reason == "arithmetic overflow or underflow"
    text = abi.ERROR_STRING_SELECTOR + eth_abi.abi.encode(["string"], ["no"])
    assert abi.decode_error(text) == abi.ErrorString("no")
    assert abi.decode_error(b"") == abi.UnknownError(b"")
    assert abi.decode_error(abi.ERROR_STRING_SELECTOR + b"\xff") == abi.UnknownError(
        abi.ERROR_STRING_SELECTOR + b"\xff"
    )


def test_errors__selectors__are_distinct_and_all_listed() -> None:
    assert len(registry.ERRORS) == len(registry.ALL_ERRORS) == len(SUITE.errors)


@pytest.mark.parametrize(("contract", "entry"), entries("function"))
@settings(max_examples=4, deadline=None)
@given(data=st.data())
def test_call__any_arguments__encode_and_answer_decodes(
    contract: str, entry: Json, data: st.DataObject
) -> None:
    surface = import_module(f"settlement.chain.bindings.{snake(contract)}")
    overloads = [
        f
        for s in SUITE.surfaces
        if s.name == contract
        for f in s.entries("function")
        if f["name"] == entry["name"]
    ]
    at = overloads.index(entry)
    method = getattr(getattr(surface, contract), snake(entry["name"]) + (f"_{at + 1}" if at else ""))
    values = drawn(data, entry["inputs"])
    call = method(*(_argument(p, v) for p, v in zip(entry["inputs"], values, strict=True)))
    assert call.data == keccak(text=signature(entry))[:4] + encoded(entry["inputs"], values)
    assert call.is_view == (entry["stateMutability"] in ("view", "pure"))
    answer = drawn(data, entry["outputs"])
    given_back = call.decode(encoded(entry["outputs"], answer))
    if len(answer) > 1:
        assert plain(tuple(given_back)) == answer
    else:
        assert plain(given_back) == (answer[0] if answer else None)
    if answer:
        # An address without code answers with nothing; that must not pass for a value.
        with pytest.raises(ChainError, match="wrong address"):
            call.decode(b"")


def _argument(parameter: Json, value: Any) -> Any:
    """The value as a caller of the bindings has it: structs as dataclasses."""
    internal = str(parameter.get("internalType", ""))
    if not internal.startswith("struct "):
        return value
    struct = getattr(
        structs, internal.split("[", maxsplit=1)[0].rsplit(".", maxsplit=1)[-1].removeprefix("struct ")
    )
    if parameter["type"].endswith("]"):
        return tuple(struct.from_abi(item) for item in value)
    return struct.from_abi(value)


def test_fixed__other_length__refused() -> None:
    assert abi.fixed(bytes(32), 32) == bytes(32)
    with pytest.raises(InputRefused, match="bytes32"):
        abi.fixed(bytes(31), 32)


def test_encode__value_too_large__refused() -> None:
    assert abi.encode(("uint56",), ((1 << 56) - 1,))[-7:] == b"\xff" * 7
    with pytest.raises(InputRefused, match="does not fit"):
        abi.encode(("uint56",), (1 << 56,))
