"""Funders' lines and their versions."""

from __future__ import annotations

from sqlmodel import Session, col, select

from settlement.store.paging import Page, page_of
from settlement.store.tables_projection import Line, LineVersion


def find_line(session: Session, line: int) -> Line | None:
    """The line of this id."""
    return session.get(Line, line)


def find_version(session: Session, line: int, version: int) -> LineVersion | None:
    """The terms of one version of a line."""
    return session.get(LineVersion, (line, version))


def versions_of(session: Session, line: int) -> list[LineVersion]:
    """All versions of a line, oldest first."""
    statement = select(LineVersion).where(LineVersion.line == line)
    return list(session.exec(statement.order_by(col(LineVersion.version))))


def list_lines(session: Session, funder: int | None, *, limit: int, cursor: str | None) -> Page[Line]:
    """A funder's lines (none: all), by id."""
    statement = select(Line)
    if funder is not None:
        statement = statement.where(Line.funder == funder)
    return page_of(session, statement, [col(Line.line)], limit=limit, cursor=cursor)


def offers_in(session: Session, currency: int) -> list[tuple[Line, LineVersion]]:
    """Every line of a currency with its current terms, cheapest rate first: standing offers."""
    statement = (
        select(Line, LineVersion)
        .where(
            Line.currency == currency,
            LineVersion.line == Line.line,
            LineVersion.version == Line.version,
        )
        .order_by(col(LineVersion.rate_bps), col(LineVersion.fee_bps), col(Line.line))
    )
    return [(line, version) for line, version in session.exec(statement)]
