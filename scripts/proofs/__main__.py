"""`scripts/prove`: one subcommand a proof."""

from __future__ import annotations

import sys

from proofs import coverage, mutation, slither
from proofs.compiler import CannotCompile
from proofs.judging import CannotJudge

COMMANDS = {"coverage": coverage.main, "mutation": mutation.main, "slither": slither.main}


def main(words: list[str]) -> int:
    """Run the proof that the first word names."""
    if not words or words[0] not in COMMANDS:
        print(f"usage: scripts/prove {'|'.join(COMMANDS)} [OPTIONS]", file=sys.stderr)
        return 2
    try:
        return COMMANDS[words[0]](words[1:])
    except (CannotCompile, CannotJudge) as refused:
        print(f"prove: {refused}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
