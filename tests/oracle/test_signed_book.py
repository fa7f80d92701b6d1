"""What a member signed: one content for a place, for good."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from oracle.signed_book import SignedBook
from settlement.errors import EvidenceError

PLACE = "0xa1-3"


def test_enter__other_content_for_the_same_place__is_refused(tmp_path: Path) -> None:
    """I-21: a member never signs two contents for one (order, seq), restarts included."""
    SignedBook(tmp_path).enter(PLACE, "one", {"seq": 3})
    book = SignedBook(tmp_path)
    with pytest.raises(EvidenceError, match="content one was signed before; two is refused"):
        book.enter(PLACE, "two", {"seq": 3})
    assert book.content_at(PLACE) == "one"


def test_enter__same_content_or_another_place__is_fine(tmp_path: Path) -> None:
    book = SignedBook(tmp_path)
    book.enter(PLACE, "one", {"deadline": 1})
    book.enter(PLACE, "one", {"deadline": 2})
    book.enter("0xa1-4", "two", {})
    assert (book.content_at(PLACE), book.content_at("0xa1-4")) == ("one", "two")
    assert book.content_at("0xa1-5") is None


def test_enter__half_written_promise__binds_nobody(tmp_path: Path) -> None:
    (tmp_path / f"{PLACE}.json.0123.new").write_text('{"content": "on')
    book = SignedBook(tmp_path)
    assert book.content_at(PLACE) is None
    book.enter(PLACE, "two", {})
    assert book.content_at(PLACE) == "two"


def test_enter__two_contents_at_once__one_wins(tmp_path: Path) -> None:
    """I-21: two processes on one folder cannot both promise."""
    refused: list[str] = []
    ready = threading.Barrier(8)

    def promise(content: str) -> None:
        book = SignedBook(tmp_path)
        ready.wait()
        try:
            book.enter(PLACE, content, {})
        except EvidenceError:
            refused.append(content)

    threads = [threading.Thread(target=promise, args=(f"content {n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept = SignedBook(tmp_path).content_at(PLACE)
    assert len(refused) == 7
    assert kept is not None
    assert kept not in refused
