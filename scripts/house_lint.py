#!/usr/bin/env python3
"""Hold the limits of the house style that no general linter knows.

    scripts/house_lint.py            every file of the project
    scripts/house_lint.py FILE ...   these files

A line may break a rule for a good reason, said on that line or the one above:

    # house: allow RULE - reason

A rule about the whole file is allowed in its first ten lines. An escape without a reason, of an unknown rule, or
with nothing to allow is itself a finding. Generated code is left out: its generator is linted instead.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from house_rules import errors, limits, money, solidity, testing, words
from house_rules.source import Finding, Source, read_source

ROOT = Path(__file__).resolve().parent.parent
LINTED = {".py", ".sol", ".sh", ".mjs", ".js"}
GENERATED = ("settlement/chain/bindings/", "contracts/artifacts/")
PASSED_OVER = {"node_modules", "__pycache__", ".venv", ".git", ".hanse", "dist", "build"}

RULES: dict[str, tuple[Callable[[Source], Iterator[Finding]], ...]] = {
    "file-length": (limits.file_length,),
    "function-length": (limits.function_length, limits.solidity_function_length),
    "vague-name": (limits.vague_name,),
    "float": (money.floats,),
    "true-division": (money.true_division,),
    "decimal": (money.decimals,),
    "numeric-column": (money.numeric_columns,),
    "bare-except": (errors.bare_except,),
    "swallowed-error": (errors.swallowed_error,),
    "invariant-caught": (errors.invariant_caught,),
    "silencer-reason": (errors.silencer_reason,),
    "unfinished": (words.unfinished,),
    "stub": (words.stub,),
    "banner": (words.banner,),
    "docstring": (words.missing_docstring,),
    "empty-head": (words.empty_head,),
    "require": (words.solidity_require,),
    "unchecked-reason": (solidity.unchecked_reason,),
    "loop-bound": (solidity.loop_bound,),
    "never-in-contracts": (solidity.never,),
    "test-name": (testing.test_name,),
    "no-assertion": (testing.test_without_assertion,),
    "sleep": (testing.sleeping_test,),
    "mock": (testing.mocks,),
}
WHOLE_FILE = {"file-length", "vague-name"}

_ESCAPE = re.compile(r"(?:#|//)\s*house: allow\b\s*(?P<rule>[a-z-]*)(?:\s+-\s+(?P<reason>\S.*))?")
_ESCAPE_REACH = 10


def lint(path: str, text: str) -> list[Finding]:
    """Return what is wrong with one file, after its escapes; ``path`` counts from the project's root."""
    try:
        source = read_source(path, text)
    except SyntaxError as broken:
        return [Finding(path, broken.lineno or 1, "syntax", str(broken.msg))]
    findings = {finding for rules in RULES.values() for rule in rules for finding in rule(source)}
    return sorted(_after_escapes(source, findings))


def _after_escapes(source: Source, findings: set[Finding]) -> Iterator[Finding]:
    remaining = set(findings)
    for line, text in _comments(source):
        escape = _ESCAPE.search(text)
        if escape is None:
            continue
        rule = escape["rule"]
        if rule not in RULES:
            yield source.finding(
                line, "escape", f"there is no rule {rule!r}; there are: {', '.join(sorted(RULES))}"
            )
        elif not escape["reason"]:
            yield source.finding(line, "escape", f"give the reason: # house: allow {rule} - reason")
        else:
            reached = {finding for finding in findings if finding.rule == rule and _reaches(line, finding)}
            if not reached:
                yield source.finding(line, "escape", f"nothing here breaks {rule!r}; take the escape away")
            remaining -= reached
    yield from remaining


def _comments(source: Source) -> Iterator[tuple[int, str]]:
    """Python's own comments (a string that looks like one is none); the lines of other languages."""
    if source.tree is not None:
        yield from source.comments.items()
    else:
        yield from enumerate(source.lines, start=1)


def _reaches(line: int, finding: Finding) -> bool:
    if finding.rule in WHOLE_FILE:
        return line <= _ESCAPE_REACH
    return finding.line in (line, line + 1)


def project_files() -> Iterator[Path]:
    """Every linted file of the checkout, in a stable order."""
    for path in sorted(ROOT.rglob("*")):
        place = path.relative_to(ROOT)
        if PASSED_OVER & set(place.parts) or place.as_posix().startswith(GENERATED) or not path.is_file():
            continue
        if path.suffix in LINTED or (place.parts[0] == "scripts" and _is_python_script(path)):
            yield path


def _is_python_script(path: Path) -> bool:
    return not path.suffix and path.read_bytes().startswith(b"#!/usr/bin/env python")


def main(arguments: list[str]) -> int:
    """Lint the named files, or all; print the findings and return 1 if there are any."""
    chosen = [Path(word).resolve() for word in arguments] or list(project_files())
    findings = [
        finding
        for path in chosen
        for finding in lint(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
    ]
    for finding in findings:
        print(finding)
    print(f"house_lint: {len(chosen)} files, {len(findings)} findings", file=sys.stderr)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
