"""``hanse verify`` and ``hanse rebuild``: the projection against the chain it comes from."""

from __future__ import annotations

import json

import typer

from settlement.chain.client import ChainClient
from settlement.chain.deployment import load_deployment
from settlement.chain.follower import fetch_blocks
from settlement.chain.identity import Identity
from settlement.settings import Settings
from settlement.store.engine import open_database
from settlement.store.rebuild import rebuild, state_hash
from settlement.verify import Report, verify


def verify_books(settings: Settings, *, is_json: bool) -> bool:
    """Compare and print what was checked, what was found, and what cannot be proved.

    Returns whether no difference was found.
    """
    engine = open_database(settings.database_url)
    deployment = load_deployment(settings.deployment_file)
    with ChainClient(settings.chain_url, settings.chain_id) as client:
        report = verify(engine, client, deployment)
    engine.dispose()
    if is_json:
        _print_json(report)
    else:
        _print_table(report)
    return report.ok


def _print_json(report: Report) -> None:
    rows = {
        one.name: {"ok": one.ok, "expected": one.expected, "found": one.found, "detail": one.detail}
        for one in report.checks
    }
    document = {
        "block": report.block_number,
        "block_hash": report.block_hash,
        "ok": report.ok,
        "checks": rows,
    }
    typer.echo(json.dumps(document | {"unproven": report.unproven}))


def _print_table(report: Report) -> None:
    typer.echo(f"at block {report.block_number} ({report.block_hash}):")
    for one in report.checks:
        typer.echo(f"  {'ok' if one.ok else 'DIFFERS':<8} {one.name:<28} {one.found}")
        if not one.ok:
            typer.echo(f"           expected {one.expected}: {one.detail}")
    typer.echo("cannot be proved here:")
    for line in report.unproven:
        typer.echo(f"  {line}")


def rebuild_books(settings: Settings) -> None:
    """Build the projection again beside the present one, then swap; prints both state hashes.

    Raises: ChainError when the node serves another chain than the one this database was begun on.
    """
    engine = open_database(settings.database_url)
    deployment = load_deployment(settings.deployment_file)
    before = state_hash(engine)
    with ChainClient(settings.chain_url, settings.chain_id) as client:
        Identity(engine, client, deployment).check()
        rebuild(engine, fetch_blocks(client, deployment))
    after = state_hash(engine)
    engine.dispose()
    typer.echo(f"before {before}\nafter  {after}")
