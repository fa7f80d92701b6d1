"""Lower refusals, of an amount or a number, told as refusals of the document at the field they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from settlement.errors import DocumentRefused, InputRefused


@contextmanager
def at_field(field: str) -> Iterator[None]:
    """Turn an InputRefused of the block into a DocumentRefused at ``field``.

    Raises: DocumentRefused.
    """
    try:
        yield
    except DocumentRefused:
        raise
    except InputRefused as lower:
        said = lower.message if lower.message.startswith(field) else f"{field}: {lower.message}"
        raise DocumentRefused(said, field=field) from lower
