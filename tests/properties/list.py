"""Write the list of checked properties into contracts/README.md: ``python -m tests.properties.list``."""

from __future__ import annotations

from pathlib import Path

from tests.properties.machine import TradeMachine
from tests.properties.registry import PROPERTIES

README = Path(__file__).resolve().parents[2] / "contracts" / "README.md"
BEGIN, END = "<!-- properties -->", "<!-- end of properties -->"


def section() -> str:
    """The list, by invariant; a property stands at its first one."""
    rules = [
        name for name in dir(TradeMachine) if hasattr(getattr(TradeMachine, name), "hypothesis_stateful_rule")
    ]
    machine = "`tests/properties/test_trade_machine.py`"
    head = f"{len(PROPERTIES)} properties, looked at after every step of {machine},"
    lines = [head, f"whose {len(rules)} rules are the verbs and their abuse:", ""]
    by_invariant = sorted(PROPERTIES.values(), key=lambda one: one.invariants[0])
    lines += [f"- {', '.join(one.invariants)} {one.says}: `{one.name}`" for one in by_invariant]
    return "\n".join(lines)


def page_with(listed: str, page: str) -> str:
    """The page with its list replaced."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{listed}\n{END}{tail}"


if __name__ == "__main__":
    README.write_text(page_with(section(), README.read_text(encoding="utf-8")), encoding="utf-8")
