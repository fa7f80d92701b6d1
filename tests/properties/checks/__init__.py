"""The checked properties, one module a field; importing this enters all of them in the registry."""

from __future__ import annotations

from tests.properties.checks import (
    agreement,
    cash,
    changes,
    cover,
    credit,
    evidence,
    keys,
    network,
    orders,
    shares,
    undertakings,
)

__all__ = [
    "agreement",
    "cash",
    "changes",
    "cover",
    "credit",
    "evidence",
    "keys",
    "network",
    "orders",
    "shares",
    "undertakings",
]
