"""The one form of every refusal.

Source: RFC 9457, application/problem+json.
"""

from __future__ import annotations

from pydantic import Field

from settlement.wire.model import Answer

MEDIA_TYPE = "application/problem+json"


class FieldProblem(Answer):
    """One field that was refused, and why."""

    field: str
    reason: str


class Problem(Answer):
    """What was wrong, which value, and what to do; ``code`` is the stable word a program acts on."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str | None = None
    errors: list[FieldProblem] = Field(default_factory=list)
