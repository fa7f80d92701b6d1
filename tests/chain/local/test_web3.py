"""web3.py as it comes can deploy, send, call, sign, filter and read logs; on anvil the same tests pass."""

from __future__ import annotations

from typing import Any, cast

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hexbytes import HexBytes
from web3 import Web3
from web3.exceptions import (
    BlockNotFound,
    ContractCustomError,
    ContractLogicError,
    ContractPanicError,
    TransactionNotFound,
    Web3RPCError,
)

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.server import LocalNode
from tests.chain.local.anvil import AnyNode
from tests.chain.local.client import EMITTER, init_code
from tests.chain.local.conformance.account_asks import OVERFLOW, TOO_LATE
from tests.chain.local.conformance.prepared import ECHO_REVERT

ABI: list[dict[str, Any]] = [
    {
        "type": "event",
        "name": "Noted",
        "anonymous": False,
        "inputs": [
            {"name": "who", "type": "uint256", "indexed": True},
            {"name": "what", "type": "uint256", "indexed": False},
        ],
    }
]
NOTED = bytes(Web3.keccak(text="Noted(uint256,uint256)"))
SENDER = well_known_accounts()[0]
STRANGER = Web3.to_checksum_address("0x" + "11" * 20)
TYPED: dict[str, Any] = {
    "domain": {"name": "Hanse", "version": "1", "chainId": 31_337},
    "types": {
        "EIP712Domain": [
            {"name": "name", "type": "string"},
            {"name": "version", "type": "string"},
            {"name": "chainId", "type": "uint256"},
        ],
        "Order": [{"name": "number", "type": "string"}, {"name": "amount", "type": "uint256"}],
    },
    "primaryType": "Order",
    "message": {"number": "P-1", "amount": 12},
}


@pytest.fixture
def web3(any_node: AnyNode) -> Web3:
    """A client over HTTP."""
    return Web3(Web3.HTTPProvider(any_node.url))


def note(who: int, what: int) -> bytes:
    """Call data that makes an emitter log ``Noted(who, what)``."""
    return what.to_bytes(32, "big") + NOTED + who.to_bytes(32, "big")


def _sent(web3: Web3, **fields: Any) -> Any:
    transaction: Any = {
        "from": SENDER.address,
        "nonce": web3.eth.get_transaction_count(SENDER.address),
        "chainId": web3.eth.chain_id,
        **fields,
    }
    # Named where it is called: an estimate within the second that slot 0 holds finds its storing too cheap.
    transaction.setdefault("gas", 1_000_000)
    transaction["maxPriorityFeePerGas"] = web3.eth.max_priority_fee
    transaction["maxFeePerGas"] = 2 * web3.eth.gas_price
    raw = SENDER.sign_transaction(transaction).raw_transaction
    return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), poll_latency=0.01)


def _deployed(web3: Web3, runtime: bytes = EMITTER) -> Any:
    return _sent(web3, data=init_code(runtime))["contractAddress"]


def test_web3__deploy_send_call__logs_are_read(web3: Web3) -> None:
    assert web3.is_connected()
    assert web3.eth.chain_id == 31_337
    address = _deployed(web3)
    assert bytes(web3.eth.get_code(address)) == EMITTER

    contract = web3.eth.contract(address, abi=ABI)
    receipt = _sent(web3, to=address, data=note(7, 42))
    (noted,) = contract.events.Noted().get_logs(from_block=0, argument_filters={"who": 7})
    assert noted["args"] == {"who": 7, "what": 42}
    assert noted["transactionHash"] == receipt["transactionHash"]
    assert contract.events.Noted().get_logs(from_block=0, argument_filters={"who": 8}) == []

    block = web3.eth.get_block("latest", full_transactions=True)
    assert web3.to_int(web3.eth.call({"to": address, "data": HexBytes(note(7, 42))})) >= block["timestamp"]
    assert [dict(tx)["hash"] for tx in cast("list[Any]", block["transactions"])] == [
        receipt["transactionHash"]
    ]
    assert web3.eth.get_block_receipts("latest") == [receipt]


def test_web3__call_reverts__error_reason_and_panic_are_told_apart(web3: Web3) -> None:
    address, echo = _deployed(web3), _deployed(web3, ECHO_REVERT)
    with pytest.raises(ContractCustomError) as caught:
        web3.eth.call({"to": address})
    assert caught.value.data == "0xdeadbeef"
    with pytest.raises(ContractLogicError, match="too late"):
        web3.eth.call({"to": echo, "data": HexBytes(TOO_LATE)})
    with pytest.raises(ContractPanicError, match="overflow"):
        web3.eth.call({"to": echo, "data": HexBytes(OVERFLOW)})
    with pytest.raises(ContractCustomError):
        web3.eth.estimate_gas({"to": address})


