"""Offices that issue all the time: one table after the other through `ecert issue`, and again until it is done."""

from __future__ import annotations

import contextlib
import csv
import itertools
import json
import resource
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benches.format import rows

from city import ROOT, City
from ecert.events import BatchAnchored
from store import cursors, events
from store.database import Database

TITLE = "real-estate-title"
OFFICES = ("STORM-REGISTRY-1", "STORM-REGISTRY-2")
ROWS = 24
BATCH = 4
PATIENCE = 240.0


class StormError(Exception):
    """Something did not hold, or did not happen in time; the text says what."""


def until(what: str, look: object, patience: float = 120.0) -> None:
    """Wait until `look()` is true.

    Raises:
        StormError: it was not in good time.
    """
    assert callable(look)  # noqa: S101 # a programmer's error
    deadline = time.monotonic() + patience
    while not look():
        if time.monotonic() > deadline:
            raise StormError(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(0.2)


class Load:
    """The `offices` of one city at work; `file_limit`: no file that a new `ecert issue` writes may grow beyond it."""

    numbers = itertools.count(1)

    def __init__(self, city: City, database_url: str) -> None:
        self.city = city
        self.database_url = database_url
        self.offices = OFFICES
        self.issued: Counter[str] = Counter()
        self.tried_again: list[str] = []
        self.file_limit: int | None = None
        self._stop = threading.Event()
        self._running: dict[str, subprocess.Popen[str]] = {}

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Issue during the block, then finish what was begun.

        Raises:
            StormError: some table could not be finished in good time.
        """
        self._stop.clear()
        threads = [threading.Thread(target=self._work, args=(office,), daemon=True) for office in self.offices]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
        deadline = time.monotonic() + PATIENCE
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            for process in list(self._running.values()):
                process.kill()
            raise StormError(f"issuing was not done {PATIENCE:.0f} s later; last words: {self.tried_again[-2:]}")

    def kill_one(self) -> None:
        """Kill an `ecert issue` that runs."""
        for process in list(self._running.values())[:1]:
            process.kill()

    def _work(self, office: str) -> None:
        while not self._stop.is_set():
            number = next(self.numbers)
            table = self._table(office, number)
            while (said := self._issue(office, table)) is not None:
                self.tried_again.append(said)
                time.sleep(1)
            self.issued[office] += ROWS

    def _issue(self, office: str, table: Path) -> str | None:
        """Give the command once; None if all is done, else what it said."""
        options = ["--type", TITLE, "--agency", office, "--batch-size", str(BATCH), "--json"]
        limit = self.file_limit
        process = subprocess.Popen(
            [sys.executable, "-m", "verifier", "issue", str(table), *options, "--data", str(self.city.folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=ROOT,
        )
        if limit is not None:
            limit_files(process.pid, limit)
        self._running[office] = process
        said, _ = process.communicate()
        return None if process.returncode == 0 else " ".join(said.split())[-300:]

    def _table(self, office: str, number: int) -> Path:
        path = self.city.folder / "tables" / f"{office}-{number}.csv"
        path.parent.mkdir(exist_ok=True)
        some = list(rows(ROWS))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(some[0]))
            writer.writeheader()
            for at, row in enumerate(some):
                title = f"{row['title_number'].partition('第')[0]}第{number:04d}{at:03d}号"
                writer.writerow(
                    row | {"title_number": title, "holders": json.dumps(row["holders"], ensure_ascii=False)}
                )
        return path

    def anchored(self) -> list[BatchAnchored]:
        """Every batch of the city that the store has read from the chain."""
        with Database.open(self.database_url) as database, database.read() as connection:
            found = events.stream(connection, self.city.deployment.name)
            return [event for event in found if isinstance(event, BatchAnchored)]

    def settled(self) -> int:
        """How many batches are settled."""
        return sum(1 for batch in self.anchored() if batch.place.block <= self.cursor()[1])

    def cursor(self) -> tuple[int, int, int]:
        """Block, settled block and generation of the store's copy."""
        with Database.open(self.database_url) as database, database.read() as connection:
            cursor = cursors.read(connection, self.city.deployment.name)
        return (0, 0, 0) if cursor is None else (cursor.block, cursor.settled_block, cursor.generation)

    def goes_on(self, batches: int, what: str, patience: float = 120.0) -> int:
        """Wait until so many more batches are settled; gives how many there are."""
        before = self.settled()
        until(f"{batches} more batches settle {what}", lambda: self.settled() >= before + batches, patience)
        return self.settled()


def limit_files(process: int, size: int) -> None:
    """Let a process write no file beyond `size` bytes (-1: any size); writing more fails as on a full disk."""
    _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
    resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))
