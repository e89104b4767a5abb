"""From logs to events: each event's number and running head are recomputed before anybody believes it.

The rule, one for every event of either contract (`contracts/IRunningHead.sol`):

    head(0) = instance
    head(n) = keccak256(abi.encode(head(n-1), n, block time, topic, keccak256(abi.encode(fields...))))[:27] || n

with n as 5 bytes at the end.

A node that drops, changes, adds or moves an event is found out by the first event after it, or by the contract's own
`sequence()` and `head()`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from eth_abi.abi import encode
from eth_hash.auto import keccak

from chain.answers import Log
from chain.artifact import Entry, Parameter, artifact, decode_parameters
from chain.errors import NodeInconsistent
from chain.ledger import Reading
from ecert import events
from store.states import Contract

NO_END = 2**64 - 1
"""How the contracts write "without end"."""

_TAIL = ("instance", "sequence", "time", "head")
_ARTIFACTS: Mapping[Contract, Literal["AgencyRegistry", "CertificateLedger"]] = {
    Contract.REGISTRY: "AgencyRegistry",
    Contract.LEDGER: "CertificateLedger",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """An event whose number and head were right, and where that leaves its contract's count."""

    contract: Contract
    event: events.Event
    reading: Reading
    log: Log


def is_chained(contract: Contract, log: Log) -> bool:
    """Tell the contract's own events from what a library under it emits (`AuthorityUpdated`)."""
    entry = _entry(contract, log)
    return tuple(one.name for one in entry.inputs[-4:]) == _TAIL


def follow(contract: Contract, before: Reading, log: Log, *, instance: bytes, time: int) -> Chained:
    """Read the event that must come next after `before`.

    Args:
        contract: whose log it is.
        before: where the contract's count stood.
        log: of a block that happened at `time`.
        instance: the contract's, as pinned.
        time: of the log's block.

    Raises:
        NodeInconsistent: it is not the next event, or not as the contract made it.
    """
    entry = _entry(contract, log)
    values = _values(entry, log)
    expected = before.sequence + 1
    what = f"{entry.name} of the {contract} in block {log.block}"
    if values["instance"] != instance:
        raise NodeInconsistent(f"{what} belongs to another instance of the contract")
    if values["sequence"] != expected:
        raise NodeInconsistent(f"{what} has number {values['sequence']}, and number {expected} is missing")
    if values["time"] != time:
        raise NodeInconsistent(f"{what} says another time than its block")
    head = _next_head(before.head, expected, time, entry, values)
    if values["head"] != head:
        raise NodeInconsistent(f"{what}, number {expected}, is not what the contract said: the running head differs")
    event = _READ[entry.name](events.Place(block=log.block, time=time, sequence=expected), values)
    return Chained(contract=contract, event=event, reading=Reading(sequence=expected, head=head), log=log)


def _next_head(head: bytes, sequence: int, time: int, entry: Entry, values: Mapping[str, Any]) -> bytes:
    fields = _as_bytes(entry.inputs[:-4])
    said = keccak(encode([one.type for one in fields], [values[one.name] for one in fields]))
    # What abi.encode makes of five static words; the general encoder takes twenty times as long.
    chained = b"".join((head, sequence.to_bytes(32, "big"), time.to_bytes(32, "big"), entry.hash, said))
    return keccak(chained)[:27] + sequence.to_bytes(5, "big")


def _entry(contract: Contract, log: Log) -> Entry:
    entry = artifact(_ARTIFACTS[contract]).events.get(log.topics[0]) if log.topics else None
    if entry is None:
        raise NodeInconsistent(f"the node gave an event of the {contract} that the contract does not have")
    return entry


def _values(entry: Entry, log: Log) -> dict[str, Any]:
    indexed = [one for one in entry.inputs if one.indexed]
    plain = _as_bytes(one for one in entry.inputs if not one.indexed)
    if len(indexed) != len(log.topics) - 1:
        raise NodeInconsistent(f"{entry.name} with {len(log.topics)} topics")
    topics = decode_parameters(indexed, b"".join(log.topics[1:]), entry.name)
    data = decode_parameters(plain, log.data, entry.name)
    return {one.name: value for one, value in zip([*indexed, *plain], [*topics, *data], strict=True)}


def _as_bytes(parameters: Iterable[Parameter]) -> list[Parameter]:
    """Take texts as bytes, which are written alike: the contract takes any, UTF-8 or not, and has hashed those."""
    return [replace(one, type="bytes") if one.type == "string" else one for one in parameters]


def _agency(said: Mapping[str, Any]) -> str:
    """The contract lets only `A-Z 0-9 -` through; check characters are not its business, nor the indexer's."""
    code: bytes = said["agency"]
    return code.rstrip(b"\0").decode("ascii")


def _address(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _until(time: int) -> int | None:
    return None if time == NO_END else time


_Read = Callable[[events.Place, Mapping[str, Any]], events.Event]

_READ: Mapping[str, _Read] = {
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
