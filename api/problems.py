"""Every refusal as application/problem+json, and the one table of statuses.

Source: RFC 9457; settlement/errors.py for the tree.
"""

from __future__ import annotations

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from settlement.errors import (
    ChainError,
    Conflict,
    EvidenceError,
    HanseError,
    InputRefused,
    InvariantBroken,
    NotFound,
    NotPermitted,
)
from settlement.use_cases.authenticate import Unauthenticated
from settlement.use_cases.idempotency import RequestInFlight
from settlement.wire.problem import MEDIA_TYPE, FieldProblem, Problem

STATUS: dict[type[HanseError], int] = {
    Unauthenticated: 401,
    InputRefused: 422,
    NotPermitted: 403,
    NotFound: 404,
    Conflict: 409,
    EvidenceError: 409,
    ChainError: 503,
    InvariantBroken: 500,
    HanseError: 500,
}

TITLES = {
    400: "The request cannot be read",
    401: "Who is asking is not known",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    409: "The present state forbids it",
    413: "The body is too large",
    415: "The content type is not served",
    422: "The input is refused",
    500: "The service failed",
    503: "The chain does not answer",
}

_MOST_FIELDS = 20
_log = structlog.get_logger("api")


def status_of(error: HanseError) -> int:
    """The HTTP status of an error: that of its nearest class in the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def problem_of(error: HanseError) -> Problem:
    """The problem that tells an error to the caller; what is our own failure is told without its inside."""
    status = status_of(error)
    detail = error.message if status != 500 else "the service failed; the log of this moment says why"
    return _problem(status, error.code, detail, field=error.field)


def problem_response(status: int, code: str, detail: str) -> Response:
    """A refusal that stands before any route."""
    return _respond(_problem(status, code, detail))


def refusal_response(error: HanseError) -> Response:
    """The answer to an error of the tree."""
    headers = {}
    if isinstance(error, RequestInFlight):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"
    return _respond(problem_of(error), headers)


def _problem(
    status: int,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    errors: list[FieldProblem] | None = None,
) -> Problem:
    return Problem(
        type=f"urn:hanse:problem:{code}",
        title=TITLES.get(status, "The request is refused"),
        status=status,
        detail=detail,
        code=code,
        field=field,
        errors=errors or [],
    )


def _respond(problem: Problem, headers: dict[str, str] | None = None) -> Response:
    return Response(
        content=problem.model_dump_json(exclude_none=True),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def install(app: FastAPI) -> None:
    """Answer every error of the app as a problem."""
    app.add_exception_handler(HanseError, _on_refusal)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_http)


def _on_refusal(request: Request, error: Exception) -> Response:
    if not isinstance(error, HanseError):
        raise error
    if status_of(error) >= 500:
        # The route's template, not the path: a path may carry anything a client put there.
        route = getattr(request.scope.get("route"), "path", "none")
        _log.error("refused", route=route, code=error.code, reason=error.message)
    return refusal_response(error)


def _on_invalid(_request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    # The input itself is left out: it may be large, or a secret in the wrong field.
    errors = [
        FieldProblem(field="/".join(str(step) for step in one["loc"]), reason=str(one["msg"]))
        for one in found[:_MOST_FIELDS]
    ]
    first = errors[0] if errors else FieldProblem(field="/", reason="the request does not fit its schema")
    detail = f"{first.field}: {first.reason}; see /openapi.json"
    return _respond(_problem(422, "input_refused", detail, field=first.field, errors=errors))


def _on_http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    codes = {404: "no_such_route", 405: "method_not_allowed", 400: "unreadable"}
    details = {
        404: f"there is no route {request.url.path}; see /openapi.json",
        405: f"{request.method} is not served here; see /openapi.json",
        400: "the body cannot be read",
    }
    headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
    code = codes.get(status, "http_error")
    return _respond(_problem(status, code, details.get(status, "the request is refused")), headers)
