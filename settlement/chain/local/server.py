"""The node behind its HTTP port: ``serve`` for a process of its own, ``LocalNode`` for tests."""

from __future__ import annotations

import asyncio
import ipaddress
import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self

from settlement.chain.local.mining import Mining
from settlement.chain.local.node import Node
from settlement.chain.local.rpc.dispatcher import Dispatcher
from settlement.chain.local.rpc.methods import methods_of
from settlement.chain.local.rpc.request_log import LogForm, RequestLog
from settlement.chain.local.rpc.subscriptions import Subscriptions
from settlement.chain.local.settings import ChainSettings
from settlement.chain.local.wire.http_server import Connection, Service
from settlement.errors import ChainError, InputRefused

WORKERS = 4
WORKER_STACK_BYTES = 64 * 2**20
# Requests wait for the interpreter while a block is mined; shorter turns keep reads within a few milliseconds.
SWITCH_INTERVAL_S = 0.001


def serve(
    node: Node,
    host: str,
    port: int,
    ready: Callable[[int], None],
    *,
    parent_fd: int | None = None,
    log_form: LogForm = LogForm.SILENT,
) -> None:
    """Answer for a node until SIGTERM, SIGINT, or the other end of ``parent_fd`` closes. ``ready`` gets the port.

    Requests are logged on stderr in ``log_form``.

    Raises: InputRefused for a host that is not loopback; ChainError when the port is taken.
    """
    refuse_public_host(host)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    log = RequestLog(log_form)
    try:
        asyncio.run(_serve_until_stopped(node, host, port, ready, parent_fd, log))
    finally:
        log.close()


def refuse_public_host(host: str) -> None:
    """Raises: InputRefused when others could reach a node whose keys everybody knows."""
    try:
        is_loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback:
        raise InputRefused(
            f"the local chain listens on loopback only and was given {host}: everybody knows its keys; use 127.0.0.1",
            field="host",
        )


async def _serve_until_stopped(
    node: Node,
    host: str,
    port: int,
    ready: Callable[[int], None],
    parent_fd: int | None,
    log: RequestLog,
) -> None:
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    if parent_fd is not None:
        # Nothing is ever written to the pipe: it becomes readable when the parent is gone.
        loop.add_reader(parent_fd, _stop_at_end, parent_fd, stopped)
    await _run_server(node, host, port, stopped, ready, log)
    if parent_fd is not None:
        loop.remove_reader(parent_fd)


def _stop_at_end(parent_fd: int, stopped: asyncio.Event) -> None:
    if not os.read(parent_fd, 1):
        stopped.set()


async def _run_server(
    node: Node,
    host: str,
    port: int,
    stopped: asyncio.Event,
    ready: Callable[[int], None],
    log: RequestLog,
) -> None:
    workers = _workers()
    subscriptions = Subscriptions(node)
    try:
        dispatcher = Dispatcher(methods_of(node, log, subscriptions), workers, log)
        connections: dict[Connection, None] = {}
        service = Service(dispatcher.answer, subscriptions.forget)
        server = await _listen(service, connections, host, port)
        ready(server.sockets[0].getsockname()[1])
        await stopped.wait()
        server.close()
        for connection in list(connections):
            connection.close()
    finally:
        subscriptions.close()
        # A call may run for seconds yet; it changes nothing, so nobody waits for it.
        workers.shutdown(wait=False, cancel_futures=True)


async def _listen(
    service: Service, connections: dict[Connection, None], host: str, port: int
) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(lambda: Connection(service, connections), host, port, backlog=512)
    except OSError as exc:
        raise ChainError(
            f"port {port} of {host} cannot be used: {exc.strerror}; choose another with --port"
        ) from exc


def _workers() -> ThreadPoolExecutor:
    """Threads for calls, each with a stack for contracts that nest 1,024 deep."""
    workers = ThreadPoolExecutor(WORKERS, thread_name_prefix="chain-call")
    previous = threading.stack_size(WORKER_STACK_BYTES)
    # A pool starts a thread per task while none idles, so holding them up starts all with this stack size.
    together = threading.Barrier(WORKERS + 1)
    for _ in range(WORKERS):
        workers.submit(together.wait)
    together.wait()
    threading.stack_size(previous)
    return workers


class LocalNode:
    """A node on a thread of this process, for tests: ``with LocalNode(folder) as node: node.url``."""

    def __init__(
        self,
        data_dir: Path,
        port: int = 0,
        *,
        settings: ChainSettings | None = None,
        mining: Mining | None = None,
    ) -> None:
        self._folder = data_dir
        self._mining = mining
        self._settings = settings or ChainSettings()
        self._wanted_port = port
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopped: asyncio.Event | None = None
        self._failure: BaseException | None = None
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="local-node", daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._is_up.wait()
        if self._failure is not None:
            raise self._failure
        return self

    def __exit__(self, *_: object) -> None:
        if self._loop is not None and self._stopped is not None:
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            with Node(self._folder, self._settings, mining=self._mining) as self.node:
                asyncio.run(self._main())
        except BaseException as exc:  # noqa: BLE001  it is raised again in the thread that waits for the start
            self._failure = exc
        finally:
            self._is_up.set()

    async def _main(self) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()

        def announce(port: int) -> None:
            self.port = port
            self._is_up.set()

        await _run_server(self.node, "127.0.0.1", self._wanted_port, self._stopped, announce, RequestLog())
