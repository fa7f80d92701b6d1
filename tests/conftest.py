"""What every test may use: where the project lies, and Hypothesis settings fit for a busy machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Databases are offered to every test from one place: one PostgreSQL server for each test process.
pytest_plugins = ["tests.databases"]

# No deadline: two shared cores make single examples slow now and then, which says nothing about the code.
settings.register_profile(
    "hanse", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("hanse")


@pytest.fixture(scope="session")
def project_root() -> Path:
    """The checkout's top folder."""
    return Path(__file__).resolve().parent.parent
