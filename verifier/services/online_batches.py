"""Closing the batches of certificates that were asked for one by one: in time, and after whoever filled them is gone.

A batch is closed with what it holds, its root and its call in one transaction. What it holds was answered already, so
it is never voided; only one that holds nothing is. It does not matter who closes it, nor how often it is tried.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from itertools import chain

from chain.pausing import pause
from ecert.merkle import Tree
from ecert.suite import SUITE
from store import batches, online_batches
from store.errors import StoreError
from verifier.faults import KeyringError
from verifier.keys.keyring import LedgerKey
from verifier.services.office import Office

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineBatches:
    """`seconds`: how long a batch is open after its first certificate; `every`: seconds between two looks."""

    office: Office
    seconds: float
    every: float = 0.25

    def close_due(self, *, agency: str | None = None) -> int:
        """Close every batch that is due, of one agency or of all; answer how many there were.

        One that was left open when its ledger was retired is refused there, so that whoever asks for it is told.

        Raises:
            StoreError: the database does not answer; what was closed is closed, and the rest is closed later.
        """
        office, now = self.office, self.office.clock()
        with office.database.read() as connection:
            before = int(now - self.seconds)
            due = [online_batches.due(connection, ledger, before=before, now=now) for ledger in office.ledgers]
        wanted = [batch for batch in chain.from_iterable(due) if agency in {None, batch.agency}]
        return sum([self._close(batch.id, batch.agency) for batch in wanted if self._has_key(batch.agency)])

    async def run(self, stop: asyncio.Event) -> None:
        """Close what is due until `stop`, and once more then."""
        trouble: str | None = None
        ended = False
        while not ended:
            ended = stop.is_set()
            try:
                await asyncio.to_thread(self.close_due)
            except StoreError as error:
                if trouble != str(error):
                    _LOG.warning("batches cannot be closed now: %s", error)
                trouble = str(error)
            else:
                trouble = None
            await pause(stop, self.every)

    def _has_key(self, agency: str) -> bool:
        """Whether it is known here whose key would anchor for an agency; another office may know it."""
        try:
            self.office.keyring.address(agency, LedgerKey.ANCHOR)
        except KeyringError as error:
            self.office.progress.note(f"a batch of {agency} stays open: {error}")
            return False
        return True

    def _close(self, batch: int, agency: str) -> bool:
        office = self.office
        anchor = office.keyring.address(agency, LedgerKey.ANCHOR)
        with office.database.begin() as connection:
            found = online_batches.locked(connection, batch)
            if found is None:
                return False
            if found.count == 0:
                return batches.void(connection, batch, reason="nothing came into it", now=office.clock()).moved
            return batches.close(
                connection,
                batch,
                position=found.count,
                rows=(),
                tree=Tree(batches.leaves(connection, batch)),
                suite=SUITE,
                sender=anchor,
                now=office.clock(),
            ).moved
