"""The node as a process: what it says at the start, what it refuses, how it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

from settlement.chain.local.accounts import ACCOUNT_COUNT, INITIAL_BALANCE_WEI, MNEMONIC, checked_phrase
from settlement.chain.local.banner import banner_json, banner_lines, url_text
from settlement.chain.local.faults import RpcFault
from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from settlement.chain.local.options import NodeOptions
from settlement.chain.local.rpc.request_log import LogForm
from settlement.chain.local.rpc.state_files import load_state_file, save_state_file
from settlement.chain.local.server import refuse_public_host, serve
from settlement.chain.local.settings import ChainSettings
from settlement.errors import InputRefused
from settlement.wei import ETHER, ether_text


def run_node(options: NodeOptions) -> NoReturn:
    """Run the node until it is told to stop, and end the process.

    Raises: InputRefused for options that contradict themselves or the chain in the folder; FolderInUse, FolderDamaged;
            ChainError when the port is taken, or the state file cannot be read or written.
    """
    refuse_public_host(options.host)
    settings, mining = settings_of(options), mining_of(options)
    _make_folder(options.folder)
    with Node(options.folder, settings, mining=mining) as node:
        _load_state(options, node)
        _refuse_other_accounts(options, settings, node)
        serve(
            node,
            options.host,
            options.port,
            lambda port: _announce(options, node, port),
            parent_fd=options.parent_fd,
            log_form=log_form_of(options),
        )
        if options.state is not None:
            save_state_file(node, options.state)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: it would wait for calls that still run, and all that must be kept is on disk.
    os._exit(0)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as exc:
        raise InputRefused(
            f"the chain's folder {folder} cannot be made: {exc.strerror}; name another", field="--data"
        ) from exc


def _load_state(options: NodeOptions, node: Node) -> None:
    if options.state is None:
        return
    try:
        load_state_file(node, options.state)
    except RpcFault as fault:
        raise InputRefused(
            f"no chain can be begun from {options.state}: {fault.message}", field="--state"
        ) from fault


def _announce(options: NodeOptions, node: Node, port: int) -> None:
    if options.is_json:
        lines = [banner_json(node, options.folder, options.host, port)]
    elif options.is_quiet:
        lines = [url_text(options.host, port)]
    else:
        lines = banner_lines(node, options.folder, options.host, port)
    sys.stdout.write("\n".join([*lines, ""]))
    sys.stdout.flush()


def _refuse_other_accounts(options: NodeOptions, asked: ChainSettings, node: Node) -> None:
    """A chain keeps the accounts it was begun with; others would be shown as funded and own nothing."""
    kept = node.chain.settings
    told = {
        "--accounts": (options.accounts, kept.accounts == asked.accounts, f"{kept.accounts} accounts"),
        "--balance": (
            options.balance,
            kept.balance_wei == asked.balance_wei,
            f"{ether_text(kept.balance_wei)} ether each",
        ),
        "--mnemonic": (options.mnemonic, kept.mnemonic == asked.mnemonic, "another phrase"),
    }
    for option, (said, is_same, begun_with) in told.items():
        if said is not None and not is_same:
            raise InputRefused(
                f"the chain in {options.folder} was begun with {begun_with}; leave {option} out,"
                " or begin a new chain in another folder with --data DIR",
                field=option,
            )


def log_form_of(options: NodeOptions) -> LogForm:
    """How requests are logged on stderr."""
    if options.is_quiet:
        return LogForm.SILENT
    return LogForm.JSON if options.is_json else LogForm.HUMAN


def settings_of(options: NodeOptions) -> ChainSettings:
    """What a new chain is begun with.

    Raises: InputRefused for a phrase that is none.
    """
    return ChainSettings(
        chain_id=options.chain_id,
        gas_limit=options.gas_limit,
        mnemonic=MNEMONIC if options.mnemonic is None else checked_phrase(options.mnemonic),
        accounts=ACCOUNT_COUNT if options.accounts is None else options.accounts,
        balance_wei=INITIAL_BALANCE_WEI if options.balance is None else options.balance * ETHER,
    )


def mining_of(options: NodeOptions) -> Mining:
    """When blocks are mined.

    Raises: InputRefused for a beat and no mining at once.
    """
    if options.block_time_s is not None and not options.is_mining:
        raise InputRefused("--block-time and --no-mining contradict each other; leave one out")
    is_automatic = options.is_mining and options.block_time_s is None
    return Mining(is_automatic=is_automatic, interval_s=options.block_time_s)
