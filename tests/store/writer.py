"""A process that issues without an end, to be killed: `python -m tests.store.writer URL`. Says each commit it saw."""

from __future__ import annotations

import itertools
import sys

from store import batches
from store.database import Database
from tests.store.makers import batch, certificates_from, close, digest

PIECE = 20


def main(url: str) -> None:
    database = Database.open(url)
    start = int.from_bytes(digest(sys.argv)[:2]) * 30_000
    for number in itertools.count(start, 3 * PIECE):
        with database.begin() as connection:
            begun = batch(connection, capacity=100)
        for position in (0, PIECE):
            with database.begin() as connection:
                rows = certificates_from(number + position, PIECE)
                batches.fill(connection, begun.id, position=position, rows=rows, now=1)
        with database.begin() as connection:
            close(connection, begun, certificates_from(number + 2 * PIECE, PIECE), position=2 * PIECE)
        sys.stdout.write(f"closed {begun.id}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
