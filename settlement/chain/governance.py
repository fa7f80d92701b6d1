"""Who may govern what, and the one act that ends the set-up of a network: after it nobody governs without delay.

The deployer sets a network up as its first admin. Sealing gives each verb its role, the roles to governor and guardian,
and takes the admin's right away from everybody, in one transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from eth_utils.crypto import keccak

from contracts import load_artifact
from settlement.chain.abi import Call
from settlement.chain.bindings.governance import Governance

ADMIN: Final = 0
GOVERNOR: Final = 1
GUARDIAN: Final = 2

VERBS: Final[Mapping[int, Mapping[str, tuple[str, ...]]]] = {
    GOVERNOR: {
        "TrustedNetwork": (
            "enroll",
            "setStatus",
            "renew",
            "proposeAccount",
            "confirmHalt",
            "liftHalt",
            "retire",
        ),
        "CashLedger": ("list", "freeze"),
        "ClearanceOracle": ("seat", "nameReserves", "suspendSeat"),
        "IndexOracle": ("seat",),
    },
    GUARDIAN: {"TrustedNetwork": ("halt",)},
}
"""Every governed verb by role and contract; a test compares them with the sources."""

_LABELS: Final = {GOVERNOR: "governor", GUARDIAN: "guardian"}


def selector_of(contract: str, verb: str) -> bytes:
    """The selector of a contract's verb, which is not overloaded."""
    (entry,) = (
        one for one in load_artifact(contract).abi if one["type"] == "function" and one["name"] == verb
    )
    return keccak(text=f"{verb}({','.join(_kind(one) for one in entry['inputs'])})")[:4]


def sealing(
    addresses: Mapping[str, str], deployer: str, governor: str, guardian: str, delay_s: int
) -> Call[Any]:
    """The call by which the deployer gives up its right for good. Units: ``delay_s`` seconds of chain time."""
    acts: list[Call[Any]] = [
        Governance.set_target_function_role(
            addresses[contract], tuple(selector_of(contract, verb) for verb in verbs), role
        )
        for role, by_contract in VERBS.items()
        for contract, verbs in by_contract.items()
    ]
    acts += [Governance.label_role(role, label) for role, label in _LABELS.items()]
    acts += [
        Governance.grant_role(GOVERNOR, governor, delay_s),
        Governance.grant_role(GUARDIAN, guardian, 0),
        # The governor's successor is granted and its own role given back by the same two days.
        Governance.set_role_admin(GOVERNOR, GOVERNOR),
        Governance.set_role_admin(GUARDIAN, GOVERNOR),
        Governance.renounce_role(ADMIN, deployer),
    ]
    return Governance.multicall(tuple(act.data for act in acts))


def _kind(parameter: Mapping[str, Any]) -> str:
    """The parameter's type as a selector hashes it."""
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    inner = ",".join(_kind(one) for one in parameter["components"])
    return f"({inner}){kind.removeprefix('tuple')}"
