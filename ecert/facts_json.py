"""Facts as JSON, so that any implementation can run a test vector: bytes are base64url, block hashes `0x` hex."""

from __future__ import annotations

import re

from ecert import base64url
from ecert.certificate import Value
from ecert.errors import MalformedFacts
from ecert.facts import Accreditation, AsOf, BatchFacts, Facts, KeyFacts, Status, StatusFacts
from ecert.members import Members
from ecert.verdict import as_of_to_json

_HASH = re.compile(r"0x[0-9a-f]{64}")
_SERIAL = re.compile(r"0|[1-9][0-9]{0,15}")
_STATUSES = {status.name.lower(): status for status in Status}


def facts_to_json(facts: Facts) -> dict[str, Value]:
    """Write facts; `facts_from_json` reads them back unchanged."""
    return {
        "as_of": as_of_to_json(facts.as_of) | ({"contested": True} if facts.as_of.contested else {}),
        "ledger": facts.ledger,
        "agency_known": facts.agency_known,
        "key": None if facts.key is None else key_to_json(facts.key),
        "accreditations": [
            {"since": each.since, "until": each.until, "settled": each.settled} for each in facts.accreditations
        ],
        "doubt_since": facts.doubt_since,
        "batch": None if facts.batch is None else _batch_to_json(facts.batch),
        "changes": [_change_to_json(change) for change in facts.changes],
        "superseded": {str(old): list(successors) for old, successors in facts.superseded.items()},
        **({} if facts.listed is None else {"listed": _change_to_json(facts.listed)}),
        **({} if facts.complete else {"complete": False}),
    }


def facts_from_json(value: Value, place: str = "facts") -> Facts:
    """Read facts.

    Raises:
        MalformedFacts: with the place.
    """
    facts = Members(value, place, MalformedFacts)
    return Facts(
        as_of=_as_of(facts.members("as_of")),
        ledger=facts.text("ledger"),
        agency_known=facts.flag("agency_known"),
        key=key_from_json(facts.members("key")) if facts.has("key") else None,
        accreditations=facts.each("accreditations", _accreditation),
        doubt_since=facts.maybe("doubt_since", facts.number),
        batch=_batch(facts.members("batch")) if facts.has("batch") else None,
        changes=facts.each("changes", _change),
        superseded=_superseded(facts.members("superseded")),
        listed=_change(facts.members("listed")) if facts.has("listed") else None,
        complete=facts.flag("complete") if facts.has("complete") else True,
    )


def key_to_json(key: KeyFacts) -> dict[str, Value]:
    """Write a key of an agency."""
    return {
        "kid": base64url.encode(key.kid),
        "suite": key.suite,
        "public_key": base64url.encode(key.public_key),
        "added": key.added,
        "retired": key.retired,
        "compromised_since": key.compromised_since,
    }


def _batch_to_json(batch: BatchFacts) -> dict[str, Value]:
    return {
        "certificate_type": base64url.encode(batch.certificate_type),
        "suite": batch.suite,
        "root": base64url.encode(batch.root),
        "first_serial": batch.first_serial,
        "count": batch.count,
        "anchored": batch.anchored,
        "block": batch.block,
        "settled": batch.settled,
    }


def _change_to_json(change: StatusFacts) -> dict[str, Value]:
    return {
        "status": change.status.name.lower(),
        "time": change.time,
        "block": change.block,
        "settled": change.settled,
        "successors": list(change.successors),
    }


def _as_of(members: Members) -> AsOf:
    text = members.text("hash")
    if not _HASH.fullmatch(text):
        raise members.refusal("hash", "not 0x and 64 digits of lower case")
    return AsOf(
        chain=members.text("chain"),
        block=members.number("block"),
        hash=bytes.fromhex(text[2:]),
        time=members.number("time"),
        contested=members.has("contested") and members.flag("contested"),
    )


def key_from_json(members: Members) -> KeyFacts:
    """Read a key of an agency."""
    return KeyFacts(
        kid=members.octets("kid"),
        suite=members.number("suite"),
        public_key=members.octets("public_key"),
        added=members.number("added"),
        retired=members.maybe("retired", members.number),
        compromised_since=members.maybe("compromised_since", members.number),
    )


def _accreditation(members: Members) -> Accreditation:
    return Accreditation(
        since=members.number("since"),
        until=members.maybe("until", members.number),
        settled=members.flag("settled"),
    )


def _batch(members: Members) -> BatchFacts:
    return BatchFacts(
        certificate_type=members.octets("certificate_type"),
        suite=members.number("suite"),
        root=members.octets("root"),
        first_serial=members.number("first_serial"),
        count=members.number("count"),
        anchored=members.number("anchored"),
        block=members.number("block"),
        settled=members.flag("settled"),
    )


def _change(members: Members) -> StatusFacts:
    status = _STATUSES.get(members.text("status"))
    if status is None:
        raise members.refusal("status", f"not one of {', '.join(_STATUSES)}")
    return StatusFacts(
        status=status,
        time=members.number("time"),
        block=members.number("block"),
        settled=members.flag("settled"),
        successors=_serials(members, "successors"),
    )


def _superseded(members: Members) -> dict[int, tuple[int, ...]]:
    return {_serial(members, old, old): _serials(members, old) for old in members.names()}


def _serials(members: Members, name: str) -> tuple[int, ...]:
    return tuple(_serial(members, name, str(item)) for item in members.items(name))


def _serial(members: Members, name: str, digits: str) -> int:
    if not _SERIAL.fullmatch(digits):
        raise members.refusal(name, "not a serial")
    return int(digits)
