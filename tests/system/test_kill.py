"""Whatever is killed when: every certificate is anchored exactly once, and all verify."""

from __future__ import annotations

import collections
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from city import City
from ecert.events import BatchAnchored
from store import events
from store.database import Database

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "samples" / "real-estate-title.csv"
ISSUED = 200
pytestmark = [pytest.mark.system, pytest.mark.xdist_group("system")]


def start_issuing(city: City) -> subprocess.Popen[str]:
    command = ["issue", str(SAMPLE), "--type", "real-estate-title", "--agency", "DEMO-REGISTRY", "--batch-size", "10"]
    return subprocess.Popen(
        [sys.executable, "-m", "verifier", *command, "--json", "--data", str(city.folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def wait_until(what: Callable[[], bool], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def anchored(city: City) -> list[BatchAnchored]:
    with Database.open(f"sqlite:///{city.folder / 'ecert.sqlite'}") as database, database.read() as connection:
        return [event for event in events.stream(connection, city.deployment.name) if isinstance(event, BatchAnchored)]


def assert_each_anchored_once_and_valid(city: City) -> None:
    times = collections.Counter(
        serial for batch in anchored(city) for serial in range(batch.first_serial, batch.first_serial + batch.count)
    )
    assert set(times.values()) == {1}
    files = sorted((city.folder / "certificates" / "DEMO-REGISTRY").rglob("*.ecert.json"))
    assert len(files) == ISSUED
    assert {int(path.name.split(".")[0]) for path in files} <= set(times)
    done = city.command("verify", "--json", *map(str, files))
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [verdict["result"] for verdict in verdicts] == ["VALID"] * ISSUED


def children_of(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("after", [1, 5, 12])
def test_the_service_killed_during_issuing_goes_on_where_it_was(city: City, after: int) -> None:
    city.serve()
    issuing = start_issuing(city)
    wait_until(lambda: len(anchored(city)) >= after)
    assert city.service_process is not None
    children = children_of(city.service_process.pid)
    assert children
    os.kill(city.service_process.pid, signal.SIGKILL)
    city.service_process.wait()
    wait_until(lambda: not any(is_running(pid) for pid in children), 60)
    city.serve()
    said, _ = issuing.communicate(timeout=600)
    assert issuing.returncode == 0, said
    assert_each_anchored_once_and_valid(city)


def test_the_command_killed_during_issuing_is_finished_by_giving_it_again(city: City) -> None:
    city.serve()
    for moment in (0.9, 1.3, 2.0):
        issuing = start_issuing(city)
        time.sleep(moment)
        issuing.kill()
        issuing.communicate()
    again = start_issuing(city)
    said, _ = again.communicate(timeout=600)
    assert again.returncode == 0, said
    assert_each_anchored_once_and_valid(city)
