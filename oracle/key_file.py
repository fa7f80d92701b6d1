"""A committee member's signing key, in a file that only its owner can read."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account

from settlement.durable_file import write_durably_once
from settlement.errors import InputRefused

_KEY = re.compile(r"0x[0-9a-f]{64}")
_CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True)
class SigningKey:
    """A secp256k1 key; the secret never shows in a repr."""

    address: str
    secret: bytes = field(repr=False)


def write_key_file(path: Path, secret: bytes) -> SigningKey:
    """Keep a new key: born with mode 600, never overwritten.

    Raises: FileExistsError when there is one.
    """
    write_durably_once(path, f"0x{secret.hex()}\n")
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
    if not 0 < int.from_bytes(secret, "big") < _CURVE_ORDER:
        raise InputRefused(f"{path} holds a number that is no key of secp256k1", field="key_file")
    return SigningKey(str(Account.from_key(secret).address), secret)
