"""What an event of the contracts says: from the fields of its ABI to a value of `ecert.events`.

Raises `NodeInconsistent` for what no contract can have said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from chain.errors import NodeInconsistent
from ecert import events

NO_END = 2**64 - 1
"""How the contracts write "without end"."""


_CODE = re.compile(rb"[A-Z0-9-]+")


def _agency(said: Mapping[str, Any]) -> str:
    """The contract lets only `A-Z 0-9 -` through; check characters are not its business, nor the indexer's."""
    code = said["agency"].rstrip(b"\0")
    if not _CODE.fullmatch(code):
        raise NodeInconsistent(f"no contract lets an agency with the code 0x{code.hex()} through")
    return str(code, "ascii")


def _address(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _until(time: int) -> int | None:
    return None if time == NO_END else time


_Read = Callable[[events.Place, Mapping[str, Any]], events.Event]

EVENTS: Mapping[str, _Read] = {
    "AuthorityChanged": lambda place, said: events.AuthorityChanged(place=place, authority=_address(said["authority"])),
    "AgencyRegistered": lambda place, said: events.AgencyRegistered(
        place=place,
        agency=_agency(said),
        name=said["name"].decode("utf-8", "replace"),
        admin=_address(said["admin"]),
    ),
    "AgencyAdminSet": lambda place, said: events.AgencyAdminChanged(
        place=place,
        agency=_agency(said),
        admin=_address(said["admin"]),
        active_from=said["activeFrom"],
    ),
    # A doubt comes with a suspension and outlives it; once lifted, the agency is still suspended, without doubt.
    "AgencySuspended": lambda place, said: events.AgencySuspended(place=place, agency=_agency(said), doubt_since=None),
    "AgencyDoubted": lambda place, said: events.AgencySuspended(
        place=place, agency=_agency(said), doubt_since=said["doubtSince"]
    ),
    "DoubtLifted": lambda place, said: events.AgencySuspended(place=place, agency=_agency(said), doubt_since=None),
    "AgencyReinstated": lambda place, said: events.AgencyReinstated(place=place, agency=_agency(said)),
    "AgencyAccredited": lambda place, said: events.AgencyAccredited(
        place=place,
        agency=_agency(said),
        certificate_type=said["certificateType"],
        since=said["from"],
        until=_until(said["until"]),
    ),
    "AccreditationEnded": lambda place, said: events.AccreditationEnded(
        place=place,
        agency=_agency(said),
        certificate_type=said["certificateType"],
        until=place.time,
    ),
    "KeyAdded": lambda place, said: events.KeyAdded(
        place=place,
        agency=_agency(said),
        kid=said["kid"],
        suite=said["suite"],
        public_key=said["publicKey"],
        added=said["activeFrom"],
    ),
    "KeyRetired": lambda place, said: events.KeyRetired(
        place=place, agency=_agency(said), kid=said["kid"], retired=place.time
    ),
    "KeyRevoked": lambda place, said: events.KeyRevoked(
        place=place,
        agency=_agency(said),
        kid=said["kid"],
        compromised_since=said["compromisedSince"],
    ),
    "OperatorSet": lambda place, said: events.OperatorSet(
        place=place,
        agency=_agency(said),
        operator=_address(said["operator"]),
        purposes=said["purposes"],
        active_from=said["activeFrom"],
        until=said["validUntil"],
    ),
    "OperatorRemoved": lambda place, said: events.OperatorSet(
        place=place,
        agency=_agency(said),
        operator=_address(said["operator"]),
        purposes=0,
        active_from=place.time,
        until=0,
    ),
    "BatchAnchored": lambda place, said: events.BatchAnchored(
        place=place,
        agency=_agency(said),
        certificate_type=said["certificateType"],
        suite=said["suite"],
        root=said["root"],
        first_serial=said["firstSerial"],
        count=said["count"],
    ),
    "StatusChanged": lambda place, said: events.StatusChanged(
        place=place,
        agency=_agency(said),
        status=said["status"],
        serials=tuple(said["serials"]),
    ),
    "CertificateSuperseded": lambda place, said: events.CertificateSuperseded(
        place=place,
        agency=_agency(said),
        old=said["serial"],
        successors=tuple(said["successors"]),
    ),
    "LedgerRetired": lambda place, said: events.LedgerRetired(place=place, successor=_address(said["successor"])),
}
"""By the event's name in the ABI: what makes a value of its place and its fields."""
