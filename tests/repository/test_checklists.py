"""Every line of the checklists has a test of its name or a reason in tests/README.md; invariants have their tests."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

LINES = {"p": 40, "o": 22, "d": 17, "t": 30}
"""How many lines each checklist has: pitfalls, oracle and cover, documents, service."""

INVARIANTS = set(range(1, 31))
"""I-01 to I-30; each has at least one test that names it."""

CODED = re.compile(r"test_([podt])(\d\d)__")
EXPLAINED = re.compile(r"^\| ([PODT])(\d\d) \| \S.*\|$", re.MULTILINE)
INVARIANT = re.compile(r"\bI-(\d\d)\b")


def functions_of_tests(root: Path) -> Iterator[ast.FunctionDef]:
    for path in sorted((root / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield node


def codes_of_tests(root: Path) -> set[str]:
    found = (CODED.match(function.name) for function in functions_of_tests(root))
    return {f"{code[1]}{code[2]}" for code in found if code}


def codes_explained(root: Path) -> list[str]:
    return [
        f"{letter.lower()}{number}"
        for letter, number in EXPLAINED.findall((root / "tests" / "README.md").read_text())
    ]


def test_checklists__coded_test_names__are_unique(project_root: Path) -> None:
    names = Counter(
        function.name for function in functions_of_tests(project_root) if CODED.match(function.name)
    )
    assert [name for name, count in names.items() if count > 1] == []


def test_checklists__every_line__has_a_test_or_a_reason(project_root: Path) -> None:
    every = {f"{letter}{number:02}" for letter, last in LINES.items() for number in range(1, last + 1)}
    named = codes_of_tests(project_root)
    assert named <= every
    assert sorted(every - named - set(codes_explained(project_root))) == []


def test_checklists__reasons_in_the_readme__are_of_lines_without_a_test(project_root: Path) -> None:
    explained = codes_explained(project_root)
    assert sorted(set(explained) & codes_of_tests(project_root)) == []
    assert len(explained) == len(set(explained))


def test_invariants__each__is_named_by_a_test(project_root: Path) -> None:
    named: set[int] = set()
    for path in sorted((project_root / "tests").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                first = (ast.get_docstring(node) or "").partition("\n")[0]
                named.update(int(number) for number in INVARIANT.findall(first))
    assert sorted(INVARIANTS - named) == []
