"""Files dropped into a member's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.drop_folder import take_dropped
from oracle.inbox import MAX_MESSAGE_BYTES, Inbox


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    """The folder an authority's system writes into."""
    folder = tmp_path / "drop"
    folder.mkdir()
    return folder


def test_take_dropped__each_kind_by_its_ending__lies_in_the_inbox_and_is_gone(
    drop: Path, tmp_path: Path
) -> None:
    inbox = Inbox(tmp_path / "inbox")
    for name, raw in (("1.xml", b"<a/>"), ("2.link.json", b"{}"), ("3.reading.json", b"[]")):
        (drop / name).write_bytes(raw)
    assert take_dropped(drop, inbox) == 3
    assert [(one.kind, one.raw) for one in inbox.all()] == [
        ("wco", b"<a/>"),
        ("link", b"{}"),
        ("reading", b"[]"),
    ]
    assert list(drop.iterdir()) == []


def test_take_dropped__same_bytes_again__known_already(drop: Path, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    for _ in range(2):
        (drop / "again.xml").write_bytes(b"<a/>")
        take_dropped(drop, inbox)
    assert len(inbox.all()) == 1


def test_take_dropped__unfinished_and_unknown_names__left_alone(drop: Path, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    for name in (".half.xml", "notes.txt", "data.json"):
        (drop / name).write_bytes(b"x")
    assert take_dropped(drop, inbox) == 0
    assert inbox.all() == ()
    assert len(list(drop.iterdir())) == 3


def test_take_dropped__empty_or_too_large__put_aside_and_the_others_taken(drop: Path, tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    (drop / "a.xml").write_bytes(b"")
    (drop / "b.xml").write_bytes(b"x" * (MAX_MESSAGE_BYTES + 1))
    (drop / "c.xml").write_bytes(b"<c/>")
    take_dropped(drop, inbox)
    assert [one.raw for one in inbox.all()] == [b"<c/>"]
    assert sorted(path.name for path in drop.iterdir()) == ["a.xml.refused", "b.xml.refused"]
    assert take_dropped(drop, inbox) == 0
