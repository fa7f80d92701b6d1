"""The node's options, the same for ``hanse chain`` and ``python -m``. The node itself is imported when it is to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from settlement.chain.local.accounts import ACCOUNT_COUNT, INITIAL_BALANCE_WEI, MOST_ACCOUNTS
from settlement.chain.local.mining import MOST_INTERVAL_S
from settlement.errors import InputRefused
from settlement.wei import ETHER

MOST_ETHER = 10**12
LEAST_GAS_LIMIT = 5_000
MOST_GAS_LIMIT = 2**63 - 1
# EIP-2294: above it a signature's `v` no longer fits where wallets keep it.
MOST_CHAIN_ID = 2**63 - 36
DEFAULT_PORT = 8545

Data = Annotated[Path | None, typer.Option("--data", metavar="DIR", help="Folder; made if it is not there.")]
Host = Annotated[str, typer.Option("--host", metavar="ADDRESS", help="A loopback address to listen on.")]
Port = Annotated[
    int | None,
    typer.Option(
        "--port", min=0, max=65_535, metavar="N", help=f"Port ({DEFAULT_PORT}); 0 picks a free one."
    ),
]
ChainId = Annotated[
    int, typer.Option("--chain-id", min=1, max=MOST_CHAIN_ID, metavar="N", help="Of a new chain.")
]
Accounts = Annotated[
    int | None,
    typer.Option(
        "--accounts",
        min=0,
        max=MOST_ACCOUNTS,
        metavar="N",
        help=f"Funded accounts of a new chain ({ACCOUNT_COUNT}).",
    ),
]
Balance = Annotated[
    int | None,
    typer.Option(
        "--balance",
        min=0,
        max=MOST_ETHER,
        metavar="ETHER",
        help=f"What each has at the start ({INITIAL_BALANCE_WEI // ETHER}).",
    ),
]
Phrase = Annotated[
    str | None,
    typer.Option(
        "--mnemonic", metavar="PHRASE", help="BIP-39 phrase of a new chain's accounts (the well-known one)."
    ),
]
BlockTime = Annotated[
    int | None,
    typer.Option(
        "--block-time", min=1, max=MOST_INTERVAL_S, metavar="SECONDS", help="Mine on this beat, not at once."
    ),
]
NoMining = Annotated[bool, typer.Option("--no-mining", help="Mine only when told to (evm_mine, anvil_mine).")]
GasLimit = Annotated[
    int,
    typer.Option("--gas-limit", min=LEAST_GAS_LIMIT, max=MOST_GAS_LIMIT, metavar="N", help="Of each block."),
]
State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        metavar="FILE",
        help="Begin a new chain from this file if it is there; write it at the stop.",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print the URL alone; log no requests.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print one JSON object at the start; log requests as JSON lines.")
]
ParentPipe = Annotated[int | None, typer.Option("--parent-fd", hidden=True)]


@dataclass(frozen=True)
class NodeOptions:
    """What a tester asked for; None where nothing was said.

    Units:  ``balance`` in ether, ``block_time_s`` in seconds.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    chain_id: int = 31_337
    accounts: int | None = None
    balance: int | None = None
    mnemonic: str | None = None
    block_time_s: int | None = None
    is_mining: bool = True
    gas_limit: int = 30_000_000
    state: Path | None = None
    is_quiet: bool = False
    is_json: bool = False
    parent_fd: int | None = None


def node_command(place: Callable[[Path | None, int | None], tuple[Path, int]]) -> Callable[..., None]:
    """The command's function for typer; ``place`` gives the chain's folder and port for what was said of them."""

    def run(
        ctx: typer.Context,
        *,
        data: Data = None,
        host: Host = NodeOptions.host,
        port: Port = None,
        chain_id: ChainId = NodeOptions.chain_id,
        accounts: Accounts = None,
        balance: Balance = None,
        mnemonic: Phrase = None,
        block_time: BlockTime = None,
        no_mining: NoMining = False,
        gas_limit: GasLimit = NodeOptions.gas_limit,
        state: State = None,
        quiet: Quiet = False,
        as_json: AsJson = False,
        parent_fd: ParentPipe = None,
    ) -> None:
        if ctx.invoked_subcommand is not None:
            _refuse_misplaced(ctx)
            return
        from settlement.chain.local.command import run_node

        folder, bound = place(data, port)
        run_node(
            NodeOptions(
                folder,
                host,
                bound,
                chain_id,
                accounts,
                balance,
                mnemonic,
                block_time,
                not no_mining,
                gas_limit,
                state,
                quiet,
                as_json,
                parent_fd,
            )
        )

    return run


def _refuse_misplaced(ctx: typer.Context) -> None:
    """Options of the node in front of a command that starts none would do nothing."""
    said = [parameter.opts[0] for parameter in ctx.command.params if _was_typed(ctx, parameter.name)]
    if said:
        raise InputRefused(
            f"{', '.join(said)} belongs to the node, not to `{ctx.invoked_subcommand}`; options of a command come after it"
        )


def _was_typed(ctx: typer.Context, parameter: str | None) -> bool:
    source = ctx.get_parameter_source(parameter or "")
    return source is not None and source.name == "COMMANDLINE"
