"""The coverage tool finds what was not run, and holds each reason to what it explains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proofs import coverage
from proofs.compiler import Build
from proofs.coverage import Index, Reach, known_reasons, measure, report
from proofs.source_map import Span, masked, nodes, spans

TEXT = b"function f() { if (a) b(); else c(); }"
SOURCE = "src/A.sol"


def place(text: bytes) -> str:
    return f"{TEXT.index(text)}:{len(text)}:0"


def span(text: bytes) -> Span:
    return Span(SOURCE, TEXT.index(text), TEXT.index(text) + len(text))


CONDITION = b"if (a) b(); else c();"
TREE: dict[str, Any] = {
    "nodeType": "FunctionDefinition",
    "name": "f",
    "kind": "function",
    "src": place(TEXT),
    "body": {
        "nodeType": "IfStatement",
        "src": place(CONDITION),
        "trueBody": {"nodeType": "ExpressionStatement", "src": place(b"b()")},
        "falseBody": [{"nodeType": "ExpressionStatement", "src": place(b"c()")}],
    },
}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Build:
    (tmp_path / "src").mkdir()
    (tmp_path / SOURCE).write_bytes(TEXT)
    monkeypatch.setattr("proofs.compiler.CONTRACTS", tmp_path)
    monkeypatch.setattr(coverage, "REASONS", tmp_path / "unreached.toml")
    return Build(tmp_path, {}, {SOURCE: TREE})


def ran(*texts: bytes, ways: set[bool]) -> Reach:
    found = Reach(present={span(b"b()"), span(b"c()"), span(CONDITION)}, forks={span(CONDITION)})
    found.run = {span(text) for text in texts}
    found.ways[span(CONDITION)] |= ways
    return found


def explain(build: Build, *keys: tuple[str, str]) -> None:
    entries = [
        f'[[unreached]]\nfile = "A.sol"\nfunction = "f"\nkind = "{kind}"\ncode = "{code}"\nreason = "why"\n'
        for kind, code in keys
    ]
    (build.folder / "unreached.toml").write_text("".join(entries))


def test_measure__one_way_of_a_branch__is_missed_with_its_statement(build: Build) -> None:
    tally, misses = measure(build, ran(b"b()", ways={True}), SOURCE)
    assert (tally.statements, tally.statements_run, tally.branches, tally.branches_run) == (2, 1, 2, 1)
    assert [(miss.kind, miss.code, miss.function, miss.line) for miss in misses] == [
        ("one way only", CONDITION.decode(), "f", 1),
        ("not run", "c()", "f", 1),
    ]


def test_measure__both_ways__misses_nothing(build: Build) -> None:
    assert measure(build, ran(b"b()", b"c()", ways={True, False}), SOURCE)[1] == []


def test_report__missed_without_a_reason_or_stale__fails(
    build: Build, capsys: pytest.CaptureFixture[str]
) -> None:
    half = ran(b"b()", ways={True})
    explain(build)
    (build.folder / "unreached.toml").write_text("unreached = []")
    assert report(build, half) == 1
    explain(build, ("not run", "c()"))
    assert report(build, half) == 1
    explain(build, ("not run", "c()"), ("one way only", CONDITION.decode()))
    assert report(build, half) == 0
    assert report(build, ran(b"b()", b"c()", ways={True, False})) == 1
    assert "2 stale reasons" in capsys.readouterr().out


def test_spans__empty_fields_and_pushed_data__repeat_and_are_skipped() -> None:
    deployed = {"object": "6001600257", "sourceMap": "3:4:0:-;;5:1", "sources": ["src/A.sol"]}
    found = spans({"deployedBytecode": deployed})
    assert found == {0: Span("src/A.sol", 3, 7), 2: Span("src/A.sol", 3, 7), 4: Span("src/A.sol", 5, 6)}
    places = {"immutableReferences": {"A.b": [{"start": 1, "length": 2}]}}
    assert masked(b"\x01\x02\x03\x04", {"deployedBytecode": places}) == b"\x01\x00\x00\x04"


def test_index__spans_within__are_found_and_others_not() -> None:
    index = Index([Span(SOURCE, 5, 8), Span(SOURCE, 5, 20)])
    assert index.within(Span(SOURCE, 4, 9))
    assert not index.within(Span(SOURCE, 6, 30))
    assert not index.within(Span(SOURCE, 4, 7))
    assert [node["nodeType"] for node in nodes(TREE)][:2] == ["FunctionDefinition", "IfStatement"]


def test_reasons__each_of_the_committed__has_one() -> None:
    assert all(len(reason) > 10 for reason in known_reasons().values())
