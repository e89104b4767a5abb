"""The service as it runs: the indexer signs status lists, the api serves them, and the ledger's news show."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ecert.facts import Status
from ecert.jwks import KeySet
from ecert.status_token import check_status_token
from tests.verifier.shelf import Shelf
from tests.verifier.test_status_lists import URI
from tests.verifier.test_workers import Program, get, running, service_url, shelf
from verifier.keys.service_keys import ServiceKey, ServiceKeys

__all__ = ["shelf"]

LIST = URI.removeprefix("https://ecert.example")


@pytest.fixture
def program(shelf: Shelf) -> Iterator[Program]:
    """`ecert serve` whose node is away, on a ledger whose newest block is younger than the keys."""
    settings = shelf.folder / "ecert.toml"
    settings.write_text(settings.read_text() + 'status_base = "https://ecert.example"\n')
    with running(shelf.folder, "serve") as program:
        service_url(program)
        shelf.mine(at=int(time.time()) + 1)
        yield program


def listed(folder: Path, address: str, serial: int) -> int | None:
    """Read one entry of the list that is served, checked with the published keys."""
    status, token = get(address, LIST)
    if status != 200:
        return None
    keys: KeySet = ServiceKeys(folder / "keys", folder / "keys" / "passwords").published(ServiceKey.STATUS)
    read = check_status_token(token.decode(), keys, uri=URI, now=int(time.time()) + 1)
    return read.status_list.status(serial)


def test_lists_are_signed_served_and_follow_the_ledger(program: Program, shelf: Shelf) -> None:
    address = service_url(program)
    program.until(lambda: listed(shelf.folder, address, 1) == 0, "the list")
    shelf.change(1, Status.REVOKED)
    program.until(lambda: listed(shelf.folder, address, 1) == 1, "the revocation")
    assert get(address, LIST[:-1] + "7")[0] == 404
    assert get(address, f"/v1/certificates/{LIST.split('/')[-2]}/1/status")[0] == 200
