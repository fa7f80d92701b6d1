"""What is due and who gets it, proved for all amounts by z3 (R1-R5, R8-R12). Each proof refutes a planted mistake."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from z3 import Implies

from tests.proofs import model
from tests.proofs.arithmetic import Arithmetic, Unknowns, least
from tests.proofs.model import WHOLE_BPS, Paid

Rule = Callable[..., Any]


def delivered_up(at: Arithmetic, face: Any, claim: Any, released: Any) -> Any:
    """Planted: the fraction goes to the supplier."""
    return at.floor(claim * released + face - 1, face)


def delivered_is_floor_within_claim(rule: Rule) -> bool:
    at = Unknowns()
    face, claim, released = at.numbers("face claim released")
    at.given(face > 0, claim <= face, released <= face)
    delivered = rule(at, face, claim, released)
    exact = claim * released
    return at.proves(
        delivered >= 0, delivered <= claim, delivered * face <= exact, delivered * face > exact - face
    )


def test_r2__delivered__is_the_floor_and_within_the_claim() -> None:
    """I-17: nothing beyond what was released; the fraction stays with the buyer."""
    assert delivered_is_floor_within_claim(model.delivered_down)
    assert not delivered_is_floor_within_claim(delivered_up)


def delivered_forgets_the_claim(at: Arithmetic, face: Any, claim: Any, released: Any) -> Any:
    """Planted: complete means the face, whatever was reduced."""
    return at.choose(released == face, face, at.floor(claim * released, face))


def whole_release_is_the_whole_claim(rule: Rule) -> bool:
    at = Unknowns()
    face, claim = at.numbers("face claim")
    at.given(face > 0, claim <= face)
    return at.proves(rule(at, face, claim, face) == claim)


def test_r2__all_released__is_the_whole_claim() -> None:
    assert whole_release_is_the_whole_claim(model.delivered_down)
    assert not whole_release_is_the_whole_claim(delivered_forgets_the_claim)


def more_released_is_no_less_delivered(rule: Rule) -> bool:
    at = Unknowns()
    face, claim, less, more = at.numbers("face claim less more")
    at.given(face > 0, claim <= face, less <= more, more <= face)
    at.lemma(claim * less <= claim * more)
    return at.proves(rule(at, face, claim, less) <= rule(at, face, claim, more))


def delivered_backwards(at: Arithmetic, face: Any, claim: Any, released: Any) -> Any:
    """Planted: the share that is still to come."""
    return at.floor(claim * (face - released), face)


def test_r2__more_released__is_no_less_delivered() -> None:
    assert more_released_is_no_less_delivered(model.delivered_down)
    assert not more_released_is_no_less_delivered(delivered_backwards)


def split_without_limit(at: Arithmetic, payment: Any, interest: Any, principal: Any) -> tuple[Any, Any]:
    """Planted: principal is served as if no interest had been."""
    return least(at, payment, interest), least(at, payment, principal)


def waterfall_is_whole(rule: Rule) -> bool:
    at = Unknowns()
    payment, interest, principal = at.numbers("payment interest principal", 64)
    to_interest, to_principal = rule(at, payment, interest, principal)
    holder = payment - to_interest - to_principal
    return at.proves(
        to_interest >= 0,
        to_principal >= 0,
        holder >= 0,
        to_interest <= interest,
        to_principal <= principal,
        Implies(holder > 0, to_interest + to_principal == interest + principal),
        Implies(to_principal > 0, to_interest == interest),
    )


def test_r8__waterfall__is_never_negative_and_adds_up_lender_first() -> None:
    """I-14, I-15: the parts are the payment; the holder gets nothing before interest and principal are whole."""
    assert waterfall_is_whole(model.split)
    assert not waterfall_is_whole(split_without_limit)


def pay_duty_from_hold(at: Arithmetic, face: Any, late: Any, duty: Any, held: Any, free: Any) -> Paid:
    """Planted: duty takes what is left of hold and free cash together."""
    cash = held + free
    to_face = least(at, face, cash)
    to_late = least(at, late, cash - to_face)
    return Paid(
        to_face, to_late, least(at, duty, cash - to_face - to_late), least(at, held, to_face + to_late)
    )


def payment_is_within_the_cash(rule: Rule) -> bool:
    at = Unknowns()
    face, late, duty, held, free = at.numbers("face late duty held free", 57)
    paid = rule(at, face, late, duty, held, free)
    of_claim = paid.face + paid.late
    from_free = of_claim - paid.from_hold + paid.duty
    short = of_claim < face + late
    return at.proves(
        paid.face >= 0,
        paid.late >= 0,
        paid.duty >= 0,
        paid.face <= face,
        paid.late <= late,
        paid.duty <= duty,
        from_free >= 0,
        from_free <= free,
        paid.from_hold <= held,
        Implies(paid.late > 0, paid.face == face),
        Implies(short, of_claim == held + free),
    )


def test_r5_r12__payment__is_within_hold_and_free_cash_and_leaves_none_unused() -> None:
    """I-14: what leaves the accounts is what was in them; duty never comes from the hold."""
    assert payment_is_within_the_cash(model.pay)
    assert not payment_is_within_the_cash(pay_duty_from_hold)


def move_within_hold(fund_first: bool) -> bool:
    """_move: the funder's and the holder's parts of hold and of free cash are none of them negative."""
    at = Unknowns()
    of_claim, to_funder, held = at.numbers("of_claim to_funder held", 57)
    at.given(to_funder <= of_claim)
    from_hold = least(at, held, of_claim)
    funder_from_hold = least(at, from_hold, to_funder) if fund_first else to_funder
    holder_from_hold = at.step(from_hold - funder_from_hold)
    at.step(held - from_hold)
    at.step(to_funder - funder_from_hold)
    at.step(at.step(of_claim - to_funder) - holder_from_hold)
    return at.fits()


def test_r8__moves_of_a_payment__are_none_of_them_negative() -> None:
    """I-14: the `unchecked` block of OrderSettlement._move."""
    assert move_within_hold(fund_first=True)
    assert not move_within_hold(fund_first=False)


SIZES = (2, 5, 8)
"""Shares of one order: two; a root and four leaves, which settle at once; eight, the most of a split."""


def pro_rata_up(at: Arithmetic, cash: Any, claims: list[Any]) -> list[Any]:
    """Planted: each share is rounded up."""
    total = sum(claims)
    return [at.floor(cash * claim + total - 1, total) for claim in claims]


def shares_stay_within_the_cash(rule: Rule, size: int) -> bool:
    at = Unknowns()
    cash, claims = at.number("cash"), at.numbers(" ".join(f"claim{n}" for n in range(size)))
    total = sum(claims)
    at.given(total > 0, cash < total)
    at.lemma(*(cash * claim <= claim * total for claim in claims))
    shares = rule(at, cash, claims)
    # Summed over all shares, the floors' definitions say q x total <= cash x total for the sum q of the parts.
    products = [share * total for share in shares]
    at.lemma(sum(cash * claim for claim in claims) == cash * total)
    each = [
        condition
        for share, claim in zip(shares, claims, strict=True)
        for condition in (share >= 0, share <= claim)
    ]
    return at.proves(sum(products) <= cash * total, sum(products) > (cash - size) * total, *each)


@pytest.mark.parametrize("size", SIZES)
def test_r5__pro_rata__floors_stay_within_the_cash_and_within_each_claim(size: int) -> None:
    """I-14: the shares sum to the cash at most, less than a unit a share below it; no share exceeds its claim."""
    assert shares_stay_within_the_cash(model.pro_rata, size)
    assert not shares_stay_within_the_cash(pro_rata_up, size)


def sums_stay_whole(cut: Rule) -> bool:
    """R1 over a payment and a lapse: paid and reduced grow, neither beyond the face together."""
    at = Unknowns()
    face, reduced, paid, released, cash = at.numbers("face reduced paid released cash")
    at.given(face > 0, paid + reduced <= face, released <= face)
    claim = face - reduced
    delivered = model.delivered_down(at, face, claim, released)
    paid += least(at, cash, at.choose(delivered > paid, delivered - paid, 0))
    fallen = at.number("fallen")
    at.given(fallen <= face)
    still = model.delivered_down(at, face, claim, fallen)
    cut_now = cut(at, claim, still, paid)
    return at.proves(paid <= claim, cut_now >= 0, paid + reduced + cut_now <= face)


def test_r1_r4__payment_then_lapse__keep_paid_and_reduced_within_the_face() -> None:
    """I-07: open = face - paid - reduced is never negative, also where a release is taken back after it was paid."""
    assert sums_stay_whole(model.cut_by_lapse)
    assert not sums_stay_whole(lambda at, claim, delivered, paid: claim - delivered)


def credit_within(limit: Rule) -> bool:
    """R4: a credit note of at most open - W leaves room for what is disputed."""
    at = Unknowns()
    face, reduced, paid, disputed, credit = at.numbers("face reduced paid disputed credit")
    at.given(paid + reduced + disputed <= face, credit <= limit(face - reduced - paid, disputed))
    return at.proves(reduced + credit + paid + disputed <= face)


def test_r4__credit_note_up_to_its_limit__leaves_the_disputed_part_open() -> None:
    """I-07: W <= open."""
    assert credit_within(lambda unpaid, disputed: unpaid - disputed)
    assert not credit_within(lambda unpaid, disputed: unpaid)


def draw_keeps_the_advance(left: Rule) -> bool:
    at = Unknowns()
    claim, paid, principal, drawn = at.numbers("claim paid principal drawn")
    bps, fee_bps = at.number("bps", 14), at.number("fee_bps", 16)
    at.given(paid <= claim, bps <= WHOLE_BPS, fee_bps <= WHOLE_BPS)
    at.given(drawn > 0, drawn <= left(at, claim, paid, bps, principal))
    fee = model.share_up(at, drawn, fee_bps)
    limit = model.share_down(at, claim - paid, bps)
    return at.proves(principal + drawn <= limit, limit <= claim - paid, fee >= 0, fee <= drawn)


def test_r9__draw_up_to_what_is_left__stays_within_the_advance_and_pays_its_fee() -> None:
    """I-10: principal within the advance; `amount - fee` cannot wrap."""
    assert draw_keeps_the_advance(model.advance_left)
    assert not draw_keeps_the_advance(
        lambda at, claim, paid, bps, principal: model.share_down(at, claim, bps)
    )


def shares_enclose_exact(down: Rule, up: Rule) -> bool:
    at = Unknowns()
    value, bps = at.number("value"), at.number("bps", 16)
    low, high = down(at, value, bps), up(at, value, bps)
    exact = value * bps
    return at.proves(
        low * WHOLE_BPS <= exact,
        exact <= high * WHOLE_BPS,
        high - low <= 1,
        Implies(low == high, low * WHOLE_BPS == exact),
    )


def test_r9_r10__shares__lie_around_the_exact_one_a_unit_apart() -> None:
    assert shares_enclose_exact(model.share_down, model.share_up)
    assert not shares_enclose_exact(model.share_down, model.share_down)


def line_sum_holds(after: Rule) -> bool:
    """R10: the line's sum counts this use and others; the use falls to the principal, which it never was below."""
    at = Unknowns()
    others, use, principal = at.numbers("others use principal")
    at.given(principal <= use)
    used = after(at, others + use, use, principal)
    return at.proves(used == others + principal, used <= others + use) and at.fits()


