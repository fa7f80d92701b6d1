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
    return _fresh(base_world)


@pytest.fixture(scope="session")
def built_exact() -> tuple[World, Snapshot]:
    """The network on py-evm, which knows gas and where code can be replaced."""
    world = build_world("py-evm")
    return world, world.evm.snapshot()


@pytest.fixture
def exact(built_exact: tuple[World, Snapshot]) -> World:
    """The same network on py-evm."""
    base_world, base = built_exact
    base_world.evm.restore(base)
    return _fresh(base_world)


def _fresh(world: World) -> World:
    return replace(world, tokens=dict(world.tokens), ids=dict(world.ids), accounts={})
