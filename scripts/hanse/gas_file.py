"""The committed gas figures: what was measured last, and why each rise was taken.

A rise of more than one per cent stands in nobody's way unseen: it fails until the file is written anew with a reason.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from settlement.errors import InputRefused

GAS_FILE: Final = Path(__file__).resolve().parents[2] / "contracts" / "gas.json"
_KEPT: Final = ("gas", "first")
_ALLOWED_PERCENT: Final = 1

Figures = Mapping[str, Mapping[str, int | None]]
Rises = dict[str, list[int]]


def read_gas(path: Path = GAS_FILE) -> dict[str, Any]:
    """The committed figures by verb, and the history of their rises."""
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


def rises(kept: Figures, measured: Figures) -> Rises:
    """What rose by more than one per cent: committed and measured gas, by "verb" or "verb, first"."""
    found: Rises = {}
    for verb, row in measured.items():
        for kind in _KEPT:
            now, before = row[kind], kept.get(verb, {}).get(kind)
            if now is None or before is None:
                continue
            if now * 100 > before * (100 + _ALLOWED_PERCENT):
                found[verb if kind == "gas" else f"{verb}, {kind}"] = [before, now]
    return found


def complaints(kept: Figures, measured: Figures) -> list[str]:
    """Why the committed figures do not stand for the measured ones; nothing where they do."""
    said = [
        f"{verb} rose from {before:,} to {now:,}" for verb, (before, now) in rises(kept, measured).items()
    ]
    said += [f"{verb} is not in the file" for verb in measured.keys() - kept.keys()]
    said += [f"{verb} is no longer measured" for verb in kept.keys() - measured.keys()]
    return sorted(said)


def write_gas(measured: Figures, reason: str, on: str, path: Path = GAS_FILE) -> None:
    """Commit what was measured.

    Raises: InputRefused for a rise without a reason.
    """
    before = read_gas(path) if path.exists() else {"verbs": {}, "history": []}
    risen = rises(before["verbs"], measured)
    if risen and not reason.strip():
        raise InputRefused(f"{', '.join(risen)} rose by more than one per cent; say why with --reason")
    history = before["history"]
    if reason.strip():
        history = [*history, {"date": on, "reason": reason.strip(), "rises": risen}]
    verbs = {verb: {kind: row[kind] for kind in _KEPT} for verb, row in measured.items()}
    path.write_text(json.dumps({"verbs": verbs, "history": history}, indent=2) + "\n", encoding="utf-8")
