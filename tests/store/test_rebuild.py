"""The projection made anew, and a projection that is killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect, update
from sqlmodel import col

from settlement.blocks import BlockHeader, PlacedEvent
from settlement.errors import ChainError
from settlement.store import rebuild as rebuilding
from settlement.store.engine import open_database, reading, transaction
from settlement.store.projector import CURSOR, apply_blocks, rollback_to, window_blocks
from settlement.store.rebuild import dump_projection, rebuild, state_hash
from settlement.store.repositories.cursors import find_cursor
from settlement.store.repositories.documents import find_document, put_document
from settlement.store.tables_projection import Receivable
from tests.store.story import block_hash, whole_story


def dump(engine: Engine) -> bytes:
    """The whole projection."""
    with reading(engine) as session:
        return b"".join(dump_projection(session))


def test_rebuild__after_following__gives_the_same_bytes(
    database: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rebuilding, "_BATCH", 4)
    story = whole_story()
    for block, events in story:
        with transaction(database) as session:
            apply_blocks(session, [(block, events)])
    followed, undo = dump(database), state_hash(database)
    assert rebuild(database, story) == story[-1][0]
    assert dump(database) == followed
    assert len(followed) > 10_000
    assert state_hash(database) == undo
    assert [name for name in inspect(database).get_table_names() if name.startswith("shadow")] == []


def test_rebuild__of_a_damaged_projection__repairs_it_and_keeps_private_rows(database: Engine) -> None:
    story = whole_story()
    with transaction(database) as session:
        apply_blocks(session, story)
        sha256 = put_document(session, b"private", "text/plain", 1).sha256
    sound = state_hash(database)
    with transaction(database) as session:
        session.execute(update(Receivable).values(paid_minor=col(Receivable.paid_minor) + 1))
    assert state_hash(database) != sound
    rebuild(database, story)
    assert state_hash(database) == sound
    with reading(database) as session:
        assert find_document(session, sha256) is not None


def test_rebuild__of_nothing_projected__starts_the_cursor_and_the_window(database: Engine) -> None:
    story = whole_story()
    rebuild(database, story[:10])
    with transaction(database) as session:
        cursor = find_cursor(session, CURSOR)
        assert cursor is not None
        assert cursor.block_number == story[9][0].number
        assert len(window_blocks(session)) == 10
        rollback_to(session, story[7][0].number)
    with transaction(database) as session:
        apply_blocks(session, story[8:])
    followed = state_hash(database)
    rebuild(database, story)
    assert state_hash(database) == followed


def test_rebuild__over_a_killed_one__starts_from_the_beginning(database: Engine) -> None:
    story = whole_story()

    def breaks_off() -> Iterator[tuple[BlockHeader, list[PlacedEvent]]]:
        yield from story[:5]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        rebuild(database, breaks_off())
    assert dump(database) == b""
    rebuild(database, story)
    with reading(database) as session:
        assert window_blocks(session)[0] == story[-1][0]


def test_rebuild__blocks_with_a_gap__is_refused(database: Engine) -> None:
    story = whole_story()
    with pytest.raises(ChainError, match="does not follow"):
        rebuild(database, [*story[:3], *story[4:]])


def test_rebuild__no_blocks__leaves_what_was_there(database: Engine) -> None:
    with transaction(database) as session:
        apply_blocks(session, whole_story())
    before = state_hash(database)
    with pytest.raises(ChainError, match="no blocks"):
        rebuild(database, [])
    assert state_hash(database) == before


def test_dump__on_both_databases__is_the_same_bytes(
    sqlite_database: Engine, postgresql_database: Engine
) -> None:
    for engine in (sqlite_database, postgresql_database):
        with transaction(engine) as session:
            apply_blocks(session, whole_story())
    assert dump(sqlite_database) == dump(postgresql_database)


_CHILD = """
import sys, time
from settlement.store.engine import open_database, transaction
from settlement.store.projector import apply_blocks
from tests.store.story import whole_story
engine = open_database(sys.argv[1])
with transaction(engine) as session:
    apply_blocks(session, whole_story()[6:12])
    print("written, not committed", flush=True)
    sys.stdin.read()
"""


def test_apply_blocks__killed_before_the_commit__leaves_nothing_half(
    database: Engine, database_url: str, project_root: Path
) -> None:
    story = whole_story()
    with transaction(database) as session:
        apply_blocks(session, story[:6])
    before = state_hash(database)
    child = subprocess.Popen(
        [sys.executable, "-c", _CHILD, database_url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=project_root,
        env={**os.environ, "PYTHONPATH": str(project_root)},
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"written, not committed\n"
        child.send_signal(signal.SIGKILL)
    again = open_database(database_url)
    assert state_hash(again) == before
    with transaction(again) as session:
        apply_blocks(session, story[6:])
    again.dispose()
    with reading(database) as session:
        assert window_blocks(session)[0].hash == story[-1][0].hash


def test_story__blocks__follow_each_other() -> None:
    for (parent, _), (child, _) in pairwise(whole_story()):
        assert child.parent_hash == parent.hash == block_hash(parent.number)
