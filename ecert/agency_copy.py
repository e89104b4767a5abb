"""One agency as the ledger's registry and batches show it: a value that registry events are folded into."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ecert.batch_pages import BatchPages
from ecert.errors import ContradictionError
from ecert.events import (
    AccreditationEnded,
    AgencyAccredited,
    AgencyAdminChanged,
    AgencyRegistered,
    AgencyReinstated,
    AgencySuspended,
    KeyAdded,
    KeyRetired,
    KeyRevoked,
    OperatorSet,
)
from ecert.facts import Accreditation, KeyFacts
from ecert.status_history import StatusHistory

AccreditationEvent = AgencyAccredited | AccreditationEnded
KeyEvent = KeyAdded | KeyRetired | KeyRevoked
AgencyEvent = (
    AgencyRegistered
    | AgencyAdminChanged
    | AgencySuspended
    | AgencyReinstated
    | AccreditationEvent
    | KeyEvent
    | OperatorSet
)
"""What a registry says of one agency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accredited:
    """An accreditation, in force from `since` until before `until`, with the block that said so."""

    since: int
    until: int | None
    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether the agency may anchor and since when it is in doubt (None: no longer), as a block said it."""

    suspended: bool
    doubt_since: int | None
    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyCopy:
    """An agency: immutable; `folded` gives the next one."""

    code: str
    name: str
    keys: Mapping[bytes, KeyFacts] = field(default_factory=dict)
    accredited: Mapping[bytes, tuple[Accredited, ...]] = field(default_factory=dict)
    standings: tuple[Standing, ...] = ()
    batches: BatchPages = field(default_factory=BatchPages)
    history: StatusHistory = field(default_factory=StatusHistory)

    @property
    def suspended(self) -> bool:
        """Whether it may not anchor now, as far as the latest event says."""
        return bool(self.standings) and self.standings[-1].suspended

    def accreditations(self, certificate_type: bytes, settled_block: int) -> tuple[Accreditation, ...]:
        """Give all accreditations for a type, oldest first; settled are those up to `settled_block`."""
        return tuple(
            [
                Accreditation(since=one.since, until=one.until, settled=one.block <= settled_block)
                for one in self.accredited.get(certificate_type, ())
            ]
        )

    def doubt_since(self, settled_block: int) -> int | None:
        """Give since when the guardian doubts its batches. Doubt counts at once, its end once it is settled."""
        since: int | None = None
        for standing in self.standings:
            if standing.doubt_since is not None:
                since = _earlier(since, standing.doubt_since)
            elif standing.block <= settled_block:
                since = None
        return since

    def folded(self, event: AgencyEvent) -> AgencyCopy:
        """Give the agency as it is after `event`. Who may write for it concerns the contracts and changes nothing here.

        Raises:
            ContradictionError: the registry cannot have said this of the agency.
        """
        match event:
            case AgencyAccredited() | AccreditationEnded():
                before = self.accredited.get(event.certificate_type, ())
                return replace(self, accredited={**self.accredited, event.certificate_type: _after(before, event)})
            case KeyAdded() | KeyRetired() | KeyRevoked():
                return replace(self, keys={**self.keys, event.kid: self._key_after(event)})
            case AgencySuspended():
                new = Standing(suspended=True, doubt_since=event.doubt_since, block=event.place.block)
                return replace(self, standings=(*self.standings, new))
            case AgencyReinstated():
                new = Standing(suspended=False, doubt_since=None, block=event.place.block)
                return replace(self, standings=(*self.standings, new))
            case AgencyRegistered():
                raise ContradictionError(f"agency {self.code} is registered twice")
        return self

    def _key_after(self, event: KeyEvent) -> KeyFacts:
        """Give a key as it is after `event`; what withdraws a key only ever moves earlier."""
        key = self.keys.get(event.kid)
        if isinstance(event, KeyAdded):
            if key is not None:
                raise ContradictionError(f"agency {self.code} has key {event.kid.hex()} twice")
            return KeyFacts(kid=event.kid, suite=event.suite, public_key=event.public_key, added=event.added)
        if key is None:
            raise ContradictionError(f"agency {self.code} has no key {event.kid.hex()}")
        if isinstance(event, KeyRetired):
            return replace(key, retired=_earlier(key.retired, event.retired))
        return replace(key, compromised_since=_earlier(key.compromised_since, event.compromised_since))


def _after(before: tuple[Accredited, ...], event: AccreditationEvent) -> tuple[Accredited, ...]:
    """Give the accreditations for a type after `event`.

    An accreditation replaces what was said before from its block on, and does not rewrite the time before; an end
    cuts short whatever goes beyond it.
    """
    if isinstance(event, AccreditationEnded):
        return _cut(before, event.until)
    since = max(event.since, event.place.time)
    new = Accredited(since=since, until=event.until, block=event.place.block)
    return (*_cut(before, event.place.time), new)


def _cut(before: tuple[Accredited, ...], end: int) -> tuple[Accredited, ...]:
    return tuple(replace(one, until=_earlier(one.until, end)) for one in before if one.since < end)


def _earlier(known: int | None, said: int) -> int:
    """Give the earlier of a time that may not be known and one that is said."""
    return said if known is None else min(known, said)
