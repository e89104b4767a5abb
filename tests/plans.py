"""How SQLite means to answer what it is asked: nothing reads through a table that grows with the city.

And nothing is planned anew whenever it is asked.

    # in the conftest.py of a folder:
    from tests.plans import no_table_is_read_through, plans

The plan does not depend on the rows that a test has, but on the indexes and on the statistics of migration 0005.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

__all__ = ["no_table_is_read_through", "plans"]

GROWING = (
    "batches|blocks|calls|certificates|changes|codes|deliveries|earlier|events|lookups|reliances|supersessions"
    "|transactions|verifications"
)
PLANNED_ANEW = re.compile(r"\b(?:batches|jobs)\.state != \?")
"""A parameter that the condition of an index names: SQLite plans such a statement anew each time."""
READ_THROUGH = re.compile(rf"SCAN ({GROWING})\b|SEARCH ({GROWING})\b.*\((issuer_id|ledger_id|chain)=\?\)$")
ALLOWED = {
    "GROUP BY": "the metrics count what there is, in an index",
    "FROM batches WHERE batches.issuer_id": "an agency has some hundred times fewer batches than certificates",
    "ix_reliances_fresh": "this index has the fresh ones alone",
    "blocks.number DESC LIMIT": "the highest block is the first that is read",
    "UPDATE reliances SET since": "a fork below what was settled, which ought never to be",
    "changes.time >= ? ORDER BY changes.id LIMIT": "old changes come first, and those that are found are deleted",
    "SELECT DISTINCT substr(certificates.disclosures": "a rotation of keys has sealed all of them anew",
    "SELECT count(*) AS count_1 FROM certificates": "a rotation of keys counts all that it seals anew",
    "AND supersessions.gave_up = 1": "who compares the database with the chain looks at all of it",
    "ORDER BY verifications.time, verifications.id LIMIT": "an auditor turns the pages of all of them",
}
"""What stands in a question or its plan, and why it may read through a table."""


class Plans:
    """Every question's plan, looked at once, and what the test at hand asked that reads through a table."""

    def __init__(self) -> None:
        self._faults: dict[str, list[str]] = {}
        self.faults: list[str] = []

    def look(
        self,
        connection: Connection,
        _cursor: object,
        statement: str,
        parameters: Any,  # of one execution or of many
        _context: object,
        many: bool,  # noqa: FBT001  # the event's own shape
    ) -> None:
        """Ask for the plan of a statement that was not seen yet."""
        words = " ".join(re.sub(r"\(\?(, \?)*\)", "(?)", statement).split())
        if connection.dialect.name != "sqlite" or not words.startswith(("SELECT", "UPD", "DEL")):
            return
        if words not in self._faults:
            driver = connection.connection.driver_connection
            assert driver is not None
            plan = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters).fetchall()
            self._faults[words] = [
                f"{step}: {words}"
                for *_, step in plan
                if READ_THROUGH.match(step) and not any(part in f"{words} {step}" for part in ALLOWED)
            ]
            if PLANNED_ANEW.search(words):
                self._faults[words].append(f"planned anew at every value: {words}")
        self.faults += self._faults[words]


@pytest.fixture(scope="session")
def plans() -> Iterator[Plans]:
    found = Plans()
    event.listen(Engine, "before_cursor_execute", found.look)
    yield found
    event.remove(Engine, "before_cursor_execute", found.look)


@pytest.fixture(autouse=True)
def no_table_is_read_through(plans: Plans, request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail every test that asks something that reads through a table, in whatever order they run.

    A test that is marked `reads_through` looks at rows by itself, as no program of ours does.
    """
    plans.faults.clear()
    yield
    if plans.faults and request.node.get_closest_marker("reads_through") is None:
        pytest.fail("\n".join(plans.faults))
