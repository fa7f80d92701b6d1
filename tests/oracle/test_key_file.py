"""A member's key file: its owner's only, whole or not there."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from eth_account import Account

from oracle.key_file import read_key_file, write_key_file
from settlement.errors import InputRefused

SECRET = bytes.fromhex("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")


def test_write__new_key__is_born_private_and_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "key"
    key = write_key_file(path, SECRET)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (key.secret, key.address) == (SECRET, Account.from_key(SECRET).address)
    assert read_key_file(path) == key
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


def test_write__key_is_there__is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "key"
    write_key_file(path, SECRET)
    with pytest.raises(FileExistsError):
        write_key_file(path, bytes(31) + b"\x01")
    assert read_key_file(path).secret == SECRET
    assert [one.name for one in tmp_path.iterdir()] == ["key"]


@pytest.mark.parametrize("mode", [0o604, 0o640, 0o660, 0o644, 0o610])
def test_read__others_may_read_it__is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    write_key_file(path, SECRET)
    path.chmod(mode)
    with pytest.raises(InputRefused, match="chmod 600"):
        read_key_file(path)
    path.chmod(0o400)
    assert read_key_file(path).secret == SECRET


@pytest.mark.parametrize(
    "text",
    ["", "0x12", "0x" + "AB" * 32, "ab" * 32, "0x" + "ab" * 33, "0x" + "00" * 32, "0x" + "ff" * 32],
)
def test_read__anything_but_one_key__is_refused_without_showing_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(InputRefused) as refused:
        read_key_file(path)
    assert text[:10] not in str(refused.value).replace(str(path), "") or text in ("", "0x12")


def test_key__repr__shows_no_secret(tmp_path: Path) -> None:
    key = write_key_file(tmp_path / "key", SECRET)
    assert SECRET.hex() not in repr(key)
    assert repr(SECRET) not in repr(key)
