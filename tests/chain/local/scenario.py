"""Contracts and signed transactions that reach into most corners of the rules, for nodes that are to agree on them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from eth_account.datastructures import SignedSetCodeAuthorization
from eth_keys.datatypes import PrivateKey
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from settlement.chain.local.accounts import well_known_accounts
from settlement.chain.local.formats.hashing import int_bytes, rlp_encode
from tests.chain.local.assembler import assemble, deploying
from tests.chain.local.client import EMITTER, GWEI, NESTER, signed, words

# Untyped: the library says nothing of what its modules hold.
BLS: Any = import_module("py_ecc.bls12_381")
BN: Any = import_module("py_ecc.bn128")
CHAIN_ID = 31_337
ERROR_STRING = "08c379a0" + words(0x20, 5)[2:] + b"no go".hex().ljust(64, "0")
PANIC = "4e487b71" + words(0x11)[2:]


def relay(kind: str, *, is_swallowing: bool = False) -> bytes:
    """Calls word 0 of its call data, with word 1 as value where one is passed, and hands on the rest.

    Answers as the callee did, or, swallowing, stores 1 + whether it succeeded in slot 9 and ends well.
    """
    value = "0x20 CALLDATALOAD" if kind in ("CALL", "CALLCODE") else ""
    fetch = f"64 CALLDATASIZE SUB DUP1 64 0 CALLDATACOPY 0 0 DUP3 0 {value} 0 CALLDATALOAD GAS {kind}"
    if is_swallowing:
        return assemble(f"{fetch} 1 ADD 9 SSTORE STOP")
    answer = "RETURNDATASIZE 0 0 RETURNDATACOPY ISZERO @fail JUMPI RETURNDATASIZE 0 RETURN :fail RETURNDATASIZE 0 REVERT"
    return assemble(f"{fetch} {answer}")


def creator(kind: str) -> bytes:
    """Creates with word 0 as value and the rest as init code; stores the new address in slot 1."""
    salt = "7" if kind == "CREATE2" else ""
    return assemble(
        f"32 CALLDATASIZE SUB DUP1 32 0 CALLDATACOPY {salt} {'SWAP1' if salt else ''} 0 0 CALLDATALOAD {kind} 1 SSTORE STOP"
    )


def raising(payload: str) -> bytes:
    """Reverts with the bytes in ``payload``."""
    raw = bytes.fromhex(payload)
    code = "".join(
        f" 0x{raw[at : at + 32].ljust(32, bytes(1)).hex()} {at} MSTORE" for at in range(0, len(raw), 32)
    )
    return assemble(f"{code} {len(raw)} 0 REVERT")


CONTRACTS: dict[str, bytes] = {
    "emitter": EMITTER,
    "nester": NESTER,
    "storer": assemble(
        "0 :next DUP1 CALLDATASIZE GT ISZERO @end JUMPI DUP1 32 ADD CALLDATALOAD DUP2 CALLDATALOAD SSTORE"
        " 64 ADD @next JUMP :end STOP"
    ),
    "call": relay("CALL"),
    "callcode": relay("CALLCODE"),
    "delegatecall": relay("DELEGATECALL"),
    "staticcall": relay("STATICCALL"),
    "swallow": relay("CALL", is_swallowing=True),
    "create": creator("CREATE"),
    "create2": creator("CREATE2"),
    "destroyer": assemble("0 CALLDATALOAD SELFDESTRUCT"),
    "error": raising(ERROR_STRING),
    "panic": raising(PANIC),
    "invalid": assemble("INVALID"),
    "undefined": assemble("1") + b"\x0c",
    "underflow": assemble("ADD"),
    "bad_jump": assemble("3 JUMP STOP"),
    "loop": assemble(":again @again JUMP"),
    "overread": assemble("1 0 0 RETURNDATACOPY STOP"),
    "transient": assemble("7 1 TSTORE 1 TLOAD 2 SSTORE 5 32 MSTORE 32 32 64 MCOPY 64 MLOAD 3 SSTORE STOP"),
    "introspect": assemble(
        "0 CALLDATALOAD BALANCE 1 SSTORE 0 CALLDATALOAD EXTCODESIZE 2 SSTORE 0 CALLDATALOAD EXTCODEHASH 3 SSTORE"
        " 32 0 0 0 CALLDATALOAD EXTCODECOPY 0 MLOAD 4 SSTORE SELFBALANCE 5 SSTORE CHAINID 6 SSTORE BASEFEE 7 SSTORE"
        " GASPRICE 8 SSTORE NUMBER 9 SSTORE TIMESTAMP 10 SSTORE GASLIMIT 11 SSTORE COINBASE 12 SSTORE ORIGIN 13 SSTORE"
        " BLOBBASEFEE 14 SSTORE 0 BLOBHASH 15 SSTORE GAS 16 SSTORE 0xabcdef 300 EXP 17 SSTORE 64 0 KECCAK256 18 SSTORE"
        " 5 NOT 3 SDIV 19 SSTORE 7 5 3 MULMOD 20 SSTORE STOP"
    ),
    "logs": assemble(
        "0xaa 0 MSTORE 32 0 LOG0 1 32 0 LOG1 2 1 32 0 LOG2 3 2 1 32 0 LOG3 4 3 2 1 32 0 LOG4 4 3 2 1 0 0 LOG4 STOP"
    ),
    "wallet": assemble("CALLER 1 SSTORE ADDRESS 2 SSTORE CALLVALUE 3 SSTORE STOP"),
}
# Stores 1 and destroys itself while it is created; leaves code that begins with 0xef; code that is too long.
STILLBORN = assemble("1 0 SSTORE ADDRESS SELFDESTRUCT")
RESERVED = assemble("0xef 0 MSTORE8 1 0 RETURN")
TOO_LONG = assemble("24577 0 RETURN")
DEAR = assemble("24000 0 RETURN")
FAILING_CREATIONS = {
    "stillborn": STILLBORN,
    "reserved": RESERVED,
    "too long": TOO_LONG,
    "reverting": raising("1234"),
}


@dataclass(frozen=True)
class Step:
    """A transaction of the scenario: what it shows, and its raw bytes."""

    title: str
    raw: str


class Script:
    """Signs transactions in order and keeps count of nonces, so that every node gets the same bytes."""

    def __init__(self) -> None:
        self._nonces = [0] * 10
        self.blocks: list[list[Step]] = []
        self.addresses: dict[str, str] = {}

    def block(self) -> None:
        """What follows is mined in a block of its own."""
        self.blocks.append([])

    def nonce(self, index: int) -> int:
        """The account's next nonce, which is thereby taken."""
        self._nonces[index] += 1
        return self._nonces[index] - 1

    def send(self, title: str, index: int = 0, **fields: Any) -> None:
        """Add a transaction of an account to the block."""
        fields.setdefault("gas", 300_000)
        if "to" in fields:
            fields["to"] = self.addresses.get(fields["to"], fields["to"])
        value = fields.pop("value", 0 if "data" in fields else 1)
        if "data" in fields:
            raw = signed_with_value(index, value, nonce=self.nonce(index), **fields)
        else:
            raw = signed(index, nonce=self.nonce(index), value=value, **fields)
        self.blocks[-1].append(Step(title, raw))

    def deploy(self, name: str, runtime: bytes) -> None:
        """Add a creation of a contract that ``name`` stands for from here on."""
        sender = bytes.fromhex(well_known_accounts()[0].address[2:])
        made = keccak(rlp_encode([sender, int_bytes(self._nonces[0])]))[12:]
        self.addresses[name] = to_checksum_address(made)
        self.send(f"deploy {name}", data="0x" + deploying(runtime).hex(), gas=1_500_000)


