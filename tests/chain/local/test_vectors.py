"""The same signed transactions on our node and on anvil: encodings, receipts, roots and traces agree."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import rlp
from eth_utils.crypto import keccak
from trie.hexary import HexaryTrie

from settlement.chain.local.engine.port import NodeReader
from settlement.chain.local.formats.hashing import EMPTY_TRIE_ROOT
from settlement.chain.local.formats.state_trie import StateTrie
from settlement.chain.local.server import LocalNode
from settlement.chain.local.settings import ChainSettings
from tests.chain.local.anvil import Anvil, needs_anvil
from tests.chain.local.client import Rpc, address_of, words
from tests.chain.local.scenario import FAILING_CREATIONS, Script, full_script

pytestmark = needs_anvil

GENESIS_AT = 1_700_000_000
# The first block's base fee, by EIP-1559 from a genesis at one gwei that is empty.
FIRST_BASE_FEE = 875_000_000
HISTORY = "0x0000f90827f1c53a10cb7a02335b175320002935"
# Genesis is marked and the block's randomness drawn by each node as it likes, and all hashes follow from that; the size
# counts the empty list of withdrawals only here. State roots have a test of their own.
HEADER_DIFFERENCES = {"hash", "parentHash", "mixHash", "size", "stateRoot", "totalDifficulty"}
RECEIPT_DIFFERENCES = {"blockHash", "blobGasPrice", "blockTimestamp"}
# Every slot that a contract of the scenario writes.
SLOTS = range(45)
SLOT_KEYS = [words(slot) for slot in SLOTS]
ZERO_SLOT = rlp.encode(0)
EMPTY_ACCOUNT = rlp.encode([0, 0, EMPTY_TRIE_ROOT, keccak(b"")])


class Played:
    """The scenario, played on both nodes."""

    def __init__(self, node: LocalNode, ours: Rpc, theirs: Rpc, script: Script) -> None:
        self.node, self.ours, self.theirs = node, ours, theirs
        self.script = script
        # Neither keeps hashes in state: they differ, as the blocks' hashes do.
        theirs("anvil_setCode", HISTORY, "0x")
        for rpc in (ours, theirs):
            rpc("evm_setAutomine", False)
        for number, block in enumerate(self.script.blocks, 1):
            for rpc in (ours, theirs):
                hashes = [rpc("eth_sendRawTransaction", step.raw) for step in block]
                rpc("evm_setNextBlockTimestamp", GENESIS_AT + 100 * number)
                rpc("evm_mine")
                assert rpc("eth_getBlockByNumber", hex(number), False)["transactions"] == hashes

    def steps(self) -> Iterator[tuple[str, str]]:
        """Each transaction's title and hash."""
        for block in self.script.blocks:
            for step in block:
                yield step.title, "0x" + keccak(hexstr=step.raw).hex()

    def traces(self, options: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
        """Each transaction's title and both nodes' traces of it. Ours are taken by block, which runs each but once."""
        titles = {tx_hash: title for title, tx_hash in self.steps()}
        for number in range(1, len(self.script.blocks) + 1):
            for one in self.ours("debug_traceBlockByNumber", hex(number), options):
                tx_hash = one["txHash"]
                yield titles[tx_hash], one["result"], self.theirs("debug_traceTransaction", tx_hash, options)

    def both(self, method: str, *params: Any) -> tuple[Any, Any]:
        return self.ours(method, *params), self.theirs(method, *params)


@pytest.fixture(scope="module", params=["quick", pytest.param("dear", marks=pytest.mark.deep)])
def played(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("vectors") / "chain"
    start = ("--timestamp", str(GENESIS_AT), "--block-base-fee-per-gas", str(FIRST_BASE_FEE))
    manner = ("--disable-default-create2-deployer", "--order", "fifo", "--steps-tracing")
    with (
        LocalNode(folder, settings=ChainSettings(genesis_at=GENESIS_AT)) as node,
        Anvil(*start, *manner) as anvil,
        Rpc(node.port) as ours,
        Rpc(anvil.port) as theirs,
    ):
        yield Played(node, ours, theirs, full_script(has_dear_inputs=request.param == "dear"))


def test_vectors__headers__equal_but_for_what_each_node_draws(played: Played) -> None:
    for number in range(1, len(played.script.blocks) + 1):
        ours, theirs = played.both("eth_getBlockByNumber", hex(number), False)
        differing = {name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)}
        assert differing <= HEADER_DIFFERENCES, number
        assert int(ours["gasUsed"], 16) > 0


def test_vectors__raw_transactions__come_back_as_they_were_signed(played: Played) -> None:
    raws = [step.raw for block in played.script.blocks for step in block]
    for (title, tx_hash), raw in zip(played.steps(), raws, strict=True):
        assert played.both("debug_getRawTransaction", tx_hash) == (raw, raw), title


def test_vectors__receipts__equal_in_every_field(played: Played) -> None:
    statuses = set()
    for title, tx_hash in played.steps():
        ours, theirs = (
            {
                name: value if name != "logs" else [_without(log, {"blockHash"}) for log in value]
                for name, value in _without(receipt, RECEIPT_DIFFERENCES).items()
            }
            for receipt in played.both("eth_getTransactionReceipt", tx_hash)
        )
        assert ours == theirs, title
        statuses.add(ours["status"])
    assert statuses == {"0x0", "0x1"}


def _without(fields: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _touched(played: Played) -> set[str]:
    """Every account that any transaction may have touched."""
    found = {HISTORY, *(f"0x{number:040x}" for number in range(0x12)), "0x" + "96" * 20}
    found |= {address_of(index).lower() for index in range(10)}
    for number in range(1, len(played.script.blocks) + 1):
        traced = played.ours("debug_traceBlockByNumber", hex(number), {"tracer": "callTracer"})
        frames = [one["result"] for one in traced]
        while frames:
            frame = frames.pop()
            found |= {frame[name] for name in ("from", "to") if name in frame}
            frames += frame.get("calls", [])
        receipts = played.ours("eth_getBlockReceipts", hex(number))
        found |= {one["contractAddress"] for one in receipts if one["contractAddress"]}
    return found | _never_made(played.script)


def _never_made(script: Script) -> set[str]:
    """Addresses of contracts whose creation failed within a call, which a tree of calls does not show."""
    first, second = (_bytes(script.addresses[name]) for name in ("create", "create2"))
    by_nonce = {keccak(rlp.encode([first, nonce]))[12:] for nonce in range(20)}
    salt = (7).to_bytes(32)
    by_code = {keccak(b"\xff" + second + salt + keccak(init))[12:] for init in FAILING_CREATIONS.values()}
    return {"0x" + address.hex() for address in by_nonce | by_code}


def _proven(root: str, key: bytes, proof: list[str]) -> bytes:
    """What the proof shows under ``key``; nothing in an empty trie."""
    library: Any = HexaryTrie
    nodes = [rlp.decode(_bytes(node)) for node in proof]
    return bytes(library.get_from_proof(_bytes(root), key, nodes)) if nodes else b""


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def _add_what_anvil_keeps(trie: StateTrie, read_node: NodeReader, theirs: dict[str, Any], root: str) -> None:
    """Put into our trie an account that only anvil keeps, or the zero slots that it keeps of one that both have."""
    key = keccak(hexstr=theirs["address"])
    account = trie.get(key)
    if not account:
        if _proven(root, key, theirs["accountProof"]) == EMPTY_ACCOUNT:
            trie.set(key, EMPTY_ACCOUNT)
        return
    nonce, balance, storage_root, code_hash = rlp.decode(account)
    storage = StateTrie(read_node, storage_root)
    for slot, one in zip(SLOTS, theirs["storageProof"], strict=True):
        slot_key = keccak(slot.to_bytes(32))
        if _proven(theirs["storageHash"], slot_key, one["proof"]) == ZERO_SLOT:
            assert storage.get(slot_key) == b""
            storage.set(slot_key, ZERO_SLOT)
    trie.set(key, rlp.encode([nonce, balance, storage.root_hash, code_hash]))


def test_vectors__state_roots__equal_once_what_anvil_keeps_is_counted(played: Played) -> None:
    """Anvil's tries keep what the rules have nodes forget: accounts that are empty (EIP-161) and slots that are zero."""
    touched = sorted(_touched(played))
    chain = played.node.node.chain
    read_node = chain.storage.read_node
    for number in range(1, len(played.script.blocks) + 1):
        head = chain.head_at(number)
        assert head is not None
        ours, theirs = played.both("eth_getBlockByNumber", hex(number), False)
        assert "0x" + head.state_root.hex() == ours["stateRoot"]
        trie = StateTrie(read_node, head.state_root)
        for address in touched:
            shown = played.theirs("eth_getProof", address, SLOT_KEYS, hex(number))
            _add_what_anvil_keeps(trie, read_node, shown, theirs["stateRoot"])
        assert "0x" + trie.root_hash.hex() == theirs["stateRoot"], number


def test_vectors__accounts__equal_in_balance_nonce_code_and_slots(played: Played) -> None:
    slots_in_use = 0
    for address in sorted(_touched(played)):
        ours, theirs = played.both("eth_getProof", address, SLOT_KEYS, "latest")
        for name in ("balance", "nonce", "codeHash"):
            assert ours[name] == theirs[name], (address, name)
        values, others = ([one["value"] for one in shown["storageProof"]] for shown in (ours, theirs))
        assert values == others, address
        slots_in_use += len(SLOTS) - values.count("0x0")
    assert slots_in_use > 25


def test_vectors__trees_of_calls__equal_but_for_what_anvil_does_otherwise(played: Played) -> None:
    """Reasons: anvil takes the gas that a transaction pays beforehand off its first frame's, counts gas used from the
    start of the block there, numbers logs from the start of the transaction, has words of its own for errors, and
    names the sender as the origin of a destruction.
    """
    options = {"tracer": "callTracer", "tracerConfig": {"withLog": True}}
    kinds = set()
    for title, ours, theirs in played.traces(options):
        for root in (ours, theirs):
            del root["gas"], root["gasUsed"]
        pairs = [(ours, theirs)]
        while pairs:
            one, other = pairs.pop()
            pairs += zip(one.pop("calls", []), other.pop("calls", []), strict=True)
            kinds.add(one["type"])
            assert _plain(one) == _plain(other), title
    assert kinds == {"CALL", "CALLCODE", "DELEGATECALL", "STATICCALL", "CREATE", "CREATE2", "SELFDESTRUCT"}


def _plain(frame: dict[str, Any]) -> dict[str, Any]:
    """A frame without its calls, as far as both nodes mean the same by it."""
    left_out = {"error", "logs"} | ({"from"} if frame["type"] == "SELFDESTRUCT" else set())
    logs = [_without(log, {"index"}) for log in frame.get("logs", [])]
    return {**_without(frame, left_out), "logs": logs, "failed": "error" in frame}


def test_vectors__logs_of_steps__equal_but_for_what_anvil_does_otherwise(played: Played) -> None:
    """Reasons: anvil writes a refund of nothing and return data of nothing, leaves out what delegations give back, counts
    the gas that a creation hands on as its cost, and runs a step where there is no code. Of a step that fails it says
    what gas was left, in words of its own, and nothing of what would have been stored.
    """
    options = {"enableMemory": True, "enableReturnData": True}
    steps = 0
    for title, ours, theirs in played.traces(options):
        assert (ours["failed"], ours["returnValue"]) == (theirs["failed"], theirs["returnValue"]), title
        if title == "creation: empty":
            assert (len(ours["structLogs"]), len(theirs["structLogs"])) == (0, 1)
            continue
        for one, other in zip(ours["structLogs"], theirs["structLogs"], strict=True):
            left_out = {"refund"} if title.startswith("delegated") else set()
            assert _without(_plain_step(one), left_out) == _without(_plain_step(other), left_out), title
            steps += 1
    assert steps > 5_000


def _plain_step(step: dict[str, Any]) -> dict[str, Any]:
    left_out = {"error", "op"}
    if step["op"] in ("CREATE", "CREATE2"):
        left_out.add("gasCost")
    if "error" in step:
        left_out |= {"gasCost", "storage"}
    name = "Unknown" if "not defined" in step["op"] else step["op"]
    return {
        "refund": 0,
        "returnData": "0x",
        **_without(step, left_out),
        "name": name,
        "fails": "error" in step,
    }


# Anvil leaves out an entry's account when its chain is wrong, and slots of a store that was refused; it names the address
# of a creation that collided.
OTHER_PRESTATES = {
    "delegated: wrong chain",
    "staticcall of the wallet",
    "fails: a store in a static call",
    "create2: again",
}


def test_vectors__prestates__equal_to_anvils(played: Played) -> None:
    options = {"tracer": "prestateTracer", "tracerConfig": {"includeEmpty": True}}
    differing = {title for title, ours, theirs in played.traces(options) if ours != theirs}
    assert differing == OTHER_PRESTATES


def test_vectors__state_differences__equal_but_for_accounts_that_were_not_there(played: Played) -> None:
    changed = 0
    for title, ours, theirs in played.traces(
        {"tracer": "prestateTracer", "tracerConfig": {"diffMode": True}}
    ):
        theirs["pre"] = {address: was for address, was in theirs["pre"].items() if was != {"balance": "0x0"}}
        assert ours == theirs, title
        changed += len(ours["post"])
    assert changed > 200
