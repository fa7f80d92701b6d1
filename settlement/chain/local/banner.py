"""What the node says of itself when it starts, for people and for programs."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from settlement.chain.local.accounts import DERIVATION_PATH, MNEMONIC, funded_addresses, well_known_accounts
from settlement.chain.local.node import Node
from settlement.wei import ether_text, gwei_text

HARDFORK = "prague"


def banner_lines(node: Node, folder: Path, host: str, port: int) -> list[str]:
    """Accounts, keys, fees and the place, the last line as testers' scripts wait for it.

    Keys are shown of the well-known phrase only: of another one the phrase itself may be worth hiding.
    """
    settings = node.chain.settings
    addresses = funded_addresses(settings.mnemonic, settings.accounts)
    lines = ["Hanse local chain", ""]
    if addresses:
        lines += [f"Accounts, {ether_text(settings.balance_wei)} ether each at the start", ""]
        lines += [f"  ({index}) {address}" for index, address in enumerate(addresses)]
        lines += ["", *_key_lines(settings.mnemonic, settings.accounts), ""]
    genesis = node.chain.head_at(0)
    begun_at = 0 if genesis is None else genesis.header.timestamp
    following = node.chain.next_header(node.chain.head)
    facts = {
        "chain id": str(settings.chain_id),
        "rules": HARDFORK,
        "base fee": f"{following.base_fee:,} wei ({gwei_text(following.base_fee)})",
        "gas limit": f"{following.gas_limit:,} a block",
        "genesis": f"0x{node.chain.genesis_hash.hex()}",
        "begun": f"{datetime.fromtimestamp(begun_at, UTC):%Y-%m-%d %H:%M:%S} UTC",
        "head": f"block {node.chain.head.number:,}",
        "mining": _mining_text(node),
        "data": str(folder),
    }
    lines += [f"  {name:<10} {text}" for name, text in facts.items()]
    return [*lines, "", f"Listening on {_place(host, port)}"]


def banner_json(node: Node, folder: Path, host: str, port: int) -> str:
    """The same as one JSON object on one line. Units: wei, Unix seconds."""
    settings = node.chain.settings
    genesis, following = node.chain.head_at(0), node.chain.next_header(node.chain.head)
    told: dict[str, Any] = {
        "event": "listening",
        "url": url_text(host, port),
        "chain_id": settings.chain_id,
        "rules": HARDFORK,
        "base_fee_wei": str(following.base_fee),
        "gas_limit": following.gas_limit,
        "genesis_hash": f"0x{node.chain.genesis_hash.hex()}",
        "begun_at": 0 if genesis is None else genesis.header.timestamp,
        "head": node.chain.head.number,
        "mining": {"at_once": node.mining.is_automatic, "every_s": node.mining.interval_s},
        "data": str(folder),
        "balance_wei": str(settings.balance_wei),
        "derivation_path": DERIVATION_PATH,
        "accounts": list(funded_addresses(settings.mnemonic, settings.accounts)),
    }
    if settings.mnemonic == MNEMONIC:
        told["mnemonic"] = MNEMONIC
        told["private_keys"] = _keys(settings.accounts)
    return json.dumps(told)


def url_text(host: str, port: int) -> str:
    """Where clients reach the node by HTTP; an IPv6 address stands in brackets."""
    return f"http://{_place(host, port)}"


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _key_lines(mnemonic: str, count: int) -> list[str]:
    path = f"  path    {DERIVATION_PATH}0" + (f" to {count - 1}" if count > 1 else "")
    if mnemonic != MNEMONIC:
        return ["Private keys", "", "  phrase  your own, not shown here", path]
    keys = [f"  ({index}) {key}" for index, key in enumerate(_keys(count))]
    title = "Private keys, known to everybody: never send anything of value to these accounts"
    return [title, "", *keys, "", f"  phrase  {MNEMONIC}", path]


def _keys(count: int) -> list[str]:
    return ["0x" + bytes(account.key).hex() for account in well_known_accounts(MNEMONIC, count)]


def _mining_text(node: Node) -> str:
    mining = node.mining
    timed = f"a block every {mining.interval_s} s" if mining.interval_s else ""
    at_once = "at once, a block for each burst of transactions" if mining.is_automatic else ""
    return " and ".join(part for part in (at_once, timed) if part) or "by order only (evm_mine, anvil_mine)"
