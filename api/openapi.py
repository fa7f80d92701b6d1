"""The OpenAPI document, with the one form of refusal on every route."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.access import ACCESS, PUBLIC
from api.problems import TITLES
from settlement.wire.order import OrderBody
from settlement.wire.problem import MEDIA_TYPE, Problem
from settlement.wire.trade import OrderWish

_REFERENCE = "#/components/schemas/{model}"


def document_with_problems(app: FastAPI) -> None:
    """Make ``app.openapi()`` tell, for every route, which problems it may answer."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _documented(app)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way of extending the document


def _documented(app: FastAPI) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (Problem, OrderWish, OrderBody):
        definition = model.model_json_schema(ref_template=_REFERENCE)
        schemas |= definition.pop("$defs", {})
        schemas[model.__name__] = definition
    # The document is read from its own bytes; for the reader of the schema it is this.
    schemas["OrderWish"]["properties"]["document"] = {"$ref": _REFERENCE.format(model="OrderBody")}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            operation["responses"].pop("422", None)
            _require_key(operation)
            for status in _statuses(method.upper(), path, has_parameters=bool(operation.get("parameters"))):
                operation["responses"][str(status)] = _described(status)
    return document


def _require_key(operation: dict[str, Any]) -> None:
    """A missing Idempotency-Key is told in our own words, so the parameter is optional to FastAPI only."""
    for parameter in operation.get("parameters", []):
        if parameter["name"].lower() == "idempotency-key":
            parameter["required"] = True


def _statuses(method: str, path: str, *, has_parameters: bool) -> list[int]:
    statuses = [500, 503]
    if ACCESS.get((method, path)) != PUBLIC:
        statuses += [401, 403]
    if "{" in path or method == "POST":
        statuses.append(404)
    if method == "POST" or has_parameters:
        statuses.append(422)
    if method == "POST":
        statuses += [409, 413, 415]
    return sorted(statuses)


def _described(status: int) -> dict[str, Any]:
    return {
        "description": TITLES[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model="Problem")}}},
    }
