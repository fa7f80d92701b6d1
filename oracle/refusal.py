"""How a member says what is wrong with an item it received: the first field that does not fit, and why."""

from __future__ import annotations

from pydantic import ValidationError

from settlement.errors import InputRefused


def first_wrong_field(what: str, wrong: ValidationError) -> InputRefused:
    """The refusal to raise for an item of JSON that does not validate."""
    first = wrong.errors(include_url=False)[0]
    place = ".".join(str(step) for step in first["loc"]) or "body"
    return InputRefused(f"{what}: {place}: {first['msg']}", field=place)
