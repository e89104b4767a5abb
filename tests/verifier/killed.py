"""Issues a table in a process of its own that is killed with SIGKILL at a chosen write transaction.

`before`: all of the transaction is written and nothing committed; `after`: just after its commit.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import Connection

from ecert.types import bundled_types
from store.database import Database
from tests.verifier.office import AGENCY, make_city
from verifier.services.issuing import issue
from verifier.services.table_issuance import Order

BATCH = 1050


class KilledDatabase(Database):
    """A database whose process does not outlive a transaction."""

    left = 0
    when = "after"

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        type(self).left -= 1
        with super().begin() as connection:
            yield connection
            if self.left == 0 and self.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def main(folder: Path, file: Path, url: str, number: int, when: str) -> None:
    """Issue; `number` counts write transactions."""
    city = make_city(folder, url)
    database = KilledDatabase.open(url)
    office = replace(city.office, database=database)
    KilledDatabase.left, KilledDatabase.when = number, when
    issue(
        office,
        Order(
            file=file,
            certificate_type=bundled_types()["health-certificate"],
            agency=AGENCY,
            folder=city.certificates,
            batch_size=BATCH,
        ),
    )
