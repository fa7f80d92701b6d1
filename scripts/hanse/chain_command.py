"""``hanse chain``: the local chain by itself, and a look at what any chain holds."""

from __future__ import annotations

from pathlib import Path

import typer

from settlement.chain.local.options import node_command
from settlement.settings import load_settings


def _place(data: Path | None, port: int | None) -> tuple[Path, int]:
    settings = load_settings(data, rpc_port=port)
    return settings.folder / "chain", settings.rpc_port


chain = typer.Typer(
    callback=node_command(_place),
    invoke_without_command=True,
    help="Run the local chain: JSON-RPC on 127.0.0.1:8545, chain 31337, ten well-known funded accounts.",
)
