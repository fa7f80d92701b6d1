"""The suite's contracts on one chain: put there once, step by step, and found again.

All addresses follow from the deployer's nonces, so each contract can know the later ones. The plan is written before the
first step; every step is looked for on chain before it is done, so a killed deployment goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import rlp
from eth_utils.crypto import keccak

from contracts import MODULES, Artifact, load_artifact
from settlement.chain.abi import checksum, encode
from settlement.chain.client import NOBODY, ChainClient
from settlement.chain.direct import send_and_wait, wait_for
from settlement.chain.signer import Signer
from settlement.durable_file import write_durably
from settlement.errors import ChainError, Conflict, InvariantBroken, NotFound
from settlement.settings import LOCAL_DELAY_S

CONTRACTS: Final = (
    "Governance",
    "TrustedNetwork",
    "CashLedger",
    "Receivables",
    "OrderDesk",
    "CreditLines",
    "ShareDesk",
    "SettlementDesk",
    "ReceivableRenderer",
    "ClearanceOracle",
    "IndexOracle",
    "DisruptionCover",
)
"""In the order of deployment; libraries that they are linked to come before them."""

_PARAMETERS: Final = {
    "authority": "Governance",
    "network": "TrustedNetwork",
    "ledger": "CashLedger",
    "receivables": "Receivables",
    "credit": "Receivables",
    "orderdesk": "OrderDesk",
    "creditlines": "CreditLines",
    "sharedesk": "ShareDesk",
    "settlementdesk": "SettlementDesk",
    "renderer": "ReceivableRenderer",
    "clearanceoracle": "ClearanceOracle",
    "indexoracle": "IndexOracle",
    "indices": "IndexOracle",
    "cover": "DisruptionCover",
}
"""Constructor parameters (lower case) by the contract whose address they take."""


_HOSTS: Final = {module: name for name, modules in MODULES.items() for module in modules}
"""The contract at whose address a module is called."""


@dataclass(frozen=True)
class Deployment:
    """One suite on one chain. ``block`` is the last block before it: events are read from the next one on.

    ``code`` says where each contract's own code lies; a module of Receivables is called at the address of Receivables.
    """

    chain_id: int
    genesis_hash: str
    block: int
    code: Mapping[str, str]

    @property
    def addresses(self) -> dict[str, str]:
        """Where each contract is called, by its name, in the order of deployment."""
        return {name: self.code[_HOSTS.get(name, name)] for name in self.code}

    @property
    def names(self) -> dict[str, str]:
        """Contract by the address that calls it and whose logs it writes; modules have none of their own."""
        return {address: name for name, address in self.code.items() if name not in _HOSTS}

    @property
    def governance(self) -> str:
        """Address of Governance."""
        return self.code["Governance"]

    @property
    def trusted_network(self) -> str:
        """Address of TrustedNetwork."""
        return self.code["TrustedNetwork"]

    @property
    def cash_ledger(self) -> str:
        """Address of CashLedger."""
        return self.code["CashLedger"]

    @property
    def receivables(self) -> str:
        """Address of Receivables, and of its modules for everybody who calls them."""
        return self.code["Receivables"]

    @property
    def credit_lines(self) -> str:
        """Where CreditLines is called and signed for: it is a module of Receivables."""
        return self.receivables

    @property
    def clearance_oracle(self) -> str:
        """Address of ClearanceOracle."""
        return self.code["ClearanceOracle"]

    @property
    def index_oracle(self) -> str:
        """Address of IndexOracle."""
        return self.code["IndexOracle"]

    @property
    def disruption_cover(self) -> str:
        """Address of DisruptionCover."""
        return self.code["DisruptionCover"]


def load_deployment(path: Path) -> Deployment:
    """Read where the suite lies.

    Raises: NotFound when nothing was deployed from here, Conflict when the deployment was not finished.
    """
    if not path.is_file():
        raise NotFound(f"there is no deployment at {path}; run `hanse deploy` first")
    read = _read(path)
    if not read["is_complete"]:
        raise Conflict(f"the deployment at {path} is half done; run `hanse deploy` to finish it")
    return _deployment(read)


def deploy_suite(
    client: ChainClient,
    deployer: Signer,
    path: Path,
    *,
    predecessor: Deployment | None = None,
    delay_s: int = LOCAL_DELAY_S,
) -> Deployment:
    """Put the suite on chain, or finish doing so, or find it done. The deployer governs it until it seals it.

    Units:  ``delay_s`` is what every act of governance waits once it is sealed, the floor for ever.

    Holds:  killed at any point and called again, it gives the same addresses.
    Raises: Conflict when the file belongs to another chain or key, or a step's nonce was spent otherwise; ChainError.
    """
    plan = _read(path) if path.is_file() else _new_plan(client, deployer, predecessor, path, delay_s)
    _check_plan(plan, client, deployer, path)
    if not plan["is_complete"]:
        steps = list(plan["steps"].items())
        for index, (name, address) in enumerate(steps):
            _ensure_deployed(client, deployer, plan, name, address, plan["first_nonce"] + index)
        plan["is_complete"] = True
        write_durably(path, json.dumps(plan, indent=2) + "\n")
    return _deployment(plan)


def contract_address(deployer: str, nonce: int) -> str:
    """The address that a contract gets which ``deployer`` creates with ``nonce``.

    Source: Ethereum Yellow Paper, section 7.
    """
    return checksum("0x" + keccak(rlp.encode([bytes.fromhex(deployer[2:]), nonce]))[12:].hex())


def is_deployed(client: ChainClient, name: str, address: str) -> bool:
    """Whether the contract of that name, as built here, lies at the address.

    Raises: Conflict when other code lies there.
    """
    found = client.code(address)
    if not found:
        return False
    artifact = load_artifact(name)
    if _masked(artifact, found) != _masked(artifact, artifact.deployed_bytecode.raw):
        raise Conflict(
            f"the code at {address} is not the {name} of this version; deploy into a fresh folder on a fresh chain"
        )
    return True


def _new_plan(
    client: ChainClient, deployer: Signer, predecessor: Deployment | None, path: Path, delay_s: int
) -> dict[str, Any]:
    artifacts = [load_artifact(name) for name in CONTRACTS]
    missing = [artifact.name for artifact in artifacts if not artifact.is_deployable]
    if missing:
        raise InvariantBroken(f"no code was built for {', '.join(missing)}; run scripts/build_contracts")
    libraries = sorted({library for artifact in artifacts for library in artifact.bytecode.libraries})
    first = client.nonce(deployer.address)
    steps = {
        name: contract_address(deployer.address, first + index)
        for index, name in enumerate([*libraries, *CONTRACTS])
    }
    plan = {
        "chain_id": client.chain_id,
        "genesis_hash": client.genesis_hash(),
        "block": client.head(),
        "deployer": deployer.address,
        "first_nonce": first,
        "predecessor": None if predecessor is None else dict(predecessor.code),
        "delay_s": delay_s,
        "steps": steps,
        "is_complete": False,
    }
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(path, json.dumps(plan, indent=2) + "\n")
    return plan


def _check_plan(plan: Mapping[str, Any], client: ChainClient, deployer: Signer, path: Path) -> None:
    client.check_network()
    if plan["chain_id"] != client.chain_id or plan["genesis_hash"] != client.genesis_hash():
        raise Conflict(
            f"{path} belongs to another chain than {client.url}; use another folder or the right node"
        )
    if plan["deployer"] != deployer.address:
        raise Conflict(f"{path} was begun by {plan['deployer']}, not by {deployer.address}; use the same key")


def _ensure_deployed(
    client: ChainClient, deployer: Signer, plan: Mapping[str, Any], name: str, address: str, nonce: int
) -> None:
    if is_deployed(client, name, address):
        return
    if client.nonce(deployer.address) > nonce:
        # A killed run's transaction may wait in the node's pool; what was mined there without leaving code is lost.
        wait_for(
            lambda: client.nonce(deployer.address, block="latest") > nonce or None,
            f"the transaction with nonce {nonce} of {deployer.address} was not mined",
        )
    elif client.nonce(deployer.address) < nonce:
        raise Conflict(
            f"{address} holds no code, though later steps were begun: this is not the chain it was"
        )
    else:
        send_and_wait(client, deployer, None, _creation_code(name, plan), nonce=nonce)
    if not is_deployed(client, name, address):
        raise Conflict(
            f"nonce {nonce} of {deployer.address} was spent on something else than {name};"
            " remove the deployment file to deploy at other addresses"
        )


def _creation_code(name: str, plan: Mapping[str, Any]) -> bytes:
    artifact = load_artifact(name)
    steps: Mapping[str, str] = plan["steps"]
    inputs: list[dict[str, Any]] = next(
        (entry["inputs"] for entry in artifact.abi if entry["type"] == "constructor"), []
    )
    values = [_argument(name, one["name"], plan) for one in inputs]
    code = artifact.bytecode.linked({library: steps[library] for library in artifact.bytecode.libraries})
    return code + encode((one["type"] for one in inputs), values)


def _argument(contract: str, parameter: str, plan: Mapping[str, Any]) -> str | int:
    word = parameter.strip("_").lower()
    if word in ("admin", "initialadmin"):
        return str(plan["deployer"])
    if word == "predecessor":
        before = plan["predecessor"]
        return NOBODY if before is None else str(before[contract])
    if word == "delay":
        return int(plan["delay_s"])
    if word not in _PARAMETERS:
        raise InvariantBroken(f"nobody knows what to pass as {parameter} to the constructor of {contract}")
    return str(plan["steps"][_PARAMETERS[word]])


def _masked(artifact: Artifact, code: bytes) -> bytes:
    """The code without what is only known once it lies on a chain: immutables, library addresses, its own address."""
    masked = bytearray(code)
    places = [place for one in artifact.immutable_references.values() for place in one]
    for by_name in artifact.deployed_bytecode.link_references.values():
        places += [place for one in by_name.values() for place in one]
    if artifact.kind == "library":
        # solc writes the library's own address behind the first opcode, as protection against direct calls.
        places.append({"start": 1, "length": 20})
    for place in places:
        masked[place["start"] : place["start"] + place["length"]] = bytes(place["length"])
    return bytes(masked)


def _read(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as damaged:
        raise ChainError(f"{path} is no deployment file: {damaged}; restore it from a backup") from damaged
    return dict(read)


def _deployment(read: Mapping[str, Any]) -> Deployment:
    code = {name: str(read["steps"][name]) for name in CONTRACTS}
    return Deployment(read["chain_id"], read["genesis_hash"], read["block"], code)
