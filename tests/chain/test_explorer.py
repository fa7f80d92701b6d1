"""The text explorer on a real trade: what testers read of blocks, transactions and logs, and what programs get."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from hanse.actors import COMPANIES
from hanse.explorer import book
from hanse.explorer.abis import Decoded, Field, read_event
from hanse.explorer.blocks import newest_blocks, one_block
from hanse.explorer.book import Book
from hanse.explorer.logs import find_logs
from hanse.explorer.node_reader import NodeReader, raw_log
from hanse.explorer.transaction import transaction_lines
from hanse.explorer.values import plain, show
from settlement.chain.abi import UnknownEvent, decode_event
from settlement.chain.signer import Unsigned, demo_signer
from settlement.errors import InputRefused, NotFound
from settlement.ids import id_text, lei_hash
from tests.chain.local.client import EMITTER, Rpc, signed, words
from tests.chain.trade import DAY, Trade, address_of, open_trade

STRANGER = 5
BANK = next(company for company in COMPANIES if company.actor == "bank")
ORDER = 0xAB00


@dataclass
class Story:
    """A played trade, its transactions by name, and the explorer's view of its node."""

    trade: Trade
    node: NodeReader
    book: Book
    hashes: dict[str, str]
    emitter: str

    def tx(self, name: str) -> list[str]:
        return list(transaction_lines(self.node, self.book, self.hashes[name], is_json=False))

    def tx_object(self, name: str) -> dict[str, Any]:
        (line,) = transaction_lines(self.node, self.book, self.hashes[name], is_json=True)
        return dict(json.loads(line))

    def logs(self, *, is_json: bool = False, **asked: Any) -> list[str]:
        wanted: dict[str, Any] = {"contract": None, "event": None, "first": 0, "last": None} | asked
        return list(find_logs(self.node, self.book, is_json=is_json, **wanted))

    def block_of(self, name: str) -> int:
        receipt = self.node.receipts([self.hashes[name]])[0]
        assert receipt is not None
        return int(receipt["blockNumber"], 16)


