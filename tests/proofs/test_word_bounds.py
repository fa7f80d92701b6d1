"""Words, order numbers and quorums, proved bit by bit by z3. Each proof refutes a planted mistake."""

from __future__ import annotations

from typing import Any

import pytest
import z3

from tests.proofs.arithmetic import Unknowns

EACH = (2**256 - 1) // 0xFF
TOP = EACH * 0x80


def holds(claim: Any, *facts: Any) -> bool:
    """Whether no assignment of bits speaks against the claim."""
    solver = z3.Solver()
    solver.add(*facts, z3.Not(claim))
    answer = solver.check()
    assert answer != z3.unknown, "z3 finds neither proof nor counterexample"
    return bool(answer == z3.unsat)


def character_bits(text: Any, above_nine: int) -> Any:
    """OrderNumber.isCanonical: the top bit of each byte says whether it is 0-9 or A-Z."""

    def at_least(first: int) -> Any:
        return (text & ~mask(TOP)) + mask(EACH * (0x80 - first))

    digit = at_least(0x30) & ~at_least(above_nine)
    letter = at_least(0x41) & ~at_least(0x5B)
    return (digit | letter) & ~text & mask(TOP)


def mask(value: int) -> Any:
    return z3.BitVecVal(value, 256)


def each_character_is_judged_alone(above_nine: int) -> bool:
    text = z3.BitVec("text", 256)
    bits = character_bits(text, above_nine)
    return all(
        holds((z3.Extract(low + 7, low + 7, bits) == 1) == is_allowed(z3.Extract(low + 7, low, text)))
        for low in range(0, 256, 8)
    )


def is_allowed(byte: Any) -> Any:
    return z3.Or(
        z3.And(z3.UGE(byte, 0x30), z3.ULE(byte, 0x39)), z3.And(z3.UGE(byte, 0x41), z3.ULE(byte, 0x5A))
    )


def test_number__32_characters_at_once__each_is_judged_as_if_alone() -> None:
    """I-05: no carry runs from one character of an order's number into the next, so no second form slips in."""
    assert each_character_is_judged_alone(0x3A)
    assert not each_character_is_judged_alone(0x3B)


SEATS = 16


def two_quorums_meet(margin: int) -> bool:
    at = Unknowns()
    seats, threshold, first, second, both = at.numbers("seats threshold first second both", 8)
    at.given(seats > 0, seats <= SEATS, threshold <= seats, 2 * threshold + margin > seats)
    # Sizes of two sets out of `seats`, and of what they share.
    at.given(
        first >= threshold, second >= threshold, both <= first, both <= second, first + second - both <= seats
    )
    return at.proves(both >= 1)


def test_quorum__sound_committee__any_two_quorums_share_a_member() -> None:
    """I-17: no two states of one sequence number can both find k of n where every member signs once."""
    assert two_quorums_meet(0)
    assert not two_quorums_meet(1)


def seat_counts_once(strictly: bool) -> bool:
    bitmap, index = z3.BitVecs("bitmap index", 256)
    bit = mask(1) << index
    is_above = z3.UGT(bit, bitmap) if strictly else z3.UGE(bit, bitmap)
    after = z3.If(is_above, bitmap | bit, mask(0))
    return holds(
        z3.Implies(after != 0, z3.And(bitmap & bit == 0, after == bitmap + bit)), z3.ULT(index, SEATS)
    )


def test_ascending__seat_added_in_ascending_order__is_not_in_the_bitmap_yet() -> None:
    """I-17: a signer who stands twice in a row counts once."""
    assert seat_counts_once(strictly=True)
    assert not seat_counts_once(strictly=False)


WIDTHS = {
    "order, sums": (56, 56, 56, 56, 16, 16),
    "order, terms": (32, 32, 32, 32, 32, 16, 16, 16, 16, 16, 8, 4, 2, 2),
    "loan": (56, 56, 88, 32, 16, 6, 1, 1),
}
"""Full words: one field that outgrew its width would change its neighbour."""


