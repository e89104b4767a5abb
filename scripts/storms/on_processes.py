"""Storms over our own processes: killed, started twice, with a clock that jumps, without disk or database."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
import time
from pathlib import Path

from city import ROOT, City
from storms.ground import Ground, children, ends, kill, rest, some_file, verdict
from storms.load import Load, StormError, limit_files, until

KILLS = 10
SMALL = 16_384
AWAY = 10.0
CLOCK = """
import mmap, os, struct, time
real = time.time
with open(os.environ["STORM_CLOCK"], "rb") as file:
    shift = mmap.mmap(file.fileno(), 8, access=mmap.ACCESS_READ)
time.time = lambda: real() + struct.unpack("d", shift[:8])[0]
"""
"""Read by every Python of the service at its start: its clock is the machine's and what the file says at the moment."""


def killed_at_random(_ground: Ground, city: City, load: Load) -> str:
    """Indexer, sender, api, the service as a whole and `ecert issue` are killed (-9), one after the other."""
    seed = time.time_ns() % 10**6
    dice = random.Random(seed)  # noqa: S311 # which process, not a secret
    victims = ["indexer", "sender", "api", "serve", "issue"] * (KILLS // 5)
    dice.shuffle(victims)
    for victim in victims:
        rest(dice.uniform(0.5, 3))
        process = city.service_process
        assert process is not None  # noqa: S101 # it was started
        running = children(process.pid)
        if victim == "issue":
            load.kill_one()
        elif victim in running:
            kill(running[victim])
        elif victim == "serve":
            kill(process.pid)
            process.wait()
            until("its processes end with it", lambda of=running: all(ends(pid) for pid in of.values()), 20)
            city.serve()
    load.goes_on(2, "after the kills")
    return f"{len(victims)} kills (seed {seed}): {', '.join(victims)}"


def killed_at_every_point(_ground: Ground, _city: City, _load: Load) -> str:
    """Sender and indexer are killed at every change of state, none left out (tests/chain/test_kill.py)."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/chain/test_kill.py"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    last = done.stdout.strip().splitlines()[-1] if done.stdout.strip() else "nothing was said"
    if done.returncode != 0:
        raise StormError(f"tests/chain/test_kill.py: {last}")
    return last.strip("= ")


def two_senders(_ground: Ground, city: City, load: Load) -> str:
    """Two more senders are started by accident; then the first and one of them are killed."""
    command = [sys.executable, "-m", "verifier", "sender", "--data", str(city.folder)]
    with (city.folder / "senders.log").open("ab") as log:
        more = [subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT) for _ in "12"]
    try:
        load.goes_on(4, "with three senders")
        assert city.service_process is not None  # noqa: S101 # it was started
        kill(children(city.service_process.pid)["sender"])
        more[0].kill()
        settled = load.goes_on(4, "with those that are left")
    finally:
        for process in more:
            process.kill()
            process.wait()
    return f"{settled} batches, each anchored once"


def clock_jumps(ground: Ground, city: City, load: Load) -> str:
    """The service's clock jumps an hour ahead, back, an hour behind, and back."""
    folder = city.folder / "clock"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(CLOCK, encoding="utf-8")
    shift = folder / "shift"
    shift.write_bytes(struct.pack("d", 0.0))
    city.environment = {"PYTHONPATH": str(folder), "STORM_CLOCK": str(shift)}
    try:
        ground.serve(city, load, (1, 2, 3))
        file = some_file(city)
        said = []
        for hours in (1, 0, -1, 0):
            _set(shift, hours * 3600.0)
            rest(6)
            said.append(verdict(city, file))
        load.goes_on(2, "after the jumps")
    finally:
        city.environment = {}
    if said[1] != "VALID" or said[3] != "VALID":
        raise StormError(f"verdicts with the clock at +1 h, right, -1 h, right: {said}")
    return f"verdicts at +1 h, right, -1 h, right: {', '.join(said)}"


def _set(shift: Path, seconds: float) -> None:
    with shift.open("r+b") as file:
        file.write(struct.pack("d", seconds))


def disk_full(_ground: Ground, city: City, load: Load) -> str:
    """No file of the service may grow any more, its database (SQLite) among them; later they may again."""
    file = some_file(city)
    assert city.service_process is not None  # noqa: S101 # it was started
    service = city.service_process.pid

    def limit(size: int) -> None:
        load.file_limit = size if size > 0 else None
        for pid in (service, *children(service).values()):
            limit_files(pid, size)

    limit(SMALL)
    rest(6)
    before = load.settled()
    rest(6)
    during, said = load.settled() - before, verdict(city, file)
    limit(-1)
    load.goes_on(2, "when there is room again", 200)
    if said != "VALID":
        raise StormError(f"verification said {said} with a full disk")
    return f"{during} batches settled in the last 6 s of 12 without room; verdicts {said}"


def database_away(ground: Ground, city: City, load: Load) -> str:
    """PostgreSQL is stopped at once, for ten seconds, and started again."""
    file = some_file(city)
    assert ground.cluster is not None  # noqa: S101 # this city lives on it
    ground.cluster.stop()
    rest(AWAY)
    said = verdict(city, file)
    ground.cluster.go_on()
    load.goes_on(2, "when it is back", 200)
    if said != "VALID":
        raise StormError(f"verification said {said} without the database")
    return f"away for {AWAY:.0f} s; verdicts {said} meanwhile"
