"""The small network, built once for all contract tests and put back before each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contracts.harness import Snapshot, engines
from tests.contracts.world import World, build_world


@pytest.fixture(scope="session")
def built() -> tuple[World, Snapshot]:
    """The network as it was built, on the fastest engine there is."""
    world = build_world(engines()[-1])
    return world, world.evm.snapshot()


@pytest.fixture
def world(built: tuple[World, Snapshot]) -> World:
    """A network that the test may change as it likes."""
    base_world, base = built
    base_world.evm.restore(base)
    return replace(base_world, tokens=dict(base_world.tokens), ids=dict(base_world.ids))
