"""Waiting that ends by itself where nobody is at work, and nothing has moved for a minute.

No sender holds the key then; or what has to be anchored before is left open by an office that is down (`HeldUp`). A
sender whose node does not answer holds no key either. The indexer beside it writes down what it sees of the node
(`store.sightings`): that tells the two apart.
"""

from __future__ import annotations

from store import calls, leases, sightings
from store.sightings import Sighting
from store.states import NodeTrouble
from verifier.faults import IssuingStopped
from verifier.services.held_up import HeldUp
from verifier.services.office import Office, Patience

QUIET = 10
"""Seconds without any change after which a person is told what might be missing."""

DESERTED = 60
"""Seconds without any change after which waiting is of no use where nobody is at work."""

WRITTEN_DOWN = (
    "nobody is at work on this: it is written down and will be done as soon as `ecert serve` runs and reaches its node;"
    " nothing is lost; the same command again shows how it went"
)

NODE_AWAY = (
    "the node does not answer: it is written down and will be done as soon as the node answers again; nothing is lost;"
    " the same command again shows how it went"
)

JUST_LOOKED = 5
"""Seconds of silence from which on an indexer, which looks every two, may be waiting for a node that does not answer.

It waits for `Office.late_seconds` at most: one that is silent for longer is dead.
"""


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

    def look(self, call: int | None, before: HeldUp | None = None) -> None:
        """End the waiting where it is of no use; `call` is one of those that are waited for, `before` holds them up.

        Raises:
            IssuingStopped: nothing moves and nobody is at work.
        """
        if self._patience.timeout is not None or self._office.clock() - self._since < DESERTED:
            return
        if before is not None and before.table is not None:
            return  # somebody is at work on it, or it is given up in a moment
        if before is not None:
            raise IssuingStopped(
                f"{before}; nobody is at work on it: the office (`ecert serve`) closes it as soon as it runs;"
                " nothing is lost"
            )
        if not self._attended(call):
            raise IssuingStopped(WRITTEN_DOWN if self._node_trouble() is None else NODE_AWAY)

    def missing(self, call: int | None) -> str | None:
        """Say what is missing where a call waits to be sent and nothing moves; None where that is not known yet."""
        trouble = self._node_trouble()
        if trouble is NodeTrouble.UNFIT:
            return "what the node says cannot be used (the log of `ecert serve` says why); waiting for it"
        if trouble is NodeTrouble.AWAY:
            return "the node does not answer; waiting for it"
        if self._attended(call):
            return "the sender is at work on this, and its node does not take it yet; waiting"
        seen = self._sighting()
        if seen is not None and JUST_LOOKED <= self._age(seen) < self._office.late_seconds:
            return None
        return "no sender is working on this: start `ecert serve`; waiting"

    def _node_trouble(self) -> NodeTrouble | None:
        """Say what an indexer that is at work sees to be wrong with the node."""
        seen = self._sighting()
        return None if seen is None or self._age(seen) >= self._office.late_seconds else seen.trouble

    def _age(self, seen: Sighting) -> int:
        return abs(self._office.clock() - seen.looked_at)  # a look later than now is of a clock that was ahead

    def _sighting(self) -> Sighting | None:
        with self._office.database.read() as connection:
            found = sightings.all(connection)
        return next((each for each in found if each.ledger == self._office.ledger), None)

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
