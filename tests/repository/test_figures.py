"""The figures that contracts/README.md prints are those of the artifacts and of gas.json."""

from __future__ import annotations

import json
import re
from pathlib import Path

from contracts import artifact_names, load_artifact
from hanse.bench_gas import BARS

GAS_ROWS: tuple[tuple[str, ...], ...] = (
    ("accept", "accept_with_extension"),
    ("draw_first", "draw"),
    ("repay", "credit_note"),
    ("attest_3of5", "attest_7of9"),
    ("attest_settle_3of5", "attest_settle_7of9"),
    ("attest_settle_3of5_2payees",),
    ("batch50_same_each", "batch50_distinct_each"),
    ("split4", "settle_split4"),
    ("assign",),
    ("lifecycle",),
    ("cover_buy",),
    ("cover_payout_batch50_each",),
)
"""Which verbs the rows of the gas table speak of, in their order."""

TOLERANCE = 0.01
"""Medians vary by a few units from run to run; a rise above this needs another gas.json."""

_NAME = re.compile(r"`(\w+)`")


def rows(root: Path, head: str) -> list[list[str]]:
    """Cells of the table under this head line of contracts/README.md."""
    lines = (root / "contracts" / "README.md").read_text(encoding="utf-8").splitlines()
    found: list[list[str]] = []
    for line in lines[lines.index(head) + 2 :]:
        if not line.startswith("|"):
            break
        found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def numbers(cell: str) -> list[int | None]:
    """What a cell lists: "1,234; -" is 1234 and none."""
    return [None if part.strip() == "-" else int(part.replace(",", "")) for part in cell.split(";")]


def test_figures__bytes_in_the_readme__are_the_artifacts(project_root: Path) -> None:
    printed: dict[str, int | None] = {}
    for names, _, sizes in rows(project_root, "| contract | what it keeps | bytes of 24,000 |"):
        contracts = _NAME.findall(re.sub(r"\(.*?\)", "", names))
        printed.update(zip(contracts, numbers(sizes), strict=True))
    ours = [each for each in map(load_artifact, artifact_names()) if each.source_name.startswith("src/")]
    assert printed == {each.name: len(each.deployed_bytecode.raw) for each in ours if each.is_deployable}


def test_figures__gas_in_the_readme__is_that_of_gas_json_within_a_hundredth(project_root: Path) -> None:
    assert sorted(verb for row in GAS_ROWS for verb in row) == sorted(BARS)
    kept = json.loads((project_root / "contracts" / "gas.json").read_text(encoding="utf-8"))["verbs"]
    for verbs, (_, gas, bars) in zip(GAS_ROWS, rows(project_root, "| | gas | bar |"), strict=True):
        for verb, printed in zip(verbs, numbers(gas), strict=True):
            assert printed is not None, verb
            assert abs(printed - kept[verb]["gas"]) <= TOLERANCE * kept[verb]["gas"], verb
        expected = [BARS[verb] for verb in verbs]
        assert numbers(bars) == expected or (numbers(bars) == [None] and not any(expected)), verbs
