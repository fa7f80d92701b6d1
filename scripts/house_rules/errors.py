"""Nothing is swallowed, and what is silenced says why."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import TypeGuard

from house_rules.source import Finding, Source

_BROAD = frozenset({"Exception", "BaseException"})
_SILENCER = re.compile(
    r"#\s*(?:noqa(?P<codes>:\s*[A-Z]+[0-9]+(?:\s*,\s*[A-Z]+[0-9]+)*)?"
    r"|type:\s*ignore(?P<kinds>\[[^\]]*\])?"
    r"|pragma:\s*no cover)"
    r"(?P<rest>.*)"
)
_REASON = re.compile(r"[A-Za-z]{2,}\S*\s.*[A-Za-z]{2,}")


def bare_except(source: Source) -> Iterator[Finding]:
    """``except:`` takes Ctrl-C and the end of the process too."""
    for node in source.nodes():
        if isinstance(node, ast.ExceptHandler) and node.type is None:
            yield source.finding(node.lineno, "bare-except", "bare except; name the errors you can handle")


def swallowed_error(source: Source) -> Iterator[Finding]:
    """A broad handler re-raises or uses what it caught; a narrow one that does nothing says why."""
    for node in source.nodes():
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            names = _names(node.type)
            if names & _BROAD and not _raises(node) and not _uses_caught(node):
                message = "broad handler drops the error; re-raise, wrap or report it"
                yield source.finding(node.lineno, "swallowed-error", message)
            elif _does_nothing(node) and not _has_comment(source, node):
                message = "handler does nothing; say in a comment why that is right"
                yield source.finding(node.lineno, "swallowed-error", message)
        elif _suppresses_all(node):
            yield source.finding(node.lineno, "swallowed-error", "suppress(Exception); name the errors")


def invariant_caught(source: Source) -> Iterator[Finding]:
    """A broken invariant stops the run; tests may look at it."""
    if source.is_test:
        return
    for node in source.nodes():
        if (
            isinstance(node, ast.ExceptHandler)
            and node.type is not None
            and "InvariantBroken" in _names(node.type)
        ):
            message = "InvariantBroken is never caught; let it stop the run"
            yield source.finding(node.lineno, "invariant-caught", message)


def silencer_reason(source: Source) -> Iterator[Finding]:
    """``noqa`` and ``type: ignore`` name their codes and give a reason after them."""
    for line, comment in source.comments.items():
        silencer = _SILENCER.search(comment)
        if silencer is None:
            continue
        if "no cover" not in comment and not (silencer["codes"] or silencer["kinds"]):
            yield source.finding(
                line, "silencer-reason", f"{silencer[0].strip()!r} silences everything; name the code"
            )
        elif not _REASON.search(silencer["rest"]):
            yield source.finding(line, "silencer-reason", f"{silencer[0].strip()!r} gives no reason after it")


def _names(node: ast.expr) -> set[str]:
    if isinstance(node, ast.Tuple):
        return set().union(*(_names(item) for item in node.elts))
    if isinstance(node, ast.Attribute):
        return {node.attr}
    return {node.id} if isinstance(node, ast.Name) else set()


def _suppresses_all(node: ast.AST) -> TypeGuard[ast.Call]:
    return (
        isinstance(node, ast.Call)
        and "suppress" in _names(node.func)
        and any(_names(argument) & _BROAD for argument in node.args)
    )


def _raises(handler: ast.ExceptHandler) -> bool:
    return any(isinstance(node, ast.Raise) for node in ast.walk(handler))


def _uses_caught(handler: ast.ExceptHandler) -> bool:
    inner = [node for statement in handler.body for node in ast.walk(statement)]
    names = {node.id for node in inner if isinstance(node, ast.Name)}
    # A traceback written by the logger reports the error without naming it.
    attributes = {node.attr for node in inner if isinstance(node, ast.Attribute)}
    return handler.name in names or bool(attributes & {"exception", "print_exc", "format_exc"})


def _does_nothing(handler: ast.ExceptHandler) -> bool:
    only_words = (
        isinstance(statement, ast.Pass)
        or (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        for statement in handler.body
    )
    return all(only_words)


def _has_comment(source: Source, handler: ast.ExceptHandler) -> bool:
    last = handler.end_lineno or handler.lineno
    return any(line in source.comments for line in range(handler.lineno - 1, last + 1))