def test_r10__draws_closed__line_is_freed_by_what_the_loan_no_longer_uses() -> None:
    """I-11: the sum neither wraps nor grows, and goes on counting exactly the principal."""
    assert line_sum_holds(model.use_after)
    assert not line_sum_holds(lambda at, used, use, principal: at.step(used - use - principal))


def excess_is_cured_by_itself(rule: Rule) -> bool:
    at = Unknowns()
    claim, paid, principal, most = *at.numbers("claim paid principal"), at.number("most", 14)
    at.given(paid <= claim, most <= WHOLE_BPS)
    due = rule(at, claim, paid, most, principal)
    cover = model.share_down(at, claim - paid, most)
    return at.proves(due >= 0, due <= principal, principal - due <= least(at, cover, principal))


def test_r11__excess__once_paid_leaves_the_loan_covered() -> None:
    assert excess_is_cured_by_itself(model.excess)
    assert not excess_is_cured_by_itself(
        lambda at, claim, paid, most, principal: model.excess(at, claim, 0, most, principal)
    )


def payout_is_floor_within_sum(rule: Rule) -> bool:
    at = Unknowns()
    total, index, attach, exhaust = at.number("total"), *at.numbers("index attach exhaust", 64)
    at.given(attach < exhaust, attach <= index, index < exhaust)
    at.lemma(total * (index - attach) <= total * (exhaust - attach))
    paid = rule(at, total, index, attach, exhaust)
    exact, span = total * (index - attach), exhaust - attach
    return at.proves(paid >= 0, paid <= total, paid * span <= exact, exact < paid * span + span)


