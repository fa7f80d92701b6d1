"""``hanse up``: the process tree, trade 1 once on a new chain, and then running until Ctrl-C."""

from __future__ import annotations

import signal
import sys

from hanse.actors import Cast
from hanse.demo.play import play_first_trade
from hanse.demo.timeline import Timeline
from hanse.folder import read_run_note
from hanse.logs import configure_logs
from hanse.tree import Tree, start_tree
from settlement.errors import Conflict
from settlement.settings import Settings


def run_up(settings: Settings, *, is_demo_wanted: bool) -> None:
    """Start, show where everything is, and wait.

    A second ``up`` on the same folder shows where the first one listens and ends.
    """
    configure_logs()
    # Both signals end whatever goes on, and so run through the orderly stop; SIGINT too where a shell that started
    # this in the background left it ignored.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        tree = start_tree(settings, Timeline(), lambda line: print(f"  {line} …", flush=True), Cast())
    except Conflict as conflict:
        note = read_run_note(settings.folder)
        if note is None or conflict.code != "folder_in_use":
            raise
        print(f"hanse is up already on {settings.folder}: API {note['api']}, chain {note['rpc']}")
        return
    except KeyboardInterrupt:
        return
    try:
        if is_demo_wanted:
            play_first_trade(tree)
        _show(tree)
        tree.supervisor.wait()
    except KeyboardInterrupt:
        print("\nstopping …", flush=True)
    finally:
        tree.stop()


def _show(tree: Tree) -> None:
    settings, addresses = tree.settings, tree.deployment.addresses
    print("\nHanse is up")
    print(f"  API              {settings.api_url}/v1   (described at {settings.api_url}/openapi.json)")
    print(f"  chain            {settings.chain_url}   (chain id {settings.chain_id})")
    for name, address in addresses.items():
        print(f"  {name:<16} {address}")
    print(f"  credentials      {settings.credentials_file}   (hanse credentials)")
    print("  Ctrl-C stops everything; the next start goes on from here.")
    sys.stdout.flush()
