"""A real chain for this folder's tests: one Hardhat node, contracts and agencies of each test's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from chain.node import Node
from store.database import Database
from tests.chain.world import World, make_world
from tests.faults.validators import SealedChain
from tests.local_chain import LocalChain
from tests.tables import give_tables


@pytest.fixture(scope="session")
def local_chain() -> Iterator[LocalChain]:
    """One node for all tests: it mines each transaction at once, and blocks when it is told to."""
    with LocalChain() as chain:
        yield chain


@pytest.fixture
async def node(local_chain: LocalChain) -> AsyncIterator[Node]:
    """A connection to the node."""
    node = Node(local_chain.url)
    yield node
    await node.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """A store of the test's own."""
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    give_tables(url)
    with Database.open(url) as database:
        yield database


@pytest.fixture
async def world(local_chain: LocalChain, node: Node, database: Database) -> World:
    """Contracts, one agency with its operators, and an empty store."""
    return await make_world(local_chain, node, database)


@pytest.fixture(scope="module")
def own_chain() -> Iterator[LocalChain]:
    """A node that a module has for itself."""
    with LocalChain() as chain:
        yield chain


@pytest.fixture
async def sealed(own_chain: LocalChain) -> AsyncIterator[SealedChain]:
    """The same chain, its blocks sealed by validators."""
    async with SealedChain(own_chain.url) as sealed:
        yield sealed


@pytest.fixture
async def validated(own_chain: LocalChain, sealed: SealedChain, database: Database) -> AsyncIterator[World]:
    """Contracts and agencies on that."""
    node = Node(sealed.url)
    yield await make_world(own_chain, node, database)
    await node.close()
