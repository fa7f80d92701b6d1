"""Mirrors settlement/merkle.py."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from settlement.documents.order import Delivery, Order, OrderLine, Party
from settlement.errors import EvidenceError, InputRefused
from settlement.merkle import FieldProof, OrderTree, Sibling, fields_of, new_salts, verify
from settlement.money import currency

some_fields = st.dictionaries(st.text(max_size=12), st.text(max_size=20), min_size=1, max_size=17)
many_fields = st.dictionaries(st.text(max_size=12), st.text(max_size=20), min_size=2, max_size=17)


def order_of(*lines: OrderLine) -> Order:
    return Order(
        number="PO-7",
        issued_on=date(2026, 3, 2),
        currency=currency("USD"),
        buyer=Party("Kontor GmbH", (("LEI", "529900T8BM49AURSDO55"),), "DE"),
        supplier=Party("Dhaka Mills Ltd", (), "BD"),
        lines=lines,
        face_minor=1000,
        allowance_minor=0,
        charge_minor=0,
        tax_minor=0,
        delivery=Delivery(country="NL", not_after=date(2026, 4, 20)),
        source_format="json",
        source_sha256="ab" * 32,
    )


@given(some_fields)
def test_merkle__every_field_of_a_tree__proves_itself(fields: dict[str, str]) -> None:
    tree = OrderTree.build(fields, new_salts(fields))
    for name, value in fields.items():
        proof = tree.proof(name)
        assert (proof.name, proof.value) == (name, value)
        assert verify(tree.root, proof)


@given(many_fields, st.data())
def test_merkle__any_changed_part_of_a_proof__fails(fields: dict[str, str], drawn: st.DataObject) -> None:
    tree = OrderTree.build(fields, new_salts(fields))
    proof = tree.proof(drawn.draw(st.sampled_from(sorted(fields))))
    step = drawn.draw(st.integers(0, len(proof.siblings) - 1))
    sibling = proof.siblings[step]
    flipped = bytes([sibling.node_hash[0] ^ 1]) + sibling.node_hash[1:]

    def with_step(changed: Sibling) -> FieldProof:
        return replace(proof, siblings=(*proof.siblings[:step], changed, *proof.siblings[step + 1 :]))

    forged = [
        replace(proof, value=proof.value + "x"),
        replace(proof, name=proof.name + "x"),
        replace(proof, salt=bytes([proof.salt[0] ^ 1]) + proof.salt[1:]),
        with_step(replace(sibling, node_hash=flipped)),
        with_step(replace(sibling, is_left=not sibling.is_left)),
        replace(proof, siblings=proof.siblings[:-1]),
        replace(proof, siblings=(*proof.siblings, sibling)),
    ]
    assert [one for one in forged if verify(tree.root, one)] == []
    assert not verify(bytes([tree.root[0] ^ 1]) + tree.root[1:], proof)


@given(some_fields)
def test_merkle__the_order_of_fields__does_not_matter(fields: dict[str, str]) -> None:
    salts = new_salts(fields)
    backwards = dict(reversed(fields.items()))
    assert OrderTree.build(fields, salts).root == OrderTree.build(backwards, salts).root


@given(some_fields)
def test_merkle__other_salts__give_another_root(fields: dict[str, str]) -> None:
    assert OrderTree.build(fields, new_salts(fields)).root != OrderTree.build(fields, new_salts(fields)).root


def test_merkle__characters_moved_from_name_to_value__give_another_root() -> None:
    salt = bytes(32)
    assert OrderTree.build({"ab": "c"}, {"ab": salt}).root != OrderTree.build({"a": "bc"}, {"a": salt}).root


def test_merkle__a_node_shown_as_a_leaf__fails() -> None:
    """An inner node's preimage has one length and prefix, a leaf's another: no second preimage."""
    fields = dict.fromkeys(("a", "b", "c", "d"), "value")
    tree = OrderTree.build(fields, new_salts(fields))
    left, right = tree.levels[1]
    # A leaf whose content is the two children of a node, as an unprefixed tree would take it.
    forged = FieldProof(
        name="",
        value=tree.levels[0][1].hex(),
        salt=tree.levels[0][0],
        siblings=(Sibling(right, is_left=False),),
    )
    assert left == keccak(b"\x01" + tree.levels[0][0] + tree.levels[0][1])
    assert not verify(tree.root, forged)


def test_merkle__an_odd_leaf_repeated__gives_another_root() -> None:
    """With the last leaf doubled, three fields and four fields would share a root."""
    salts = {name: bytes([at]) * 32 for at, name in enumerate("abcd")}
    three = OrderTree.build(dict.fromkeys("abc", "v"), {name: salts[name] for name in "abc"})
    leaf_c = three.levels[0][2]
    doubled = keccak(b"\x01" + three.levels[1][0] + keccak(b"\x01" + leaf_c + leaf_c))
    assert three.root != doubled


def test_merkle__malformed_proofs_and_salts__are_refused() -> None:
    tree = OrderTree.build({"a": "1", "b": "2"}, new_salts("ab"))
    proof = tree.proof("a")
    with pytest.raises(EvidenceError, match="32 bytes"):
        verify(tree.root, replace(proof, siblings=(Sibling(b"\x00" * 31, is_left=True),)))
    with pytest.raises(EvidenceError, match="salt"):
        verify(tree.root, replace(proof, salt=b""))
    with pytest.raises(EvidenceError, match="33 steps"):
        verify(tree.root, replace(proof, siblings=proof.siblings * 33))
    with pytest.raises(EvidenceError, match="32 bytes"):
        verify(tree.root[:31], proof)
    with pytest.raises(InputRefused, match="same names"):
        OrderTree.build({"a": "1"}, {})
    with pytest.raises(InputRefused, match="no tree"):
        OrderTree.build({}, {})
    with pytest.raises(InputRefused, match="no field 'z'"):
        tree.proof("z")


def test_fields_of__an_order__names_every_field_in_a_stable_way() -> None:
    fields = fields_of(
        order_of(
            OrderLine("10", "Shirts", "120", "C62", "0.05", 600),
            OrderLine("20", "Yarn", "7.5", "KGM", None, 400),
        )
    )
    assert fields["lines/1/quantity"] == "120"
    assert fields["lines/2/value_minor"] == "400"
    assert fields["lines/2/price"] == ""
    assert fields["reference"] == "PO7"
    assert fields["buyer/identifiers/1/value"] == "529900T8BM49AURSDO55"
    assert fields["delivery/not_before"] == ""
    assert fields["delivery/not_after"] == "2026-04-20"
    assert len(fields) == 16 + 2 + 2 + 2 + 2 * 6


def test_fields_of__orders_that_differ_in_one_field__have_different_roots() -> None:
    line = OrderLine("10", "Shirts", "120", "C62", None, 600)
    fields = fields_of(order_of(line))
    salts = new_salts(fields)
    other = fields_of(order_of(replace(line, quantity="121")))
    assert OrderTree.build(fields, salts).root != OrderTree.build(other, salts).root
