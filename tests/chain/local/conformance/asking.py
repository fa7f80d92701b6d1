"""One question to a node, and what kind of answer it must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from tests.chain.local.client import RpcError
from tests.chain.local.conformance.hex_forms import Schema
from tests.chain.local.conformance.prepared import Prepared

INVALID_PARAMS = -32602
SERVER_ERROR = -32000
METHOD_NOT_FOUND = -32601
REVERTED = 3


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error answer: its code, how its message begins, and its data."""

    code: int
    words: str
    data: Any = None


Step = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A call of ``method``. ``before`` and ``after`` are calls around it, for verbs: what is changed is changed back.

    ``is_compared`` is off where anvil knows no such name, or the question would be the end of it.
    """

    method: str
    case: str
    params: Callable[[Prepared], list[Any]]
    want: Schema | Refusal
    before: Callable[[Prepared], list[Step]] | None = None
    after: Callable[[Prepared], list[Step]] | None = None
    is_compared: bool = True

    @property
    def title(self) -> str:
        return f"{self.method}({self.case})"


def answer_to(ask: Ask, prepared: Prepared) -> Any:
    """The node's result, or its refusal."""
    for method, params in ask.before(prepared) if ask.before else []:
        prepared.rpc(method, *params)
    try:
        return prepared.rpc(ask.method, *ask.params(prepared))
    except RpcError as error:
        return Refusal(error.code, error.message, error.data)
    finally:
        for method, params in ask.after(prepared) if ask.after else []:
            prepared.rpc(method, *params)


def faults_of(ask: Ask, answer: Any) -> list[str]:
    """What is wrong with the answer; empty when it is of the kind wanted."""
    if isinstance(ask.want, Refusal):
        return [] if _is_refused_so(ask.want, answer) else [f"wanted {ask.want}, got {answer}"]
    if isinstance(answer, Refusal):
        return [f"refused: {answer}"]
    found = Draft202012Validator(ask.want).iter_errors(answer)
    return [f"{error.json_path}: {error.message[:300]}" for error in found]


def _is_refused_so(want: Refusal, got: Any) -> bool:
    return (
        isinstance(got, Refusal)
        and got.code == want.code
        and got.words.startswith(want.words)
        and got.data == want.data
    )
