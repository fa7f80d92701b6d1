"""The contracts' pure libraries on the bare EVM, through the probes: many cases of one function in one call."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import eth_abi.abi
from eth_utils.crypto import keccak

from hanse.bindgen.shapes import canonical
from settlement.chain.abi import Call
from tests.contracts.harness import Evm, engines, new_evm, signer

PROBES = Path(__file__).parent / "probe"
BATCH = 200
AMOUNT_MOST = (1 << 56) - 1


class LibraryProbe:
    """A deployed probe on the fastest engine there is."""

    def __init__(self, name: str = "LibraryProbe") -> None:
        self._artifact = json.loads((PROBES / f"{name}.json").read_text())
        self._evm: Evm = new_evm(engines()[-1])
        code = bytes.fromhex(self._artifact["bytecode"]["object"].removeprefix("0x"))
        self._at = self._evm.deploy(code, signer(0).address, name)

    def ask(self, function: str, cases: Sequence[Any]) -> list[Any]:
        """The library's answers, one for each case."""
        entry = next(one for one in self._artifact["abi"] if one["name"] == function)
        kind, answer = canonical(entry["inputs"][0]), canonical(entry["outputs"][0])
        selector = keccak(text=f"{function}({kind})")[:4]
        results: list[Any] = []
        for start in range(0, len(cases), BATCH):
            batch = list(cases[start : start + BATCH])
            call: Call[Iterable[Any]] = Call(
                "LibraryProbe",
                function,
                selector + eth_abi.abi.encode([kind], [batch]),
                is_view=True,
                decode=lambda output: list(eth_abi.abi.decode([answer], output)[0]),
            )
            results += self._evm.view(self._at, call)
        return results


def numbers(seed: int, count: int, most: int = AMOUNT_MOST) -> Iterator[int]:
    """Random numbers of every magnitude up to ``most``, edges among them."""
    dice = random.Random(seed)
    for _ in range(count):
        if dice.random() < 0.05:
            yield dice.choice((0, 1, most - 1, most))
        else:
            yield dice.randrange(1 << dice.randint(1, most.bit_length())) % (most + 1)
