"""Shipping: every line comes to the database once, whatever dies or goes away meanwhile."""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from ecert.receipt import check_receipt
from store import verifications
from store.database import Connection, Database
from store.errors import CommitUncertain, DatabaseAway
from store.verifications import Recorded, Wanted
from tests.verifier.recorder import (
    ISS,
    OCCASION,
    TAX,
    begin,
    keep,
    key_sets,
    made_keys,
    malformed,
    verification,
)
from verifier.callers import ANYBODY, Caller
from verifier.keys.receipt_key import Answerer
from verifier.keys.service_keys import ServiceKeys
from verifier.record.journal import Limits
from verifier.record.recording import Recording
from verifier.record.shipping import Shipping, unshipped

ROOT_FOLDER = Path(__file__).parents[2]


@pytest.fixture
def keys(tmp_path: Path) -> ServiceKeys:
    return made_keys(tmp_path)


@pytest.fixture
def recording(tmp_path: Path, keys: ServiceKeys) -> Iterator[Recording]:
    found = begin(tmp_path, keys)
    yield found
    found.close()


class Flaky:
    """A database whose next transactions fail: nothing happened, or it did and the answer was lost."""

    def __init__(self, real: Database) -> None:
        self._real = real
        self.failing: Exception | None = None

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        if isinstance(self.failing, DatabaseAway):
            raise self.failing
        with self._real.begin() as connection:
            yield connection
        if self.failing is not None:
            raise self.failing

    @contextmanager
    def read(self) -> Iterator[Connection]:
        if isinstance(self.failing, DatabaseAway):
            raise self.failing
        with self._real.read() as connection:
            yield connection


def copied(database: Database) -> list[Recorded]:
    with database.read() as connection:
        found = verifications.page(connection, Wanted(caller=None), 10_000)
    return sorted(found, key=lambda one: (one.segment, one.position))


def test_all_that_is_durable_is_copied_in_order_with_its_place_and_receipt(
    keys: ServiceKeys, recording: Recording, database: Database
) -> None:
    kept = keep(recording, 5)
    assert Shipping(recording, database).look()
    found = copied(database)
    assert [each.id for each in found] == [each.id for each in kept]
    assert [(each.segment, each.position, each.hash) for each in found] == [
        (str(each.place.segment), each.place.position, each.place.hash) for each in kept
    ]
    receipt = check_receipt(found[0].receipt, key_sets(keys)["api"], iss=ISS)
    assert receipt.jti == found[0].id
    assert (found[0].caller, found[0].case, found[0].result) == ("tax-system", OCCASION.case, "VALID")


def test_looking_again_copies_only_what_is_new(recording: Recording, database: Database) -> None:
    shipper = Shipping(recording, database)
    first = keep(recording, 3)
    assert shipper.look()
    assert shipper.look()
    second = keep(recording, 2)
    assert shipper.look()
    assert [each.id for each in copied(database)] == [each.id for each in (*first, *second)]


def test_segments_are_copied_one_after_the_other(tmp_path: Path, keys: ServiceKeys, database: Database) -> None:
    recording = begin(tmp_path, keys, limits=Limits(bytes=10_000))
    shipper = Shipping(recording, database)
    kept = keep(recording, 7)
    assert shipper.look()
    kept += keep(recording, 7)
    assert shipper.look()
    recording.close()
    assert [each.id for each in copied(database)] == [each.id for each in kept]
    assert len({each.segment for each in copied(database)}) > 3


