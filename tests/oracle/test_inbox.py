"""A member's inbox: kept as received, once, through kills."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from oracle.inbox import MAX_MESSAGE_BYTES, Inbox
from settlement.errors import InputRefused

AT = 1_770_000_000


def test_put__new_item__is_kept_through_a_restart(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "inbox")
    assert inbox.put("wco", b"<a/>", AT, AT + 5)
    assert inbox.put("link", b"\x00\xff", AT + 1, None)
    again = Inbox(tmp_path / "inbox").all()
    assert again == inbox.all()
    assert [(one.kind, one.raw, one.received_at, one.placed_at) for one in again] == [
        ("wco", b"<a/>", AT, AT + 5),
        ("link", b"\x00\xff", AT + 1, None),
    ]
    assert (tmp_path / "inbox").stat().st_mode & 0o077 == 0


def test_put__same_item_twice__is_a_no_op(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    assert inbox.put("wco", b"<a/>", AT, AT)
    assert not inbox.put("wco", b"<a/>", AT + 9, AT + 9)
    again = Inbox(tmp_path)
    assert not again.put("wco", b"<a/>", AT + 9, None)
    assert again.put("wco", b"<b/>", AT, None)
    assert [one.raw for one in again.all()] == [b"<a/>", b"<b/>"]


def test_put__empty_or_too_large__is_refused(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    for raw in (b"", b"x" * (MAX_MESSAGE_BYTES + 1)):
        with pytest.raises(InputRefused, match=f"message has {len(raw)} bytes"):
            inbox.put("wco", raw, AT, None)
    assert inbox.put("wco", b"x" * MAX_MESSAGE_BYTES, AT, None)
    assert len(Inbox(tmp_path).all()) == 1


def test_open__half_written_file__is_ignored_and_written_anew(tmp_path: Path) -> None:
    Inbox(tmp_path).put("wco", b"<a/>", AT, None)
    (tmp_path / "00000001.json.new").write_text('{"kind": "wco", "raw": "PGI')
    inbox = Inbox(tmp_path)
    assert [one.raw for one in inbox.all()] == [b"<a/>"]
    assert inbox.put("wco", b"<b/>", AT, None)
    assert [one.raw for one in Inbox(tmp_path).all()] == [b"<a/>", b"<b/>"]


def test_open__file_taken_out_by_hand__nothing_else_is_written_over(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    for raw in (b"<a/>", b"<b/>", b"<c/>"):
        inbox.put("wco", raw, AT, None)
    (tmp_path / "00000000.json").unlink()
    again = Inbox(tmp_path)
    again.put("wco", b"<d/>", AT, None)
    assert [one.raw for one in Inbox(tmp_path).all()] == [b"<b/>", b"<c/>", b"<d/>"]


WRITER = """
import sys
from pathlib import Path
from oracle.inbox import Inbox
inbox = Inbox(Path(sys.argv[1]))
for number in range(10_000):
    inbox.put("wco", f"<m{number}/>".encode(), 1_770_000_000, None)
    print(number, flush=True)
"""


def test_inbox__writer_killed_at_any_moment__acknowledged_items_are_there(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    for _ in range(25):
        last = int(child.stdout.readline())
    child.kill()
    last = max([last, *(int(line) for line in child.stdout.read().split())])
    child.stdout.close()
    child.wait()
    kept = [one.raw for one in Inbox(tmp_path).all()]
    assert kept[: last + 1] == [f"<m{number}/>".encode() for number in range(last + 1)]
    # At most the one item whose answer was on its way.
    assert len(kept) <= last + 2


def test_inbox__parallel_deliveries__each_item_once(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    news: list[bool] = []

    def deliver() -> None:
        news.extend(inbox.put("wco", f"<m{number}/>".encode(), AT, None) for number in range(20))

    threads = [threading.Thread(target=deliver) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(news) == 20
    assert sorted(one.raw for one in Inbox(tmp_path).all()) == sorted(
        f"<m{number}/>".encode() for number in range(20)
    )


def test_wait__item_comes__wakes_the_waiter(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path)
    seen: list[int] = []

    def wait() -> None:
        inbox.wait_for_more_than(0, 30)
        seen.append(len(inbox.all()))

    waiter = threading.Thread(target=wait)
    waiter.start()
    inbox.put("wco", b"<a/>", AT, None)
    waiter.join()
    assert seen == [1]
