"""A service that records, and a client of it, for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from settlement.wire.client import HanseClient
from tests.oracle.service import Service, running


@pytest.fixture
def pair() -> Iterator[tuple[Service, HanseClient]]:
    with running() as both:
        yield both


@pytest.fixture
def service(pair: tuple[Service, HanseClient]) -> Service:
    return pair[0]


@pytest.fixture
def api(pair: tuple[Service, HanseClient]) -> HanseClient:
    return pair[1]
