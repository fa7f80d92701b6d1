"""One frozen Settings, read once from ``HANSE_*`` variables (``*_FILE`` for secrets) and passed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from settlement.days import DAY_S
from settlement.errors import InputRefused

LOCAL_CHAIN_ID = 31337
REAL_DELAY_S = 2 * DAY_S
LOCAL_DELAY_S = 1


@dataclass(frozen=True)
class Settings:
    """Where everything lies and listens.

    ``embeds_chain`` is false when ``HANSE_CHAIN_URL`` names a node that somebody else runs.

    Units:  ports are TCP ports on 127.0.0.1; ``confirmations`` counts blocks until a block is called final;
            ``governance_delay_s`` is what acts of governance wait on a network that is deployed with these settings.
    """

    folder: Path
    chain_url: str
    chain_id: int
    database_url: str
    api_port: int
    rpc_port: int
    confirmations: int
    embeds_chain: bool = True
    governance_delay_s: int = 1
    guardian: str | None = None
    governor_key_file: Path | None = None
    relayer_key_file: Path | None = None

    @property
    def api_url(self) -> str:
        """The API's root as its clients reach it on this machine."""
        return f"http://127.0.0.1:{self.api_port}"

    @property
    def is_test_network(self) -> bool:
        """Whether the clock may be moved and test cash minted."""
        return self.chain_id == LOCAL_CHAIN_ID

    @property
    def deployment_file(self) -> Path:
        """Addresses of the deployed suite, written as the deployment goes on."""
        return self.folder / "deployment.json"

    @property
    def credentials_file(self) -> Path:
        """API keys and signing keys of the demo's actors, mode 600."""
        return self.folder / "credentials.json"


def load_settings(
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
    *,
    api_port: int | None = None,
    rpc_port: int | None = None,
) -> Settings:
    """Build the settings from the environment; arguments win over variables.

    Raises: InputRefused for ports or numbers that are none, and for a secret given twice.
    """
    env = os.environ if environment is None else environment
    root = (folder or Path(env.get("HANSE_DATA", ".hanse"))).absolute()
    chain_port = rpc_port if rpc_port is not None else _integer(env, "HANSE_RPC_PORT", 8545)
    web_port = api_port if api_port is not None else _integer(env, "HANSE_PORT", 8400)
    chain_id = _integer(env, "HANSE_CHAIN_ID", LOCAL_CHAIN_ID)
    delay_s = LOCAL_DELAY_S if chain_id == LOCAL_CHAIN_ID else REAL_DELAY_S
    return Settings(
        folder=root,
        chain_url=env.get("HANSE_CHAIN_URL", f"http://127.0.0.1:{chain_port}"),
        chain_id=chain_id,
        database_url=_secret(env, "HANSE_DATABASE_URL") or f"sqlite:///{root / 'hanse.db'}",
        api_port=web_port,
        rpc_port=chain_port,
        confirmations=_integer(env, "HANSE_CONFIRMATIONS", 0),
        embeds_chain="HANSE_CHAIN_URL" not in env,
        governance_delay_s=_integer(env, "HANSE_GOVERNANCE_DELAY_S", delay_s),
        guardian=env.get("HANSE_GUARDIAN"),
        governor_key_file=_path(env, "HANSE_GOVERNOR_KEY_FILE"),
        relayer_key_file=_path(env, "HANSE_RELAYER_KEY_FILE"),
    )


def is_loopback(url: str) -> bool:
    """Whether a URL names this machine only."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise InputRefused(f"{name} is {text!r}; a whole number is needed", field=name)
    return int(text)


def _path(env: Mapping[str, str], name: str) -> Path | None:
    text = env.get(name)
    return None if text is None else Path(text).absolute()


def _secret(env: Mapping[str, str], name: str) -> str | None:
    path = env.get(f"{name}_FILE")
    if path is None:
        return env.get(name)
    if name in env:
        raise InputRefused(f"both {name} and {name}_FILE are set; keep one", field=name)
    return Path(path).read_text(encoding="utf-8").strip()
