"""The registry as its events leave it: each agency with its admin, accreditations, keys and operators."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from ecert import events
from ecert.facts import KeyFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Admin:
    """An address that administers an agency from `since` on."""

    address: bytes
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """An address that may write for an agency: `purposes` bit 1 anchors, bit 2 changes statuses."""

    address: bytes
    purposes: int
    since: int
    until: int


@dataclass(slots=True, kw_only=True)
class Entry:
    """One agency. `admins`, oldest first; `accreditations`: type -> (since, until), the latest of each."""

    code: str
    name: str
    admins: list[Admin]
    suspended: bool = False
    doubt_since: int | None = None
    accreditations: dict[bytes, tuple[int, int | None]] = field(default_factory=dict)
    keys: dict[bytes, KeyFacts] = field(default_factory=dict)
    operators: dict[bytes, Operator] = field(default_factory=dict)

    def admin(self, now: int) -> bytes:
        """Give the address that administers the agency now."""
        return next(one.address for one in reversed(self.admins) if one.since <= now or one is self.admins[0])


def read_registry(said: Iterable[events.Event]) -> dict[str, Entry]:
    """Fold events, in their order, into the agencies by code; events of the ledger are passed over."""
    entries: dict[str, Entry] = {}
    for event in said:
        if isinstance(event, events.AgencyRegistered):
            admins = [Admin(address=event.admin, since=event.place.time)]
            entries[event.agency] = Entry(code=event.agency, name=event.name, admins=admins)
        elif (entry := entries.get(getattr(event, "agency", ""))) is not None:
            _fold(entry, event)
    return entries


def _fold(entry: Entry, event: events.Event) -> None:
    match event:
        case events.AgencyAdminChanged():
            entry.admins.append(Admin(address=event.admin, since=event.active_from))
        case events.AgencySuspended():
            entry.suspended, entry.doubt_since = True, event.doubt_since
        case events.AgencyReinstated():
            entry.suspended, entry.doubt_since = False, None
        case events.AgencyAccredited():
            entry.accreditations[event.certificate_type] = (event.since, event.until)
        case events.AccreditationEnded():
            since, _ = entry.accreditations[event.certificate_type]
            entry.accreditations[event.certificate_type] = (since, event.until)
        case events.OperatorSet(purposes=0):
            entry.operators.pop(event.operator, None)
        case events.OperatorSet():
            entry.operators[event.operator] = Operator(
                address=event.operator, purposes=event.purposes, since=event.active_from, until=event.until
            )
        case events.KeyAdded() | events.KeyRetired() | events.KeyRevoked():
            _fold_key(entry, event)
        case _:
            pass


def _fold_key(entry: Entry, event: events.KeyAdded | events.KeyRetired | events.KeyRevoked) -> None:
    if isinstance(event, events.KeyAdded):
        entry.keys[event.kid] = KeyFacts(
            kid=event.kid, suite=event.suite, public_key=event.public_key, added=event.added
        )
    elif isinstance(event, events.KeyRetired):
        entry.keys[event.kid] = replace(entry.keys[event.kid], retired=event.retired)
    else:
        entry.keys[event.kid] = replace(entry.keys[event.kid], compromised_since=event.compromised_since)
