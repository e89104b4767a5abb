"""What comes first by its serials and is not closed is named, and waited for while somebody works on it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from store import batches, calls, jobs, leases
from tests.verifier.office import AGENCY, LEDGER, City, make_city
from tests.verifier.test_issuing import HEALTH, row, run, table
from verifier.faults import IssuingStopped
from verifier.keys.keyring import LedgerKey
from verifier.services.abandoned import void_abandoned
from verifier.services.held_job import LONGEST, SECONDS, lease_of
from verifier.services.progress import Stage
from verifier.services.reissuance import Reissued, ReissueOrder
from verifier.services.reissuing import reissue
from verifier.services.vigil import DESERTED


@pytest.fixture(name="city")
def city_(tmp_path: Path) -> Iterator[City]:
    """A city where the ledger refused a table, and where somebody began another since and was killed."""
    city = make_city(tmp_path / "city")
    with city.database:
        city.ledger.refuses = "RootIsZero()"
        with pytest.raises(IssuingStopped):
            run(city, table(city, [row(1)]))
        city.ledger.refuses = None
        begin(city, "other.csv")
        yield city


def begin(city: City, name: str | None) -> None:
    """Begin a batch, of a table or of none, and leave it filling."""
    with city.database.begin() as connection:
        known = {"ledger": LEDGER, "agency": AGENCY, "certificate_type": HEALTH.vct_hash, "now": city.clock.now}
        job = name and jobs.start(connection, **known, sha256=bytes(32), name=name, rows=1).job.id
        batches.begin(connection, **known, job=job or None, capacity=1)


def work(city: City, until: int = 0) -> None:
    """Let a sender hold the key at every pause, and somebody the job that is filling until a time."""
    pause = city.clock.pause

    def working(seconds: float) -> None:
        pause(seconds)
        with city.database.begin() as connection:
            for call in calls.open_calls(connection, LEDGER):
                name = leases.sender_name(call.chain, call.sender)
                leases.take(connection, name, holder="a sender", now=city.clock.now, seconds=15)
        if city.clock.now < until:
            hold(city)

    city.office = replace(city.office, pause=working)


def hold(city: City, seconds: int = SECONDS) -> None:
    """Let somebody hold the jobs that are filling."""
    with city.database.begin() as connection:
        for batch in batches.filling(connection):
            name = lease_of(batch.job or 0)
            assert leases.take(connection, name, holder="somebody", now=city.clock.now, seconds=seconds) is not None


def again(city: City) -> Reissued:
    (done,) = reissue(city.office, ReissueOrder(folder=city.certificates))
    return done


def test_an_earlier_table_that_nobody_is_at_work_on_is_given_up(city: City) -> None:
    work(city)
    assert again(city).complete


def test_an_earlier_table_that_somebody_issues_is_named_and_waited_for(city: City) -> None:
    hold(city)
    began = city.clock.now
    work(city, until=began + 3 * DESERTED)
    assert again(city).complete
    assert city.clock.now - began >= 3 * DESERTED
    assert city.notes.notes[0].startswith(
        "anchors go in the order of serials, and other.csv comes first, which somebody"
    )


def test_what_was_asked_for_one_by_one_and_nobody_can_close_ends_the_waiting(tmp_path: Path) -> None:
    city = make_city(tmp_path / "city")
    with city.database:
        begin(city, None)
        work(city)
        key = city.office.keyring.ledger_file(AGENCY, LedgerKey.ANCHOR)

        def lose_key(stage: Stage, _done: int) -> None:
            if stage is Stage.SIGN:
                key.unlink(missing_ok=True)

        city.notes.at_reach = lose_key
        with pytest.raises(IssuingStopped, match="one by one comes first; nobody is at work on it: the office"):
            run(city, table(city, [row(1)]))


@pytest.mark.parametrize(("ahead", "voided"), [(LONGEST - SECONDS, 0), (LONGEST - SECONDS + 1, 1)])
def test_a_table_that_was_held_before_the_clock_was_set_back_is_given_up_as_well(
    city: City, ahead: int, voided: int
) -> None:
    hold(city)
    city.clock.now -= ahead
    assert void_abandoned(city.office) == voided
