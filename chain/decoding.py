"""From logs to events: each event's number and running head are recomputed before anybody believes it.

The rule, one for every event of either contract (`contracts/IRunningHead.sol`):

    head(0) = instance
    head(n) = keccak256(abi.encode(head(n-1), n, block time, topic, keccak256(abi.encode(fields...))))[:27] || n

with n as 5 bytes at the end.

A node that drops, changes, adds or moves an event is found out by the first event after it, or by the contract's own
`sequence()` and `head()`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from eth_abi.abi import encode
from eth_hash.auto import keccak

from chain.answers import Log
from chain.artifact import Entry, Parameter, artifact, decode_parameters
from chain.errors import NodeInconsistent
from chain.event_fields import EVENTS
from ecert import events
from ecert.events import Reading
from store.states import Contract

_TAIL = ("instance", "sequence", "time", "head")
_ARTIFACTS: Mapping[Contract, Literal["AgencyRegistry", "CertificateLedger"]] = {
    Contract.REGISTRY: "AgencyRegistry",
    Contract.LEDGER: "CertificateLedger",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """An event whose number and head were right, and where that leaves its contract's count.

    `name`: as in the ABI. `fields`: `abi.encode` of all that it says but its place, which its head is made of.
    """

    contract: Contract
    event: events.Event
    reading: Reading
    log: Log
    name: str
    fields: bytes


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
    fields = _fields(entry, values)
    reading = _next(before, entry, fields, time)
    if values["head"] != reading.head:
        raise NodeInconsistent(f"{what}, number {expected}, is not what the contract said: the running head differs")
    event = EVENTS[entry.name](events.Place(block=log.block, time=time, sequence=expected), values)
    return Chained(contract=contract, event=event, reading=reading, log=log, name=entry.name, fields=fields)


def unfold(
    contract: Contract, before: Reading, *, name: str, fields: bytes, block: int, time: int
) -> tuple[events.Event, Reading]:
    """Read the event that comes next after `before` from what its head is made of, and answer where that leads.

    Whether it is true shows where a later head is known. Raises `NodeInconsistent` for what no contract can have said.
    """
    known = artifact(_ARTIFACTS[contract]).events.values()
    entry = next((one for one in known if one.name == name and name in EVENTS), None)
    if entry is None:
        raise NodeInconsistent(f"{name[:40]!r} is no event of the {contract}")
    parameters = _as_bytes(entry.inputs[:-4])
    values = decode_parameters(parameters, fields, entry.name)
    reading = _next(before, entry, fields, time)
    place = events.Place(block=block, time=time, sequence=reading.sequence)
    said = {one.name: value for one, value in zip(parameters, values, strict=True)}
    return EVENTS[entry.name](place, said), reading


def _fields(entry: Entry, values: Mapping[str, Any]) -> bytes:
    fields = _as_bytes(entry.inputs[:-4])
    return encode([one.type for one in fields], [values[one.name] for one in fields])


def _next(before: Reading, entry: Entry, fields: bytes, time: int) -> Reading:
    sequence = before.sequence + 1
    # What abi.encode makes of five static words; the general encoder takes twenty times as long.
    chained = b"".join(
        (before.head, sequence.to_bytes(32, "big"), time.to_bytes(32, "big"), entry.hash, keccak(fields))
    )
    return Reading(sequence=sequence, head=keccak(chained)[:27] + sequence.to_bytes(5, "big"))


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
