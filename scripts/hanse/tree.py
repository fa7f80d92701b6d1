"""The process tree of one data folder: chain, API, worker, committee; and the set-up between their starts."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass

import httpx2

from hanse.actors import Cast, Credentials
from hanse.demo.stage import Stage
from hanse.demo.timeline import Timeline
from hanse.folder import FolderLock, lock_folder, prepare_folder, write_run_note
from hanse.network import ensure_network, ensure_operator, ensure_sealed
from hanse.oracle_process import doors
from hanse.supervisor import ChildSpec, Supervisor
from hanse.waiting import wait_for
from settlement.chain.client import ChainClient
from settlement.chain.deployment import Deployment, deploy_suite
from settlement.chain.signer import load_signer
from settlement.errors import ChainError, Conflict
from settlement.settings import Settings
from settlement.store.engine import migrate, open_database

_PORT_PATIENCE_S = 15


@dataclass
class Tree:
    """A running network. ``stage`` plays on it; ``stop`` ends it."""

    settings: Settings
    deployment: Deployment
    supervisor: Supervisor
    stage: Stage
    lock: FolderLock

    def stop(self) -> None:
        """End all processes in order and let go of the folder."""
        self.stage.close()
        self.supervisor.stop()
        self.lock.release()


def start_tree(settings: Settings, timeline: Timeline, say: Callable[[str], None], cast: Cast) -> Tree:
    """Start, or go on with, everything on one data folder.

    Raises: Conflict when another tree runs on the folder or a port is taken; ChildFailed, ChainError.
    """
    prepare_folder(settings.folder)
    lock = lock_folder(settings.folder)
    supervisor = Supervisor(settings.folder, dict(os.environ))
    try:
        _wait_for_port(settings.api_port)
        if settings.embeds_chain:
            _wait_for_port(settings.rpc_port)
            say("starting the chain")
            _start_chain(settings, supervisor)
        say("deploying the contracts")
        deployment = _deploy(settings)
        credentials = Credentials(settings.credentials_file)
        engine = open_database(settings.database_url)
        migrate(engine)
        engine.dispose()
        ensure_operator(credentials, settings.database_url)
        say("starting the API and the worker")
        _start_service(settings, supervisor)
        stage = Stage(settings.api_url, settings.folder, credentials, timeline)
        say("enrolling the network")
        ensure_network(stage, settings.folder, cast)
        ensure_sealed(settings, deployment)
        say("starting the committee")
        _start_oracle(settings, supervisor)
        _note(settings, deployment, supervisor)
    except BaseException:
        supervisor.stop()
        lock.release()
        raise
    return Tree(settings, deployment, supervisor, stage, lock)


def _start_chain(settings: Settings, supervisor: Supervisor) -> None:
    arguments = ("--data", str(settings.folder / "chain"), "--port", str(settings.rpc_port), "--quiet")
    supervisor.start(
        ChildSpec("chain", "settlement.chain.local", arguments, is_ready=lambda: _chain_answers(settings))
    )


def _start_service(settings: Settings, supervisor: Supervisor) -> None:
    arguments = _place(settings)
    supervisor.start(ChildSpec("worker", "hanse", ("worker", *arguments), is_ready=lambda: True))
    supervisor.start(ChildSpec("api", "hanse", ("api", *arguments), is_ready=lambda: _api_answers(settings)))


def _start_oracle(settings: Settings, supervisor: Supervisor) -> None:
    awaited = doors(settings.folder)
    for door in awaited:
        door.unlink(missing_ok=True)
    supervisor.start(
        ChildSpec(
            "oracle",
            "hanse",
            ("oracle", *_place(settings)),
            is_ready=lambda: all(door.exists() for door in awaited),
        )
    )


def _place(settings: Settings) -> tuple[str, ...]:
    return (
        "--data",
        str(settings.folder),
        "--port",
        str(settings.api_port),
        "--rpc-port",
        str(settings.rpc_port),
    )


def _deploy(settings: Settings) -> Deployment:
    with ChainClient(settings.chain_url, settings.chain_id) as client:
        return deploy_suite(
            client,
            load_signer("governor", settings),
            settings.deployment_file,
            delay_s=settings.governance_delay_s,
        )


def _chain_answers(settings: Settings) -> bool:
    try:
        with ChainClient(settings.chain_url, settings.chain_id) as client:
            return client.head() >= 0
    except ChainError:
        return False


def _api_answers(settings: Settings) -> bool:
    try:
        return httpx2.get(f"{settings.api_url}/readyz", trust_env=False).status_code == 200
    except httpx2.TransportError:
        return False


def _wait_for_port(port: int) -> None:
    """A killed tree's children need a moment to notice and leave their ports."""

    def is_free() -> bool | None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return None
            return True

    try:
        wait_for(is_free, f"port {port} becoming free", within_s=_PORT_PATIENCE_S)
    except ChainError as taken:
        raise Conflict(
            f"port {port} is in use by another program; choose others with --port and --rpc-port"
        ) from taken


def _note(settings: Settings, deployment: Deployment, supervisor: Supervisor) -> None:
    write_run_note(
        settings.folder,
        {
            "api": settings.api_url,
            "api_port": settings.api_port,
            "rpc": settings.chain_url,
            "rpc_port": settings.rpc_port,
            "contracts": deployment.addresses,
            "credentials": str(settings.credentials_file),
            "processes": {"hanse": os.getpid(), **supervisor.process_ids()},
        },
    )


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
