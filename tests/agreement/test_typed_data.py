"""What members sign off chain is what the contracts hash: types, struct hashes, digests."""

from __future__ import annotations

import re
from dataclasses import fields
from enum import IntEnum
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement import typed_data
from settlement.chain.abi import checksum
from settlement.chain.bindings import structs
from settlement.chain.bindings.clearance_oracle import ClearanceOracle
from settlement.chain.bindings.disruption_cover import DisruptionCover
from settlement.chain.bindings.enums import Answer, DayCount, FundBy, PayoutKind, Phase, SettleOn
from settlement.chain.bindings.index_oracle import IndexOracle
from settlement.chain.bindings.order_desk import OrderDesk
from settlement.chain.bindings.receivables import Receivables
from settlement.chain.messages import message_from_struct, struct_from_message
from settlement.errors import EvidenceError
from tests.contracts.harness import CHAIN_ID, NOBODY, Evm, new_evm, signer, typed_digest
from tests.contracts.harness.signers import struct_hash

DEPLOYER = signer(0).address
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
SOURCES = Path(__file__).resolve().parents[2] / "contracts" / "src"
ENUMS: dict[str, type[IntEnum]] = {
    "settleOn": SettleOn,
    "fundBy": FundBy,
    "phase": Phase,
    "dayCount": DayCount,
    "answer": Answer,
    "kind": PayoutKind,
}
# Permit belongs to ERC-2612; all others are structs of the contracts.
OURS = sorted(set(typed_data.TYPES) - {"Permit"})


def source_text() -> str:
    return "\n".join(path.read_text() for path in sorted(SOURCES.rglob("*.sol")))


def solidity_structs() -> dict[str, tuple[tuple[str, str], ...]]:
    """Every struct of Terms.sol and ShareTerms.sol as TYPES writes it, enums as uint8."""
    sources = [(SOURCES / "lib" / name).read_text() for name in ("Terms.sol", "ShareTerms.sol")]
    text = re.sub(r"//[^\n]*", "", "\n".join(sources))
    enums = set(re.findall(r"\benum (\w+)", text))
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for name, body in re.findall(r"struct (\w+) \{(.*?)\}", text, re.DOTALL):
        pairs = re.findall(r"(\w+(?:\[\])?) (\w+);", body)
        found[name] = tuple((field, "uint8" if kind in enums else kind) for kind, field in pairs)
    return found


def values_of(kind: str, name: str) -> st.SearchStrategy[Any]:
    if name in ENUMS:
        return st.sampled_from(list(ENUMS[name]))
    if kind.removesuffix("[]") in typed_data.TYPES:
        return st.lists(messages(kind.removesuffix("[]")), min_size=1, max_size=3)
    if kind.endswith("[]"):
        return st.lists(values_of(kind.removesuffix("[]"), name), max_size=8).map(tuple)
    if kind == "string":
        return st.text(st.sampled_from("ABCXYZ0189"), min_size=1, max_size=32)
    if kind == "bytes32":
        return st.binary(min_size=32, max_size=32)
    if kind == "address":
        return st.binary(min_size=20, max_size=20).map(lambda raw: checksum("0x" + raw.hex()))
    if kind == "bool":
        return st.booleans()
    return st.integers(0, 2 ** int(kind.removeprefix("uint")) - 1)


@st.composite
def messages(draw: st.DrawFn, primary: str) -> dict[str, Any]:
    """A random message by the contract's field names."""
    return {name: draw(values_of(kind, name)) for name, kind in typed_data.TYPES[primary]}


def struct_of(primary: str, message: dict[str, Any]) -> Any:
    """The same as a struct of the bindings, whose fields stand in the same order."""
    kind = getattr(structs, primary)
    names = [field.name for field in fields(kind)]
    values = [
        tuple(struct_of(listed.removesuffix("[]"), item) for item in message[name])
        if listed.removesuffix("[]") in typed_data.TYPES
        else message[name]
        for name, listed in typed_data.TYPES[primary]
    ]
    return kind(**dict(zip(names, values, strict=True)))


@pytest.fixture(scope="module")
def evm() -> Evm:
    return new_evm()


@pytest.fixture(scope="module")
def contracts(evm: Evm) -> dict[str, str]:
    # The struct hash of an order is asked at Receivables, and answered by its module.
    desk = evm.deploy(OrderDesk.deploy(*[DEPLOYER] * 4), DEPLOYER, "OrderDesk")
    codes = {
        "ClearanceOracle": ClearanceOracle.deploy(DEPLOYER, DEPLOYER, DEPLOYER),
        "IndexOracle": IndexOracle.deploy(DEPLOYER),
        "DisruptionCover": DisruptionCover.deploy(*[DEPLOYER] * 5),
        "Receivables": Receivables.deploy(
            DEPLOYER, DEPLOYER, DEPLOYER, NOBODY, desk, DEPLOYER, DEPLOYER, DEPLOYER
        ),
    }
    return {name: evm.deploy(code, DEPLOYER, name) for name, code in codes.items()}


def test_types__every_primary_type__is_the_struct_of_the_contracts() -> None:
    assert {name: typed_data.TYPES[name] for name in OURS} == solidity_structs()


@pytest.mark.parametrize("primary", OURS)
def test_types__type_string__stands_in_the_contracts_sources(primary: str) -> None:
    written = "".join(
        f"{used}({','.join(f'{kind} {name}' for name, kind in typed_data.TYPES[used])})"
        for used in typed_data.used_types(primary)
    )
    # A long literal is cut into pieces that Solidity joins.
    text = re.sub(r'"\s*"', "", source_text())
    assert f'"{written}"' in text


