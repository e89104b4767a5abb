"""Looking up what was verified: who made a verification finds it, and whoever may audit finds all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace

from ecert import base64url
from store import verifications
from store.database import Database
from store.errors import StoreError
from store.verifications import Recorded, Wanted
from verifier.callers import Caller, Scope
from verifier.record.recording import Recording
from verifier.record.shipping import unshipped
from verifier.services.following import Cursor, Followed, follow, follow_on

PAGE = 500
"""Verifications that are read at once while many are given."""


class Records:
    """The copies of the record in the database, and what this process has not copied yet.

    Args:
        database: where copies are.
        recording: the record of this process; None: it keeps none.
    """

    def __init__(self, database: Database, recording: Recording | None = None) -> None:
        self._database = database
        self._recording = recording

    def find(self, id: str, caller: Caller) -> Recorded | None:  # noqa: A002 # its name
        """Give a verification that the caller may see; what is not there and what is not his take the same way.

        Raises:
            StoreError: the database does not answer, and this process has not just recorded it.
        """
        if "\0" in id:  # which PostgreSQL does not take
            return None
        whose = _whose(caller)
        away: StoreError | None = None
        after = None
        try:
            with self._database.read() as connection:
                found = verifications.find(connection, id, caller=whose)
                if found is None and self._recording is not None:
                    after = verifications.shipped(connection, self._recording.lineage.name)
        except StoreError as error:
            found, away = None, error
        if found is None and self._recording is not None:
            waiting = unshipped(self._recording.lineage.folder, self._recording, after)
            found = next((each for each in waiting if each.id == id and whose in {None, each.caller}), None)
        if found is None and away is not None:
            raise away
        return found

    def page(self, wanted: Wanted, limit: int) -> Sequence[Recorded]:
        """Give the next verifications, oldest first."""
        with self._database.read() as connection:
            return verifications.page(connection, wanted, limit)

    def pages(self, wanted: Wanted, limit: int | None) -> Iterator[Sequence[Recorded]]:
        """Give all, or the next `limit`, page by page, the first page even where it is empty."""
        left = limit
        while True:
            size = PAGE if left is None else min(PAGE, left)
            found = self.page(wanted, size)
            yield found
            left = None if left is None else left - len(found)
            if len(found) < size or left == 0:
                return
            wanted = replace(wanted, after=(found[-1].time, found[-1].id))

    def follow(self, caller: Caller, after: Cursor | str, limit: int) -> Followed:
        """Give the next verifications that the caller may see, as they came in."""
        return follow(self._database, _whose(caller), after, limit)

    def follow_on(self, caller: Caller, after: Cursor | str, limit: int | None) -> Iterator[Followed]:
        """Give all, or the next `limit`, page by page, the first page even where it is empty."""
        return follow_on(self._database, _whose(caller), after, PAGE, limit)


def wanted_by(caller: Caller, wanted: Wanted) -> Wanted:
    """Narrow what is wanted to what the caller may see."""
    return replace(wanted, caller=_whose(caller))


def recorded_to_json(recorded: Recorded, after: Cursor | None = None) -> dict[str, object]:
    """Give a verification as JSON: its line, its receipt, where the line stands, and how to go on after it."""
    return {
        "id": recorded.id,
        "record": json.loads(recorded.record),
        "receipt": recorded.receipt,
        "audit": {
            "segment": recorded.segment,
            "position": recorded.position,
            "hash": base64url.encode(recorded.hash),
        },
        **({} if after is None else {"after": str(after)}),
    }


def _whose(caller: Caller) -> str | None:
    """Name those whose verifications the caller may see; None: all."""
    return None if Scope.AUDIT in caller.scopes else caller.name or ""
