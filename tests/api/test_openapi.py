"""The OpenAPI document says what the service does, problems included."""

from __future__ import annotations

from typing import Any

import pytest

from api.access import ACCESS, PUBLIC
from api.app import create_app
from api.problems import STATUS, TITLES, problem_of, status_of
from settlement.errors import HanseError
from tests.api.service import Service


@pytest.fixture
def document(service: Service) -> dict[str, Any]:
    """The document as clients get it."""
    found: dict[str, Any] = service.http.get(f"{service.url}/openapi.json").json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, one)
        for path, both in document["paths"].items()
        for method, one in both.items()
    ]


def test_openapi__version_is_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")


def test_openapi__every_route_documents_its_problems(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        problems = {
            status: response
            for status, response in operation["responses"].items()
            if "application/problem+json" in response.get("content", {})
        }
        needed = {"500", "503"}
        if ACCESS.get((method, path)) != PUBLIC:
            needed |= {"401", "403"}
        if method == "POST":
            needed |= {"404", "409", "413", "415", "422"}
        assert needed <= set(problems), (method, path)
        for response in problems.values():
            schema = response["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}
    assert {"type", "title", "status", "detail", "code"} <= set(
        document["components"]["schemas"]["Problem"]["required"]
    )


def test_openapi__every_post_asks_for_an_idempotency_key(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        names = {one["name"].lower() for one in operation.get("parameters", []) if one["required"]}
        assert ("idempotency-key" in names) == (method == "POST"), path


def test_openapi__every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def walk(value: Any) -> None:
        if isinstance(value, dict):
            reference = value.get("$ref")
            if isinstance(reference, str):
                at: Any = document
                for step in reference.removeprefix("#/").split("/"):
                    at = at[step]
            for one in value.values():
                walk(one)
        elif isinstance(value, list):
            for one in value:
                walk(one)

    walk(document)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def every_error() -> list[type[HanseError]]:
    found, waiting = [], [HanseError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return found


def test_problems__every_error_of_the_tree_has_a_status(service: Service) -> None:
    create_app(service.context)
    for kind in every_error():
        if kind.__init__ is not HanseError.__init__:
            continue
        error = kind("what was wrong")
        problem = problem_of(error)
        assert problem.status == status_of(error)
        assert problem.status in TITLES
        assert ("what was wrong" in problem.detail) == (problem.status != 500)
    assert set(STATUS) <= set(every_error())
