"""Waiting that ends by itself where nobody is at work: no sender holds the key, and nothing has moved for a minute."""

from __future__ import annotations

from store import calls, leases
from verifier.faults import IssuingStopped
from verifier.services.office import Office, Patience

DESERTED = 60
"""Seconds without a sender and without any change after which waiting is of no use."""

WRITTEN_DOWN = (
    "nobody is at work on this: it is written down and will be done as soon as `ecert serve` runs and reaches its node;"
    " nothing is lost; the same command again shows how it went"
)


class Vigil:
    """Watches over one waiting. Whoever said how long to wait waits as long as that."""

    def __init__(self, office: Office, patience: Patience) -> None:
        self._office = office
        self._patience = patience
        self._seen: object = None
        self._since = office.clock()

    def quiet(self, states: object, *, settled: bool) -> int:
        """Say for how many seconds nothing has moved; once all is `settled`, our copy of the ledger has to."""
        seen = (states, self._height() if settled else None)
        now = self._office.clock()
        if seen != self._seen:
            self._seen, self._since = seen, now
        return now - self._since

    def look(self, call: int | None) -> None:
        """End the waiting where it is of no use; `call` is one of those that are waited for.

        Raises:
            IssuingStopped: nothing moves and nobody is at work.
        """
        deserted = self._office.clock() - self._since >= DESERTED
        if deserted and self._patience.timeout is None and not self._attended(call):
            raise IssuingStopped(WRITTEN_DOWN)

    def _height(self) -> int | None:
        copy = self._office.copy()
        return None if copy is None else copy.settled_block

    def _attended(self, call: int | None) -> bool:
        if call is None:
            return False
        with self._office.database.read() as connection:
            record = calls.read(connection, call)
            name = leases.sender_name(record.chain, record.sender)
            return leases.held(connection, name, now=self._office.clock())
