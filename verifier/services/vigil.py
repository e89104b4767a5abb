"""Waiting that ends by itself where nobody is at work, and nothing has moved for a minute.

No sender holds the key then; or what has to be anchored before is left open by an office that is down (`HeldUp`). A
sender whose node does not answer holds no key either. The indexer beside it writes down what it sees of the node
(`store.sightings`): that tells the two apart.
"""

from __future__ import annotations

from ecert.fields import Words
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

WRITTEN_DOWN = Words(
    en="nobody is at work on this: it is written down and will be done as soon as `ecert serve` runs and reaches its"
    " node; nothing is lost; the same command again shows how it went",
    zh="目前没有程序处理此事：已记录在案，`ecert serve` 运行并连上节点后即会完成；没有任何内容丢失；"
    "重新运行同一命令可查看结果",
)

NODE_AWAY = Words(
    en="the node does not answer: it is written down and will be done as soon as the node answers again; nothing is"
    " lost; the same command again shows how it went",
    zh="节点没有应答：已记录在案，节点恢复后即会完成；没有任何内容丢失；重新运行同一命令可查看结果",
)

_UNFIT = Words(
    en="what the node says cannot be used (the log of `ecert serve` says why); waiting for it",
    zh="节点的应答无法使用（原因见 `ecert serve` 的日志）；等待中",
)
_AWAY = Words(en="the node does not answer; waiting for it", zh="节点没有应答；等待中")
_NOT_TAKEN = Words(
    en="the sender is at work on this, and its node does not take it yet; waiting",
    zh="发送程序正在处理，节点尚未接受；等待中",
)
_NO_SENDER = Words(
    en="no sender is working on this: start `ecert serve`; waiting",
    zh="没有发送程序在处理：请启动 `ecert serve`；等待中",
)


def not_taken(reason: str) -> Words:
    """Say that the ledger does not take a call yet, and why in its own words."""
    return Words(en=f"the ledger does not take it yet: {reason}; waiting", zh=f"账本暂不接受：{reason}；等待中")


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
                Words(
                    en=f"{before.words.en}; nobody is at work on it: the office (`ecert serve`) closes it as soon as it"
                    " runs; nothing is lost",
                    zh=f"{before.words.zh}；目前没有程序处理：办公端（`ecert serve`）运行后即会封批；没有任何内容丢失",
                )
            )
        if not self._attended(call):
            raise IssuingStopped(WRITTEN_DOWN if self._node_trouble() is None else NODE_AWAY)

    def missing(self, call: int | None) -> Words | None:
        """Say what is missing where a call waits to be sent and nothing moves; None where that is not known yet."""
        trouble = self._node_trouble()
        if trouble is NodeTrouble.UNFIT:
            return _UNFIT
        if trouble is NodeTrouble.AWAY:
            return _AWAY
        if self._attended(call):
            return _NOT_TAKEN
        seen = self._sighting()
        if seen is not None and JUST_LOOKED <= self._age(seen) < self._office.late_seconds:
            return None
        return _NO_SENDER

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
