"""Checks 9, 10 and 14: whether it holds at the time asked about, and whether our facts are fit to say so."""

from __future__ import annotations

from ecert.certificate import Value
from ecert.checks.question import Question, doubt_of_age, longest_status_age, status_age
from ecert.checks.rules import PASSED, SKIPPED, found
from ecert.demands import Demands
from ecert.facts import AsOf, Status, StatusFacts, status_in_force, status_now
from ecert.verdict import Check, Reason


def check_9_status(question: Question) -> Check:
    """The serial's status at `at` is valid, and what it supersedes is recorded as superseded by it.

    Without a batch a status that was never touched says nothing, so the check is then skipped; a withdrawal counts.
    """
    if not question.on_registry:
        return SKIPPED[9]
    fail: list[Reason] = []
    unknown: list[Reason] = []
    detail: dict[str, Value] = {}
    _judge_status(question, fail, unknown, detail)
    _judge_supersession(question, unknown, detail)
    _judge_time_asked(question, unknown, detail)
    if fail or unknown:
        return found(9, fail=fail, unknown=unknown, detail=detail)
    return SKIPPED[9] if question.batch is None else PASSED[9]


def check_10_period(question: Question) -> Check:
    """`nbf <= at < exp`."""
    certificate, at = question.certificate, question.at
    if at < certificate.nbf:
        return found(10, fail=(Reason.NOT_YET_VALID,), detail={"nbf": certificate.nbf})
    if certificate.exp is not None and at >= certificate.exp:
        return found(10, fail=(Reason.EXPIRED,), detail={"exp": certificate.exp})
    return PASSED[10]


def check_14_freshness(
    as_of: AsOf, now: int, demands: Demands, listed: StatusFacts | None = None, *, behind: bool = False
) -> Check:
    """Facts and status are younger than the limits, not over 60 s ahead of our clock, of a chain with one history.

    `behind`: and they reach the time asked about, where a newer status list says that it was withdrawn since.
    """
    doubt = doubt_of_age(as_of, now, demands, listed) or (Reason.STALE_LEDGER if behind else None)
    if doubt is None:
        return PASSED[14]
    detail: dict[str, Value] = {"age": now - as_of.time, "max_age": demands.max_age}
    if listed is not None or demands.max_status_age is not None:
        detail |= {"status_age": status_age(as_of, now, listed), "max_status_age": longest_status_age(demands)}
    if as_of.contested:
        detail["contested"] = True
    if behind:
        detail["withdrawn_since"] = True
    return found(14, unknown=(doubt,), detail=detail)


def _judge_status(question: Question, fail: list[Reason], unknown: list[Reason], detail: dict[str, Value]) -> None:
    facts = question.facts
    change = status_now(facts) if question.about_now else status_in_force(facts.changes, question.at)
    if change is None or change.status is Status.VALID:
        return
    detail["listed" if change is facts.listed else "since"] = change.time
    if change.status is Status.SUSPENDED and not question.fresh:
        unknown.append(Reason.SUSPENDED)  # footnote 2: it may have been reinstated
    else:
        fail.append(_withdrawn(change, detail))


def _withdrawn(change: StatusFacts, detail: dict[str, Value]) -> Reason:
    if change.status is Status.SUPERSEDED:
        detail["successors"] = list(change.successors)
        return Reason.SUPERSEDED
    return Reason.SUSPENDED if change.status is Status.SUSPENDED else Reason.REVOKED


def _judge_supersession(question: Question, unknown: list[Reason], detail: dict[str, Value]) -> None:
    certificate, superseded = question.certificate, question.facts.superseded
    pending: list[Value] = [old for old in certificate.supersedes if certificate.serial not in superseded.get(old, ())]
    if pending:
        unknown.append(Reason.SUPERSESSION_PENDING)
        detail["pending"] = pending


def _judge_time_asked(question: Question, unknown: list[Reason], detail: dict[str, Value]) -> None:
    if question.about_now:
        return
    if question.at > question.now:
        unknown.append(Reason.IN_FUTURE)
    elif question.batch is not None and question.at < question.batch.anchored:
        unknown.append(Reason.BEFORE_LEDGER)
        detail["anchored"] = question.batch.anchored
