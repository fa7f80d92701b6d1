"""What is due and who gets what: Python against the EVM's library, and against settlements of the whole suite."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement import waterfall
from settlement.chain.bindings.enums import FundBy, Phase, SettleOn
from settlement.chain.bindings.receivables import Settled
from tests.agreement.library_probe import AMOUNT_MOST, LibraryProbe, numbers
from tests.contracts.harness import engines
from tests.contracts.world import World, build_world

COUNT = 10_000
EDGES = (0, 1, AMOUNT_MOST - 1, AMOUNT_MOST)


@pytest.fixture(scope="module")
def probe() -> LibraryProbe:
    return LibraryProbe()


def delivery_cases() -> Iterator[tuple[int, int, int, int, bool]]:
    """Whole orders, whose leaf is all of them, and leaves of split ones."""
    edges = (1, 2, 3, AMOUNT_MOST - 1, AMOUNT_MOST)
    for whole, face, claim, released, is_lapsed in product(edges, edges, EDGES, EDGES, (False, True)):
        if claim <= face <= whole and released <= whole:
            yield whole, face, claim, released, is_lapsed
    fours = zip(numbers(1, COUNT), numbers(2, COUNT), numbers(3, COUNT), numbers(12, COUNT), strict=True)
    for at, (any_whole, claim, released, any_face) in enumerate(fours):
        whole = any_whole or 1
        face = whole if at % 2 else any_face % whole + 1
        yield whole, face, claim % (face + 1), released % (whole + 1), at % 4 == 0


def test_delivered__random_and_edge_cases__same_on_the_evm(probe: LibraryProbe) -> None:
    """I-17: rounded down, never above the claim."""
    cases = list(delivery_cases())
    ours = [
        waterfall.delivered_down(whole, face, claim, released, is_lapsed=is_lapsed)
        for whole, face, claim, released, is_lapsed in cases
    ]
    assert ours == probe.ask("delivered", [(*case[:4], int(case[4])) for case in cases])
    assert all(part <= case[2] for part, case in zip(ours, cases, strict=True))
    full = [case for case in cases if case[0] == case[3] and not case[4]]
    assert all(waterfall.delivered_down(*case[:4], is_lapsed=False) == case[2] for case in full)
    alone = [case for case in cases if case[0] == case[1] and case[4]]
    assert all(waterfall.delivered_down(*case[:4], is_lapsed=True) == min(case[2], case[3]) for case in alone)


def test_pro_rata__random_and_edge_cases__same_on_the_evm(probe: LibraryProbe) -> None:
    """I-14: parts never exceed what is divided, and lose less than one minor unit each."""
    cases = [case for case in product(EDGES, EDGES, EDGES) if case[1] <= case[2] or case[2] == 0]
    for amount, weight, weights in zip(
        numbers(13, COUNT), numbers(14, COUNT), numbers(15, COUNT), strict=True
    ):
        cases.append((amount, weight % (weights + 1), weights))
    assert probe.ask("proRata", cases) == [
        amount * weight // weights if weights else 0 for amount, weight, weights in cases
    ]
    weighings = zip(
        numbers(16, COUNT), numbers(17, COUNT), numbers(18, COUNT), numbers(19, COUNT), strict=True
    )
    for amount, *several in weighings:
        parts = waterfall.pro_rata_down(amount, several)
        assert parts == [amount * weight // sum(several) for weight in several]
        assert 0 <= amount - sum(parts) < len(several)
    assert waterfall.pro_rata_down(5, (0, 0)) == [0, 0]


def test_split__random_and_edge_cases__same_on_the_evm(probe: LibraryProbe) -> None:
    """I-15: the holder gets nothing before the lender is whole; I-14: the shares add up."""
    cases = [*product(EDGES, EDGES, EDGES)]
    cases += zip(numbers(4, COUNT), numbers(5, COUNT), numbers(6, COUNT), strict=True)
    ours = [waterfall.split(*case) for case in cases]
    assert [(one.interest_minor, one.principal_minor) for one in ours] == probe.ask("split", cases)
    for (payment, interest, principal), shares in zip(cases, ours, strict=True):
        lender = shares.interest_minor + shares.principal_minor
        assert lender + shares.holder_minor == payment
        assert shares.holder_minor == 0 or lender == interest + principal


def test_shares__random_and_edge_cases__same_on_the_evm(probe: LibraryProbe) -> None:
    cases = [*product(EDGES, (0, 1, 9_999, 10_000))]
    cases += zip(numbers(7, COUNT), numbers(8, COUNT, 2**16 - 1), strict=True)
    ours = [(waterfall.share_down(*case), waterfall.share_up(*case)) for case in cases]
    assert ours == probe.ask("shares", cases)


AMOUNTS = st.integers(0, AMOUNT_MOST)


@given(face=AMOUNTS, late=AMOUNTS, duty=AMOUNTS, held=AMOUNTS, free=AMOUNTS)
def test_pay__any_amounts__takes_no_more_than_there_is(
    face: int, late: int, duty: int, held: int, free: int
) -> None:
    """I-14: what leaves the hold and the free cash is what is paid."""
    paid = waterfall.pay(face, late, duty, held, free)
    assert paid.from_hold_minor + paid.from_free_minor == paid.face_minor + paid.late_minor
    assert paid.from_hold_minor <= held
    assert paid.from_free_minor + paid.duty_minor <= free
    assert paid.late_minor == 0 or paid.face_minor == face
    assert paid.duty_minor == 0 or (paid.face_minor, paid.late_minor) == (face, late)
    is_short = (paid.face_minor, paid.late_minor) != (face, late)
    assert not is_short or paid.from_hold_minor + paid.from_free_minor == held + free


def test_payable__hold_or_condition_unmet__is_nothing() -> None:
    """I-19: no payment while a hold is on."""
    assert waterfall.payable(500, 200, is_met=True) == 300
    assert waterfall.payable(500, 200, is_met=False) == 0
    assert waterfall.payable(200, 500, is_met=True) == 0


# Against settlements of the suite


@pytest.fixture(scope="module")
def world() -> World:
    world = build_world(engines()[-1])
    world.drain("buyer")
    return world


FACE = 100_000_00


@settings(max_examples=150)
@given(
    cash=st.integers(0, 2 * FACE),
    released=st.lists(st.integers(0, FACE + 5), min_size=1, max_size=3),
    drawn=st.integers(0, 80_000_00),
    duty=st.integers(0, 30_000_00),
    duty_cap=st.sampled_from([0, 10_000_00]),
    fund_by=st.sampled_from([FundBy.NEVER, FundBy.SHIPPED, FundBy.RELEASED]),
    days=st.integers(0, 60),
)
def test_settled__random_release_and_cash__is_the_twins_payment(
    world: World,
    cash: int,
    released: list[int],
    drawn: int,
    duty: int,
    duty_cap: int,
    fund_by: FundBy,
    days: int,
) -> None:
    """I-14, I-15, I-17: every settlement of the suite is what R2, R3, R5, R8 and R12 say."""
    with world.evm.branch():
        if cash:
            world.deposit("buyer", cash)
        order = world.accepted(
            line=world.publish(),
            fund_by=fund_by,
            duty_cap=duty_cap,
            settle_on=SettleOn.RELEASE,
            late_bps=0,
        )
        if drawn:
            world.draw(order, drawn)
        paid = duty_paid = held = 0
        for seq, value in enumerate(released, start=1):
            world.evm.advance(days * 86_400)
            free = world.cash("buyer")
            if seq == 1 and fund_by is not FundBy.NEVER:
                held = min(free, FACE)
                free -= held
            expected = expected_payment(
                value, paid, waterfall.duty_due(duty, duty_cap, duty_paid), held, free
            )
            interest, principal = world.outstanding(order)
            told = world.attest(order, seq, phase=Phase.RELEASED, released=value, duty=duty).every(Settled)
            check(told, expected, waterfall.split(expected.face_minor, interest, principal))
            paid += expected.face_minor
            duty_paid += expected.duty_minor
            held = 0 if paid == FACE else held - expected.from_hold_minor
            assert world.cash(order) == held
            assert world.cash("buyer") == cash - paid - duty_paid - held
            if paid == FACE:
                break


def expected_payment(released: int, paid: int, duty: int, held: int, free: int) -> waterfall.Payment:
    """The twin's answer for one attested release."""
    value = min(released, FACE)
    delivered = waterfall.delivered_down(FACE, FACE, FACE, value, is_lapsed=False)
    due = waterfall.payable(delivered, paid, is_met=True)
    return waterfall.pay(due, 0, duty, held, free)


def check(told: list[Any], expected: waterfall.Payment, shares: waterfall.Shares) -> None:
    """Compare with what the contract told."""
    if expected.face_minor + expected.duty_minor == 0:
        assert told == []
        return
    assert len(told) == 1
    assert (told[0].face, told[0].late, told[0].to_customs) == (
        expected.face_minor,
        0,
        expected.duty_minor,
    )
    lender = shares.interest_minor + shares.principal_minor
    assert (told[0].to_funder, told[0].to_holder) == (lender, shares.holder_minor)
