"""One whole service for the API's tests; orders carry numbers of their own, so that tests do not meet."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.service import Service, found_network, run_service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with its network founded."""
    with run_service(tmp_path_factory.mktemp("service")) as found:
        found_network(found)
        yield found


@pytest.fixture(scope="session")
def postgresql_service(postgresql_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The same on a PostgreSQL server of its own."""
    with run_service(tmp_path_factory.mktemp("service-pg"), postgresql_server) as found:
        found_network(found)
        yield found
