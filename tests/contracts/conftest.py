from collections.abc import Iterator

import pytest

from tests.contracts.world import ACTORS, World
from tests.local_chain import LocalChain


@pytest.fixture(scope="session")
def chain() -> Iterator[LocalChain]:
    with LocalChain(accounts=len(ACTORS)) as started:
        yield started


@pytest.fixture(scope="session")
def established(chain: LocalChain) -> World:
    """Two agencies and their operators; shared, so not to be changed outside of `world`."""
    world = World(chain)
    world.establish()
    return world


@pytest.fixture
def world(established: World) -> Iterator[World]:
    """Two agencies and their operators; whatever a test does to them is undone."""
    remembered = established.chain.snapshot()
    yield established
    established.chain.roll_back(remembered)


@pytest.fixture(scope="session")
def deployed_with_delay(chain: LocalChain) -> World:
    return World(chain, delay=3600)


@pytest.fixture
def slow_world(deployed_with_delay: World) -> Iterator[World]:
    """One agency, and an hour until what its admin adds becomes active."""
    remembered = deployed_with_delay.chain.snapshot()
    yield deployed_with_delay
    deployed_with_delay.chain.roll_back(remembered)
