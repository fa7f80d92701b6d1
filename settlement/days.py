"""How long a day is, for all that counts in days."""

from __future__ import annotations

from typing import Final

DAY_S: Final = 86_400
"""Units: seconds."""
