"""Who governs a network after its start, read from the raw logs of its chain."""

from __future__ import annotations

from tests.journeys.conftest import Played
from tests.journeys.rpc import chain_of

ADMIN, GOVERNOR, GUARDIAN = 0, 1, 2


def test_i29__network_after_its_start__has_no_admin_and_one_governor_that_waits(four_trades: Played) -> None:
    """I-29: members were enrolled at the start; from then on nobody governs without delay."""
    address = four_trades.report["network"]["contracts"]["Governance"]
    with chain_of(four_trades.folder) as witness:
        logs = witness.logs("Governance", address)
    holders: dict[int, dict[str, int]] = {ADMIN: {}, GOVERNOR: {}, GUARDIAN: {}}
    for log in logs:
        role, account = log.fields.get("roleId", ADMIN), str(log.fields.get("account"))
        if log.name == "RoleGranted":
            holders[int(role)][account] = int(log.fields["delay"])
        elif log.name == "RoleRevoked":
            del holders[int(role)][account]
    assert holders[ADMIN] == {}
    assert list(holders[GOVERNOR].values()) == [1]
    assert list(holders[GUARDIAN].values()) == [0]
    assert set(holders[GOVERNOR]).isdisjoint(holders[GUARDIAN])
