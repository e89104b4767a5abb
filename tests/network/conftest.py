"""A network of five real nodes, made once for the tests of a module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from clique.client import geth
from clique.faults import ClientMissing
from clique.network import Network


@pytest.fixture(scope="session")
def client() -> Path:
    try:
        return geth(print)
    except ClientMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def rich() -> LocalAccount:
    made: LocalAccount = Account.create()
    return made


@pytest.fixture(scope="module")
def network(client: Path, rich: LocalAccount, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    assert client.exists()
    with Network(tmp_path_factory.mktemp("network")).living(fund=[rich.address]) as network:
        yield network
        network.wipe()
