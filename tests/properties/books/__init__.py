"""The trade kept in plain Python by R1-R15, to compare with the contracts after every step.

Written from the rules, not from the Solidity. Each module adds a field to the one before: cash, network, keys, credit,
settlement, changes, undertakings, shares, evidence, cover.
"""

from __future__ import annotations

from tests.properties.books.cover import Cover, Pool
from tests.properties.books.cover import CoverBook as Book
from tests.properties.books.orders import Guarantee, Line, Loan, Order, Share, Version
from tests.properties.books.refusals import Refused

__all__ = ["Book", "Cover", "Guarantee", "Line", "Loan", "Order", "Pool", "Refused", "Share", "Version"]