def payout_up(at: Arithmetic, total: Any, index: Any, attach: Any, exhaust: Any) -> Any:
    """Planted: rounded up."""
    return at.floor(total * (index - attach) + exhaust - attach - 1, exhaust - attach)


def test_i23__payout_between__is_the_floor_and_within_the_sum() -> None:
    """I-23: at most its sum, rounded down."""
    assert payout_is_floor_within_sum(model.payout_linear)
    assert not payout_is_floor_within_sum(payout_up)


def payout_grows_with_the_index(rule: Rule) -> bool:
    at = Unknowns()
    total, lower, higher, attach, exhaust = at.number("total"), *at.numbers("low high attach exhaust", 64)
    at.given(attach < exhaust, attach <= lower, lower <= higher, higher < exhaust)
    at.lemma(total * (lower - attach) <= total * (higher - attach))
    return at.proves(rule(at, total, lower, attach, exhaust) <= rule(at, total, higher, attach, exhaust))


def payout_of_the_rest(at: Arithmetic, total: Any, index: Any, attach: Any, exhaust: Any) -> Any:
    """Planted: measured from the wrong end."""
    return at.floor(total * (exhaust - index), exhaust - attach)


def test_i23__payout__is_monotone_in_the_index() -> None:
    assert payout_grows_with_the_index(model.payout_linear)
    assert not payout_grows_with_the_index(payout_of_the_rest)


def waterfall_fits(amount_bits: int) -> bool:
    at = Unknowns()
    face, claim, released, value = at.numbers("face claim released value", amount_bits)
    at.given(face > 0, claim <= face, released <= face)
    model.delivered_down(at, face, claim, released)
    model.share_down(at, value, at.number("bps", 16))
    model.share_up(at, value, at.number("fee", 16))
    model.split(at, *at.numbers("payment interest principal", amount_bits))
    model.pay(at, *at.numbers("due late duty held free", amount_bits))
    index, attach, exhaust = at.numbers("index attach exhaust", 64)
    at.given(attach < exhaust, attach <= index, index < exhaust)
    model.payout_linear(at, value, index, attach, exhaust)
    return at.fits()


def test_waterfall_and_payout__amounts_below_2_56__no_step_leaves_256_bits() -> None:
    """The `unchecked` blocks of Waterfall and Payout; with amounts of 200 bits they would wrap."""
    assert waterfall_fits(57)
    assert not waterfall_fits(200)
