"""A salted Merkle tree over an order's fields: the root goes on chain, one field can be shown without the others.

    leaf = keccak256(0x00 || salt (32) || len(name) (4) || name || value)
    node = keccak256(0x01 || left || right)

Leaves stand in the order of their names; the last of an odd level moves up unchanged.
The prefixes keep a node from being shown as a leaf, the length keeps name and value apart,
the salts keep anyone from guessing a field that was not shown.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eth_utils.crypto import keccak

from settlement.documents.order import Order, Party
from settlement.errors import EvidenceError, InputRefused

SALT_BYTES = 32
_HASH_BYTES = 32
_MAX_DEPTH = 32


@dataclass(frozen=True)
class Sibling:
    """One step of a proof: the other child's hash, and whether it stands on the left."""

    node_hash: bytes
    is_left: bool


@dataclass(frozen=True)
class FieldProof:
    """One field, its salt, and the way from its leaf to the root. Showing it shows this field only."""

    name: str
    value: str
    salt: bytes
    siblings: tuple[Sibling, ...]


@dataclass(frozen=True)
class OrderTree:
    """The built tree; levels run from the leaves up. Holds the private salts: never sent whole to another party."""

    fields: tuple[tuple[str, str, bytes], ...]
    levels: tuple[tuple[bytes, ...], ...]

    @classmethod
    def build(cls, fields: Mapping[str, str], salts: Mapping[str, bytes]) -> OrderTree:
        """Build the tree of ``fields`` with one private salt for each.

        Raises: InputRefused when there are no fields, or the salts are not one of 32 bytes for each field.
        """
        if not fields:
            raise InputRefused("an order without fields has no tree", field="fields")
        if fields.keys() != salts.keys():
            raise InputRefused(
                "fields and salts do not carry the same names; make one salt for each field", field="salts"
            )
        rows = tuple((name, fields[name], salts[name]) for name in sorted(fields))
        levels = [tuple(_leaf(*row) for row in rows)]
        while len(levels[-1]) > 1:
            levels.append(_level_above(levels[-1]))
        return cls(rows, tuple(levels))

    @property
    def root(self) -> bytes:
        return self.levels[-1][0]

    def proof(self, field: str) -> FieldProof:
        """The proof of one field.

        Raises: InputRefused when the tree has no such field.
        """
        position = next((at for at, row in enumerate(self.fields) if row[0] == field), None)
        if position is None:
            raise InputRefused(f"the order has no field {field!r}", field="field")
        name, value, salt = self.fields[position]
        siblings = []
        for level in self.levels[:-1]:
            other = position ^ 1
            if other < len(level):
                siblings.append(Sibling(level[other], is_left=other < position))
            position //= 2
        return FieldProof(name, value, salt, tuple(siblings))


def verify(root: bytes, proof: FieldProof) -> bool:
    """Whether the proof's field, name and value and salt, is a field of the order with this root.

    Raises: EvidenceError when salt or hashes do not have 32 bytes or the proof is longer than any order's.
    """
    if len(root) != _HASH_BYTES or any(len(step.node_hash) != _HASH_BYTES for step in proof.siblings):
        raise EvidenceError("a hash of the field proof does not have 32 bytes; it was cut or padded")
    if len(proof.siblings) > _MAX_DEPTH:
        raise EvidenceError(
            f"the field proof has {len(proof.siblings)} steps; at most {_MAX_DEPTH} are followed"
        )
    at = _leaf(proof.name, proof.value, proof.salt)
    for step in proof.siblings:
        at = _node(step.node_hash, at) if step.is_left else _node(at, step.node_hash)
    return at == root


def new_salts(names: Iterable[str]) -> dict[str, bytes]:
    """A fresh random salt for every field; kept private beside the order."""
    return {name: secrets.token_bytes(SALT_BYTES) for name in names}


def fields_of(order: Order) -> dict[str, str]:
    """All fields of an order as name and text, lines numbered from 1 in the document's order."""
    fields = {
        "number": order.number,
        "reference": order.reference,
        "issued_on": order.issued_on.isoformat(),
        "currency": order.currency.code,
        "face_minor": str(order.face_minor),
        "allowance_minor": str(order.allowance_minor),
        "charge_minor": str(order.charge_minor),
        "tax_minor": str(order.tax_minor),
        "source/format": order.source_format,
        "source/sha256": order.source_sha256,
        "delivery/country": order.delivery.country,
        "delivery/place": order.delivery.place,
        "delivery/not_before": order.delivery.not_before.isoformat() if order.delivery.not_before else "",
        "delivery/not_after": order.delivery.not_after.isoformat() if order.delivery.not_after else "",
        "delivery/terms": order.delivery.terms,
        "lines/count": str(len(order.lines)),
    }
    fields |= _party_fields("buyer", order.buyer) | _party_fields("supplier", order.supplier)
    for position, line in enumerate(order.lines, start=1):
        fields |= {
            f"lines/{position}/id": line.line_id,
            f"lines/{position}/description": line.description,
            f"lines/{position}/quantity": line.quantity,
            f"lines/{position}/unit": line.unit,
            f"lines/{position}/price": line.price or "",
            f"lines/{position}/value_minor": str(line.value_minor),
        }
    return fields


def _party_fields(role: str, party: Party) -> dict[str, str]:
    fields = {f"{role}/name": party.name, f"{role}/country": party.country}
    for position, (scheme, value) in enumerate(party.identifiers, start=1):
        fields |= {
            f"{role}/identifiers/{position}/scheme": scheme,
            f"{role}/identifiers/{position}/value": value,
        }
    return fields


def _leaf(name: str, value: str, salt: bytes) -> bytes:
    if len(salt) != SALT_BYTES:
        raise EvidenceError(f"the salt of field {name!r} has {len(salt)} bytes, not {SALT_BYTES}")
    named = name.encode()
    return keccak(b"\x00" + salt + len(named).to_bytes(4, "big") + named + value.encode())


def _node(left: bytes, right: bytes) -> bytes:
    return keccak(b"\x01" + left + right)


def _level_above(level: tuple[bytes, ...]) -> tuple[bytes, ...]:
    paired = [_node(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)]
    # The odd one moves up as it is; hashing it with itself would let two different trees share a root.
    return tuple([*paired, level[-1]] if len(level) % 2 else paired)
