"""Vectors of checks 7 and 8: the batch and the accreditation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

from ecert.certificate import Issuer
from ecert.facts import Accreditation
from ecert.verdict import Reason
from vectors.world import (
    ANCHORED,
    FACTS_TIME,
    FIRST,
    LEDGER,
    MARRIAGE,
    SERIAL,
    SIGNED,
    facts_of,
    file_of,
    issue,
    path_of,
    with_batch,
    with_time,
)
from vectors.writing import vector

_OTHER_TYPE = MARRIAGE.vct_hash


def anchoring() -> Iterator[dict[str, Any]]:
    """Give all of them."""
    yield from _batches()
    yield from _paths()
    yield from _accreditations()


def _batches() -> Iterator[dict[str, Any]]:
    signed = issue()
    text, facts = file_of(signed), facts_of(signed.leaf)
    none = "INVALID not_anchored"
    bare = replace(facts, batch=None)
    at_600, at_599 = (with_time(bare, SIGNED + age) for age in (600, 599))
    about = "no batch covers the serial, on facts of 600 seconds after the signing"
    yield vector("not-anchored", about, text, at_600, none, now=SIGNED + 610)
    about = "one second earlier our copy may be behind"
    yield vector("not-anchored-yet", about, text, at_599, "UNKNOWN not_anchored", now=SIGNED + 610)
    for name, parts in (("before", {"first_serial": SERIAL + 1}), ("after", {"count": SERIAL - FIRST})):
        about = f"facts with a batch that does not cover the serial: it is {name} it by one"
        yield vector(f"batch-not-covering-{name}", about, text, with_batch(facts, **parts), none)
    about = "the batch is in a block that is not settled yet"
    unsettled = with_batch(facts, settled=False)
    yield vector("not-settled", about, text, unsettled, "UNKNOWN not_settled")
    about = "nothing about an unsettled batch is held against a certificate: not its type either"
    other = with_batch(unsettled, certificate_type=_OTHER_TYPE, root=bytes(32))
    yield vector("not-settled-of-another-type", about, text, other, "UNKNOWN not_settled", nearly=Reason.WRONG_TYPE)
    about = "the same batch once it is settled"
    yield vector("settled", about, text, facts, "VALID", nearly=Reason.NOT_SETTLED)
    wrong = "INVALID wrong_type"
    yield vector(
        "wrong-type", "the batch is of another type", text, with_batch(facts, certificate_type=_OTHER_TYPE), wrong
    )
    yield vector("wrong-suite", "the batch is of another suite", text, with_batch(facts, suite=2), wrong)
    compact = with_batch(facts, certificate_type=_OTHER_TYPE)
    about = "a fail decides, the doubt beside it is told"
    yield vector("wrong-type-and-no-path", about, signed.compact(), compact, "INVALID wrong_type proof_missing")
    about = "a path is there: the same certificate in the file form"
    yield vector("proof-there", about, text, facts, "VALID", nearly=Reason.PROOF_MISSING)


def _paths() -> Iterator[dict[str, Any]]:
    signed = issue()
    facts, path = facts_of(signed.leaf), path_of(signed)
    missing = "INVALID not_in_batch"
    table = {
        "empty": ((), "no path for a batch of five"),
        "truncated": (path[:-1], "the last node is missing"),
        "extended": ((*path, bytes(32)), "a node too many"),
        "swapped": ((path[1], path[0], *path[2:]), "two nodes in each other's places"),
        "changed": ((sha256(path[0]).digest(), *path[1:]), "another sibling"),
        "of-another": (path_of(issue(serial=SERIAL + 1)), "the path of the next certificate"),
    }
    for name, (nodes, about) in table.items():
        yield vector(f"path-{name}", about, file_of(signed, path=nodes), facts, missing)
    text = file_of(signed)
    yield vector("another-root", "another root", text, with_batch(facts, root=sha256(b"").digest()), missing)
    about = "the batch begins one serial earlier: the leaf is at another place"
    yield vector("another-first-serial", about, text, with_batch(facts, first_serial=FIRST - 1), missing)
    about = "a batch of another count has another shape"
    yield vector("another-count", about, text, with_batch(facts, count=9), missing)
    about = "a certificate with another serial, under the path of the anchored one"
    moved = issue(serial=SERIAL + 1)
    yield vector("another-serial", about, file_of(moved, path=path), facts, missing)
    about = "another agency's certificate with the same serial, key and path"
    bureau = issue(issuer=Issuer(ledger=LEDGER, agency="BUREAU-7"))
    yield vector("another-agency", about, file_of(bureau, path=path), facts, missing)
    again = issue(iat=SIGNED + 1)
    about = "signed again by the agency's own key, never anchored"
    yield vector("signed-again", about, file_of(again, path=path), facts, missing)
    alone = with_batch(facts, root=signed.leaf, first_serial=SERIAL, count=1)
    about = "a batch of one has no path; this file has one"
    yield vector("path-for-a-batch-of-one", about, text, alone, missing)
    about = "its own path"
    yield vector("path-right", about, text, facts, "VALID", nearly=Reason.NOT_IN_BATCH)


def _accreditations() -> Iterator[dict[str, Any]]:
    signed = issue()
    text, facts = file_of(signed), facts_of(signed.leaf)

    def under(*given: Accreditation, **parts: Any) -> Any:  # noqa: ANN401 - facts
        return replace(facts, accreditations=given, **parts)

    none = "INVALID not_accredited"
    reason = Reason.NOT_ACCREDITED
    yield vector("accredited-never", "the agency never was accredited for the type", text, under(), none)
    since = Accreditation(since=ANCHORED + 1, until=None)
    yield vector("accredited-after", "accredited one second after the batch", text, under(since), none)
    since = Accreditation(since=ANCHORED, until=None)
    yield vector("accredited-with-the-batch", "accredited in that second", text, under(since), "VALID", nearly=reason)
    until = Accreditation(since=0, until=ANCHORED)
    yield vector("accredited-until-the-batch", "it ended in the second of the batch", text, under(until), none)
    until = Accreditation(since=0, until=ANCHORED + 1)
    about = "it ended one second after the batch"
    yield vector("accredited-until-after", about, text, under(until), "VALID", nearly=reason)
    fresh = Accreditation(since=0, until=None, settled=False)
    about = "the only accreditation that covers the batch is not settled"
    yield vector("accreditation-not-settled", about, text, under(fresh), "UNKNOWN not_accredited")
    both = under(fresh, Accreditation(since=0, until=None))
    yield vector("accredited-twice", "one of two is settled", text, both, "VALID", nearly=reason)
    late = Accreditation(since=ANCHORED + 1, until=None, settled=False)
    yield vector("accreditation-not-settled-after", "unsettled, and too late anyway", text, under(late), none)
    for name, doubt, expected in (
        ("since-the-batch", ANCHORED, "UNKNOWN agency_in_doubt"),
        ("since-before", ANCHORED - 86_400, "UNKNOWN agency_in_doubt"),
        ("since-after", ANCHORED + 1, "VALID"),
    ):
        near = Reason.AGENCY_IN_DOUBT if expected == "VALID" else None
        doubted = replace(facts, doubt_since=doubt)
        yield vector(f"doubt-{name}", "a guardian doubts the agency", text, doubted, expected, nearly=near)
    about = "no accreditation fails, the doubt beside it is told"
    yield vector("no-accreditation-and-doubt", about, text, under(doubt_since=0), f"{none} agency_in_doubt")
    ended = under(Accreditation(since=0, until=FACTS_TIME), batch=None)
    about = "without a batch the accreditation must hold at the facts' block"
    yield vector("accreditation-no-batch", about, text, ended, "INVALID not_anchored not_accredited")
