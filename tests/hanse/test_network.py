"""The demo network's set-up, where it is not asked over HTTP."""

from __future__ import annotations

from pathlib import Path

from hanse.actors import Credentials
from hanse.network import ensure_operator
from settlement.store.engine import migrate, open_database, reading
from settlement.store.repositories.clients import find_client
from settlement.use_cases.authenticate import authenticate
from settlement.use_cases.caller import OPERATOR


def test_ensure_operator__twice__is_one_client_with_the_operators_scope(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hanse.db'}"
    engine = open_database(url)
    migrate(engine)
    first = ensure_operator(Credentials(tmp_path / "credentials.json"), url)
    again = ensure_operator(Credentials(tmp_path / "credentials.json"), url)
    assert first.api_key == again.api_key
    with reading(engine) as session:
        caller = authenticate(session, f"Bearer {first.api_key}")
        client = find_client(session, caller.client_id)
    engine.dispose()
    assert caller.is_operator
    assert client is not None
    assert client.scopes == [OPERATOR]
