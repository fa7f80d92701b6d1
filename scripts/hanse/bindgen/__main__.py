"""Write the bindings, or with ``--check`` say which are not what the artifacts ask for."""

from __future__ import annotations

import argparse
import sys
from importlib.resources import files
from pathlib import Path

from contracts import artifact_names, load_artifact
from hanse.bindgen.render import modules_of
from hanse.bindgen.suite import suite_of


def differing(modules: dict[str, str], folder: Path) -> list[str]:
    """Names of files that are missing, differ, or have no artifact behind them any more; sorted."""
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    return sorted(name for name in modules.keys() | present.keys() if modules.get(name) != present.get(name))


def main() -> int:
    """Exit 1 under ``--check`` when anything differs."""
    parser = argparse.ArgumentParser(prog="python -m hanse.bindgen", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    arguments = parser.parse_args()
    folder = Path(str(files("settlement.chain"))) / "bindings"
    modules = modules_of(suite_of(load_artifact(name) for name in artifact_names()))
    names = differing(modules, folder)
    if arguments.check:
        print(f"stale: {', '.join(names)}" if names else f"{len(modules)} modules are fresh")
        return 1 if names else 0
    folder.mkdir(exist_ok=True)
    for name in names:
        if name in modules:
            (folder / name).write_text(modules[name], encoding="utf-8")
        else:
            (folder / name).unlink()
    print(f"{len(modules)} modules, {len(names)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
