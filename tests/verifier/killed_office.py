"""Issues certificates one by one in a process of its own that is killed with SIGKILL at a chosen write transaction.

What is answered is written into the file `answered` in its folder, a line each, before the next one is asked for.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from tests.verifier.inside import Town, town_of
from tests.verifier.killed import KilledDatabase
from tests.verifier.office import make_city

ASKED = 6
BATCH = 2


async def issue_all(town: Town, file: TextIO) -> None:
    """Ask for each certificate under a key of its own, and close what is open."""
    for number in range(ASKED):
        answer = await town.issue(number, headers={"idempotency-key": f"key-{number}"})
        file.write(f"{number} {answer.status_code} {answer.json().get('serial')}\n")
        file.flush()
        if number % 3 == 0:
            town.close()


def main(folder: Path, url: str, number: int, when: str) -> None:
    """Issue; `number` counts write transactions, `when` is `before` or `after` the commit."""
    city = make_city(folder, url)
    database = KilledDatabase.open(url)
    city = replace(city, database=database, office=replace(city.office, database=database))
    town = town_of(city, batch_size=BATCH)
    KilledDatabase.left, KilledDatabase.when = number, when
    with (folder / "answered").open("a", encoding="ascii") as file:
        asyncio.run(issue_all(town, file))
