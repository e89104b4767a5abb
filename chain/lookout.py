"""The lookout: writes down, every few seconds, what the indexer sees of the chain and whether a node answers.

What it writes lets others tell apart a chain that makes no blocks, a node that is away and an indexer that is dead. It
decides nothing: where it cannot be written, the indexer goes on.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from chain.errors import NodeAway, NodeError
from chain.headers import BlockHeader
from chain.patience import WRITE_SECONDS
from store import sightings
from store.database import Database
from store.errors import StoreError
from store.sightings import Sighting
from store.states import NodeTrouble

log = logging.getLogger(__name__)


class Lookout:
    """What one indexer sees of one ledger's chain; nothing is known before its first look."""

    def __init__(self, database: Database, ledger: str, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._seen = Sighting(ledger=ledger, looked_at=0)
        self._written: Sighting | None = None

    def saw(self, head: BlockHeader) -> None:
        """Remember the newest block that a node has shown, even where it is then found to be none to go by."""
        self._seen = replace(self._seen, head=head.number, head_time=head.time, heard_at=int(self._clock()))

    def note(self, error: NodeError | None) -> None:
        """End a look, with what was wrong with the node; written where it is new, or the last one is old."""
        now, before = int(self._clock()), self._seen
        trouble = None if error is None else NodeTrouble.AWAY if isinstance(error, NodeAway) else NodeTrouble.UNFIT
        since = before.trouble_since if trouble is before.trouble else now
        self._seen = replace(before, looked_at=now, trouble=trouble, trouble_since=None if trouble is None else since)
        written = self._written
        if written is None or written.trouble is not trouble or not 0 <= now - written.looked_at < WRITE_SECONDS:
            self._write()

    def _write(self) -> None:
        try:
            with self._database.begin() as connection:
                sightings.put(connection, self._seen)
        except StoreError as error:
            log.debug("what was seen is not written down: %s", error)
            return
        self._written = self._seen
