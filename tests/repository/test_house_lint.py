"""Each house rule finds what it is for, and leaves the proper way alone."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import house_lint

CODE = "settlement/example.py"
TEST = "tests/test_example.py"
CONTRACT = "contracts/src/Example.sol"
UNFINISHED = "TO" + "DO"


def rules_broken(path: str, text: str) -> set[str]:
    return {finding.rule for finding in house_lint.lint(path, dedent(text).lstrip("\n"))}


def module(body: str) -> str:
    return f'"""A module."""\n\n{dedent(body)}'


def long_function(lines: int) -> str:
    return "def story():\n" + "    step()\n" * (lines - 1)


def long_solidity(lines: int) -> str:
    return (
        "contract A {\n    function story() external {\n" + "        step();\n" * (lines - 2) + "    }\n}\n"
    )


BREACHES = [
    ("unchecked-reason", CONTRACT, "contract A { function f() external {\n unchecked {\n ++x;\n } } }"),
    ("loop-bound", CONTRACT, "function f() {\n for (uint256 i; i < n; ++i) {\n g(); } }"),
    ("loop-bound", CONTRACT, "function f() {\n // every leg\n while (i < n) {\n g(); } }"),
    ("never-in-contracts", CONTRACT, "if (tx.origin != owner) revert Nobody();"),
    ("never-in-contracts", CONTRACT, "selfdestruct(payable(owner));"),
    ("never-in-contracts", CONTRACT, "token.transfer(to, amount);"),
    ("never-in-contracts", CONTRACT, "token.transferFrom(from, to, amount);"),
    ("never-in-contracts", CONTRACT, "uint256 time = block.number * 12;"),
    ("file-length", CODE, module("x = 1\n" * 499)),
    ("file-length", CONTRACT, "// line\n" * 401),
    ("function-length", "scripts/example.py", long_function(51)),
    ("function-length", TEST, module("class A:\n    async def story(self):\n" + "        step()\n" * 50)),
    ("function-length", CONTRACT, long_solidity(51)),
    ("vague-name", "settlement/utils.py", module("")),
    ("vague-name", "api/orders/order_helpers.py", module("")),
    ("vague-name", "scripts/hanse/common/clock.py", module("")),
    ("vague-name", "settlement/process.py", module("")),
    ("float", CODE, module("rate = 0.5")),
    ("float", CODE, module("rate = float(text)")),
    ("float", CODE, module("def advance(amount: float): '''Lend.'''")),
    ("float", "oracle/example.py", module("def wait(timeout_s: float, rate: float = 1): '''Wait.'''")),
    ("true-division", CODE, module("half = amount_minor / 2")),
    ("true-division", "api/example.py", module("amount_minor /= 2")),
    ("decimal", CODE, module("from decimal import Decimal")),
    ("decimal", "oracle/example.py", module("import decimal")),
    ("numeric-column", "settlement/store/tables.py", module("amount = Column(sqlalchemy.Numeric)")),
    ("bare-except", CODE, module("try:\n    act()\nexcept:\n    raise")),
    ("swallowed-error", CODE, module("try:\n    act()\nexcept Exception:\n    result = None")),
    (
        "swallowed-error",
        CODE,
        module("try:\n    act()\nexcept (KeyError, BaseException):\n    pass  # why not"),
    ),
    ("swallowed-error", CODE, module("try:\n    act()\nexcept KeyError:\n    pass")),
    ("swallowed-error", CODE, module("with suppress(Exception):\n    act()")),
    (
        "invariant-caught",
        CODE,
        module("try:\n    act()\nexcept InvariantBroken as broken:\n    report(broken)"),
    ),
    ("silencer-reason", CODE, module("import this  # noqa")),
    ("silencer-reason", CODE, module("import this  # noqa: F401")),
    ("silencer-reason", CODE, module("x = y  # type: ignore[assignment]")),
    ("silencer-reason", CODE, module("x = y  # type: ignore  # the stubs are wrong")),
    ("unfinished", CODE, module(f"# {UNFINISHED}: later")),
    ("unfinished", CONTRACT, f"// {UNFINISHED} later\n"),
    ("stub", CODE, module("def draw():\n    '''Draw.'''\n    raise NotImplementedError")),
    ("stub", CODE, module("def draw(): ...")),
    ("banner", CODE, module("# ---------- helpers")),
    ("docstring", CODE, "x = 1\n"),
    ("docstring", "api/example.py", module("def draw():\n    return 1")),
    ("docstring", "oracle/example.py", module("class Member:\n    seat = 1")),
    ("empty-head", CODE, '"""A module.\n\nHolds:\n"""\n'),
    ("require", CONTRACT, "        require(ok, 'no');\n"),
    ("test-name", TEST, module("def test_draw():\n    assert act()")),
    ("no-assertion", TEST, module("def test_draw__twice__is_refused():\n    act()")),
    ("sleep", TEST, module("def test_draw__twice__is_refused():\n    time.sleep(1)\n    assert act()")),
    ("mock", TEST, module("from unittest.mock import Mock")),
    ("mock", TEST, module("import unittest.mock")),
    ("syntax", CODE, "def draw(:\n"),
]

PROPER = [
    (
        "unchecked-reason",
        CONTRACT,
        "unchecked {\n // R1: reduced never exceeds face.\n x = face - reduced;\n}",
    ),
    ("unchecked-reason", CONTRACT, "// The sum of all accounts is below 2^56.\nunchecked {\n ++i;\n}"),
    ("loop-bound", CONTRACT, "// At most MOST_SEATS.\nfor (uint256 i; i < n; ++i) {\n g();\n}"),
    ("loop-bound", TEST.replace("example.py", "Probe.sol"), "for (uint256 i; i < n; ++i) {\n g();\n}"),
    ("never-in-contracts", CONTRACT, "token.safeTransfer(to, amount); // no block.number"),
    ("never-in-contracts", CONTRACT, "function transferFrom(address a, address b, uint256 id) external {}"),
    ("file-length", CODE, module("x = 1\n" * 490)),
    ("file-length", CONTRACT, "// line\n" * 400),
    ("function-length", TEST, long_function(50)),
    ("function-length", CONTRACT, long_solidity(50)),
    ("function-length", CONTRACT, "interface A {\n    function a() external;\n}\n" + "// b\n" * 60),
    ("vague-name", "settlement/typed_data.py", module("")),
    ("vague-name", "settlement/process_tree.py", module("")),
    ("float", CODE, module("POLL_S = 0.25\nserver.join(timeout=1.5)\nevent.wait(0.1)")),
    ("float", CODE, module("def wait(*, timeout_s: float = 2.5): '''Wait.'''")),
    ("float", CODE, module("refused = isinstance(value, float)")),
    ("float", "settlement/money.py", module("refused = float('nan')")),
    ("float", "scripts/hanse/bench.py", module("ratio = 0.9")),
    (
        "true-division",
        CODE,
        module("half = amount_minor // 2\nplace = folder / 'keys' / name\nplace = root / name"),
    ),
    ("true-division", "settlement/money.py", module("half = amount / 2")),
    ("decimal", "settlement/documents/quantity.py", module("from decimal import Decimal")),
    ("numeric-column", "settlement/store/tables.py", module("amount = Column(sqlalchemy.BigInteger)")),
    (
        "swallowed-error",
        CODE,
        module("try:\n    act()\nexcept Exception as failed:\n    raise Wrapped() from failed"),
    ),
    ("swallowed-error", CODE, module("try:\n    act()\nexcept Exception as failed:\n    report(failed)")),
    (
        "swallowed-error",
        CODE,
        module("try:\n    act()\nexcept KeyError:\n    pass  # somebody else removed it first"),
    ),
    ("swallowed-error", CODE, module("with suppress(FileNotFoundError):\n    act()")),
    ("invariant-caught", TEST, module("try:\n    act()\nexcept InvariantBroken:\n    seen = True")),
    ("silencer-reason", CODE, module("import this  # noqa: F401 - read for its effect")),
    ("silencer-reason", CODE, module("x = y  # type: ignore[assignment]  # the stubs lack it")),
    ("stub", CODE, module("class Clock(Protocol):\n    '''Time.'''\n\n    def now(self) -> int: ...")),
    (
        "stub",
        CODE,
        module("class Clock:\n    '''Time.'''\n\n    @abstractmethod\n    def now(self) -> int: ..."),
    ),
    ("banner", CODE, module("# - a point")),
    ("docstring", CODE, module("def _draw():\n    return 1")),
    ("docstring", "scripts/hanse/cli.py", module("def draw():\n    return 1")),
    ("empty-head", CODE, '"""A module.\n\nHolds:  I-14.\n"""\n'),
    ("require", CONTRACT, "        if (!ok) revert NotDue(); // what require() would hide\n"),
    ("test-name", TEST, module("def test_p07__empty_list__fails():\n    assert act()")),
    (
        "no-assertion",
        TEST,
        module("def test_draw__twice__is_refused():\n    with pytest.raises(Conflict):\n        act()"),
    ),
    ("sleep", CODE, module("time.sleep(POLL_S)")),
    ("mock", CODE, module("import unittest.mock")),
]


@pytest.mark.parametrize(("rule", "path", "text"), BREACHES)
def test_house_lint__breach__is_found(rule: str, path: str, text: str) -> None:
    assert rule in rules_broken(path, text)


@pytest.mark.parametrize(("rule", "path", "text"), PROPER)
def test_house_lint__proper_way__is_left_alone(rule: str, path: str, text: str) -> None:
    assert rule not in rules_broken(path, text)


def test_house_lint__the_examples__cover_every_rule_both_ways() -> None:
    assert {rule for rule, _, _ in BREACHES} - {"syntax"} == set(house_lint.RULES)
    # Nothing is the proper way of these two but their absence, which every other example shows.
    assert {rule for rule, _, _ in PROPER} | {"bare-except", "unfinished"} == set(house_lint.RULES)


@pytest.mark.parametrize(
    "text",
    [
        "rate = 0.5  # house: allow float - a share shown to people, never money\n",
        "# house: allow float - a share shown to people, never money\nrate = 0.5\n",
    ],
)
def test_house_lint__escape_with_a_reason__allows_that_line(text: str) -> None:
    assert rules_broken(CODE, module(text)) == set()


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        ("rate = 0.5  # house: allow float\n", {"escape", "float"}),
        ("rate = 0.5  # house: allow floats - a share\n", {"escape", "float"}),
        ("rate = 5  # house: allow float - a share\n", {"escape"}),
        ("# house: allow float - a share\nrate = 5\nrate = 0.5\n", {"escape", "float"}),
        ("text = '# house: allow float - a share'\nrate = 0.5\n", {"float"}),
    ],
)
def test_house_lint__escape_without_reason_rule_or_breach__is_a_finding(text: str, broken: set[str]) -> None:
    assert rules_broken(CODE, module(text)) == broken


def test_house_lint__escape_of_a_whole_file__stands_near_its_top() -> None:
    escape = "# house: allow file-length - one table of codes\n"
    assert rules_broken(CODE, module(escape + "x = 1\n" * 600)) == set()
    assert rules_broken(CODE, module("x = 1\n" * 600 + escape)) == {"escape", "file-length"}


def test_house_lint__command_line__prints_findings_and_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "settlement"
    (folder / "chain" / "bindings").mkdir(parents=True)
    (folder / "terms.py").write_text('"""Terms."""\n\nrate = 0.5\n')
    (folder / "chain" / "bindings" / "generated.py").write_text("rate = 0.5\n")
    monkeypatch.setattr(house_lint, "ROOT", tmp_path)
    assert house_lint.main([]) == 1
    assert capsys.readouterr().out.startswith("settlement/terms.py:3: float: ")
    (folder / "terms.py").write_text('"""Terms."""\n\nrate_bps = 50\n')
    assert house_lint.main([]) == 0
    assert capsys.readouterr().out == ""
