"""Money is whole minor units: no float, no true division, no Decimal, no Numeric column."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from house_rules.source import MONEY_PACKAGES, Finding, Source

SCALES_MONEY = "settlement/money.py"
"""The one file that may divide and scale amounts."""

DECIMAL_ELSEWHERE = {
    "settlement/documents/quantity.py": "quantities of goods, which are decimals in every document format",
}
"""Other files that may use Decimal, each with the reason; none of them handles amounts."""

_PATH_WORDS = frozenset(
    {"path", "folder", "directory", "dir", "root", "home", "parent", "file", "Path", "place"}
)
_SECONDS = ("_s", "timeout", "seconds", "interval")


def floats(source: Source) -> Iterator[Finding]:
    """No float but for times in seconds, which carry the suffix ``_s`` (or are called timeout)."""
    if not _handles_money(source):
        return
    allowed = _nodes_of_seconds(source)
    for node in source.nodes():
        if id(node) in allowed:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, float):
            message = f"float {node.value}; money is int minor units, seconds go into a name ending in _s"
            yield source.finding(node.lineno, "float", message)
        elif isinstance(node, ast.Name) and node.id == "float":
            message = "float; money is int minor units, seconds go into a name ending in _s"
            yield source.finding(node.lineno, "float", message)


def true_division(source: Source) -> Iterator[Finding]:
    """``/`` joins paths; on numbers it makes a float."""
    if not _handles_money(source):
        return
    for node in source.nodes():
        if not isinstance(node, ast.BinOp | ast.AugAssign) or not isinstance(node.op, ast.Div):
            continue
        sides = [node.left, node.right] if isinstance(node, ast.BinOp) else [node.target, node.value]
        if not any(_is_path(side) for side in sides):
            message = "true division; use // or a rounding function of settlement/money.py, which names its direction"
            yield source.finding(node.lineno, "true-division", message)


def decimals(source: Source) -> Iterator[Finding]:
    """Decimal lives in settlement/money.py; what else may use it is listed above."""
    if not _handles_money(source) or source.path in DECIMAL_ELSEWHERE:
        return
    for node in source.nodes():
        if (isinstance(node, ast.ImportFrom) and node.module == "decimal") or (
            isinstance(node, ast.Import) and any(alias.name == "decimal" for alias in node.names)
        ):
            message = "Decimal outside settlement/money.py; parse and scale amounts there"
            yield source.finding(node.lineno, "decimal", message)


def numeric_columns(source: Source) -> Iterator[Finding]:
    """SQLite silently loses digits of a Numeric; amounts are BIGINT with a CHECK."""
    if not source.path.startswith("settlement/store/"):
        return
    for node in source.nodes():
        name = (
            node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else None
        )
        if name in {"Numeric", "NUMERIC", "Float", "FLOAT", "REAL", "DECIMAL"} and isinstance(node, ast.expr):
            message = f"{name} column; amounts are BigInteger with a CHECK below 2^56"
            yield source.finding(node.lineno, "numeric-column", message)


def _handles_money(source: Source) -> bool:
    return source.folder in MONEY_PACKAGES and source.path != SCALES_MONEY


def _is_path(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return True
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return _is_path(node.left) or _is_path(node.right)
    if isinstance(node, ast.Call):
        return _is_path(node.func)
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.lower().split("_")[-1] in _PATH_WORDS or name == "Path"


def _nodes_of_seconds(source: Source) -> set[int]:
    """Ids of the nodes that stand under a name of seconds, or that ask whether something is a float."""
    allowed: set[int] = set()
    for node in source.nodes():
        for part in _parts_of_seconds(node):
            allowed.update(id(inner) for inner in ast.walk(part))
    return allowed


def _parts_of_seconds(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.AnnAssign(target=target, annotation=annotation, value=value) if _names_seconds(target):
            yield annotation
            if value is not None:
                yield value
        case ast.Assign(targets=targets, value=value) if all(_names_seconds(target) for target in targets):
            yield value
        case ast.keyword(arg=str(name), value=value) if name.endswith(_SECONDS):
            yield value
        case ast.arguments():
            yield from _parameters_of_seconds(node)
        case ast.FunctionDef(name=name, returns=ast.expr() as returns) if name.endswith(_SECONDS):
            yield returns
        case ast.Call(func=ast.Attribute(attr="sleep" | "wait"), args=arguments):
            yield from arguments
        # Asking whether a value is a float is how one is refused.
        case ast.Call(func=ast.Name(id="isinstance"), args=[_, kind]):
            yield kind


def _parameters_of_seconds(node: ast.arguments) -> Iterator[ast.AST]:
    positional = [*node.posonlyargs, *node.args]
    defaults: list[ast.expr | None] = [*[None] * (len(positional) - len(node.defaults)), *node.defaults]
    named = [*zip(positional, defaults, strict=True), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
    for parameter, default in named:
        if parameter.arg.lower().endswith(_SECONDS):
            yield from (part for part in (parameter.annotation, default) if part is not None)


def _names_seconds(node: ast.expr) -> bool:
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name.lower().endswith(_SECONDS)
