"""The mutator: what it changes, that all changes live in one text, and what a verdict is worth."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from proofs.judging import CannotJudge, _require_ran, reaching
from proofs.mutants import mutants_of, schema
from proofs.mutation import Population, interval, known_survivors, report, row

TEXT = b"function f() pure { if (a < b) x += 2; else revert E(); }"
SOURCE = "src/A.sol"


def node(node_type: str, text: bytes, **more: Any) -> dict[str, Any]:
    return {"nodeType": node_type, "src": f"{TEXT.index(text)}:{len(text)}:0", **more}


LESS = node("BinaryOperation", b"a < b", operator="<")
LESS["leftExpression"] = {"nodeType": "Identifier", "src": f"{TEXT.index(b'a < b')}:1:0"}
LESS["rightExpression"] = {"nodeType": "Identifier", "src": f"{TEXT.index(b'a < b') + 4}:1:0"}
ADDED = node("Assignment", b"x += 2", operator="+=")
ADDED["leftHandSide"] = {"nodeType": "Identifier", "src": f"{TEXT.index(b'x += 2')}:1:0"}
ADDED["rightHandSide"] = node("Literal", b"2", kind="number", value="2")
BODY = node(
    "IfStatement",
    b"if (a < b) x += 2; else revert E();",
    condition=LESS,
    trueBody=node("ExpressionStatement", b"x += 2", expression=ADDED),
    falseBody=node("RevertStatement", b"revert E()"),
)
TREE = node("FunctionDefinition", TEXT, name="f", kind="function", body=BODY)


def test_mutants__of_a_small_function__change_every_decision() -> None:
    kinds = Counter(mutant.kind for mutant in mutants_of(SOURCE, TREE, TEXT))
    assert kinds == {
        "always": 1,
        "never": 1,
        "< as <=": 1,
        "< as >": 1,
        "+= as -=": 1,
        "+= as =": 1,
        "one more": 1,
        "zero": 1,
        "without ExpressionStatement": 1,
        "without RevertStatement": 1,
    }


def test_schema__every_mutant__stands_behind_its_own_switch() -> None:
    chosen = mutants_of(SOURCE, TREE, TEXT)
    text = schema(TEXT, chosen)
    for mutant in chosen:
        assert (
            text.count(f"== {mutant.switch} ")
            + text.count(f"!= {mutant.switch} ")
            + text.count(f"!= {mutant.switch})")
            == 1
        )
    assert text.count("{") == text.count("}")
    assert "pure" not in text


def test_schema__no_mutant__is_the_source_but_for_pure() -> None:
    assert schema(TEXT, []) == TEXT.decode().replace("pure", "view")


def test_verdict__tests_that_did_not_run__are_no_kill() -> None:
    _require_ran({"code": 0, "failed": []})
    _require_ran({"code": 1, "failed": ["tests/a.py::b"]})
    for answer in ({"code": -1, "failed": []}, {"code": 4, "failed": []}, {"code": 1, "failed": []}):
        with pytest.raises(CannotJudge):
            _require_ran(answer)


def test_figures__equivalent_and_not_run__are_not_in_the_share() -> None:
    told = row("A.sol", Counter({"killed": 18, "timeout": 1, "survived": 1, "equivalent": 4, "not run": 9}))
    assert "95 %" in told
    assert "4 equivalent" in told
    assert "9 not run" in told


def test_survivors__each_listed__has_its_reason() -> None:
    assert all(len(reason) > 10 for reason in known_survivors().values())


def functions_named(name: str, text: str) -> str:
    """The functions of this name, on one line; each ends where its closing brace stands below its head."""
    head = name if name in ("constructor", "fallback", "receive") else rf"(?:function|modifier) {name}"
    pattern = rf"^( *)({head}\b.*?^\1}}|{head}\b[^\n]*}}$)"
    found = re.findall(pattern, text, re.MULTILINE | re.DOTALL)
    return " ".join(" ".join(body for _, body in found).split())


def test_survivors__code_of_each__stands_in_its_function(project_root: Path) -> None:
    sources = project_root / "contracts" / "src"
    stale = [
        (file, function, code)
        for file, function, _, code in known_survivors()
        if code not in functions_named(function, (sources / file).read_text(encoding="utf-8"))
    ]
    assert stale == []


def test_report__reason_without_its_mutant__fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mutant = mutants_of(SOURCE, TREE, TEXT)[0]
    population = Population.__new__(Population)
    population.mutants = [mutant]
    gone = (*mutant.key[:3], "a == b")
    for reasons, verdict in (
        ({mutant.key: "same"}, 0),
        ({gone: "same"}, 1),
        ({("B.sol", *gone[1:]): "same"}, 1),
    ):
        monkeypatch.setattr("proofs.mutation.known_survivors", lambda reasons=reasons: reasons)
        assert report(population, []) == verdict
        assert ("stale" in capsys.readouterr().out) is bool(verdict)


def test_interval__share_of_a_sample__is_wilsons() -> None:
    low, high = interval(270, 300)
    assert (round(low, 4), round(high, 4)) == (0.8608, 0.9291)
    assert interval(0, 0) == (0.0, 1.0)
    low, high = interval(10, 10)
    assert (round(low, 4), round(high, 4)) == (0.7225, 1.0)


def test_reaching__constructor_or_line_that_no_test_runs__asks_all_tests_of_its_source() -> None:
    mutant = mutants_of(SOURCE, TREE, TEXT)[0]
    reached = {(SOURCE, 1): ["a", "b"], (SOURCE, 2): ["b", "c"], ("src/B.sol", 1): ["d"]}
    assert reaching(mutant, reached) == ["a", "b"]
    assert reaching(replace(mutant, line=7), reached) == ["a", "b", "c"]
    assert reaching(replace(mutant, function="constructor"), reached) == ["a", "b", "c"]
