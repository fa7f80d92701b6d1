"""``python -m settlement.chain.local --data DIR --port N``: the node in a process of its own."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from settlement.chain.local.server import serve
from settlement.chain.local.settings import ChainSettings
from settlement.errors import HanseError


def main() -> int:
    """Read the arguments, run the node, say what went wrong."""
    arguments = _parser().parse_args()
    settings = ChainSettings(chain_id=arguments.chain_id, gas_limit=arguments.gas_limit)

    def announce(port: int) -> None:
        sys.stdout.write(f"http://{arguments.host}:{port}\n")
        sys.stdout.flush()

    try:
        serve(
            arguments.data,
            arguments.port,
            host=arguments.host,
            ready=announce,
            settings=settings,
            parent_fd=arguments.parent_fd,
        )
    except HanseError as exc:
        sys.stderr.write(f"{exc.message}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m settlement.chain.local", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="DIR", help="the chain's folder")
    parser.add_argument("--port", type=int, default=8545, help="0 picks a free one; the URL is printed")
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address")
    parser.add_argument("--chain-id", type=int, default=31_337)
    parser.add_argument("--gas-limit", type=int, default=30_000_000, help="of each block")
    parser.add_argument("--parent-fd", type=int, metavar="N", help="stop when this inherited pipe closes")
    return parser


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: it would wait for calls that still run, and all that must be kept is on disk.
    os._exit(status)
