"""Blocks, transactions, receipts and logs as JSON schemas, after the execution API's schemas and geth's field sets."""

from __future__ import annotations

from tests.chain.local.conformance.hex_forms import (
    ADDRESS,
    BIT,
    BLOOM,
    BOOLEAN,
    BYTES,
    HASH,
    NULL,
    UINT,
    UINT64,
    UINT256,
    WORD,
    Schema,
    byte_string,
    exactly,
    list_of,
)

_HEADER_FIELDS: dict[str, Schema] = {
    "number": UINT64,
    "parentHash": HASH,
    "sha3Uncles": HASH,
    "stateRoot": HASH,
    "transactionsRoot": HASH,
    "receiptsRoot": HASH,
    "difficulty": {"const": "0x0"},
    "gasLimit": UINT64,
    "gasUsed": UINT64,
    "timestamp": UINT64,
    "extraData": BYTES,
    "mixHash": HASH,
    "baseFeePerGas": UINT256,
    "withdrawalsRoot": HASH,
    "blobGasUsed": UINT64,
    "excessBlobGas": UINT64,
    "parentBeaconBlockRoot": HASH,
    "requestsHash": HASH,
}
_SEALED: dict[str, Schema] = {
    "hash": HASH,
    "logsBloom": BLOOM,
    "miner": ADDRESS,
    "nonce": {"const": "0x" + "00" * 8},
}
HEADER = exactly({**_HEADER_FIELDS, **_SEALED})
_NO_UNCLES: Schema = {"const": []}
_NO_WITHDRAWALS: Schema = {"const": []}

ACCESS_LIST = list_of(exactly({"address": ADDRESS, "storageKeys": list_of(WORD)}))
AUTHORIZATION = exactly(
    {"chainId": UINT, "address": ADDRESS, "nonce": UINT64, "yParity": BIT, "r": UINT256, "s": UINT256}
)

_PLACED: dict[str, Schema] = {
    "blockHash": HASH,
    "blockNumber": UINT64,
    "blockTimestamp": UINT64,
    "transactionIndex": UINT64,
}
_UNPLACED: dict[str, Schema] = dict.fromkeys(_PLACED, NULL)
_ANY_TRANSACTION: dict[str, Schema] = {
    "hash": HASH,
    "nonce": UINT64,
    "from": ADDRESS,
    "to": {"anyOf": [ADDRESS, NULL]},
    "value": UINT256,
    "gas": UINT64,
    "gasPrice": UINT256,
    "input": BYTES,
    "r": UINT256,
    "s": UINT256,
}
_TYPED: dict[str, Schema] = {"v": BIT, "yParity": BIT, "chainId": UINT, "accessList": ACCESS_LIST}
_FEES: dict[str, Schema] = {"maxFeePerGas": UINT256, "maxPriorityFeePerGas": UINT256}
# By type; an unprotected one, from before EIP-155, names no chain.
_BY_TYPE: dict[str, dict[str, Schema]] = {
    "unprotected": {"type": {"const": "0x0"}, "v": {"enum": ["0x1b", "0x1c"]}},
    "legacy": {"type": {"const": "0x0"}, "v": UINT, "chainId": UINT},
    "access_list": {"type": {"const": "0x1"}, **_TYPED},
    "dynamic": {"type": {"const": "0x2"}, **_TYPED, **_FEES},
    "delegation": {
        "type": {"const": "0x4"},
        **_TYPED,
        **_FEES,
        "to": ADDRESS,
        "authorizationList": list_of(AUTHORIZATION, minItems=1),
    },
}


def transaction_of(kind: str, *, is_mined: bool = True) -> Schema:
    """A transaction of one kind and no other."""
    return exactly({**_ANY_TRANSACTION, **_BY_TYPE[kind], **(_PLACED if is_mined else _UNPLACED)})


MINED = {"oneOf": [transaction_of(kind) for kind in _BY_TYPE]}
WAITING = {"oneOf": [transaction_of(kind, is_mined=False) for kind in _BY_TYPE]}
TRANSACTION = {"oneOf": [MINED, WAITING]}

LOG = exactly(
    {
        "address": ADDRESS,
        "topics": list_of(WORD, maxItems=4),
        "data": BYTES,
        "blockHash": HASH,
        "blockNumber": UINT64,
        "blockTimestamp": UINT64,
        "transactionHash": HASH,
        "transactionIndex": UINT64,
        "logIndex": UINT64,
        "removed": BOOLEAN,
    }
)
RECEIPT = exactly(
    {
        "transactionHash": HASH,
        "transactionIndex": UINT64,
        "blockHash": HASH,
        "blockNumber": UINT64,
        "from": ADDRESS,
        "to": {"anyOf": [ADDRESS, NULL]},
        "contractAddress": {"anyOf": [ADDRESS, NULL]},
        "cumulativeGasUsed": UINT64,
        "gasUsed": UINT64,
        "effectiveGasPrice": UINT256,
        "logs": list_of(LOG),
        "logsBloom": BLOOM,
        "status": BIT,
        "type": {"enum": ["0x0", "0x1", "0x2", "0x4"]},
    }
)

_BODY: dict[str, Schema] = {
    "size": UINT64,
    "uncles": _NO_UNCLES,
    "withdrawals": _NO_WITHDRAWALS,
}
BLOCK = exactly({**_HEADER_FIELDS, **_SEALED, **_BODY, "transactions": list_of(HASH)})
FULL_BLOCK = exactly({**_HEADER_FIELDS, **_SEALED, **_BODY, "transactions": list_of(MINED)})
# As on geth, what only sealing decides is null, the bloom of what ran so far is not.
_UNSEALED: dict[str, Schema] = {"hash": NULL, "nonce": NULL, "miner": NULL, "logsBloom": BLOOM}
PENDING_HEADER = exactly({**_HEADER_FIELDS, **_UNSEALED})
PENDING_BLOCK = exactly(
    {
        **_HEADER_FIELDS,
        **_BODY,
        **_UNSEALED,
        "transactions": {"anyOf": [list_of(HASH), list_of(WAITING)]},
    }
)

_SLOT_PROOF = exactly({"key": UINT256, "value": UINT256, "proof": list_of(BYTES)})
PROOF = exactly(
    {
        "address": ADDRESS,
        "accountProof": list_of(BYTES, minItems=1),
        "balance": UINT256,
        "codeHash": HASH,
        "nonce": UINT64,
        "storageHash": HASH,
        "storageProof": list_of(
            {
                "anyOf": [
                    _SLOT_PROOF,
                    exactly({"key": byte_string(32), "value": UINT256, "proof": list_of(BYTES)}),
                ]
            }
        ),
    }
)
FEE_HISTORY = exactly(
    {
        "oldestBlock": UINT64,
        "baseFeePerGas": list_of(UINT256, minItems=2),
        "gasUsedRatio": list_of({"type": "number", "minimum": 0, "maximum": 1}, minItems=1),
        "baseFeePerBlobGas": list_of(UINT256, minItems=2),
        "blobGasUsedRatio": list_of({"type": "number", "minimum": 0, "maximum": 1}, minItems=1),
    },
    {"reward": list_of(list_of(UINT256))},
)