@pytest.mark.parametrize("primary", OURS)
def test_digest__random_message__same_by_both_encoders(primary: str) -> None:
    @settings(max_examples=20)
    @given(message=messages(primary))
    def check(message: dict[str, Any]) -> None:
        typed = typed_data.typed_message(primary, CHAIN_ID, CONTRACT, message)
        struct = struct_of(primary, message)
        assert typed_data.struct_hash(typed) == struct_hash(struct)
        assert typed_data.digest(typed) == typed_digest(CONTRACT, struct)

    check()


@settings(max_examples=60)
@given(message=messages("Attestation"))
def test_digest__attestation__is_the_clearance_oracles(
    evm: Evm, contracts: dict[str, str], message: dict[str, Any]
) -> None:
    """I-20: bound to this chain and this contract."""
    at = contracts["ClearanceOracle"]
    typed = typed_data.typed_message("Attestation", CHAIN_ID, at, message)
    state = struct_of("Attestation", message)
    assert typed_data.digest(typed) == evm.view(at, ClearanceOracle.digest_of(state))


@settings(max_examples=30)
@given(message=messages("AttestationBatch"))
def test_digest__batch_of_attestations__is_the_clearance_oracles(
    evm: Evm, contracts: dict[str, str], message: dict[str, Any]
) -> None:
    """I-20: one signature over several states, each readable."""
    at = contracts["ClearanceOracle"]
    typed = typed_data.typed_message("AttestationBatch", CHAIN_ID, at, message)
    batch = struct_of("AttestationBatch", message)
    assert typed_data.digest(typed) == evm.view(at, ClearanceOracle.digest_of_batch(batch))
    assert struct_from_message(structs.AttestationBatch, typed["message"]) == batch
    assert message_from_struct(batch) == typed["message"]


@settings(max_examples=60)
@given(message=messages("Observation"))
def test_digest__observation__is_the_index_oracles(
    evm: Evm, contracts: dict[str, str], message: dict[str, Any]
) -> None:
    at = contracts["IndexOracle"]
    typed = typed_data.typed_message("Observation", CHAIN_ID, at, message)
    reading = struct_of("Observation", message)
    assert typed_data.digest(typed) == evm.view(at, IndexOracle.digest_of(reading))


@settings(max_examples=60)
@given(message=messages("Policy"))
def test_digest__policy__is_its_id(evm: Evm, contracts: dict[str, str], message: dict[str, Any]) -> None:
    at = contracts["DisruptionCover"]
    typed = typed_data.typed_message("Policy", CHAIN_ID, at, message)
    policy = evm.view(at, DisruptionCover.policy_id(struct_of("Policy", message)))
    assert int.from_bytes(typed_data.digest(typed), "big") == policy


@settings(max_examples=60)
@given(message=messages("PurchaseOrder"))
def test_struct_hash__purchase_order__is_the_receivables_terms_hash(
    evm: Evm, contracts: dict[str, str], message: dict[str, Any]
) -> None:
    at = contracts["Receivables"]
    typed = typed_data.typed_message("PurchaseOrder", CHAIN_ID, at, message)
    terms = struct_of("PurchaseOrder", message)
    assert typed_data.struct_hash(typed) == evm.view(at, Receivables.terms_hash(terms))


@settings(max_examples=30)
@given(message=messages("Attestation"), later=st.integers(0, 2**32 - 1))
def test_content__attestation_with_another_deadline__is_the_same_content(
    evm: Evm, contracts: dict[str, str], message: dict[str, Any], later: int
) -> None:
    """I-21: the deadline is not part of what two signatures may differ in."""
    at = contracts["ClearanceOracle"]
    first = struct_of("Attestation", message)
    second = struct_of("Attestation", {**message, "deadline": later})
    other = struct_of("Attestation", {**message, "hold": not message["hold"]})
    contents = [evm.view(at, ClearanceOracle.content_of(one)) for one in (first, second, other)]
    assert contents[0] == contents[1] != contents[2]


@settings(max_examples=30)
@given(message=messages("Attestation"), secret=st.binary(min_size=32, max_size=32))
def test_recover__own_signature__gives_the_key_and_other_forms_are_refused(
    message: dict[str, Any], secret: bytes
) -> None:
    """I-20: an altered message, chain or contract recovers to nobody's key."""
    if not 0 < int.from_bytes(secret, "big") < 2**255:
        return
    typed = typed_data.typed_message("Attestation", CHAIN_ID, CONTRACT, message)
    signature = typed_data.sign(typed, secret)
    address = str(Account.from_key(secret).address)
    assert typed_data.recover(typed, signature) == address
    for other in (
        typed_data.typed_message("Attestation", 1, CONTRACT, message),
        typed_data.typed_message("Attestation", CHAIN_ID, DEPLOYER, message),
        typed_data.typed_message("Attestation", CHAIN_ID, CONTRACT, {**message, "hold": not message["hold"]}),
    ):
        assert typed_data.recover(other, signature) != address
    high = signature[:32] + (SECP_ORDER - int.from_bytes(signature[32:64], "big")).to_bytes(32, "big")
    for malformed in (
        high + bytes([55 - signature[64]]),
        signature[:64] + bytes([signature[64] - 27]),
        signature[:64],
    ):
        with pytest.raises(EvidenceError):
            typed_data.recover(typed, malformed)


SECP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
