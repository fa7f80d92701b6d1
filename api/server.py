"""The API as a running server, on this machine only."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI

from api.app import create_app
from settlement.settings import Settings
from settlement.use_cases.context import open_service

_HOST = "127.0.0.1"
_STOP_WITHIN_S = 8


def serve(settings: Settings) -> None:
    """Open what the service stands on and serve until told to stop.

    Raises: NotFound, Conflict when the suite is not deployed.
    """
    with open_service(settings) as context:
        server_of(create_app(context), settings.api_port).run()


def server_of(app: FastAPI, port: int) -> uvicorn.Server:
    """A server for the app on a loopback port; 0 takes a free one."""
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=_HOST,
            port=port,
            # Its header section has a bound; that of httptools, which is installed for the local chain, has none.
            http="h11",
            log_level="warning",
            # Request lines carry ids of orders and members; the audit keeps who asked what.
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_STOP_WITHIN_S,
        )
    )
