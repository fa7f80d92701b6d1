"""``hanse chain``: the local chain by itself, and a look at what any chain holds."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from settlement.chain.local.options import node_command
from settlement.settings import Settings, load_settings

if TYPE_CHECKING:
    from hanse.explorer.book import Book
    from hanse.explorer.node_reader import NodeReader

MOST_ROWS = 1_000

Folder = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Folder of the network whose names are shown (.hanse)."),
]
Url = Annotated[
    str | None, typer.Option("--rpc-url", metavar="URL", help="Any node; without it the network's own.")
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line and nothing else on stdout.")]


def _place(data: Path | None, port: int | None) -> tuple[Path, int]:
    settings = load_settings(data, rpc_port=port)
    return settings.folder / "chain", settings.rpc_port


chain = typer.Typer(
    callback=node_command(_place),
    invoke_without_command=True,
    help="Run the local chain: JSON-RPC on 127.0.0.1:8545, chain 31337, ten well-known funded accounts.",
)


@chain.command()
def blocks(
    block: Annotated[
        str | None,
        typer.Argument(metavar="[BLOCK]", help="A number, hash or tag: that block and its transactions."),
    ] = None,
    *,
    last: Annotated[
        int, typer.Option("--last", min=1, max=MOST_ROWS, metavar="N", help="How many blocks.")
    ] = 20,
    to: Annotated[str | None, typer.Option("--to", metavar="BLOCK", help="The newest of them.")] = None,
    data: Folder = None,
    rpc_url: Url = None,
    as_json: AsJson = False,
) -> None:
    """List the newest blocks: time, transactions, gas; or show one block."""
    from hanse.explorer.blocks import newest_blocks, one_block

    settings = load_settings(data)
    with _node(settings, rpc_url) as node:
        if block is None:
            newest = None if to is None else node.number_of(to)
            _print(newest_blocks(node, last, newest, is_json=as_json))
        else:
            _print(one_block(node, _book(node, settings), block, is_json=as_json))


@chain.command()
def tx(
    tx_hash: Annotated[str, typer.Argument(metavar="HASH")],
    *,
    data: Folder = None,
    rpc_url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show one transaction: its call with arguments, why it failed, the calls inside it, its logs."""
    from hanse.explorer.transaction import transaction_lines

    settings = load_settings(data)
    with _node(settings, rpc_url) as node:
        _print(transaction_lines(node, _book(node, settings), tx_hash, is_json=as_json))


@chain.command()
def logs(
    *,
    contract: Annotated[
        str | None, typer.Option("--contract", metavar="NAME|ADDRESS", help="Only logs of this contract.")
    ] = None,
    event: Annotated[
        str | None, typer.Option("--event", metavar="NAME", help="Only events of this name.")
    ] = None,
    first: Annotated[str, typer.Option("--from", metavar="BLOCK", help="The first block.")] = "0",
    to: Annotated[
        str | None, typer.Option("--to", metavar="BLOCK", help="The last block; the newest.")
    ] = None,
    data: Folder = None,
    rpc_url: Url = None,
    as_json: AsJson = False,
) -> None:
    """Show logs, oldest first, with the names and units of their fields."""
    from hanse.explorer.logs import find_logs

    settings = load_settings(data)
    with _node(settings, rpc_url) as node:
        begin, end = node.number_of(first), None if to is None else node.number_of(to)
        book = _book(node, settings)
        _print(find_logs(node, book, contract=contract, event=event, first=begin, last=end, is_json=as_json))


def _node(settings: Settings, rpc_url: str | None) -> NodeReader:
    """The node named, else the one that ``HANSE_CHAIN_URL`` names or the network of the folder runs."""
    from hanse.explorer.node_reader import NodeReader
    from hanse.folder import read_run_note

    note = read_run_note(settings.folder) or {}
    own = note.get("rpc", settings.chain_url) if settings.embeds_chain else settings.chain_url
    return NodeReader(rpc_url or own)


def _book(node: NodeReader, settings: Settings) -> Book:
    from hanse.explorer.book import Book

    book = Book(node, settings.deployment_file)
    if book.remark and settings.deployment_file.exists():
        print(f"hanse: names are left out: {book.remark}", file=sys.stderr)
    return book


def _print(lines: Iterable[str]) -> None:
    try:
        for line in lines:
            print(_printable(line))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the lines has seen enough; the interpreter must not try to flush them again.
        sys.stdout = None


def _printable(line: str) -> str:
    """The line as a terminal shows it: control codes that a contract put into a text are written out, not obeyed."""
    if line.isprintable():
        return line
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in line)
