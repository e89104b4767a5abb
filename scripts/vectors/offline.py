"""Vectors of verifying without a network: a status list that is newer than the facts, and no facts file at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from ecert.demands import Demands
from ecert.facts import Facts, Status, StatusFacts
from ecert.verdict import Reason
from vectors.world import ANCHORED, NOW, changed, facts_of, file_of, issue, with_time
from vectors.writing import vector

_THEN = ANCHORED + 5_000


def offline() -> Iterator[dict[str, Any]]:
    """Give all of them."""
    signed = issue()
    text, facts = file_of(signed), facts_of(signed.leaf)
    old = with_time(facts, NOW - 86_400)
    week, hour = 7 * 86_400, 3600
    wide = Demands(max_age=week, max_status_age=hour)

    def under(status: Status, *changes: StatusFacts, age: int = hour - 1) -> Facts:
        listed = StatusFacts(status=status, time=NOW - age, block=0)
        return replace(old, listed=listed, changes=changes)

    revoked, suspended = changed(Status.REVOKED, _THEN), changed(Status.SUSPENDED, _THEN)
    about = "facts of a day, a status list of less than an hour: each is younger than it must be"
    yield vector("listed", about, text, under(Status.VALID), "VALID", demands=wide, nearly=Reason.STALE_LEDGER)
    about = "a status list of an hour"
    stale = "UNKNOWN stale_ledger"
    yield vector("listed-stale", about, text, under(Status.VALID, age=hour), stale, demands=wide)
    about = "facts of a day, and no status list, where the status must be of the last hour"
    yield vector("listed-nowhere", about, text, old, stale, demands=wide)
    about = "a fresh status list, and facts of a day where they must be younger than that"
    yield vector("listed-on-stale-facts", about, text, under(Status.VALID), stale)
    about = "where nothing is said of the status's age it must be as young as the facts"
    yield vector("listed-within-age", about, text, under(Status.VALID), "VALID", demands=Demands(max_age=week))
    yield vector("listed-revoked", "revoked on the list", text, under(Status.REVOKED), "INVALID revoked", demands=wide)
    about = "suspended on the list"
    yield vector("listed-suspended", about, text, under(Status.SUSPENDED), "INVALID suspended", demands=wide)
    about = "suspended on a list of an hour: it may have been reinstated"
    late = under(Status.SUSPENDED, age=hour)
    yield vector("listed-suspended-stale", about, text, late, "UNKNOWN suspended stale_ledger", demands=wide)
    about = "suspended on the facts, and valid again on the list"
    back = under(Status.VALID, suspended)
    yield vector("listed-reinstated", about, text, back, "VALID", demands=wide, nearly=Reason.SUSPENDED)
    about = "revoked on the facts is final, whatever a list says"
    yield vector("listed-after-the-end", about, text, under(Status.VALID, revoked), "INVALID revoked", demands=wide)
    about = "a list says nothing of the past, and is no help to facts that are too old; it tells the status now"
    past = under(Status.REVOKED)
    yield vector("listed-past", about, text, past, stale, demands=wide, at=_THEN)
    yield vector("listed-past-enough", about, text, past, "VALID", demands=Demands(max_age=week), at=_THEN)
    about = "a verifier without a facts file knows no batch: that is held against nobody"
    partial = replace(facts, batch=None, complete=False)
    yield vector("no-facts-file", about, text, partial, "UNKNOWN proof_missing")
    about = "a batch that it knows otherwise is as good as any"
    yield vector(
        "no-facts-file-batch", about, text, replace(facts, complete=False), "VALID", nearly=Reason.PROOF_MISSING
    )