def signed_with_value(index: int, value: int, **fields: Any) -> str:
    """As ``signed``, which sends no value along with data."""
    default: dict[str, Any] = {"chainId": CHAIN_ID, "value": value, "to": ""}
    if "gasPrice" not in fields:
        default |= {"maxFeePerGas": 5 * GWEI, "maxPriorityFeePerGas": GWEI}
    transaction = well_known_accounts()[index].sign_transaction(default | fields)
    return "0x" + bytes(transaction.raw_transaction).hex()


def authorization(
    index: int, address: str, nonce: int, *, chain_id: int = CHAIN_ID
) -> SignedSetCodeAuthorization:
    """An account's word (EIP-7702) that it runs the code at ``address``."""
    account: Any = well_known_accounts()[index]
    entry: SignedSetCodeAuthorization = account.sign_authorization(
        {"chainId": chain_id, "address": to_checksum_address(address), "nonce": nonce}
    )
    return entry


def word_of(address: str) -> str:
    """An address as a word of call data, without its prefix."""
    return address[2:].lower().rjust(64, "0")


def passing(script: Script, to: str, value: int = 0, payload: str = "") -> str:
    """Call data for a relay."""
    return "0x" + word_of(script.addresses.get(to, to)) + words(value)[2:] + payload.removeprefix("0x")


