"""web3.py as it comes can deploy, send, call and read logs."""

from __future__ import annotations

from typing import Any, cast

import pytest
from web3 import Web3
from web3.exceptions import ContractCustomError

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.server import LocalNode
from tests.chain.local.client import EMITTER, init_code

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


def _sent(web3: Web3, **fields: Any) -> Any:
    account = well_known_accounts()[0]
    transaction: Any = {
        "from": account.address,
        "nonce": web3.eth.get_transaction_count(account.address),
        "chainId": web3.eth.chain_id,
        **fields,
    }
    transaction["gas"] = web3.eth.estimate_gas(transaction)
    transaction["maxPriorityFeePerGas"] = web3.eth.max_priority_fee
    transaction["maxFeePerGas"] = 2 * web3.eth.gas_price
    raw = account.sign_transaction(transaction).raw_transaction
    return web3.eth.wait_for_transaction_receipt(web3.eth.send_raw_transaction(raw), poll_latency=0.01)


def test_web3__deploy_send_call__logs_are_read(node: LocalNode) -> None:
    web3 = Web3(Web3.HTTPProvider(node.url))
    assert web3.is_connected()
    assert web3.eth.chain_id == 31_337
    deployed = _sent(web3, data=init_code(EMITTER))
    assert deployed["status"] == 1
    address = deployed["contractAddress"]
    assert bytes(web3.eth.get_code(address)) == EMITTER

    contract = web3.eth.contract(address, abi=ABI)
    topic = bytes(web3.keccak(text="Noted(uint256,uint256)"))
    call_data = (42).to_bytes(32, "big") + topic + (7).to_bytes(32, "big")
    receipt = _sent(web3, to=address, data=call_data)
    (noted,) = contract.events.Noted().get_logs(from_block=0, argument_filters={"who": 7})
    assert noted["args"] == {"who": 7, "what": 42}
    assert noted["transactionHash"] == receipt["transactionHash"]
    assert contract.events.Noted().get_logs(from_block=0, argument_filters={"who": 8}) == []

    block = web3.eth.get_block("latest", full_transactions=True)
    assert web3.to_int(web3.eth.call({"to": address, "data": call_data})) >= block["timestamp"] + 1
    assert [dict(tx)["hash"] for tx in cast("list[Any]", block["transactions"])] == [
        receipt["transactionHash"]
    ]


def test_web3__call_reverts__the_bytes_are_in_the_error(node: LocalNode) -> None:
    web3 = Web3(Web3.HTTPProvider(node.url))
    address = _sent(web3, data=init_code(EMITTER))["contractAddress"]
    with pytest.raises(ContractCustomError) as caught:
        web3.eth.call({"to": address})
    assert caught.value.data == "0xdeadbeef"
