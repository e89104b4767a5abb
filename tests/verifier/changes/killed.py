"""Tracks and delivers in a process of its own that is killed with SIGKILL at a chosen write transaction.

`before`: all of the transaction is written and nothing committed; `after`: just after its commit. What is sent goes
into the file `sent` in FOLDER, an id a line.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from store.database import Connection, Database
from store.deliveries import Attempt
from verifier.changes.delivering import Deliverer
from verifier.changes.tracking import Tracker
from verifier.keys.watch_key import WatchKeys


class KilledDatabase(Database):
    """A database whose process does not outlive a transaction."""

    left = 0
    when = "after"

    counting = threading.Lock()

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with self.counting:
            type(self).left -= 1
            last = self.left == 0
        with super().begin() as connection:
            yield connection
            if last and self.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)


class FilePost:
    """Writes down what it is given."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def send(self, url: str, body: str, headers: Mapping[str, str]) -> Attempt:
        del url, body
        with self._file.open("a", encoding="ascii") as file:
            file.write(headers["webhook-id"] + "\n")
        return Attempt(status=200, error=None)


async def work(database: Database, folder: Path) -> None:
    """Do all that is due."""
    now = int((folder / "now").read_text())
    (folder / "now").write_text(str(now + 100))
    tracker = Tracker(database, days=36_500, clock=lambda: now)
    while tracker.step():
        pass
    deliverer = Deliverer(database, FilePost(folder / "sent"), WatchKeys.under(folder / "keys"), clock=lambda: now)
    while await deliverer.start_due():
        await deliverer.idle()


def main(url: str, folder: Path, number: int, when: str) -> None:
    """Do all that is due; `number` counts write transactions."""
    KilledDatabase.left, KilledDatabase.when = number, when
    asyncio.run(work(KilledDatabase.open(url), folder))
