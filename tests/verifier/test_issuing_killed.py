"""Killed at any moment, any number of times: the same command ends with every row issued once."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ecert.parsing import parse
from ecert.types import bundled_types
from store import batches, calls, jobs
from store.states import BatchState, CallState, JobState
from tests import forks
from tests.verifier import killed
from tests.verifier.office import AGENCY, make_city
from tests.verifier.test_issuing import row, table
from verifier.services.issuing import issue
from verifier.services.table_issuance import Order

ROWS = 1100


@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_again_and_again_it_issues_every_row_once(tmp_path: Path, database_url: str, when: str) -> None:
    folder = tmp_path / "city"
    city = make_city(folder, database_url)
    file = table(city, [row(n) for n in range(ROWS)])
    city.database.close()
    codes = [forks.run(killed.main, folder, file, database_url, number, when) for number in (2, 4, 5, 6, 8)]
    assert codes[:3] == [-signal.SIGKILL] * 3
    city = make_city(folder, database_url)
    certificate_type = bundled_types()["health-certificate"]
    outcome = issue(
        city.office,
        Order(
            file=file,
            certificate_type=certificate_type,
            agency=AGENCY,
            folder=city.certificates,
            batch_size=killed.BATCH,
        ),
    )
    assert (outcome.issued, outcome.handed_out, outcome.complete) == (ROWS, ROWS, True)
    numbers = set()
    for path in city.files():
        certificate = parse(path.read_bytes())
        numbers.add(next(each.value for each in certificate.disclosures if each.name == "certificate_number"))
    assert len(numbers) == len(city.files()) == ROWS
    assert not list(city.certificates.rglob("*.partial"))
    with city.database as database, database.read() as connection:
        records = batches.of_job(connection, outcome.job or 0)
        assert jobs.read(connection, outcome.job or 0).state is JobState.DONE
        assert {(each.state, each.call_state) for each in records} == {(BatchState.CLOSED, CallState.SETTLED)}
        assert sum(each.count for each in records) == ROWS
        assert not calls.open_calls(connection, city.office.ledger)
