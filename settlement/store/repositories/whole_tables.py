"""Whole projection tables, for comparing them with the chain."""

from __future__ import annotations

from typing import TypeVar

from sqlmodel import Session, col, select

from settlement.store.projection import TABLES
from settlement.store.tables_projection import ProjectionTable

R = TypeVar("R", bound=ProjectionTable)


def all_rows(session: Session, model: type[R]) -> list[R]:
    """Every row of a projection table, in the order of its key."""
    keys = (col(getattr(model, column.name)) for column in TABLES[model].primary_key)
    return list(session.exec(select(model).order_by(*keys)))
