"""The engine with our tries gives the roots, gas and logs that py-evm gives with its own."""

from __future__ import annotations

from typing import Any

import pytest
from eth.db.account import AccountDB
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.engine import py_evm as engine_module
from settlement.chain.local.engine.port import Execution
from settlement.chain.local.engine.py_evm import PyEvm
from settlement.chain.local.formats.blocks import Header
from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT
from settlement.chain.local.formats.transactions import Transaction
from tests.chain.local.client import EMITTER, NESTER, init_code, words

SENDER = b"\x11" * 20
FIDDLER_AT, NESTER_AT, EMITTER_AT = (bytes([at]) * 20 for at in (0xA1, 0xA2, 0xA3))
# Stores each pair of words (slot, value) of its call data; reverts after that when the first word is 0xffff.
FIDDLER = bytes.fromhex("5f5b8036111560175780602001358135556040016001565b5f3561ffff14602257005b5f5ffd")
# A creation that stores something and destroys itself at once.
STILLBORN = bytes.fromhex("60015f5530ff")


class _StockState(engine_module._State):
    account_db_class: Any = AccountDB


class _Chain:
    """Blocks of transactions on one engine, without a node around it."""

    def __init__(self) -> None:
        self.nodes: dict[bytes, bytes] = {}
        self.root = EMPTY_TRIE_ROOT
        self.number = 0
        self.nonce = 0

    def block(self, messages: list[dict[str, Any]]) -> list[Execution]:
        self.number += 1
        header = Header(
            parent_hash=bytes(32), number=self.number, gas_limit=30_000_000, timestamp=self.number, base_fee=7
        )
        workspace = PyEvm(31_337).open(self.nodes.get, self.root, header)
        if self.number == 1:
            workspace.set_balance(SENDER, 10**20)
            for address, code in ((FIDDLER_AT, FIDDLER), (NESTER_AT, NESTER), (EMITTER_AT, EMITTER)):
                workspace.set_code(address, code)
        done = []
        for message in messages:
            fields: dict[str, Any] = {"to": b"", "data": b"", "value": 0, "gas": 300_000, **message}
            fees: dict[str, Any] = {"max_fee_per_gas": 9, "max_priority_fee_per_gas": 1}
            done.append(workspace.run(Transaction(sender=SENDER, nonce=self.nonce, **fees, **fields)))
            self.nonce += 1
        self.root, written = workspace.close()
        self.nodes.update(written)
        return done


def _payload(*values: int) -> bytes:
    return bytes.fromhex(words(*values)[2:])


_PAIRS = st.lists(st.tuples(st.sampled_from([0, 1, 2, 0xFFFF]), st.integers(0, 2)), max_size=4)
_MESSAGES = st.one_of(
    _PAIRS.map(
        lambda pairs: {"to": FIDDLER_AT, "data": _payload(*(word for pair in pairs for word in pair))}
    ),
    st.integers(0, 3).map(lambda depth: {"to": NESTER_AT, "data": _payload(depth)}),
    st.integers(0, 9).map(lambda word: {"to": EMITTER_AT, "data": _payload(word, 2, 3)}),
    st.integers(1, 5).map(lambda at: {"to": bytes([at]) * 20, "value": at % 2, "gas": 30_000}),
    st.sampled_from([{"data": STILLBORN}, {"data": init_code(EMITTER)}, {"data": b"\xfe"}]),
)


@settings(max_examples=40)
@given(st.lists(st.lists(_MESSAGES, max_size=6), min_size=1, max_size=4))
def test_engine__random_blocks__as_with_py_evms_own_tries(blocks: list[list[dict[str, Any]]]) -> None:
    ours, theirs = _Chain(), _Chain()
    for messages in blocks:
        done = ours.block(messages)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(engine_module, "_State", _StockState)
            assert theirs.block(messages) == done
        assert ours.root == theirs.root


def test_engine__refund_below_the_call_datas_floor__the_floor_is_paid() -> None:
    chain = _Chain()
    (stored,) = chain.block([{"to": FIDDLER_AT, "data": _payload(1, 1, 2, 2)}])
    assert stored.error is None
    many = b"".join(_payload(0xABCDEF << 200, 1) for _ in range(40))
    (plain,) = chain.block([{"to": b"\x77" * 20, "data": many}])
    zeros = many.count(0)
    assert plain.gas_used == 21_000 + 10 * (zeros + 4 * (len(many) - zeros))


def test_engine__slots_cleared__a_fifth_at_most_is_refunded() -> None:
    chain = _Chain()
    chain.block([{"to": FIDDLER_AT, "data": _payload(1, 1, 2, 1, 3, 1)}])
    (cleared,) = chain.block([{"to": FIDDLER_AT, "data": _payload(1, 0, 2, 0, 3, 0)}])
    assert cleared.gas_refunded == (cleared.gas_used + cleared.gas_refunded) // 5
    state = PyEvm(31_337).open(
        chain.nodes.get,
        chain.root,
        Header(parent_hash=bytes(32), number=9, gas_limit=1, timestamp=9, base_fee=7),
    )
    assert [state.storage(FIDDLER_AT, slot) for slot in (1, 2, 3)] == [0, 0, 0]
    spent = 10**20 - state.balance(SENDER) - state.balance(bytes(20))
    assert spent > 0
    assert state.nonce(bytes.fromhex(well_known_accounts()[0].address[2:])) == 0
