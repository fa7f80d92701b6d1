"""The last resort: what nobody foresaw is logged here, once, and answered as a problem that shows nothing of it."""

from __future__ import annotations

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import problem_response

_log = structlog.get_logger("api")


class FailureGate:
    """Stands inside the server's own error page, which would end the connection with every failure."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; answer 500 for whatever is raised before an answer began."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def watched(message: Message) -> None:
            nonlocal is_begun
            is_begun = is_begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watched)
        except Exception as failure:
            _log.error("failed", method=scope["method"], kind=type(failure).__name__, exc_info=failure)
            if is_begun:
                raise
            detail = "the service failed; the log of this moment says why"
            await problem_response(500, "internal_error", detail)(scope, receive, send)