def precompile(number: int) -> str:
    return "0x" + f"{number:040x}"


def full_script(*, has_dear_inputs: bool = False) -> Script:
    """All of it; what takes seconds only when it is asked for."""
    script = Script()
    script.block()
    for name, runtime in CONTRACTS.items():
        script.deploy(name, runtime)
    for part in (
        _transfers,
        _calls,
        _failures,
        _creations,
        _precompiles,
        _delegations,
        _self_delegations,
        _refunds,
    ):
        script.block()
        part(script)
    if has_dear_inputs:
        script.block()
        for title, number, payload in dear_inputs():
            call_data = passing(script, precompile(number), 0, payload)
            script.send(f"precompile: {title}", 5, to="swallow", data=call_data, gas=700_000)
    return script


def _transfers(script: Script) -> None:
    nobody = "0x" + "99" * 20
    script.send("plain, type 2", 1, gas=21_000)
    script.send("plain, type 0", 1, gas=21_000, gasPrice=3 * GWEI)
    listed = [{"address": script.addresses["storer"], "storageKeys": [words(1), words(2)]}]
    script.send(
        "type 1 to a contract", 1, to="storer", gasPrice=3 * GWEI, accessList=listed, data=words(1, 5, 2, 6)
    )
    script.send("type 2 with an access list", 1, to="storer", accessList=listed, data=words(1, 7, 3, 6))
    script.send("to nobody", 1, to=nobody, value=10**18, gas=21_000)
    script.send("of nothing to nobody", 1, to="0x" + "98" * 20, value=0, gas=21_000)
    script.send("call data without code", 1, to=nobody, data="0x" + "00" * 100 + "11" * 300)
    script.send("to itself", 1, to=well_known_accounts()[1].address, gas=21_000)


def _calls(script: Script) -> None:
    script.send("emits", 2, to="emitter", data=words(1, 2, 3))
    script.send("logs", 2, to="logs", data="0x")
    for kind in ("call", "callcode", "delegatecall", "staticcall"):
        script.send(f"{kind} of the wallet", 2, to=kind, data=passing(script, "wallet"), gas=500_000)
    script.send("value sent on", 2, to="call", value=5, data=passing(script, "wallet", 5))
    script.send("value not there", 2, to="swallow", data=passing(script, "wallet", 10**20))
    script.send("value to a new account", 2, to="call", value=5, data=passing(script, "0x" + "97" * 20, 5))
    script.send("nested", 2, to="nester", data=words(6), gas=900_000)
    script.send("a failing call swallowed", 2, to="swallow", data=passing(script, "error"))
    script.send("a burning call swallowed", 2, to="swallow", data=passing(script, "invalid"))
    script.send("transient", 2, to="transient", data="0x")
    for seen in ("emitter", "0x" + "96" * 20, precompile(2)):
        address = script.addresses.get(seen, seen)
        script.send(f"introspection of {seen}", 2, to="introspect", data="0x" + word_of(address), gas=900_000)


def _failures(script: Script) -> None:
    for name in ("error", "panic", "invalid", "undefined", "underflow", "bad_jump", "overread", "emitter"):
        script.send(f"fails: {name}", 3, to=name, data="0x")
    script.send("fails: out of gas", 3, to="loop", data="0x", gas=60_000)
    script.send("fails: no gas for a store", 3, to="storer", data=words(1, 1), gas=30_000)
    script.send("fails: through a relay", 3, to="call", data=passing(script, "error"))
    script.send(
        "fails: a store in a static call", 3, to="staticcall", data=passing(script, "storer", 0, words(1, 1))
    )


