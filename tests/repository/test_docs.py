"""What the documentation points at exists: links, headings, files, and the functions that the architecture names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [
        ROOT / "README.md",
        ROOT / "tests/README.md",
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "contracts").glob("*.md"),
    ]
)

_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:api|contracts|docs|oracle|scripts|settlement|tests)/[\w./*-]+")


def _links(text: str) -> list[str]:
    return [link for link in _LINK.findall(text) if "://" not in link]


def _paths(text: str) -> list[str]:
    return [code for code in _CODE.findall(text) if _PATH.fullmatch(code)]


def _names(cell: str) -> list[str]:
    return [name.rpartition(".")[2] for name in _CODE.findall(cell)]


def _defines(text: str, name: str) -> bool:
    return (
        re.search(rf"\b(?:def|class|function|contract) {name}\b|^{name}\b[^=\n]*=", text, re.MULTILINE)
        is not None
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_docs__every_link_of_a_page__leads_to_a_file(page: Path) -> None:
    for link in _links(page.read_text(encoding="utf-8")):
        target, _, heading = link.partition("#")
        assert (page.parent / target).exists(), f"{link} leads nowhere"
        assert not heading, f"{link}: link to pages, headings change"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_docs__every_path_a_page_names__exists(page: Path) -> None:
    for path in _paths(page.read_text(encoding="utf-8")):
        assert list(ROOT.glob(path.rstrip("/"))), f"{path} does not exist"


def test_docs__every_function_the_architecture_names__is_in_its_file() -> None:
    named = 0
    for row in (ROOT / "docs/architecture.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        if len(cells) != 3 or not _paths(cells[1]):
            continue
        texts = [(ROOT / path).read_text(encoding="utf-8") for path in _paths(cells[1])]
        for name in _names(cells[2]):
            assert any(_defines(text, name) for text in texts), f"{name} is not in {cells[1]}"
            named += 1
    assert named > 40


def test_docs__a_name_that_is_not_defined__is_seen() -> None:
    assert _defines("class Sender:\n", "Sender")
    assert _defines("EVENTS: Final = {}\n", "EVENTS")
    assert not _defines("Sender().step()\n", "Sender")


def test_docs__the_signing_code_a_page_shows__is_the_example_that_runs() -> None:
    example = (ROOT / "docs/examples/sign_act.py").read_text(encoding="utf-8").split('"""', 2)[2].strip()
    assert example in (ROOT / "docs/supplier.md").read_text(encoding="utf-8")


def test_docs__pages__hold_no_path_of_a_machine() -> None:
    for page in PAGES:
        assert not re.search(
            r"(?:^|[\s(`\"])/(?:home|root|tmp|work|Users)/", page.read_text(encoding="utf-8")
        ), page
