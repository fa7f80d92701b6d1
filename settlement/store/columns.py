"""The kinds of column that all tables share.

Amounts are BIGINT with a CHECK below 2^56; wider whole numbers are kept as decimal digits in text,
since SQLite would silently turn them into floating point.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, Dialect, MetaData, String, Text
from sqlalchemy.types import JSON, TypeDecorator, TypeEngine
from sqlmodel import Field

from settlement.money import AMOUNT_LIMIT

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


JSON_VALUE: Final = JSON(none_as_null=True)
"""Absent is SQL NULL, never the JSON word `null`."""


class Amount(TypeDecorator[int]):
    """Minor units of a currency; the table refuses what is negative or 2^56 and more."""

    impl = BigInteger
    cache_ok = True


class Digits(TypeDecorator[int]):
    """A whole number of any size, kept as decimal digits in text. Compare it in Python, never in SQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's hook
        """Write the number as digits."""
        return None if value is None else str(int(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's hook
        """Read the digits."""
        return None if value is None else int(value)


def amount(default: int | None = None, *, nullable: bool = False) -> Any:
    """An amount in minor units."""
    if default is None:
        return Field(sa_type=Amount, nullable=nullable)
    return Field(default=default, sa_type=Amount, nullable=nullable)


def whole(*, key: bool = False, index: bool = False, default: int | None = None) -> Any:
    """A count, member id, time or other number below 2^63."""
    kwargs: dict[str, Any] = {} if default is None else {"default": default}
    extra = {"autoincrement": False} if key else {}
    return Field(sa_type=BigInteger, primary_key=key, index=index, sa_column_kwargs=extra, **kwargs)


def maybe_whole(*, index: bool = False) -> Any:
    """A number below 2^63 that may be absent."""
    return Field(default=None, sa_type=BigInteger, nullable=True, index=index)


def digits(default: int = 0) -> Any:
    """A number that may pass 2^63."""
    return Field(default=default, sa_type=Digits, nullable=False)


def document(default: Any = ...) -> Any:
    """A JSON value."""
    if default is ...:
        return Field(sa_type=JSON_VALUE, nullable=False)
    return Field(default=default, sa_type=JSON_VALUE, nullable=True)


def long_text() -> Any:
    """A text without bound."""
    return Field(sa_type=Text)


def maybe_text() -> Any:
    """A text without bound that may be absent."""
    return Field(default=None, sa_type=Text, nullable=True)


def is_text(kind: TypeEngine[Any]) -> bool:
    """Whether a column's values are text in SQL."""
    plain = kind.impl_instance if isinstance(kind, TypeDecorator) else kind
    return isinstance(plain, String)


def bound_amounts(metadata: MetaData) -> None:
    """Give every amount column of these tables its CHECK; called once, after the last table is declared."""
    for table in metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, Amount):
                within = (column >= 0) & (column < AMOUNT_LIMIT)
                table.append_constraint(CheckConstraint(within, name=f"{column.name}_range"))
