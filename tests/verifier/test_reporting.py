"""What the system refuses is said in a line."""

from __future__ import annotations

import errno
import os

import pytest
import typer

from store.errors import DatabaseAway
from verifier.commands.reporting import answered, reported, reported_to_supervisor
from verifier.errors import Refused, said_of
from verifier.processes.running import REFUSED


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(28, "No space left on device", "/somewhere/7"), "/somewhere/7: No space left on device"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (OSError("what a library says"), "what a library says"),
        (TimeoutError(), "no answer in time"),
    ],
)
def test_a_command_ends_with_one_line_and_2(error: OSError, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert said_of(error) == words
    with pytest.raises(typer.Exit) as ended, reported():
        raise error
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == f"ecert: {words}\n"
    with pytest.raises(typer.Exit), answered(as_json=False, resume="Again."):
        raise error
    assert capsys.readouterr().err == f"ecert: {words}; nothing is lost. Again.\n"


def test_a_database_that_goes_away_is_said_with_the_way_on(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as ended, answered(as_json=True, resume="Again."):
        raise DatabaseAway("disk I/O error")
    assert ended.value.exit_code == 2
    said = capsys.readouterr()
    assert said.err == "ecert: the database is away: disk I/O error; nothing is lost. Again.\n"
    assert '"state": "stopped"' in said.out


def test_an_interruption_that_a_library_stumbled_over_is_an_interruption(capsys: pytest.CaptureFixture[str]) -> None:
    def commit() -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise AssertionError  # as SQLAlchemy does in the midst of a commit

    with pytest.raises(typer.Exit) as ended, answered(as_json=True, resume="Again."):
        commit()
    assert ended.value.exit_code == 2
    said = capsys.readouterr()
    assert said.err == "ecert: interrupted; nothing is lost. Again.\n"
    assert '"state": "interrupted"' in said.out
    with pytest.raises(ZeroDivisionError), answered(as_json=True, resume="Again."):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("number", "code"), [(errno.ENOSPC, 2), (errno.EDQUOT, 2), (errno.EACCES, REFUSED), (errno.EROFS, REFUSED)]
)
def test_a_process_that_cannot_begin_is_started_again_where_the_disk_is_full(number: int, code: int) -> None:
    with pytest.raises(typer.Exit) as ended, reported_to_supervisor():
        raise Refused("the record cannot be written") from OSError(number, os.strerror(number))
    assert ended.value.exit_code == code


def test_a_reader_that_goes_away_is_no_failure_of_ours() -> None:
    for within in (reported(), answered(as_json=False, resume="")):
        with pytest.raises(BrokenPipeError), within:
            raise BrokenPipeError