def fields_come_back(widths: tuple[int, ...], *, is_bounded: bool) -> bool:
    fields = [z3.BitVec(f"field{at}", 256) for at in range(len(widths))]
    shifts = [sum(widths[:at]) for at in range(len(widths))]
    bounds = [z3.ULT(field, mask(2**width)) for field, width in zip(fields, widths, strict=True)]
    word = mask(0)
    for field, shift in zip(fields, shifts, strict=True):
        word |= field << shift
    read = [
        z3.LShR(word, shift) & mask(2**width - 1) == field
        for field, shift, width in zip(fields, shifts, widths, strict=True)
    ]
    return holds(z3.And(*read), *(bounds if is_bounded else bounds[1:]))


@pytest.mark.parametrize("name", WIDTHS)
def test_word__fields_within_their_widths__come_back_as_they_went_in(name: str) -> None:
    """I-06, I-07: fields do not touch each other; one that is too wide would."""
    assert sum(WIDTHS[name]) == 256
    assert fields_come_back(WIDTHS[name], is_bounded=True)
    assert not fields_come_back(WIDTHS[name], is_bounded=False)


def subtraction_in_claim_fits(*, is_r1: bool) -> bool:
    at = Unknowns()
    face, reduced, paid = at.numbers("face reduced paid")
    at.given(paid + reduced <= face if is_r1 else paid <= face)
    at.step(at.step(face - reduced) - paid)
    return at.fits()


def test_claim__face_less_reduced_less_paid__cannot_wrap() -> None:
    """I-07: the `unchecked` blocks of OrderWords.claim and claimOf rest on R1."""
    assert subtraction_in_claim_fits(is_r1=True)
    assert not subtraction_in_claim_fits(is_r1=False)


def grace_fits(bits: int) -> bool:
    at = Unknowns()
    at.step(at.number("days", bits) * 86_400)
    return at.fits()


def test_grace__days_of_8_bits__cannot_wrap() -> None:
    """The `unchecked` block of LineWords.graceOf."""
    assert grace_fits(8)
    assert not grace_fits(256)


def payment_stays_in_its_field(is_open: bool) -> bool:
    sums, face = z3.BitVecs("sums face", 256)
    whole, paid = (z3.ZeroExt(200, z3.Extract(low + 55, low, sums)) for low in (0, 112))
    moved = sums + (face << 112)
    after = z3.If(z3.LShR(moved, 240) == mask(0xFFFF), moved, moved + mask(1 << 240))
    neighbours = z3.And(
        z3.Extract(111, 0, after) == z3.Extract(111, 0, sums),
        z3.Extract(239, 168, after) == z3.Extract(239, 168, sums),
    )
    claim = z3.And(
        neighbours,
        z3.ZeroExt(200, z3.Extract(167, 112, after)) == paid + face,
        z3.UGE(z3.Extract(255, 240, after), z3.Extract(255, 240, sums)),
    )
    facts = [z3.ULT(face, mask(2**56))]
    if is_open:
        facts.append(z3.ULE(paid + face, whole))
    return holds(claim, *facts)


def test_share__payment_of_what_is_open__changes_its_own_fields_only() -> None:
    """I-07: what is paid to a share is added within its field, and the count of settlements never wraps."""
    assert payment_stays_in_its_field(is_open=True)
    assert not payment_stays_in_its_field(is_open=False)


def product_fits_a_word(bits: int) -> bool:
    at = Unknowns()
    amount, weight = at.numbers("amount weight", bits)
    return at.proves(amount * weight < 2**256)


def test_pro_rata__amounts_below_2_56__no_step_leaves_256_bits() -> None:
    """I-14: a share of a payment is a product of two amounts, divided."""
    assert product_fits_a_word(56)
    assert not product_fits_a_word(129)