def test_web3__what_is_not_there__raises_its_own_errors(web3: Web3) -> None:
    unknown = HexBytes("0x" + "ab" * 32)
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction(unknown)
    with pytest.raises(TransactionNotFound):
        web3.eth.get_transaction_receipt(unknown)
    with pytest.raises(BlockNotFound):
        web3.eth.get_block(999)
    with pytest.raises(Web3RPCError):
        web3.eth.get_balance(STRANGER, 999)


def test_web3__an_unlocked_account__sends_without_a_key(web3: Web3) -> None:
    unlocked = list(web3.eth.accounts)[1]
    sent = web3.eth.send_transaction({"from": unlocked, "to": STRANGER, "value": Web3.to_wei(1, "ether")})
    assert web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)["status"] == 1
    assert web3.eth.get_balance(STRANGER) == 10**18


def test_web3__an_unlocked_account__signs_typed_data(node: LocalNode) -> None:
    # By the name that web3.py asks for, eth_signTypedData, which anvil does not serve.
    web3 = Web3(Web3.HTTPProvider(node.url))
    unlocked = list(web3.eth.accounts)[1]
    signature = web3.eth.sign_typed_data(unlocked, TYPED)
    assert Account.recover_message(encode_typed_data(full_message=TYPED), signature=signature) == unlocked


def test_web3__filters__give_what_came_since(web3: Web3) -> None:
    address = _deployed(web3)
    logs = web3.eth.contract(address, abi=ABI).events.Noted().create_filter(from_block="latest")
    blocks, pending = web3.eth.filter("latest"), web3.eth.filter("pending")
    receipt = _sent(web3, to=address, data=note(7, 42))
    assert [log["args"]["what"] for log in logs.get_new_entries()] == [42]
    assert logs.get_new_entries() == []
    assert blocks.get_new_entries() == [receipt["blockHash"]]
    assert pending.get_new_entries() == [receipt["transactionHash"]]
    assert web3.eth.uninstall_filter(logs.filter_id)
    with pytest.raises(Web3RPCError):
        logs.get_new_entries()


def test_web3__fees_proofs_and_access_lists__are_answered(web3: Web3) -> None:
    address = _deployed(web3)
    _sent(web3, to=address, data=note(7, 42))
    history = web3.eth.fee_history(2, "latest", [10, 90])
    assert (len(history["baseFeePerGas"]), len(history["reward"])) == (3, 2)
    assert web3.eth.gas_price > web3.eth.max_priority_fee
    untyped: Any = web3.eth
    proof = untyped.get_proof(address, [HexBytes(bytes(32))], "latest")
    assert int.from_bytes(proof["storageProof"][0]["value"], "big") == web3.to_int(
        web3.eth.get_storage_at(address, 0)
    )
    listed = untyped.create_access_list(
        {"from": SENDER.address, "to": address, "data": HexBytes(note(7, 42))}
    )
    assert {str(entry["address"]).lower() for entry in listed["accessList"]} == {address.lower()}
    overridden: Any = {address: {"code": "0x602a5f5260205ff3"}}
    assert web3.to_int(untyped.call({"to": address}, "latest", overridden)) == 42


def test_web3__simulated_blocks__say_what_calls_would_do(web3: Web3) -> None:
    emitter = _deployed(web3)
    noting: Any = {"from": SENDER.address, "to": emitter, "data": note(7, 42)}
    # One who has nothing sends what the second block gives him.
    funded: Any = {STRANGER: {"balance": Web3.to_hex(5)}}
    sending: Any = {"from": STRANGER, "to": SENDER.address, "value": 5}
    (first, second) = web3.eth.simulate_v1(
        {
            "blockStateCalls": [
                {"calls": [noting]},
                {"stateOverrides": funded, "calls": [sending]},
            ],
            "traceTransfers": True,
            "validation": False,
        },
        "latest",
    )
    (noted,), (sent,) = first["calls"], second["calls"]
    assert (noted["status"], sent["status"], sent["gasUsed"]) == (1, 1, 21_000)
    assert [log["address"] for log in noted["logs"]] == [emitter]
    assert int(sent["logs"][0]["data"].hex(), 16) == 5
    assert second["number"] == first["number"] + 1
    assert web3.eth.get_balance(STRANGER) == 0


def test_web3__a_delegation__is_sent_and_read(web3: Web3) -> None:
    address = _deployed(web3)
    entry = SENDER.sign_authorization(
        {
            "chainId": 31_337,
            "address": bytes.fromhex(address[2:]),
            # Its own transaction has raised the nonce by the time that the entry is looked at.
            "nonce": web3.eth.get_transaction_count(SENDER.address) + 1,
        }
    )
    receipt = _sent(web3, to=SENDER.address, data=note(7, 42), authorizationList=[entry])
    assert (receipt["status"], receipt["type"], len(receipt["logs"])) == (1, 4, 1)
    read: Any = web3.eth.get_transaction(receipt["transactionHash"])
    assert [dict(entry)["address"] for entry in read["authorizationList"]] == [address]
