"""A member running with its door open: mail in over HTTP, signature out over HTTP, stop, and go on."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path

import httpx2

from hanse.waiting import wait_for
from oracle.run import RunningMember, member_folder
from settlement.wire.client import HanseClient
from tests.oracle.mail import ACCEPTED, CLEARED, ORDER, link, notice
from tests.oracle.service import Service


def post(folder: Path, token: str, mail: tuple[str, bytes]) -> int:
    kind, raw = mail
    door = json.loads((folder / "door.json").read_text())["url"]
    envelope = {"kind": kind, "raw": base64.b64encode(raw).decode()}
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.post(f"{door}/inbox", json=envelope, headers=headers, trust_env=False).status_code


def test_member_folder__first_use__is_its_owners_only(tmp_path: Path) -> None:
    folder = member_folder(tmp_path, "customs", 1)
    key, token = folder.key(), folder.token()
    assert (folder.name, stat.S_IMODE(folder.path.stat().st_mode)) == ("customs-1", 0o700)
    for name in ("key", "token"):
        assert stat.S_IMODE((folder.path / name).stat().st_mode) == 0o600
    again = member_folder(tmp_path, "customs", 1)
    assert (again.key(), again.token()) == (key, token)
    assert member_folder(tmp_path, "customs", 2).key() != key


def test_running_member__mail_at_its_door__is_signed_and_survives_a_restart(
    tmp_path: Path, service: Service, api: HanseClient
) -> None:
    folder = member_folder(tmp_path, "customs", 1)
    service.accept(ORDER, 600_00)
    member = RunningMember(folder, api, is_observer=False)
    try:
        assert post(folder.path, folder.token(), link()) == 202
        assert post(folder.path, "wrong", notice(ACCEPTED, 1)) == 401
        wait_for(lambda: service.attestations or None, "the first signature")
    finally:
        member.request_stop()
        member.join()
    member = RunningMember(folder, api, is_observer=False)
    try:
        assert post(folder.path, folder.token(), link()) == 200
        assert post(folder.path, folder.token(), notice(CLEARED, 1)) == 202
        wait_for(
            lambda: [one for one in service.attestations if one["state"]["seq"] == 2] or None,
            "the second signature",
        )
    finally:
        member.request_stop()
        member.join()
    assert {one["state"]["seq"] for one in service.attestations} == {1, 2}
