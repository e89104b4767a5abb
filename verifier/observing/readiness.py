"""Whether a service can do what it is there for, part by part, each with the reason where it cannot.

A chain that makes no blocks, a node that is away and a dead indexer all show as a copy that grows old. They are told
apart by what the indexer last wrote down (`store.sightings`). What cannot be told from here is `unknown`, never `ok`.

Not ready is: no database, no copy or one that is too old or contested, a record that takes no lines, or no new block
for `stall` seconds, whosever fault. What lies shorter is told and is no reason yet: what is submitted is judged from
the copy meanwhile, and truthfully.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from store.sightings import Sighting
from store.states import NodeTrouble
from verifier.ledger_view import LedgerView


class PartState(StrEnum):
    """How a part stands."""

    OK = "ok"
    AWAY = "away"
    NOT_READ = "not_read"
    TOO_OLD = "too_old"
    CONTESTED = "contested"
    SILENT = "silent"
    UNFIT = "unfit"
    STALLED = "stalled"
    NOT_WRITABLE = "not_writable"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: its state, why it is not well, and whether that is a reason not to be ready."""

    state: PartState
    why: str | None = None
    grave: bool = False


OK = Part(state=PartState.OK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness:
    """All parts by name."""

    parts: Mapping[str, Part]

    @property
    def ready(self) -> bool:
        """Whether nothing grave is the matter."""
        return not any(part.grave for part in self.parts.values())

    @property
    def reasons(self) -> list[str]:
        """Say of each part that is not well why, those that are grave first."""
        told = sorted(self.parts.items(), key=lambda named: not named[1].grave)
        return [f"{name}: {part.why}" for name, part in told if part.why is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Looks at the parts of one process.

    `max_age`: seconds that the copy may be old; `late`: seconds after which an indexer that has written nothing is not
    at work; `stall`: seconds without a new block after which the chain has stalled; `writable`: whether the
    record takes lines, None where this process keeps none.
    """

    view: LedgerView
    max_age: int
    late: int
    stall: int
    clock: Callable[[], int]
    writable: Callable[[], bool | None] = lambda: None

    def look(self) -> Readiness:
        """Look at all of them; asks nobody, so that it is answered whatever hangs."""
        now, database = self.clock(), self._database()
        seen = self.view.sightings if database is OK else (None,)
        indexer, node, chain = (_worst(parts) for parts in zip(*(self._of(one, now) for one in seen), strict=True))
        return Readiness(
            parts={
                "database": database,
                "ledger": self._ledger(now),
                "indexer": indexer,
                "node": node,
                "chain": chain,
                "record": self._record(),
            }
        )

    def _of(self, seen: Sighting | None, now: int) -> tuple[Part, Part, Part]:
        """Tell of indexer, node and chain by what was seen of one ledger."""
        indexer = _indexer(seen, now, self.late, self.stall)
        heard = seen if indexer is OK else None
        node = _node(heard, now, self.stall)
        return indexer, node, _chain(heard if node is OK else None, now, self.stall)

    def _database(self) -> Part:
        away = self.view.database_trouble
        if away is None and not self.view.looked:
            return Part(state=PartState.UNKNOWN, why="it has not been asked yet: this process is starting")
        return OK if away is None else Part(state=PartState.AWAY, why=away, grave=True)

    def _ledger(self, now: int) -> Part:
        view = self.view
        if not view.ready:
            why = view.trouble or "it has not been read yet: this process is starting"
            return Part(state=PartState.NOT_READ, why=why, grave=True)
        if view.contested:
            why = (
                "the chain's validators have sealed two histories; every verification answers UNKNOWN (docs/sender.md)"
            )
            return Part(state=PartState.CONTESTED, why=why, grave=True)
        age = view.age(now)
        if age >= self.max_age:
            why = f"the copy is {age} s old, and may be {self.max_age} s old at most"
            return Part(state=PartState.TOO_OLD, why=why, grave=True)
        return OK

    def _record(self) -> Part:
        writable = self.writable()
        if writable is None:
            return Part(state=PartState.UNKNOWN, why="this process keeps no record")
        if not writable:
            why = "the disk takes no lines or no key signs, see the log; what is not recorded is not answered"
            return Part(state=PartState.NOT_WRITABLE, why=why, grave=True)
        return OK


def _worst(parts: Iterable[Part]) -> Part:
    """Give what is told of a part where several ledgers are looked at: the gravest of what is the matter with any."""
    return max(parts, key=lambda part: (part.grave, part is not OK))


def _indexer(seen: Sighting | None, now: int, late: int, stall: int) -> Part:
    if seen is None:
        return Part(state=PartState.UNKNOWN, why="nothing is known of any look of an indexer")
    quiet = abs(now - seen.looked_at)  # a look later than now is of a clock that was ahead, and tells as little
    if quiet < late:
        return OK
    why = f"it has not looked at the chain for {quiet} s: is `ecert indexer` running?"
    return Part(state=PartState.SILENT, why=why, grave=quiet >= stall)


def _node(seen: Sighting | None, now: int, stall: int) -> Part:
    if seen is None:
        return Part(state=PartState.UNKNOWN, why="only a working indexer could tell")
    if seen.trouble is None:
        return OK
    since = now - (seen.trouble_since or now)
    said = {
        NodeTrouble.AWAY: (PartState.AWAY, f"no node has answered for {since} s"),
        NodeTrouble.UNFIT: (
            PartState.UNFIT,
            f"what the node says cannot be used, for {since} s: see the indexer's log",
        ),
    }
    state, why = said[seen.trouble]
    return Part(state=state, why=why, grave=since >= stall)


def _chain(seen: Sighting | None, now: int, stall: int) -> Part:
    if seen is None or seen.head_time is None:
        return Part(state=PartState.UNKNOWN, why="only a node that answers could tell")
    age = now - seen.head_time
    if age < stall:
        return OK
    why = f"the nodes answer, and there is no block after block {seen.head} for {age} s: are enough validators running?"
    return Part(state=PartState.STALLED, why=why, grave=True)
