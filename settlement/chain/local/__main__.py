"""``python -m settlement.chain.local --data DIR --port N``: the node in a process of its own, on that very folder."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from settlement.chain.local.options import DEFAULT_PORT, node_command
from settlement.errors import HanseError, InputRefused


def main() -> int:
    """Read the options, run the node, say what went wrong."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command(help=__doc__)(node_command(_place))
    try:
        app()
    except HanseError as trouble:
        place = f" ({trouble.field})" if trouble.field else ""
        sys.stderr.write(f"{trouble.message}{place}\n")
        return 2
    return 0


def _place(data: Path | None, port: int | None) -> tuple[Path, int]:
    if data is None:
        raise InputRefused("name the chain's folder", field="--data")
    return data, DEFAULT_PORT if port is None else port


if __name__ == "__main__":
    sys.exit(main())
