"""The trade kept in plain Python by R1-R15, to compare with the contracts after every step.

Written from the rules, not from the Solidity. Each module adds a field to the one before: cash, network, credit,
settlement, evidence.
"""

from __future__ import annotations

from tests.properties.books.evidence import EvidenceBook as Book
from tests.properties.books.orders import Line, Loan, Order, Version
from tests.properties.books.refusals import Refused

__all__ = ["Book", "Line", "Loan", "Order", "Refused", "Version"]