def test_a_line_larger_than_a_piece_is_copied(
    recording: Recording, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("verifier.record.reading.PIECE", 512)
    batch = recording.keep(TAX, OCCASION, [verification() for _ in range(5)], batch=True)
    kept = [batch.id, *(each.id for each in keep(recording, 3))]
    assert Shipping(recording, database).look()
    assert [each.id for each in copied(database)] == kept


@pytest.mark.parametrize("failing", [DatabaseAway("gone"), CommitUncertain("the answer was lost")])
def test_a_database_that_goes_and_comes_back_gets_everything_once(
    failing: Exception, recording: Recording, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    flaky = Flaky(database)
    shipper = Shipping(recording, flaky)  # type: ignore[arg-type]
    kept = keep(recording, 2)
    flaky.failing = failing
    with caplog.at_level(logging.INFO):
        assert not shipper.look()
        kept += keep(recording, 2)
        assert not shipper.look()
        flaky.failing = None
        assert shipper.look()
    assert [each.id for each in copied(database)] == [each.id for each in kept]
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the record is kept, but not copied to the database",
        "the record is copied to the database again",
    ]


def test_a_database_made_anew_gets_what_it_lacks(recording: Recording, database: Database) -> None:
    kept = keep(recording, 3)
    Shipping(recording, database).look()
    with database.begin() as connection:
        for table in ("verifications", "shipments", "reliances"):
            connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608
    Shipping(recording, database).look()
    assert [each.id for each in copied(database)] == [each.id for each in kept]


def test_what_a_killed_process_left_is_closed_and_copied_by_the_next(
    tmp_path: Path, keys: ServiceKeys, database: Database
) -> None:
    command = [sys.executable, "-m", "tests.verifier.recorder", str(tmp_path), "torn"]
    with subprocess.Popen(command, cwd=ROOT_FOLDER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(2)]
        assert process.stdout.readline() == "here\n"
        process.kill()
    recording = begin(tmp_path, keys)
    kept = keep(recording)
    assert Shipping(recording, database).look()
    recording.close()
    assert [each.id for each in copied(database)] == [*answered, kept[0].id]


def test_an_orphan_is_adopted_by_a_process_of_its_kind_alone(
    tmp_path: Path, keys: ServiceKeys, database: Database
) -> None:
    dead, living = begin(tmp_path, keys), begin(tmp_path, keys)
    office = begin(tmp_path, keys, process=Answerer.OFFICE)
    kept = keep(dead, 2)
    dead._journal.close()  # it ends without closing its segment
    dead.lineage.release()
    assert Shipping(office, database).look(orphans=True)
    assert copied(database) == []
    assert Shipping(living, database).look(orphans=True)
    assert Shipping(living, database).look(orphans=True)
    assert [each.id for each in copied(database)] == [each.id for each in kept]
    assert len(list((tmp_path / "record").glob("*.closed"))) == 1
    living.close()
    office.close()


def test_two_processes_ship_at_once_and_nothing_is_doubled(
    tmp_path: Path, keys: ServiceKeys, database: Database
) -> None:
    both = [begin(tmp_path, keys), begin(tmp_path, keys)]
    kept = [each.id for recording in both for each in keep(recording, 20)]

    async def ship_all() -> None:
        shippers = [Shipping(recording, database) for recording in both]
        await asyncio.gather(*(asyncio.to_thread(each.look, orphans=True) for each in shippers for _ in range(4)))
        for each in shippers:
            assert each.look()

    asyncio.run(ship_all())
    assert sorted(each.id for each in copied(database)) == sorted(kept)
    for recording in both:
        recording.close()


def test_who_relied_on_what_is_written_down_for_known_callers(recording: Recording, database: Database) -> None:
    good = replace(verification(), settled_block=41)
    elsewhere = verification()
    recording.keep(TAX, OCCASION, [good])
    recording.keep(TAX, OCCASION, [replace(good, id=elsewhere.id, settled_block=44)])
    recording.keep(Caller(name="bank"), OCCASION, [replace(verification(), settled_block=42), malformed()], batch=True)
    recording.keep(ANYBODY, OCCASION, [replace(verification(), settled_block=43)])
    recording.keep(Caller(name="other-ledger"), OCCASION, [verification()])
    asyncio.run(recording.durable(recording.keep(TAX, OCCASION, [malformed()])))
    assert Shipping(recording, database).look()
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT caller, agency, serial, since FROM reliances ORDER BY caller").all()
    assert good.certificate is not None
    agency, serial = good.certificate.iss.agency, good.certificate.serial
    assert [tuple(row) for row in rows] == [("bank", agency, serial, 42), ("tax-system", agency, serial, 41)]


def test_a_line_that_somebody_broke_stops_nothing(tmp_path: Path, recording: Recording, database: Database) -> None:
    kept = keep(recording, 3)
    (path,) = (tmp_path / "record").glob("*.jsonl")
    content = path.read_bytes().split(b"\n")
    content[1] = content[1].replace(b'"time":1', b'"time":[', 1)
    path.write_bytes(b"\n".join(content))
    assert Shipping(recording, database).look()
    assert [each.id for each in copied(database)] == [each.id for each in kept[1:]]


def test_what_is_not_copied_yet_is_found_in_the_segments(recording: Recording, database: Database) -> None:
    before = keep(recording, 2)
    Shipping(recording, database).look()
    after = keep(recording, 2)
    with database.read() as connection:
        at = verifications.shipped(connection, recording.lineage.name)
    folder = recording.lineage.folder
    assert [each.id for each in unshipped(folder, recording, at)] == [each.id for each in after]
    assert [each.id for each in unshipped(folder, recording, None)] == [each.id for each in (*before, *after)]


async def test_it_runs_beside_the_answering_until_it_is_stopped(recording: Recording, database: Database) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Shipping(recording, database).run(stop, 0.01))
    kept = recording.keep(TAX, OCCASION, [verification()])
    await recording.durable(kept)
    while not await asyncio.to_thread(copied, database):  # noqa: ASYNC110 # the database tells nobody
        await asyncio.sleep(0.01)
    last = recording.keep(TAX, OCCASION, [verification()])
    await recording.durable(last)
    stop.set()
    await running
    assert [each.id for each in copied(database)] == [kept.id, last.id]


