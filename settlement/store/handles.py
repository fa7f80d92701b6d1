"""The database and its session by name, for code that may not import SQLAlchemy or SQLModel."""

from __future__ import annotations

from sqlalchemy import Engine
from sqlmodel import Session

__all__ = ["Engine", "Session"]
