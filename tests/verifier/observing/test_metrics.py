"""`/metrics`: what is counted, who may read it, and that no label names anybody."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from ipaddress import IPv4Network
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from ecert.types import TypeCatalogue
from store import sightings
from store.database import Database
from store.sightings import Sighting
from store.states import NodeTrouble
from tests.verifier.shelf import Shelf, stock
from verifier.clock import seconds_now
from verifier.ledger_view import LedgerView
from verifier.matters import load_matters
from verifier.observing.figures import Figures
from verifier.observing.readers import Readers
from verifier.observing.stored_figures import StoredFigures
from verifier.problems import Code
from verifier.record.segments import RecordFolder
from verifier.services.answering import Answering
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

PATH = "/v1/verifications"
Figure = tuple[str, frozenset[tuple[str, str]]]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stock(tmp_path)


@pytest.fixture
def database(shelf: Shelf) -> Iterator[Database]:
    with shelf.open() as database:
        yield database


def served(database: Database, **more: object) -> Served:
    view, figures = LedgerView(database), Figures()
    view.refresh()
    types = TypeCatalogue.bundled()
    answering = Answering(
        verifying=Verifying(view=view, types=types), matters=load_matters(None, types), figures=figures
    )
    return Served(view=view, answering=answering, figures=figures, **more)  # type: ignore[arg-type]


def http(served: Served, address: str = "127.0.0.1") -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=public_app(served), client=(address, 4711))
    return httpx.AsyncClient(transport=transport, base_url="http://service.example")


async def figures(client: httpx.AsyncClient) -> dict[Figure, float]:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return read(answer.text)


def read(text: str) -> dict[Figure, float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def named(name: str, **labels: str) -> Figure:
    return name, frozenset(labels.items())


async def test_requests_and_verdicts_are_counted_by_what_they_were(database: Database, shelf: Shelf) -> None:
    async with http(served(database)) as client:
        for _ in range(2):
            await client.post(PATH, json={"certificate": json.loads(shelf.files[0])})
        await client.post(PATH, json={"certificate": "eyJ"})
        await client.post(PATH, json={"certificat": "eyJ"})
        await client.get("/a/secret/path")
        await client.request("WHATEVER", PATH)
        found = await figures(client)
    assert found[named("ecert_requests_total", route=PATH, method="POST", status="2xx")] == 3
    assert found[named("ecert_requests_total", route=PATH, method="POST", status="4xx")] == 1
    assert found[named("ecert_requests_total", route="none", method="GET", status="4xx")] == 1
    assert found[named("ecert_requests_total", route=PATH, method="other", status="4xx")] == 1
    assert found[named("ecert_request_seconds_count", route=PATH)] == 5
    assert found[named("ecert_verifications_total", way="certificate", result="VALID", reason="none")] == 2
    assert found[named("ecert_verifications_total", way="certificate", result="INVALID", reason="malformed")] == 1
    assert found[named("ecert_ledger_read")] == 1
    assert found[named("ecert_ledger_block")] == 3
    assert found[named("ecert_ledger_trouble")] == 0
    assert 0 <= found[named("ecert_ledger_age_seconds")] < 600


async def test_refusals_are_counted(database: Database) -> None:
    async with http(served(database)) as client:
        assert (await client.post(f"{PATH}/batch", json={"verifications": []})).status_code == 401
        found = await figures(client)
    assert found[named("ecert_refusals_total", status="401")] == 1


@pytest.mark.parametrize(
    ("address", "headers", "readers", "status"),
    [
        ("127.0.0.1", {}, Readers(), 200),
        ("::1", {}, Readers(), 200),
        ("192.0.2.7", {}, Readers(), 404),
        ("192.0.2.7", {"x-forwarded-for": "127.0.0.1"}, Readers(), 404),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.7"}, Readers(), 404),
        ("127.0.0.1", {"x-forwarded-for": "127.0.0.1, somebody"}, Readers(), 404),
        ("192.0.2.7", {}, Readers(anybody=True), 200),
        ("10.0.0.7", {}, Readers(trusted=[IPv4Network("10.0.0.0/8")]), 200),
    ],
)
async def test_who_may_read_them(
    address: str, headers: dict[str, str], readers: Readers, status: int, database: Database
) -> None:
    async with http(served(database, readers=readers), address) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    if status == 404:
        assert answer.json()["type"] == f"urn:ecert:problem:{Code.NOT_FOUND}"
        assert "ecert_" not in answer.text


async def test_the_office_tells_what_the_database_knows(database: Database, tmp_path: Path) -> None:
    now = int(time.time())
    with database.begin() as connection:
        for seen in (
            Sighting(ledger="x", looked_at=now - 40, heard_at=now - 40),
            Sighting(ledger="y", looked_at=now, trouble=NodeTrouble.AWAY, trouble_since=now),
            Sighting(ledger="left behind", looked_at=1, heard_at=1),
        ):
            sightings.put(connection, seen)
    record = RecordFolder(tmp_path / "record")
    record.path.mkdir()
    (record.path / "api-00000000-000001.jsonl").write_bytes(b"x" * 100)
    stored = StoredFigures(database, record, seconds_now, ["x", "y"])
    async with http(served(database, collectors=(stored,))) as client:
        found = await figures(client)
        database.close()
    assert found[named("ecert_database_up")] == 1
    assert found[named("ecert_calls", state="queued")] == 0
    assert found[named("ecert_calls_held_up")] == 0
    assert found[named("ecert_deliveries", state="failed")] == 0
    assert found[named("ecert_issued_batches", state="filling")] == 0
    assert found[named("ecert_node_trouble")] == 1
    assert 40 <= found[named("ecert_indexer_look_age_seconds")] < 1_000
    assert found[named("ecert_record_unshipped_bytes")] == 100
    assert named("ecert_oldest_call_seconds") not in found


async def test_a_database_that_is_away_is_said_and_takes_nothing_else_along(database: Database, tmp_path: Path) -> None:
    stored = StoredFigures(database, RecordFolder(tmp_path / "record"), seconds_now, [])
    async with http(served(database, collectors=(stored,))) as client:
        (tmp_path / "ecert.sqlite").unlink()
        database.close()
        found = await figures(client)
    assert found[named("ecert_database_up")] == 0
    assert found[named("ecert_ledger_read")] == 1


def test_several_processes_count_together(tmp_path: Path) -> None:
    """Two programs, one after the other, as the supervisor starts them; a third tells the sum."""
    program = (
        "from verifier.observing.figures import Figures\n"
        "figures = Figures.of_process()\n"
        "figures.request('/x', 'GET', 200, 0.001)\n"
        "figures.written(3, 0.001)\n"
        "print(figures.exposed().decode())\n"
    )
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for _ in range(2):
        ran = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
        )
    found = read(ran.stdout)
    assert found[named("ecert_requests_total", route="/x", method="GET", status="2xx")] == 2
    assert found[named("ecert_record_lines_total")] == 6
    assert found[named("ecert_request_seconds_bucket", route="/x", le="0.001")] == 2
