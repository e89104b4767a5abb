"""What an error means to a caller: the database is said to be away where it is, and nowhere else."""

from __future__ import annotations

import pytest

from store import errors
from verifier.errors import NotReady
from verifier.problems import Code, known

AWAY = [errors.DatabaseAway("x"), errors.CommitUncertain("x")]
OVERTAKEN = [
    errors.CursorMoved("ledger", 1),
    errors.ShipmentMoved("api-1"),
    errors.NumberTaken([errors.Collision(index=0, line=None, serial=1)]),
    errors.BatchClosedOtherwise(1, "closed"),
    errors.NonceTaken(1),
    errors.NameTaken("a client", "x"),
    errors.AttemptLost(),
    errors.LeaseLost("x"),
    errors.KeyUseMoved("field"),
]
OURS = [
    errors.UnusableUrl("x"),
    errors.SchemaMismatch(None, "0001"),
    errors.WriteRefused("x"),
    errors.NoSuchRow("batches", 1),
    errors.PinsDiffer([]),
    errors.SequenceBroken("ledger", 1, 2),
    errors.BatchFull(1, 1, 2),
    errors.TwoSecrets("x"),
    RuntimeError("x"),
]


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        *((each, Code.DATABASE_AWAY) for each in AWAY),
        *((each, Code.CONFLICT) for each in OVERTAKEN),
        *((each, None) for each in OURS),
        (NotReady("x"), Code.NOT_READY),
    ],
)
def test_an_error_is_told_as_what_it_is(raised: Exception, code: Code | None) -> None:
    said = known(raised)
    assert (None if said is None else said.code) is code


def test_that_a_commit_is_uncertain_is_not_told_as_if_nothing_had_been_done() -> None:
    said = known(errors.CommitUncertain("x"))
    assert said is not None
    assert "not known" in said.detail


def test_every_error_of_the_store_is_here() -> None:
    def under(kind: type[Exception]) -> set[type[Exception]]:
        return {kind}.union(*map(under, kind.__subclasses__()))

    roots = {errors.StoreError, errors.Overtaken}
    assert under(errors.StoreError) - roots == {type(each) for each in (*AWAY, *OVERTAKEN, *OURS)} - {RuntimeError}
