"""The same questions to our node and to a real anvil: every difference stands in one table, with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.chain.local.anvil import needs_anvil
from tests.chain.local.conformance.asking import Ask, answer_to
from tests.chain.local.conformance.comparing import (
    Difference,
    Reason,
    differences,
    read_table,
    stale,
    unlisted,
)
from tests.chain.local.conformance.prepared import Prepared
from tests.chain.local.conformance.test_results import CHANGING, READING

DOCS = Path(__file__).resolve().parents[4] / "docs/local-chain.md"


def _compare(asks: list[Ask], ours: Prepared, theirs: Prepared) -> Iterator[Difference]:
    for ask in asks:
        yield from differences(ask.title, answer_to(ask, ours), answer_to(ask, theirs))


def _compare_changes(asks: list[Ask], ours: Prepared, theirs: Prepared) -> Iterator[Difference]:
    """Each on the chain as it was prepared, but for what follows a loaded state or a reset."""
    for ask in asks:
        numbers = [chain.rpc("evm_snapshot") for chain in (ours, theirs)]
        yield from differences(ask.title, answer_to(ask, ours), answer_to(ask, theirs))
        for chain, number in zip((ours, theirs), numbers, strict=True):
            if ask.method.startswith("eth_send"):
                # Anvil answers before it mines: what is not mined yet would be, after the way back.
                chain.rpc("evm_mine")
            answer_to(Ask("evm_revert", "back", partial(_given, number), {}), chain)


def _given(number: str, _: Prepared) -> list[str]:
    return [number]


@needs_anvil
def test_answers__on_our_node_and_on_anvil__differ_only_as_the_table_says(
    prepared: Prepared, anvil_prepared: Prepared
) -> None:
    found = list(_compare(READING, prepared, anvil_prepared))
    changing = [ask for ask in CHANGING if ask.is_compared]
    found += _compare_changes(changing, prepared, anvil_prepared)
    assert unlisted(found, read_table()) == []
    assert stale(found, read_table()) == []


def test_table__a_difference_that_no_row_explains_and_a_row_that_explains_none__are_named() -> None:
    found = list(differences("eth_call(x)", {"a": 1, "b": [{"c": True}]}, {"a": 2, "b": [{"c": 1}]}))
    assert unlisted(found, [Reason("", ("*.a",))]) == ["eth_call(x).b.#.c: True here, 1 there"]
    assert stale(found, [Reason("", ("*.a", "*.b.#.c", "*.d"))]) == ["*.d"]
    assert list(differences("x", {"a": [1]}, {"a": [1]})) == []


def test_table__each_reason__stands_in_the_documentation() -> None:
    page = DOCS.read_text(encoding="utf-8")
    assert [row.text for row in read_table() if row.text not in page] == []
