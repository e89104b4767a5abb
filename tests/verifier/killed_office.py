"""Issues certificates one by one in a process of its own that is killed with SIGKILL at a chosen write transaction.

    python -m tests.verifier.killed_office FOLDER URL NUMBER before|after

What is answered is written on stdout, a line each, before the next one is asked for.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from tests.verifier.inside import Town, town_of
from tests.verifier.killed import KilledDatabase
from tests.verifier.office import make_city

ASKED = 6
BATCH = 2


async def issue_all(town: Town) -> None:
    """Ask for each certificate under a key of its own, and close what is open."""
    for number in range(ASKED):
        answer = await town.issue(number, headers={"idempotency-key": f"key-{number}"})
        sys.stdout.write(f"{number} {answer.status_code} {answer.json().get('serial')}\n")
        sys.stdout.flush()
        if number % 3 == 0:
            town.close()


def main(folder: str, url: str, number: str, when: str) -> None:
    city = make_city(Path(folder), url)
    database = KilledDatabase.open(url)
    city = replace(city, database=database, office=replace(city.office, database=database))
    town = town_of(city, batch_size=BATCH)
    KilledDatabase.left, KilledDatabase.when = int(number), when
    asyncio.run(issue_all(town))


if __name__ == "__main__":
    main(*sys.argv[1:])
