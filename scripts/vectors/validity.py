"""Vectors of checks 9, 10 and 14: status, period, freshness, and every time that can be asked about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ecert.demands import Demands
from ecert.facts import Facts, Status
from ecert.verdict import Reason
from vectors.world import (
    ANCHORED,
    FACTS_TIME,
    MARRIAGE,
    NOW,
    SERIAL,
    SIGNED,
    changed,
    facts_of,
    file_of,
    issue,
    with_batch,
    with_key,
    with_time,
)
from vectors.writing import vector

_FIRST_DAY = 1_784_476_800
_LAST_DAY_END = _FIRST_DAY + 365 * 86_400
_THEN = ANCHORED + 5_000


def validity() -> Iterator[dict[str, Any]]:
    """Give all of them."""
    yield from _statuses()
    yield from _past()
    yield from _supersession()
    yield from _asked()
    yield from _periods()
    yield from _ages()


def _good() -> tuple[bytes, Facts]:
    signed = issue()
    return file_of(signed), facts_of(signed.leaf)


def _statuses() -> Iterator[dict[str, Any]]:
    text, facts = _good()
    revoked, suspended = changed(Status.REVOKED, _THEN), changed(Status.SUSPENDED, _THEN)
    back = changed(Status.VALID, _THEN + 100)

    def under(*changes: Any) -> Facts:  # noqa: ANN401 - status changes
        return replace(facts, changes=changes)

    yield vector("revoked", "revoked", text, under(revoked), "INVALID revoked")
    unsettled = replace(revoked, settled=False)
    about = "a revocation counts from the block it is in, settled or not"
    yield vector("revoked-not-settled", about, text, under(unsettled), "INVALID revoked")
    about = "a revocation of a serial that no batch covers"
    nowhere = replace(under(revoked), batch=None)
    yield vector("revoked-not-anchored", about, text, nowhere, "INVALID not_anchored revoked")
    yield vector("suspended", "suspended", text, under(suspended), "INVALID suspended")
    stale = with_time(under(suspended), NOW - 600)
    about = "suspended on facts that are 600 seconds old: it may have been reinstated"
    yield vector("suspended-stale", about, text, stale, "UNKNOWN suspended stale_ledger")
    ahead = with_time(under(suspended), NOW + 61)
    about = "suspended on facts of 61 seconds ahead of our clock"
    yield vector("suspended-clock-wrong", about, text, ahead, "UNKNOWN suspended clock_wrong")
    yield vector(
        "reinstated", "suspended, then reinstated", text, under(suspended, back), "VALID", nearly=Reason.SUSPENDED
    )
    unsettled = replace(back, settled=False)
    about = "a reinstatement counts only once its block is settled"
    yield vector("reinstated-not-settled", about, text, under(suspended, unsettled), "INVALID suspended")
    about = "suspended, reinstated, suspended again"
    again = changed(Status.SUSPENDED, _THEN + 200)
    yield vector("suspended-again", about, text, under(suspended, back, again), "INVALID suspended")
    about = "suspended, then revoked"
    yield vector(
        "suspended-revoked", about, text, under(suspended, changed(Status.REVOKED, _THEN + 300)), "INVALID revoked"
    )
    about = "superseded by one"
    one = changed(Status.SUPERSEDED, _THEN, successors=(SERIAL + 5,))
    yield vector("superseded", about, text, under(one), "INVALID superseded")
    several = changed(Status.SUPERSEDED, _THEN, successors=(SERIAL + 5, SERIAL + 6, SERIAL + 7))
    yield vector("superseded-split", "split into three", text, under(several), "INVALID superseded")
    about = "revoked, and its key was compromised before: forged goes before withdrawn"
    worst = with_key(under(revoked), compromised_since=ANCHORED)
    yield vector("revoked-key-compromised", about, text, worst, "INVALID key_compromised revoked")


def _past() -> Iterator[dict[str, Any]]:
    text, facts = _good()
    table = (
        (Status.REVOKED, Reason.REVOKED, ()),
        (Status.SUPERSEDED, Reason.SUPERSEDED, (SERIAL + 5,)),
        (Status.SUSPENDED, Reason.SUSPENDED, ()),
    )
    for status, reason, successors in table:
        told = replace(facts, changes=(changed(status, _THEN, successors=successors),))
        about = "one second before the change; the verdict also tells the status now"
        yield vector(f"before-{reason}", about, text, told, "VALID", at=_THEN - 1, nearly=reason)
        yield vector(f"when-{reason}", "in the second of the change", text, told, f"INVALID {reason}", at=_THEN)
    back = (changed(Status.SUSPENDED, _THEN), changed(Status.VALID, _THEN + 100))
    told = replace(facts, changes=back)
    about = "suspended then, reinstated since"
    yield vector("was-suspended", about, text, told, "INVALID suspended", at=_THEN + 99)
    yield vector("was-reinstated", "asked about the second it was reinstated", text, told, "VALID", at=_THEN + 100)
    about = "a key that is compromised now is not good for the past either"
    bad = with_key(facts, compromised_since=ANCHORED)
    yield vector("past-key-compromised", about, text, bad, "INVALID key_compromised", at=_THEN)
    about = "stale facts are stale for the past too"
    yield vector("past-stale", about, text, with_time(facts, NOW - 600), "UNKNOWN stale_ledger", at=_THEN)


def _supersession() -> Iterator[dict[str, Any]]:
    signed = issue(version=2, supersedes=(7,))
    text, facts = file_of(signed), facts_of(signed.leaf)
    pending = "UNKNOWN supersession_pending"
    about = "the ledger does not say yet that serial 7 is replaced"
    yield vector("supersession-pending", about, text, facts, pending)
    other = replace(facts, superseded={7: (SERIAL + 1,)})
    yield vector("supersession-by-another", "serial 7 is replaced by another", text, other, pending)
    done = replace(facts, superseded={7: (SERIAL + 1, SERIAL)})
    about = "serial 7 is replaced by this one and another"
    yield vector("supersession-done", about, text, done, "VALID", nearly=Reason.SUPERSESSION_PENDING)
    merged = issue(version=2, supersedes=(7, 9))
    half = replace(facts_of(merged.leaf), superseded={7: (SERIAL,), 9: ()})
    yield vector("supersession-half", "one of two is replaced", file_of(merged), half, pending)


def _asked() -> Iterator[dict[str, Any]]:
    text, facts = _good()
    before = "UNKNOWN before_ledger"
    yield vector("before-ledger", "one second before the batch", text, facts, before, at=ANCHORED - 1)
    about = "the second of the batch"
    yield vector("at-the-batch", about, text, facts, "VALID", at=ANCHORED, nearly=Reason.BEFORE_LEDGER)
    yield vector("in-future", "61 seconds after now", text, facts, "UNKNOWN in_future", at=NOW + 61)
    about = "60 seconds after now is now"
    yield vector("60-seconds-ahead", about, text, facts, "VALID", at=NOW + 60, nearly=Reason.IN_FUTURE)
    revoked = replace(facts, changes=(changed(Status.REVOKED, NOW - 30),))
    about = "60 seconds ago is now: the revocation of 30 seconds ago counts"
    yield vector("60-seconds-ago", about, text, revoked, "INVALID revoked", at=NOW - 60)
    about = "61 seconds ago is the past: the revocation of 30 seconds ago does not count yet"
    yield vector("61-seconds-ago", about, text, revoked, "VALID", at=NOW - 61, nearly=Reason.REVOKED)
    ahead = replace(with_time(facts, NOW + 50), changes=(changed(Status.REVOKED, NOW + 40),))
    about = "the chain's clock is a little ahead of ours: its latest change counts now"
    yield vector("revoked-ahead", about, text, ahead, "INVALID revoked")
    fresh = with_batch(with_time(facts, SIGNED + 50), anchored=SIGNED + 40)
    about = "a batch whose block is a little ahead of our clock"
    yield vector("anchored-ahead", about, text, fresh, "VALID", now=SIGNED + 10)


def _periods() -> Iterator[dict[str, Any]]:
    text, facts = _good()
    asked = (
        ("last-second", _LAST_DAY_END - 1, "VALID", Reason.EXPIRED, "the last second of the last valid day"),
        ("expired", _LAST_DAY_END, "INVALID expired", None, "midnight after the last valid day"),
    )
    for name, now, expected, near, about in asked:
        yield vector(name, about, text, with_time(facts, now - 30), expected, now=now, nearly=near)
    later = _FIRST_DAY + 7 * 86_400
    signed = issue(drafted={"valid_from": "2026-07-27"})
    early, told = file_of(signed), facts_of(signed.leaf)
    about = "one second before the first valid day"
    yield vector("not-yet-valid", about, early, told, "INVALID not_yet_valid", at=later - 1)
    about = "the first second of the first valid day"
    yield vector("first-second", about, early, told, "VALID", at=later, nearly=Reason.NOT_YET_VALID)
    west = issue(drafted={"valid_from": "2026-07-20", "zone": "-03:30"})
    about = "the first valid day in a zone of -03:30 begins 11 and a half hours later than in +08:00"
    begin = _FIRST_DAY + 41_400
    told = with_batch(facts_of(west.leaf), anchored=SIGNED - 10_000)
    told = with_key(replace(told, accreditations=facts.accreditations), added=SIGNED - 500_000)
    yield vector("zone-before", about, file_of(west), told, "INVALID not_yet_valid", at=begin - 1)
    yield vector("zone-first-second", about, file_of(west), told, "VALID", at=begin, nearly=Reason.NOT_YET_VALID)
    old = issue(MARRIAGE, drafted={"valid_from": "1962-05-20"}, row={"registration_date": "1962-05-20"})
    about = "a record whose validity began before 1970: nbf is negative"
    facts = facts_of(old.leaf, MARRIAGE)
    yield vector("before-1970", about, file_of(old), facts, "VALID", certificate_type=MARRIAGE)
    about = "before the first valid day, and before the batch"
    told = facts_of(issue().leaf)
    far = _FIRST_DAY - 86_400
    yield vector("before-all", about, text, told, "INVALID not_yet_valid before_ledger", at=far)


def _ages() -> Iterator[dict[str, Any]]:
    text, facts = _good()
    stale = "UNKNOWN stale_ledger"
    yield vector("age-600", "facts of 600 seconds ago", text, with_time(facts, NOW - 600), stale)
    about = "facts of 599 seconds ago"
    yield vector("age-599", about, text, with_time(facts, NOW - 599), "VALID", nearly=Reason.STALE_LEDGER)
    strict = Demands(max_age=30)
    about = "the relying party wants facts younger than 30 seconds"
    yield vector("age-demanded", about, text, facts, stale, demands=strict)
    about = "29 seconds are younger than 30"
    yield vector(
        "age-demanded-met",
        about,
        text,
        with_time(facts, FACTS_TIME + 1),
        "VALID",
        demands=strict,
        nearly=Reason.STALE_LEDGER,
    )
    loose = Demands(max_age=86_400)
    about = "the relying party is content with facts of a day"
    yield vector("age-a-day", about, text, with_time(facts, NOW - 86_399), "VALID", demands=loose)
    yield vector("clock-wrong", "facts of 61 seconds from now", text, with_time(facts, NOW + 61), "UNKNOWN clock_wrong")
    about = "facts of 60 seconds from now"
    yield vector("clock-right", about, text, with_time(facts, NOW + 60), "VALID", nearly=Reason.CLOCK_WRONG)
    contested = replace(facts, as_of=replace(facts.as_of, contested=True))
    about = "facts of a chain whose validators have sealed two blocks of one height"
    yield vector("contested", about, text, contested, stale)
    suspended = replace(contested, changes=(changed(Status.SUSPENDED, _THEN),))
    about = "and a suspension on them may have been lifted in the other history"
    yield vector("contested-suspended", about, text, suspended, "UNKNOWN suspended stale_ledger")
    about = "bytes that are no certificate, on stale facts: both are told"
    old = with_time(facts, NOW - 600)
    yield vector("malformed-stale", about, "junk", old, "INVALID malformed stale_ledger")
