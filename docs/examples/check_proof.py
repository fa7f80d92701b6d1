"""Read the answer of GET /v1/orders/{id}/proofs/{field} on stdin; say whether it leads to its root. No Hanse needed."""

import json
import sys

from eth_utils import keccak


def raw(text: str) -> bytes:
    """Bytes of 0x and hex."""
    return bytes.fromhex(text[2:])


proof = json.load(sys.stdin)
name = proof["field"].encode()
at = keccak(b"\x00" + raw(proof["salt"]) + len(name).to_bytes(4, "big") + name + proof["value"].encode())
for step in proof["siblings"]:
    other = raw(step["hash"])
    at = keccak(b"\x01" + (other + at if step["is_left"] else at + other))
verdict = "proved" if at == raw(proof["root"]) else "NOT PROVED"
sys.stdout.write(f"{proof['field']} = {proof['value']}: {verdict}\n")
sys.exit(at != raw(proof["root"]))
