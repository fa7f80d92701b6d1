"""The bindings generator on ABIs that are awkward on purpose."""

from __future__ import annotations

from typing import Any

import pytest

from contracts import Artifact, Code, LinkReferences
from hanse.bindgen.render import modules_of
from hanse.bindgen.shapes import BindingsRefused, Json, snake
from hanse.bindgen.suite import suite_of


def parameter(kind: str, name: str = "", internal: str = "", **more: Any) -> Json:
    return {"type": kind, "name": name, "internalType": internal or kind, **more}


def function(name: str, *inputs: Json, outputs: tuple[Json, ...] = ()) -> Json:
    about = {"type": "function", "name": name, "stateMutability": "nonpayable"}
    return about | {"inputs": list(inputs), "outputs": list(outputs)}


def artifact(name: str, *abi: Json, kind: str = "contract", links: LinkReferences | None = None) -> Artifact:
    code = Code(b"" if kind == "interface" else bytes(40), links or {})
    return Artifact(name, f"src/{name}.sol", kind, abi, {}, code, code, "", (), {}, {}, "")


def rendered(*artifacts: Artifact) -> dict[str, str]:
    modules = modules_of(suite_of(artifacts))
    for name, text in modules.items():
        compile(text, name, "exec")
    return modules


@pytest.mark.parametrize(
    ("solidity", "python"),
    [("maxAdvanceBps", "max_advance_bps"), ("orderURI", "order_uri"), ("ERC721Receiver", "erc721_receiver"),
     ("name_", "name"), ("_from", "from_"), ("payableNow", "payable_now")],
)  # fmt: skip
def test_snake__solidity_names__read_as_python(solidity: str, python: str) -> None:
    assert snake(solidity) == python


def test_functions__overloaded__fewer_parameters_keep_the_name() -> None:
    move = [
        function("move", parameter("uint32", "to"), parameter("bytes", "why")),
        function("move", parameter("uint32", "to")),
    ]
    text = rendered(artifact("Cash", *move))["cash.py"]
    assert "def move(to: int) -> abi.Call[None]" in text
    assert "def move_2(to: int, why: bytes) -> abi.Call[None]" in text


def test_functions__names_of_python_or_of_the_module__get_an_underscore() -> None:
    text = rendered(artifact("Cash", function("from", parameter("bytes", "abi")), function("deploy")))[
        "cash.py"
    ]
    assert "def from_(abi_: bytes)" in text
    assert "def deploy_() ->" in text
    assert "def deploy() -> bytes" in text


def test_interface__without_and_with_its_contract__one_module() -> None:
    abstract = artifact("ICash", function("move"), kind="interface")
    assert "def deploy" not in rendered(abstract)["cash.py"]
    both = rendered(abstract, artifact("Cash", function("move")))
    assert "def deploy" in both["cash.py"]
    assert "i_cash.py" not in both


def test_linked_library__events_and_errors__are_the_contracts() -> None:
    logged = parameter("uint256", "order", indexed=True)
    event = {"type": "event", "name": "Cut", "inputs": [logged], "anonymous": False}
    links: LinkReferences = {"src/lib/Cold.sol": {"Cold": [{"start": 2, "length": 20}]}}
    modules = rendered(
        artifact("Cold", event, function("cut", parameter("uint256")), kind="library"),
        artifact("Cash", links=links),
    )
    assert 'CONTRACT: ClassVar[str] = "Cash"' in modules["cash.py"]
    assert "def deploy(libraries: Mapping[str, str]) -> bytes" in modules["cash.py"]
    assert "def cut" not in modules["cold.py"]


def test_suite__one_name_two_shapes__refused() -> None:
    narrow = function("put", parameter("tuple", "leg", "struct Leg", components=[parameter("uint32", "to")]))
    wide = function("put", parameter("tuple", "leg", "struct Leg", components=[parameter("uint64", "to")]))
    rendered(artifact("A", narrow), artifact("B", narrow))
    with pytest.raises(BindingsRefused, match="two structs are called Leg"):
        rendered(artifact("A", narrow), artifact("B", wide))
    short = {"type": "error", "name": "Late", "inputs": []}
    long = short | {"inputs": [parameter("uint32", "at")]}
    with pytest.raises(BindingsRefused, match="two custom errors are called Late"):
        rendered(artifact("A", short), artifact("B", long))


def test_shapes__types_without_a_python_form__refused() -> None:
    with pytest.raises(BindingsRefused, match="fixed128x18"):
        rendered(artifact("A", function("put", parameter("fixed128x18", "x"))))
    with pytest.raises(BindingsRefused, match="same Python name"):
        rendered(artifact("A", function("put", parameter("bool", "isOn"), parameter("bool", "is_on"))))