def _creations(script: Script) -> None:
    for name, init in FAILING_CREATIONS.items():
        script.send(f"creation: {name}", 4, data="0x" + init.hex(), gas=500_000)
        for kind in ("create", "create2"):
            script.send(f"{kind}: {name}", 4, to=kind, data=words(0) + init.hex(), gas=600_000)
    script.send("creation: dear", 4, data="0x" + DEAR.hex(), gas=1_000_000)
    script.send("creation: empty", 4, data="0x", gas=100_000)
    script.send("creation: with value", 4, data="0x" + deploying(EMITTER).hex(), value=77, gas=500_000)
    for kind in ("create", "create2"):
        script.send(f"{kind}: the emitter", 4, to=kind, data=words(0) + deploying(EMITTER).hex(), gas=600_000)
        script.send(f"{kind}: again", 4, to=kind, data=words(0) + deploying(EMITTER).hex(), gas=600_000)
        script.send(
            f"{kind}: value not there", 4, to=kind, data=words(10**20) + deploying(EMITTER).hex(), gas=600_000
        )
    script.send("destroyed, not new", 4, to="destroyer", data=words(0x95), value=9)
    script.send(
        "destroyed to itself", 4, to="destroyer", data="0x" + word_of(script.addresses["destroyer"]), value=9
    )


def _precompiles(script: Script) -> None:
    for number in range(1, 0x12):
        script.send(
            f"precompile {number:#x} without input", 5, to="swallow", data=passing(script, precompile(number))
        )
    for title, number, payload in precompile_inputs():
        script.send(
            f"precompile: {title}",
            5,
            to="swallow",
            data=passing(script, precompile(number), 0, payload),
            gas=700_000,
        )


def precompile_inputs() -> Iterator[tuple[str, int, str]]:
    """Valid inputs, by the precompile's number."""
    key = PrivateKey(b"\7" * 32)
    signature = key.sign_msg_hash(keccak(b"signed"))
    recovery = keccak(b"signed").hex() + words(signature.v + 27, signature.r, signature.s)[2:]
    yield "ecrecover", 1, recovery
    yield "sha256", 2, "ab" * 70
    yield "ripemd160", 3, "ab" * 70
    yield "identity", 4, "ab" * 70
    yield "modexp", 5, words(1, 2, 1)[2:] + "03" + "ffff" + "05"
    yield "bn add", 6, words(1, 2, 1, 2)[2:]
    yield "bn mul", 7, words(1, 2, 9)[2:]
    yield "bn pairing of nothing", 8, ""
    yield "blake2f", 9, "0000000c" + "00" * 208 + "01"
    yield "kzg without a proof", 10, "01" * 192
    g1 = bls_g1(BLS.G1)
    yield "bls g1 add", 0x0B, g1 + g1
    yield "bls g1 msm", 0x0C, g1 + words(5)[2:]
    yield "bls g1 not on the curve", 0x0B, g1 + words(0, 1, 0, 1)[2:]
    g2 = bls_g2(BLS.G2)
    yield "bls g2 add", 0x0D, g2 + g2
    yield "bls g2 msm", 0x0E, g2 + words(3)[2:]
    yield "bls map to g1", 0x10, words(0, 7)[2:]
    yield "bls map to g2", 0x11, words(0, 7, 0, 9)[2:]


# The polynomial zero is committed to, and proved, by the point at infinity (EIP-4844).
_INFINITY = "c0" + "00" * 47
KZG_OF_ZERO = (
    "01" + hashlib.sha256(bytes.fromhex(_INFINITY)).hexdigest()[2:] + words(3, 0)[2:] + _INFINITY + _INFINITY
)


def bls_g1(point: Any) -> str:
    """A point as EIP-2537 writes it: each coordinate in 64 bytes."""
    return "".join(f"{int(coordinate):0128x}" for coordinate in point)


