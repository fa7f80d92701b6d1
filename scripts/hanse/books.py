"""``hanse verify`` and ``hanse rebuild``: the projection against the chain it comes from."""

from __future__ import annotations

import json

import typer

from settlement.chain.client import ChainClient
from settlement.chain.deployment import load_deployment
from settlement.chain.follower import fetch_blocks
from settlement.settings import Settings
from settlement.store.engine import open_database
from settlement.store.rebuild import rebuild, state_hash
from settlement.verify import verify


def verify_books(settings: Settings, *, is_json: bool) -> bool:
    """Compare and print.

    Returns whether no difference was found.
    """
    engine = open_database(settings.database_url)
    deployment = load_deployment(settings.deployment_file)
    with ChainClient(settings.chain_url, settings.chain_id) as client:
        report = verify(engine, client, deployment)
    engine.dispose()
    if is_json:
        rows = {
            one.name: {"ok": one.ok, "expected": one.expected, "found": one.found, "detail": one.detail}
            for one in report.checks
        }
        typer.echo(json.dumps({"block": report.block, "checks": rows}))
    else:
        typer.echo(f"at block {report.block}:")
        for one in report.checks:
            typer.echo(f"  {'ok' if one.ok else 'DIFFERS':<8} {one.name:<34} {one.detail}")
            if not one.ok:
                typer.echo(f"           expected {one.expected}\n           found    {one.found}")
    return all(one.ok for one in report.checks)


def rebuild_books(settings: Settings) -> None:
    """Build the projection again beside the present one, then swap; prints both state hashes."""
    engine = open_database(settings.database_url)
    deployment = load_deployment(settings.deployment_file)
    before = state_hash(engine)
    with ChainClient(settings.chain_url, settings.chain_id) as client:
        rebuild(engine, fetch_blocks(client, deployment))
    after = state_hash(engine)
    engine.dispose()
    typer.echo(f"before {before}\nafter  {after}")
