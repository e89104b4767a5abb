"""Evidence that validators sealed two histories: whether it proves that, and whether the ledger is contested for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from chain.errors import NodeInconsistent
from chain.headers import NUMBER, fields_of, hash_of
from chain.seals import Sealers, quorum, read_seals
from store import evidence
from store.database import Connection
from store.records import Cursor, Evidence
from verifier.agreement.findings import Findings

PAIR = 2
"""Headers of one height that together prove something."""


def compare_evidence(connection: Connection, cursor: Cursor, findings: Findings) -> None:
    """Check all that is held against a ledger, and that its cursor stands where the evidence begins."""
    kept = evidence.of(connection, cursor.ledger)
    sealers = Sealers()
    for height, ones in groupby(kept, lambda one: one.height):
        _compare_height(height, list(ones), sealers, findings)
    _compare_cursor(cursor, kept, findings)


def _compare_height(height: int, ones: Sequence[Evidence], sealers: Sealers, findings: Findings) -> None:
    findings.checked["evidence"] += len(ones)
    for one in ones:
        why = _why_it_proves_nothing(one, sealers)
        if why is not None:
            findings.add("evidence", f"evidence 0x{one.hash.hex()} of height {height}", why)
    if len({one.hash for one in ones}) < PAIR:
        findings.add(
            "evidence", f"evidence of height {height}", "one header alone proves nothing; the other is missing"
        )


def _why_it_proves_nothing(one: Evidence, sealers: Sealers) -> str | None:
    if one.header is None:
        return "its header is not there"
    try:
        if hash_of(one.header) != one.hash:
            return "its header has another hash"
        if int.from_bytes(fields_of(one.header)[NUMBER], "big") != one.height:
            return "its header is of another height"
        sealed = read_seals(one.header)
    except NodeInconsistent as error:
        return str(error)
    who, needed = len(sealers.of(sealed)), quorum(len(sealed.validators))
    return None if who >= needed else f"{who} of its validators sealed it, and {needed} must"


def _compare_cursor(cursor: Cursor, kept: Iterable[Evidence], findings: Findings) -> None:
    lowest = min((one.height for one in kept), default=None)
    place = f"cursor of {cursor.ledger}"
    if lowest != cursor.contested:
        here = "not contested" if cursor.contested is None else f"contested from block {cursor.contested} on"
        due = "nothing" if lowest is None else f"blocks from {lowest} on"
        findings.add("evidence", place, f"it says that the ledger is {here}, and there is evidence against {due}")
    elif lowest is not None:
        said = f"the validators sealed two blocks of height {lowest}; nothing is read until people have decided"
        findings.add("contested", place, said)
