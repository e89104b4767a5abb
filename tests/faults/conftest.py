"""Our sender and indexer on a network of five real nodes that is cut, stopped and started under them."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from chain.signer import LocalSigner
from clique.client import geth
from clique.faults import ClientMissing
from clique.network import Network
from store.database import Database
from tests.faults.office import AGENCIES, Office, open_office
from tests.tables import give_tables


@pytest.fixture(scope="session")
def client() -> Path:
    try:
        return geth(print)
    except ClientMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def keys() -> list[LocalSigner]:
    """The bureau, the agencies' admin, and an anchoring key for each agency."""
    return [LocalSigner.generate() for _ in range(2 + AGENCIES)]


@pytest.fixture
def network(client: Path, keys: list[LocalSigner], tmp_path: Path) -> Iterator[Network]:
    """A network of the test's own: validators that were stopped and started may stand still for minutes."""
    assert client.exists()
    money = ["0x" + key.address.hex() for key in keys]
    with Network(tmp_path / "network").living(fund=money) as network:
        yield network
        network.wipe()


@pytest.fixture
async def office(network: Network, keys: list[LocalSigner], tmp_path: Path) -> AsyncIterator[Office]:
    """Contracts of the test's own on the network, an empty store, sender and indexer not yet at work."""
    url = f"sqlite:///{tmp_path / 'ecert.sqlite'}"
    give_tables(url)
    with Database.open(url) as database:
        office = await open_office(network, database, keys)
        yield office
        await office.close()