def test_an_older_copy_of_the_record_is_left_alone_and_what_is_new_is_copied(
    tmp_path: Path, keys: ServiceKeys, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    first = begin(tmp_path, keys)
    kept = keep(first, 2)
    assert Shipping(first, database).look()
    first.close()
    backup = tmp_path / "backup"
    shutil.copytree(tmp_path / "record", backup)
    second = begin(tmp_path, keys)
    kept += keep(second, 2)
    assert Shipping(second, database).look()
    second.close()
    shutil.rmtree(tmp_path / "record")
    shutil.copytree(backup, tmp_path / "record")
    with database.read() as connection:
        recording = begin(tmp_path, keys, copied=verifications.all_shipped(connection))
    kept += keep(recording, 1)
    shipper = Shipping(recording, database)
    for _ in range(2):
        assert shipper.look(orphans=True)
    recording.close()
    assert sorted(each.id for each in copied(database)) == sorted(each.id for each in kept)
    errors = [each.getMessage() for each in caplog.records if each.levelname == "ERROR"]
    assert len(errors) == 1
    assert f"the record {first.lineage.name} lacks what the database has copied of it" in errors[0]


def test_a_record_that_is_behind_the_database_is_not_copied_in_silence(
    tmp_path: Path, keys: ServiceKeys, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    first = begin(tmp_path, keys)
    keep(first, 2)
    assert Shipping(first, database).look()
    first.close()
    for path in (tmp_path / "record").glob("*-000001.*"):
        path.unlink()
    recording = begin(tmp_path, keys, copied=None)  # the database is away
    assert recording.lineage.name == first.lineage.name
    keep(recording, 5)
    assert not Shipping(recording, database).look()
    assert "lacks what the database has copied" in caplog.text
    recording.close()


def test_a_segment_that_is_gone_before_it_was_copied_keeps_nothing_after_it_back(
    tmp_path: Path, keys: ServiceKeys, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    recording = begin(tmp_path, keys, limits=Limits(bytes=4096))
    shipper = Shipping(recording, database)
    kept = keep(recording, 1)
    assert shipper.look()
    lost = keep(recording, 4)
    kept += keep(recording, 4)
    gone = {each.place.segment for each in lost} - {each.place.segment for each in kept}
    for segment in gone:
        recording.lineage.folder.lines(segment).unlink()
    assert shipper.look()
    recording.close()
    assert gone
    assert {each.id for each in kept} <= {each.id for each in copied(database)}
    assert all(f"{segment} is gone before it was closed" in caplog.text for segment in gone)


class Slow:
    """A database that takes its time to answer, in which something else happens."""

    def __init__(self, real: Database, meanwhile: Callable[[], object]) -> None:
        self._real = real
        self._meanwhile = meanwhile
        self.begin = real.begin

    @contextmanager
    def read(self) -> Iterator[Connection]:
        self._meanwhile()
        with self._real.read() as connection:
            yield connection


def test_a_segment_that_ends_while_the_database_answers_is_copied_to_its_end(
    tmp_path: Path, keys: ServiceKeys, database: Database
) -> None:
    recording = begin(tmp_path, keys, limits=Limits(bytes=20_000))
    kept = keep(recording, 1)
    assert Shipping(recording, database).look()
    slow = Slow(database, lambda: kept.extend(keep(recording, 10)))
    shipper = Shipping(recording, slow)  # type: ignore[arg-type]
    for _ in range(3):
        assert shipper.look()
    assert Shipping(recording, database).look()
    recording.close()
    assert [each.id for each in copied(database)] == [each.id for each in kept]
