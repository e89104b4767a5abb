"""A writer is killed at some moment; what it had committed is there, and nothing is there by halves."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from store import batches, calls, certificates, inventory
from store.database import Database
from store.states import BatchState
from tests.store.makers import AGENCY, LEDGER, batch, certificate

ROOT_FOLDER = Path(__file__).parents[2]


def run_and_kill(url: str, lines: int, pause: float) -> list[int]:
    """Let a writer say so many lines, wait a little, kill it; give the batches that it said were closed."""
    command = [sys.executable, "-m", "tests.store.writer", url, str(lines), str(pause)]
    writer = subprocess.Popen(command, cwd=ROOT_FOLDER, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    said = [writer.stdout.readline() for _ in range(lines)]
    time.sleep(pause)
    writer.kill()
    said += writer.stdout.read().splitlines()
    writer.stdout.close()
    writer.wait()
    return [int(line.split()[1]) for line in said if line.startswith("closed ")]


def test_nothing_is_half_done_after_a_kill(database: Database, database_url: str) -> None:
    closed = [
        one
        for lines, pause in ((1, 0.0), (2, 0.004), (1, 0.009), (3, 0.002))
        for one in run_and_kill(database_url, lines, pause)
    ]
    assert len(closed) >= 7
    with database.read() as connection:
        for one in closed:
            assert batches.read(connection, one).state is BatchState.CLOSED
        end = inventory.next_serials(connection, LEDGER)[AGENCY]
        anchors = {call.order: call for call in calls.open_calls(connection, LEDGER)}
        serial = 0
        while serial < end:
            found = batches.covering(connection, LEDGER, AGENCY, serial)
            if found is None:
                serial += 1
                continue
            stored = list(certificates.of_batch(connection, found.id))
            assert [one.serial for one in stored] == list(range(serial, serial + found.count))
            assert (found.state is BatchState.CLOSED) == (serial in anchors)
            if found.state is BatchState.CLOSED:
                assert anchors.pop(serial).args["count"] == found.count == 60
            else:
                assert found.count in {20, 40}
                assert certificates.read(connection, LEDGER, AGENCY, serial + found.count) is None
            serial += found.count
        assert anchors == {}


@pytest.mark.parametrize("position", [0, 20, 40])
def test_what_was_filling_can_be_found_made_void_and_left_behind(database: Database, position: int) -> None:
    with database.begin() as connection:
        begun = batch(connection, capacity=100, now=5)
        batches.fill(connection, begun.id, position=0, rows=[certificate(n) for n in range(position)], now=6)
    with database.begin() as connection:
        (found,) = batches.filling(connection)
        assert batches.void(connection, found.id, reason="its process is gone", now=61).moved
        assert batches.filling(connection) == ()
        again = batch(connection, capacity=100)
        assert again.first_serial == position
        rows = [certificate(n) for n in range(position)]
        assert batches.fill(connection, again.id, position=0, rows=rows, now=62).moved