def bls_g2(point: Any) -> str:
    """The same over the field's extension."""
    return "".join(f"{int(part):0128x}" for coordinate in point for part in coordinate.coeffs)


def bn_g2(point: Any) -> str:
    """A point of bn254's second group as EIP-197 writes it: the imaginary part first."""
    return "".join(f"{int(part):064x}" for coordinate in point for part in reversed(coordinate.coeffs))


def dear_inputs() -> Iterator[tuple[str, int, str]]:
    """Pairs that cancel each other out, and pairs that do not. They take py-evm a second and more each."""
    yield "kzg of the polynomial zero", 10, KZG_OF_ZERO
    for sign in (BLS.neg(BLS.G1), BLS.G1):
        pairs = bls_g1(BLS.G1) + bls_g2(BLS.G2) + bls_g1(sign) + bls_g2(BLS.G2)
        yield f"bls pairing {'true' if sign != BLS.G1 else 'false'}", 0x0F, pairs
    for one in (BN.neg(BN.G1), BN.G1):
        pairs = "".join(
            "".join(f"{int(part):064x}" for part in point) + bn_g2(BN.G2) for point in (BN.G1, one)
        )
        yield f"bn pairing {'true' if one != BN.G1 else 'false'}", 8, pairs


def _delegations(script: Script) -> None:
    wallet = script.addresses["wallet"]

    def delegate(title: str, sender: int, *entries: SignedSetCodeAuthorization, **fields: Any) -> None:
        script.send(
            title, sender, authorizationList=list(entries), **{"data": "0x", "gas": 500_000, **fields}
        )

    eighth = well_known_accounts()[8].address
    delegate(
        "delegated: another, and called at once", 7, authorization(8, wallet, script.nonce(8)), to=eighth
    )
    script.send("delegated account called", 7, to=eighth, data="0x")
    script.send(
        "delegated account called by a contract", 7, to="call", value=3, data=passing(script, eighth, 3)
    )
    delegate("delegated: wrong nonce", 7, authorization(9, wallet, 5), to=eighth)
    delegate("delegated: wrong chain", 7, authorization(9, wallet, 0, chain_id=5), to=eighth)
    delegate("delegated: any chain", 7, authorization(9, wallet, script.nonce(9), chain_id=0), to=eighth)
    delegate(
        "delegated: to a precompile",
        7,
        authorization(9, precompile(2), script.nonce(9)),
        to=well_known_accounts()[9].address,
    )
    delegate(
        "delegated: taken back",
        7,
        authorization(9, precompile(0), script.nonce(9)),
        to=well_known_accounts()[9].address,
    )


def _self_delegations(script: Script) -> None:
    call, create = (script.addresses[name] for name in ("call", "create"))
    ahead = script.nonce(6)
    # Its own nonce goes up with the transaction before the entry is looked at.
    own = authorization(6, call, script.nonce(6))
    sixth = well_known_accounts()[6].address
    raw = signed_with_value(
        6, 0, nonce=ahead, to=sixth, gas=500_000, authorizationList=[own], data=passing(script, "wallet")
    )
    script.blocks[-1].append(Step("delegated: oneself, calling on", raw))
    # In a block of its own: before the other is mined, its nonce seems to leave one out.
    script.block()
    ahead = script.nonce(6)
    own = authorization(6, create, script.nonce(6))
    raw = signed_with_value(
        6,
        0,
        nonce=ahead,
        to=sixth,
        gas=900_000,
        authorizationList=[own],
        data=words(0) + deploying(EMITTER).hex(),
    )
    script.blocks[-1].append(Step("delegated: oneself, creating", raw))


def _refunds(script: Script) -> None:
    many = words(*(word for slot in range(30, 40) for word in (slot, 1)))
    none = words(*(word for slot in range(30, 40) for word in (slot, 0)))
    script.send("slots filled", 3, to="storer", data=many, gas=900_000)
    script.send("slots cleared", 3, to="storer", data=none, gas=900_000)
    script.send("slots filled and cleared", 3, to="storer", data=many + none[2:], gas=900_000)
    script.send("call data dearer than what it does", 3, to="wallet", data="0x" + "ff" * 3_000)
