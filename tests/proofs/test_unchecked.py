"""Every `unchecked` block of the pure libraries has a proof that nothing in it wraps."""

from __future__ import annotations

import re
from pathlib import Path

from tests.proofs import test_interest_bounds, test_waterfall_bounds, test_word_bounds

LIBRARIES = Path(__file__).resolve().parents[2] / "contracts/src/lib"
HEAD = re.compile(r"\bfunction (\w+)|\bunchecked\s*\{")

INTEREST = test_interest_bounds.test_interest__fields_of_their_widths__no_step_leaves_256_bits
AMOUNTS = test_waterfall_bounds.test_waterfall_and_payout__amounts_below_2_56__no_step_leaves_256_bits
CLAIM = test_word_bounds.test_claim__face_less_reduced_less_paid__cannot_wrap

PROOFS = {
    "Interest.accrueUp": INTEREST,
    "Interest.accrueAcrossUp": (
        test_interest_bounds.test_r7__maturity_anywhere__cuts_the_span_into_two_that_are_not_negative
    ),
    "Interest.dueUp": INTEREST,
    "Interest.afterPayment": INTEREST,
    "Payout.linear": AMOUNTS,
    "Waterfall.deliveredDown": AMOUNTS,
    "Waterfall.proRataDown": test_word_bounds.test_pro_rata__amounts_below_2_56__no_step_leaves_256_bits,
    "Waterfall.shareDown": AMOUNTS,
    "Waterfall.shareUp": AMOUNTS,
    "Waterfall.split": AMOUNTS,
    "OrderWords.claim": CLAIM,
    "OrderWords.claimOf": CLAIM,
    "OrderWords.withPayment": test_word_bounds.test_share__payment_of_what_is_open__changes_its_own_fields_only,
    "LineWords.graceOf": test_word_bounds.test_grace__days_of_8_bits__cannot_wrap,
    "OrderNumber.isCanonical": test_word_bounds.test_number__32_characters_at_once__each_is_judged_as_if_alone,
}
NOTHING_TO_PROVE = {
    "Waterfall.minusFloor": "it subtracts where the result is positive",
    "Quorum.signerAt": "a place in calldata and a count of signatures that calldata holds",
}


def blocks() -> set[str]:
    """File and function of each block."""
    found = set()
    for path in LIBRARIES.glob("*.sol"):
        function = ""
        for head in HEAD.finditer(path.read_text()):
            if head[1]:
                function = head[1]
            else:
                found.add(f"{path.stem}.{function}")
    return found


def test_unchecked__each_block_of_the_libraries__is_proved_or_has_nothing_to_prove() -> None:
    """A new block needs its proof in this folder first."""
    assert sorted(blocks() - set(PROOFS) - set(NOTHING_TO_PROVE)) == []
    assert sorted((set(PROOFS) | set(NOTHING_TO_PROVE)) - blocks()) == []
