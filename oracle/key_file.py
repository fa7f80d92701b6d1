"""A committee member's signing key, in a file that only its owner can read."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account

from settlement.errors import InputRefused

_KEY = re.compile(r"0x[0-9a-f]{64}")


@dataclass(frozen=True)
class SigningKey:
    """A secp256k1 key; the secret never shows in a repr."""

    address: str
    secret: bytes = field(repr=False)


def write_key_file(path: Path, secret: bytes) -> SigningKey:
    """Keep a new key: born with mode 600, never overwritten.

    Raises: FileExistsError when there is one.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(f"0x{secret.hex()}\n")
        stream.flush()
        os.fsync(stream.fileno())
    return read_key_file(path)


def read_key_file(path: Path) -> SigningKey:
    """Read a key file.

    Raises: InputRefused when others may read it, or it holds anything but one key.
    """
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise InputRefused(f"{path} can be read by others; run: chmod 600 {path}", field="key_file")
    text = path.read_text(encoding="ascii").strip()
    if not _KEY.fullmatch(text):
        raise InputRefused(
            f"{path} does not hold one key (0x and 64 lower-case hex digits)", field="key_file"
        )
    secret = bytes.fromhex(text[2:])
    return SigningKey(str(Account.from_key(secret).address), secret)
