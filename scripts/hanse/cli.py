"""The ``hanse`` command. Each verb's work is in a file of its own, imported when it is asked for."""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from hanse.chain_command import chain
from settlement.errors import Conflict, HanseError, InputRefused
from settlement.settings import Settings, load_settings

app = typer.Typer(
    help="Trade finance and settlement: orders become receivables, loans and settled cash.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
bench = typer.Typer(help="Measurements.", no_args_is_help=True)
app.add_typer(bench, name="bench")
app.add_typer(chain, name="chain")

Folder = Annotated[Path | None, typer.Option("--data", help="Folder of the network; .hanse by default.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="Port of the API (8400).")]
RpcPort = Annotated[
    int | None, typer.Option("--rpc-port", min=0, max=65_535, help="Port of the chain (8545).")
]
ParentPipe = Annotated[int | None, typer.Option("--parent-fd", hidden=True)]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]


def main() -> None:
    """Run the command; a Hanse error is one line on stderr and exit status 1, refused input 2."""
    try:
        app()
    except InputRefused as refused:
        _give_up(refused, 2)
    except HanseError as trouble:
        _give_up(trouble, 1)


@app.command()
def up(
    data: Folder = None,
    port: Port = None,
    rpc_port: RpcPort = None,
    no_demo: Annotated[bool, typer.Option("--no-demo", help="Do not play trade 1 on a new chain.")] = False,
) -> None:
    """Start the network on this machine and keep it running until Ctrl-C."""
    from hanse.up import run_up

    run_up(_settings(data, port, rpc_port), is_demo_wanted=not no_demo)


@app.command()
def demo(
    data: Folder = None,
    port: Port = None,
    rpc_port: RpcPort = None,
    order: Annotated[Path | None, typer.Option("--order", help="A real order (UBL or JSON) to play.")] = None,
    customs: Annotated[
        Path | None, typer.Option("--customs", help="A folder of real customs messages for the order.")
    ] = None,
    voyage_days: Annotated[
        int, typer.Option("--voyage-days", min=0, max=500, help="Days from acceptance to the first message.")
    ] = 30,
    as_json: AsJson = False,
) -> None:
    """Play the trades on a fresh network and check every figure; exit 0 only if all checks hold."""
    from hanse.demo.real_trade import read_real_trade
    from hanse.demo.run import run_demo
    from hanse.tree import free_port

    trade = read_real_trade(order, customs, voyage_days)
    # Ports are free ones unless asked for, so that a demo runs beside a network that is up.
    with tempfile.TemporaryDirectory(prefix="hanse-demo-") as fresh:
        settings = _settings(data or Path(fresh), port or free_port(), rpc_port or free_port())
        is_ok = run_demo(settings, trade, is_json=as_json)
    if not is_ok:
        raise typer.Exit(1)


@app.command()
def api(
    data: Folder = None, port: Port = None, rpc_port: RpcPort = None, parent_fd: ParentPipe = None
) -> None:
    """Run one API process."""
    from api.server import serve

    _prepare_child(parent_fd)
    serve(_settings(data, port, rpc_port))


@app.command()
def worker(
    data: Folder = None, port: Port = None, rpc_port: RpcPort = None, parent_fd: ParentPipe = None
) -> None:
    """Run one worker process: sender, follower, keeper."""
    from hanse.worker_process import run

    _prepare_child(parent_fd)
    run(_settings(data, port, rpc_port))


@app.command()
def oracle(
    data: Folder = None, port: Port = None, rpc_port: RpcPort = None, parent_fd: ParentPipe = None
) -> None:
    """Run the demo network's committee members and observers."""
    from hanse.oracle_process import run_members

    _prepare_child(parent_fd)
    settings = _settings(data, port, rpc_port)
    run_members(settings.folder, settings.api_url)


@app.command()
def deploy(data: Folder = None, rpc_port: RpcPort = None) -> None:
    """Deploy the contracts, or finish a deployment that was interrupted."""
    from hanse.folder import prepare_folder
    from settlement.chain.client import ChainClient
    from settlement.chain.deployment import deploy_suite
    from settlement.chain.signer import load_signer

    settings = _settings(data, None, rpc_port)
    prepare_folder(settings.folder)
    with ChainClient(settings.chain_url, settings.chain_id) as client:
        deployment = deploy_suite(
            client,
            load_signer("governor", settings),
            settings.deployment_file,
            delay_s=settings.governance_delay_s,
        )
    for name, address in deployment.addresses.items():
        typer.echo(f"{name:<16} {address}")


@app.command()
def seal(data: Folder = None, port: Port = None, rpc_port: RpcPort = None) -> None:
    """End a network's set-up: from then on acts of governance wait, and nobody is admin any more."""
    from hanse.network import ensure_sealed
    from settlement.chain.deployment import load_deployment

    settings = _running(data, port, rpc_port)
    ensure_sealed(settings, load_deployment(settings.deployment_file))
    typer.echo("the network is sealed")


@app.command()
def credentials(data: Folder = None) -> None:
    """Show the demo actors' API keys and signing keys."""
    path = _settings(data, None, None).credentials_file
    if not path.exists():
        raise InputRefused(f"{path} does not exist; run `hanse up` first, or name its folder with --data")
    typer.echo(path.read_text(encoding="utf-8"))


@app.command()
def clock(
    advance: Annotated[int, typer.Option("--advance", min=1, help="Seconds to move business time forward.")],
    data: Folder = None,
    port: Port = None,
) -> None:
    """Move business time forward on a test network; everything that falls due happens."""
    from hanse.actors import Credentials

    settings = _running(data, port, None)
    if not settings.credentials_file.exists():
        raise InputRefused(
            f"{settings.folder} holds no network; run `hanse up` first, or name its --data DIR"
        )
    with Credentials(settings.credentials_file).actor("operator").client(settings.api_url) as operator:
        typer.echo(operator.post("/v1/clock/advance", {"seconds": advance})["business_time"])


@app.command()
def rebuild(data: Folder = None, port: Port = None, rpc_port: RpcPort = None) -> None:
    """Throw the projection away and build it again from the chain."""
    from hanse.books import rebuild_books

    rebuild_books(_running(data, port, rpc_port))


@app.command()
def verify(data: Folder = None, port: Port = None, rpc_port: RpcPort = None, as_json: AsJson = False) -> None:
    """Compare contract views, ledger sums and SQL at one block; exit 1 on a difference."""
    from hanse.books import verify_books

    if not verify_books(_running(data, port, rpc_port), is_json=as_json):
        raise typer.Exit(1)


@bench.command()
def gas(
    as_json: AsJson = False,
    check: Annotated[
        bool, typer.Option("--check", help="Fail where contracts/gas.json is exceeded.")
    ] = False,
    write: Annotated[bool, typer.Option("--write", help="Write contracts/gas.json anew.")] = False,
    reason: Annotated[str, typer.Option("--reason", help="Why a verb costs more than before.")] = "",
) -> None:
    """Gas of the trade's verbs, steady and first-time, beside their bars."""
    from hanse.bench_gas import measure_gas
    from hanse.gas_file import complaints, read_gas, write_gas

    figures = measure_gas()
    if as_json:
        typer.echo(json.dumps(figures))
    else:
        typer.echo(f"{'verb':<28}{'gas':>10}{'first':>10}{'bar':>10}")
        for name, row in figures.items():
            bar = f"{row['bar']:,}" if row["bar"] else ""
            first = f"{row['first']:,}" if row.get("first") else ""
            typer.echo(f"{name:<28}{row['gas']:>10,}{first:>10}{bar:>10}")
    if write:
        write_gas(figures, reason, datetime.now(UTC).date().isoformat())
    said = complaints(read_gas()["verbs"], figures) if check else []
    if said:
        raise Conflict(f"{'; '.join(said)}: run `hanse bench gas --write --reason ...` and commit the file")


@bench.command(name="chain")
def chain_bench(
    as_json: AsJson = False,
    quick: Annotated[
        bool, typer.Option("--quick", help="Tiny sizes: does it run? Figures mean nothing.")
    ] = False,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds, each played by every system.")] = 5,
    transfers: Annotated[int, typer.Option("--transfers", min=0, help="Plain transfers a round.")] = 1_000,
    orders: Annotated[int, typer.Option("--orders", min=0, help="Orders a round, three calls each.")] = 50,
    calls: Annotated[int, typer.Option("--calls", min=0, help="Calls of a view a round.")] = 500,
    blocks: Annotated[
        int, typer.Option("--blocks", min=0, help="Blocks of the longest log query.")
    ] = 100_000,
    volume: Annotated[
        int, typer.Option("--volume", min=0, help="Transactions of the memory's run.")
    ] = 100_000,
) -> None:
    """Speed and memory of the local chain beside eth-tester, py-evm itself and anvil. A part of size 0 is left out."""
    from hanse.bench_chain.report import as_text
    from hanse.bench_chain.run import QUICK, Sizes, bench_chain

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    sizes = QUICK if quick else Sizes(rounds, transfers, orders, calls, blocks, volume)
    figures = bench_chain(sizes, say)
    for line in [json.dumps(figures)] if as_json else as_text(figures):
        typer.echo(line)


def _settings(data: Path | None, port: int | None, rpc_port: int | None) -> Settings:
    return load_settings(data, api_port=port, rpc_port=rpc_port)


def _running(data: Path | None, port: int | None, rpc_port: int | None) -> Settings:
    """Settings for a network that is up: ports that are not given are those it wrote down."""
    from hanse.folder import read_run_note

    note = read_run_note(_settings(data, None, None).folder) or {}
    return _settings(data, port or note.get("api_port"), rpc_port or note.get("rpc_port"))


def _prepare_child(parent_fd: int | None) -> None:
    import os

    from hanse.logs import configure_logs
    from hanse.parent_pipe import stop_with_parent

    os.umask(0o077)
    configure_logs()
    stop_with_parent(parent_fd)


def _give_up(error: HanseError, status: int) -> NoReturn:
    place = f" ({error.field})" if error.field else ""
    print(f"hanse: {error.message}{place}", file=sys.stderr)
    sys.exit(status)