@pytest.fixture(scope="module")
def story(prepared_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    trade = open_trade(prepared_network, tmp_path_factory.mktemp("explored") / "net")
    with NodeReader(trade.node.url) as node, Rpc(trade.node.port) as rpc:
        paid, open_ = trade.order(duty_cap=5_000_00), trade.order()
        hashes = {
            "accept": trade.send(trade.accept(paid)).tx_hash,
            "draw": trade.send(trade.draw(paid, 50_000_00)).tx_hash,
        }
        trade.advance(10)
        hashes["settle"] = trade.send(trade.attest(paid, duty=1_000_00)).tx_hash
        trade.send(trade.accept(open_))
        hashes["too early"] = _send_blindly(
            trade, trade.gateways.receivables.settle(trade.id_of(open_), "").calldata
        )
        trade.send(
            trade.gateways.network.enrol(
                lei_hash(BANK.lei), address_of("newcomer"), 276, 4, 0, trade.now + 2 * DAY
            ),
            by="governor",
        )
        emitter = to_checksum_address(rpc.deploy(EMITTER))
        hashes["emit"] = rpc.send(STRANGER, to=emitter, data=words(7, 8, 9), gas=100_000)
        hashes["foreign revert"] = rpc.send(STRANGER, to=emitter, gas=100_000, value=0)
        hashes["payment"] = rpc.send(STRANGER, value=3 * 10**17)
        hashes["waiting"] = rpc("eth_sendRawTransaction", signed(STRANGER, nonce=rpc.nonce(STRANGER) + 1))
        yield Story(trade, node, Book(node, trade.folder / "deployment.json"), hashes, emitter)
    trade.client.close()
    trade.node.__exit__()


def _send_blindly(trade: Trade, calldata: bytes) -> str:
    """Without trying first, so that it reverts on chain."""
    signer = demo_signer("relayer")
    to, nonce = trade.deployment.receivables, trade.client.nonce(signer.address)
    sent = signer.sign(Unsigned(nonce, to, calldata, 300_000, 10**10, 10**9))
    trade.client.send_raw(sent.raw)
    return sent.tx_hash


def part_of(lines: list[str], head: str) -> list[str]:
    """The lines below a heading, up to the next empty one."""
    below = lines[next(n for n, line in enumerate(lines) if line.startswith(head)) + 1 :]
    return below[: below.index("")] if "" in below else below


# One transaction


def test_tx__settlement__call_inner_calls_and_logs_with_names_and_units(story: Story) -> None:
    lines = story.tx("settle")
    facts = dict(re.split(r"  +", line, maxsplit=1) for line in lines[: lines.index("")])
    assert facts["transaction"] == story.hashes["settle"]
    assert facts["status"] == "success"
    assert facts["from"].endswith("(relayer, account 1)")
    assert facts["to"] == f"{story.trade.deployment.clearance_oracle} (ClearanceOracle)"
    assert re.fullmatch(r"[\d,]+ of [\d,]+ \(\d+\.\d %\)", facts["gas"])
    called = part_of(lines, "call  ClearanceOracle.attest")
    assert "    phase         Released" in called
    assert "    released      USD 100,000.00" in called
    assert "    duty          USD 1,000.00" in called
    assert any(line.startswith("    order         PO0001/2026 0x") for line in called)
    inner = part_of(lines, "calls")
    assert [line.split()[0] for line in inner][:3] == [
        "ClearanceOracle.attest",
        "ecrecover",
        "Receivables.record",
    ]
    assert any(line.startswith("      CashLedger.move ") for line in inner)
    logged = part_of(lines, "logs")
    settled = next(line for line in logged if "Receivables.Settled" in line)
    assert "order PO0001/2026  number 1  face USD 100,000.00  late USD 0.00" in settled
    assert "toCustoms USD 1,000.00" in settled
    assert any("(from member 1, to member 5, amount USD 1,000.00)" in line for line in logged)


def test_tx__settlement_for_programs__the_same_values_whole(story: Story) -> None:
    told = story.tx_object("settle")
    order = id_text(int(told["call"]["arguments"]["attestation"]["order"], 16))
    settled = next(one for one in told["logs"] if one["event"] == "Settled")
    assert told["call"]["name"] == "attest"
    assert settled["fields"]["order"] == order
    parts = [int(settled["fields"][name]) for name in ("toFunder", "toHolder")]
    assert sum(parts) == int(settled["fields"]["face"]) == 100_000_00
    assert told["revert"] is None
    assert told["gas_used"] == told["calls"]["gas_used"]


def test_tx__revert_of_ours__its_error_and_what_it_means(story: Story) -> None:
    lines = story.tx("too early")
    assert "status       reverted" in lines
    assert any(re.fullmatch(r"error        NothingDue\(order PO0002/2026\)", line) for line in lines)
    assert any("meaning      the call was refused: nothing is payable on order 0x" in line for line in lines)
    told = story.tx_object("too early")["revert"]
    assert told["error"] == "NothingDue"
    assert list(told["fields"]) == ["order"]
    again = story.node.revert_of(story.node.transaction(story.hashes["too early"]))
    assert again is not None
    assert told["data"] == "0x" + again.hex()


def test_tx__verb_of_a_module__the_module_below_the_contract_it_runs_in(story: Story) -> None:
    (published,) = (json.loads(line) for line in story.logs(event="LinePublished", is_json=True))
    lines = list(transaction_lines(story.node, story.book, published["transaction"], is_json=False))
    inner = [re.sub(r" +[\d,]+ gas$", "", line) for line in part_of(lines, "calls")]
    assert inner[:3] == [
        "  Receivables.publish",
        "    CreditLines.publish (module)",
        "      ecrecover (view)",
    ]


def test_tx__contract_nobody_knows__raw_call_log_and_revert(story: Story) -> None:
    lines = story.tx("emit")
    assert f"call  {story.emitter}.0x00000000" in lines
    assert any(f"topic 0 0x{8:064x}" in line and f"topic 1 0x{9:064x}" in line for line in lines)
    assert any(f"data 0x{7:064x}" in line for line in lines)
    failed = story.tx("foreign revert")
    assert any(line.startswith("error") and "deadbeef" in line for line in failed)
    assert not any(line.startswith("meaning") for line in failed)


def test_tx__payment_and_one_that_waits__told_as_such(story: Story) -> None:
    paid = story.tx("payment")
    assert "value        0.3 ether" in paid
    assert not any(line.startswith(("call", "logs")) for line in paid)
    waiting = story.tx("waiting")
    assert "status       waiting" in waiting
    assert not any(line.startswith(("block", "fee")) for line in waiting)


@pytest.mark.parametrize(
    ("tx_hash", "error"), [("0x" + "00" * 32, NotFound), ("0x12", InputRefused), ("x" * 66, InputRefused)]
)
def test_tx__unknown_or_no_hash__refused(story: Story, tx_hash: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=re.escape(tx_hash[:20])):
        list(transaction_lines(story.node, story.book, tx_hash, is_json=False))


# Logs


def test_logs__every_log_of_the_chain__read_as_the_bindings_read_it(story: Story) -> None:
    """Both read the same ABI by different code: names and values of all fields agree."""
    compared: list[str] = []
    for part in story.node.logs({}, 0, story.node.head()):
        for one in part:
            log = raw_log(one)
            contract = story.book.contract_at(log.address)
            if contract is None:
                continue
            theirs, ours = (
                decode_event(log.topics, log.body, contract),
                read_event(contract, log.topics, log.body),
            )
            if isinstance(theirs, UnknownEvent):
                assert ours is None
                continue
            assert ours is not None
            assert ours.name == type(theirs).__name__
            assert [_bare(field) for field in ours.fields] == _bare_binding(theirs)
            compared.append(ours.name)
    assert len(compared) > 40
    assert {"Accepted", "CommitteeSeated", "LinePublished", "Moved", "Settled", "Transfer"} < set(compared)


def _bare(field: Field) -> Any:
    if isinstance(field.value, tuple | list):
        return [_bare(one) for one in field.value]
    return field.value


def _bare_binding(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return [_bare_binding(getattr(value, field.name)) for field in fields(value)]
    if isinstance(value, tuple | list):
        return [_bare_binding(one) for one in value]
    return value.value if isinstance(value, Enum) else value


def test_logs__by_contract_and_event__those_alone(story: Story) -> None:
    (head, drawn) = story.logs(contract="receivables", event="drawn")
    assert head.startswith(f"block {story.block_of('draw'):,}  ")
    assert head.endswith(story.hashes["draw"])
    assert drawn.startswith("  Receivables.Drawn  order PO0001/2026  index 0  amount USD 50,000.00")
    by_address = story.logs(contract=story.trade.deployment.receivables, event="Drawn")
    of_module = story.logs(contract="CreditLines", event="Drawn")
    assert [head, drawn] == by_address == of_module
    assert story.logs(contract="CashLedger", event="Moved", last=story.block_of("accept")) == []


def test_logs__module__its_own_events_and_no_others(story: Story) -> None:
    told = [json.loads(line) for line in story.logs(contract="CreditLines", is_json=True)]
    assert {one["event"] for one in told} == {"LinePublished", "Reserved", "Drawn", "Repaid"}
    assert {one["address"] for one in told} == {story.trade.deployment.receivables}


def test_logs__range__both_ends_are_in_it(story: Story) -> None:
    draw = story.block_of("draw")
    assert len(story.logs(event="Drawn", first=draw, last=draw)) == 2
    assert story.logs(event="Drawn", first=draw + 1) == []
    assert story.logs(event="Drawn", last=draw - 1) == []
    assert story.logs(first=story.node.head() + 1) == []


@pytest.mark.parametrize(
    ("asked", "words_"),
    [
        ({"event": "Drown"}, "'Drown' is no event; near it are Drawn"),
        ({"contract": "CashLedger", "event": "Drawn"}, "no event of CashLedger"),
        ({"contract": "Receivable"}, "'Receivable' is no contract of the suite; there are Governance"),
        ({"contract": "0x12"}, "no address"),
    ],
)
def test_logs__name_that_is_none__refused_with_those_there_are(
    story: Story, asked: dict[str, Any], words_: str
) -> None:
    with pytest.raises(InputRefused, match=words_):
        story.logs(**asked)


# Blocks


def test_blocks__newest_first__time_gas_and_count_in_columns(story: Story) -> None:
    head = story.node.head()
    lines = list(newest_blocks(story.node, 5, None, is_json=False))
    assert lines[0].split() == ["block", "time", "txs", "gas", "used", "of", "limit", "base", "fee", "hash"]
    assert [int(line.split()[0]) for line in lines[1:]] == list(range(head, head - 5, -1))
    assert len({len(line) for line in lines[1:]}) == 1
    assert all(
        re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC +1 +[\d,]+ +\d+\.\d %", line) for line in lines[1:]
    )
    assert len(list(newest_blocks(story.node, 1_000, None, is_json=False))) == head + 2
    older = [json.loads(line) for line in newest_blocks(story.node, 2, 1, is_json=True)]
    assert [one["number"] for one in older] == [1, 0]


def test_blocks__one__its_transactions_by_the_calls_they_make(story: Story) -> None:
    lines = list(one_block(story.node, story.book, str(story.block_of("draw")), is_json=False))
    assert lines[0] == f"block         {story.block_of('draw')}"
    row = lines[-1].split("  ")
    assert row[1] == story.hashes["draw"]
    assert row[-1] == "Receivables.draw"
    assert "relayer, account 1" in lines[-1]
    assert lines[:8] == list(one_block(story.node, story.book, _fact(lines, "hash"), is_json=False))[:8]
    assert _fact(list(one_block(story.node, story.book, "earliest", is_json=False)), "block") == "0"


def _fact(lines: list[str], name: str) -> str:
    return next(line.split()[1] for line in lines if line.startswith(name))


@pytest.mark.parametrize(
    ("which", "error"), [("1000000", NotFound), ("-1", InputRefused), ("newest", InputRefused)]
)
def test_blocks__none_of_that_name__refused(story: Story, which: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=which):
        list(one_block(story.node, story.book, which, is_json=False))


# Names


@pytest.mark.parametrize(
    ("name", "kind", "declared", "value", "text", "for_programs"),
    [
        ("amount", "uint256", "uint256", 1_234_567, "USD 12,345.67", "1234567"),
        ("accrued", "uint88", "uint88", 1_234_567, "USD 0.01234567", "1234567"),
        ("due", "uint256", "uint256", 100, "USD 1.00", "100"),
        ("due", "uint32", "uint32", 1_800_000_000, "2027-01-15 08:00:00 UTC", 1_800_000_000),
        ("due", "uint32", "uint32", 0, "0", 0),
        ("until", "uint256", "uint256", 2**255, str(2**255), str(2**255)),
        ("firstDay", "uint32", "uint32", 20_000, "2024-10-04", 20_000),
        ("rateBps", "uint16", "uint16", 605, "6.05 %", 605),
        ("phase", "uint8", "enum Phase", 3, "Released", "Released"),
        ("phase", "uint8", "enum Phase", 99, "99", 99),
        ("funder", "uint32", "uint32", 8, "member 8 (bank)", 8),
        ("funder", "uint32", "uint32", 3, "member 3", 3),
        ("order", "uint256", "uint256", ORDER, id_text(ORDER), id_text(ORDER)),
        (
            "place",
            "bytes32",
            "bytes32",
            b"CNSHA".ljust(32, b"\0"),
            "CNSHA",
            "0x" + b"CNSHA".hex().ljust(64, "0"),
        ),
        ("seq", "uint32", "uint32", 1_000, "1000", 1_000),
    ],
)
def test_values__by_the_names_the_sources_give__their_unit_and_no_other(
    story: Story, name: str, kind: str, declared: str, value: Any, text: str, for_programs: Any
) -> None:
    decoded = Decoded(
        "Receivables", "Any", (Field("currency", "uint16", "uint16", 840), Field(name, kind, declared, value))
    )
    assert show(decoded, story.book)[1].text == text
    assert plain(decoded)[name] == for_programs


def test_book__many_orders__read_at_once_and_named_as_one_by_one(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    one_by_one = story.logs()
    monkeypatch.setattr(book, "ONE_BY_ONE", 1)
    story.book = Book(story.node, story.trade.folder / "deployment.json")
    at_once = story.logs()
    assert at_once == one_by_one
    assert {f"PO000{number}/2026" for number in (1, 2)} <= set(" ".join(at_once).split())


def test_values__units_of_a_token__no_currency(story: Story) -> None:
    paid = Field("paid", "uint256", "uint256", 1_000)
    (shown,) = show(Decoded("CashLedger", "TokenOverdrawn", (paid,)), story.book)
    assert shown.text == "1,000"


def test_book__deployment_of_another_chain__no_names_and_says_why(story: Story, tmp_path: Path) -> None:
    plan = json.loads((story.trade.folder / "deployment.json").read_text())
    other = tmp_path / "deployment.json"
    other.write_text(json.dumps(plan | {"genesis_hash": "0x" + "11" * 32}))
    nameless = Book(story.node, other)
    assert nameless.remark.endswith(f"is of another chain than the one at {story.node.url}")
    assert nameless.address_name(story.trade.deployment.receivables) is None
    lines = list(transaction_lines(story.node, nameless, story.hashes["draw"], is_json=False))
    assert f"call  {story.trade.deployment.receivables}.draw" in lines
    assert any("amount    5,000,000 minor units" in line for line in lines)
    with pytest.raises(InputRefused, match="names need the deployment file"):
        nameless.place_of("Receivables")
