"""A table that was stopped in its midst, and another one with some of its numbers: what stands in the way is named."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from store import batches, jobs, leases
from store.records import Job
from tests import forks
from tests.verifier import killed
from tests.verifier.office import City, make_city
from tests.verifier.test_issuing import results, row, run, table
from verifier.faults import IssuingStopped, RowsRefused
from verifier.services.abandoned import void_abandoned
from verifier.services.held_job import LONGEST, SECONDS, HeldJob, lease_of
from verifier.services.office import Patience
from verifier.services.progress import Stage


@pytest.fixture(name="city")
def city_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[City]:
    """A city that stores two rows to a transaction."""
    monkeypatch.setattr("verifier.services.open_batch.GROUP", 2)
    city = make_city(tmp_path / "city")
    with city.database:
        yield city


def interrupt(city: City, file: Path) -> None:
    """Issue a table until its first rows are stored, and press Ctrl+C then."""

    def stop(stage: Stage, _done: int) -> None:
        if stage is Stage.SIGN:
            raise KeyboardInterrupt

    city.notes.at_reach = stop
    with pytest.raises(KeyboardInterrupt):
        run(city, file)
    city.notes.at_reach = lambda _stage, _done: None


def left(city: City) -> Job:
    """Give the job whose batch is filling."""
    with city.database.read() as connection:
        (batch,) = batches.filling(connection)
        return jobs.read(connection, batch.job or 0)


def hold(city: City, seconds: int) -> None:
    """Let somebody hold the job that was left."""
    name = lease_of(left(city).id)
    with city.database.begin() as connection:
        assert leases.take(connection, name, holder="somebody", now=city.clock.now, seconds=seconds) is not None


def test_after_an_interruption_a_mended_table_is_issued_at_once(city: City) -> None:
    interrupt(city, table(city, [row(1), row(2), row(3)]))
    assert run(city, table(city, [row(1), row(2, holder_name="改名"), row(3)], name="mended.csv")).complete


def test_it_goes_on_where_it_was_left_as_long_as_nothing_else_came(city: City) -> None:
    file = table(city, [row(1), row(2), row(3)])
    interrupt(city, file)
    assert run(city, file).complete
    assert [path.name for path in city.files()] == ["0.ecert.json", "1.ecert.json", "2.ecert.json"]


def test_what_was_given_up_is_issued_but_for_the_rows_that_others_have_now(city: City) -> None:
    first = table(city, [row(1), row(2), row(3)])
    interrupt(city, first)
    run(city, table(city, [row(2)], name="second.csv"))
    with pytest.raises(RowsRefused) as caught:
        run(city, first)
    (fault,) = caught.value.faults
    assert (fault.line, fault.reason) == (3, "number_taken")
    assert "second.csv, line 2" in fault.en
    assert "second.csv 第 2 行" in fault.zh
    outcome = run(city, first, skip_bad=True)
    assert [each["status"] for each in results(outcome)] == ["handed_out", "bad:number_taken", "handed_out"]


def test_a_table_that_somebody_is_issuing_is_named_with_its_line_and_the_way_on(city: City) -> None:
    interrupt(city, table(city, [row(1), row(2), row(3)]))
    hold(city, SECONDS)
    second = table(city, [row(7), row(2)], name="second.csv")
    for options in ({}, {"dry_run": True}):
        with pytest.raises(RowsRefused) as caught:
            run(city, second, **options)  # type: ignore[arg-type]
        (fault,) = caught.value.faults
        assert (fault.line, fault.field, fault.reason) == (3, "certificate_number", "number_in_work")
        assert fault.en.startswith("health.csv, line 3, has this number, and somebody is issuing it")
        assert fault.zh.startswith("该编号在 health.csv 第 3 行")
    city.clock.now += SECONDS
    assert run(city, second).complete


def test_a_dry_run_says_what_would_be_issued_and_gives_nothing_up(city: City) -> None:
    interrupt(city, table(city, [row(1), row(2), row(3)]))
    outcome = run(city, table(city, [row(2)], name="second.csv"), dry_run=True)
    assert (outcome.rows, outcome.bad) == (1, 0)
    assert left(city).name == "health.csv"


def test_after_a_kill_the_other_table_is_issued_as_soon_as_the_lease_has_ended(
    tmp_path: Path, database_url: str
) -> None:
    folder = tmp_path / "city"
    city = make_city(folder, database_url)
    first = table(city, [row(n) for n in range(1100)])
    city.database.close()
    assert forks.run(killed.main, folder, first, database_url, 5, "after") == -signal.SIGKILL
    city = make_city(folder, database_url)
    with city.database:
        second = table(city, [row(3), row(2000)], name="second.csv")
        with pytest.raises(RowsRefused) as caught:
            run(city, second)
        assert [(fault.line, fault.reason) for fault in caught.value.faults] == [(2, "number_in_work")]
        city.clock.now += SECONDS
        assert run(city, second).complete


def test_a_table_behind_one_that_was_killed_waits_for_its_lease_alone(city: City) -> None:
    interrupt(city, table(city, [row(1), row(2), row(3)]))
    hold(city, SECONDS)
    began = city.clock.now
    assert run(city, table(city, [row(7)], name="second.csv")).complete
    assert city.clock.now - began <= SECONDS + 3
    assert any("health.csv comes first" in note for note in city.notes.notes)


def test_a_number_that_is_taken_while_the_table_is_signed_leaves_what_was_issued_before(city: City) -> None:
    other = table(city, [row(3)], name="other.csv")

    def issue_other(stage: Stage, _done: int) -> None:
        if stage is Stage.SIGN:
            city.notes.at_reach = lambda _stage, _done: None
            run(city, other, wait=False)

    city.notes.at_reach = issue_other
    first = table(city, [row(n) for n in (1, 2, 3)])
    with pytest.raises(RowsRefused) as caught:
        run(city, first, batch_size=1)
    assert caught.value.issued == 2
    assert [(fault.line, fault.reason) for fault in caught.value.faults] == [(4, "number_taken")]
    assert "other.csv, line 2" in caught.value.faults[0].en
    assert run(city, first, skip_bad=True).handed_out == 2


def test_a_table_that_is_refused_before_anything_was_issued_says_so(city: City) -> None:
    run(city, table(city, [row(1)]))
    with pytest.raises(RowsRefused) as caught:
        run(city, table(city, [row(1), row(2)], name="second.csv"))
    assert caught.value.issued == 0


def test_issuing_does_not_take_a_job_from_a_reissue_that_holds_it_for_longer(city: City) -> None:
    interrupt(city, table(city, [row(1), row(2), row(3)]))
    hold(city, LONGEST)
    with pytest.raises(IssuingStopped, match="in another process"):
        HeldJob.take(city.office, left(city), Patience(city.office, LONGEST - 1))


def test_a_row_that_takes_longer_than_the_lease_loses_nothing_where_nobody_came_meanwhile(city: City) -> None:
    def be_slow(stage: Stage, _done: int) -> None:
        city.clock.now += SECONDS + 5 if stage is Stage.SIGN else 0

    city.notes.at_reach = be_slow
    assert run(city, table(city, [row(n) for n in range(5)])).complete


def test_whoever_stood_still_while_its_rows_were_given_up_says_so(city: City) -> None:
    def be_late(stage: Stage, _done: int) -> None:
        if stage is Stage.SIGN:
            city.clock.now += SECONDS + 5
            void_abandoned(city.office)

    city.notes.at_reach = be_late
    first = table(city, [row(n) for n in range(5)])
    with pytest.raises(IssuingStopped, match="the same command goes on"):
        run(city, first)
    city.notes.at_reach = lambda _stage, _done: None
    assert run(city, first).complete
