"""How a command says that it will not go on: sentences on stderr, one JSON object on stdout if asked, exit code 2."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import typer

from chain.errors import ChainError, NodeError
from ecert.errors import EcertError
from ecert.explaining import Language
from ecert.fields import Words
from store.errors import CommitUncertain, DatabaseAway, StoreError
from verifier.commands.printing import print_json
from verifier.errors import VerifierError, said_of
from verifier.faults import RowsRefused
from verifier.processes.running import REFUSED

FAILED = 2
"""Exit code of a command that could not do what it was asked; also of a verdict that is UNKNOWN."""

_FOR_PEOPLE = (VerifierError, StoreError, ChainError, EcertError)
_WILL_PASS = (DatabaseAway, NodeError)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_SEMICOLON = Words(en="; ", zh="；")
_INTERRUPTED = Words(en="interrupted", zh="已中断")


@contextmanager
def reported(language: Language = Language.EN) -> Iterator[None]:
    """Turn an error that is fit for people into a line on stderr and exit code 2."""
    try:
        yield
    except VerifierError as error:
        typer.echo(f"ecert: {language.of(error.words)}", err=True)
        raise typer.Exit(FAILED) from error
    except _FOR_PEOPLE as error:
        typer.echo(f"ecert: {error}", err=True)
        raise typer.Exit(FAILED) from error
    except BrokenPipeError:
        raise
    except OSError as error:
        typer.echo(f"ecert: {said_of(error, language)}", err=True)
        raise typer.Exit(FAILED) from error


@contextmanager
def reported_to_supervisor() -> Iterator[None]:
    """Do the same in a process that is watched over: `REFUSED` where another start would be of no use."""
    try:
        yield
    except _FOR_PEOPLE as error:
        typer.echo(f"ecert: {error}", err=True)
        raise typer.Exit(FAILED if _will_pass(error) else REFUSED) from error


def _will_pass(error: Exception) -> bool:
    """Tell whether another start may be of use: who was away comes back, and a full disk gets room."""
    cause = error.__cause__
    return isinstance(error, _WILL_PASS) or (isinstance(cause, OSError) and cause.errno in _FULL)


@contextmanager
def answered(*, as_json: bool, resume: str | Words, language: Language = Language.EN) -> Iterator[None]:
    """Turn what can go wrong into words on stderr, one JSON object on stdout if asked, and the exit code 2.

    `resume` says how to go on after an interruption. What is for programs is English, whatever the language.
    """
    go_on = Words(en=resume, zh=resume) if isinstance(resume, str) else resume
    safe = Words(en=f"nothing is lost. {go_on.en}", zh=f"没有任何内容丢失。{go_on.zh}")
    semicolon = language.of(_SEMICOLON)
    try:
        yield
    except RowsRefused as error:
        for fault in error.faults[:20]:
            typer.echo(fault.said(language), err=True)
        if error.count > len(error.faults[:20]):
            more = error.count - len(error.faults[:20])
            typer.echo(language.of(Words(en=f"... {more} more faults", zh=f"……另有 {more} 处错误")), err=True)
        typer.echo(f"ecert: {language.of(_kept(error.issued))}", err=True)
        faults = [fault.to_json() for fault in error.faults]
        said = {"state": "refused", "message": str(error), "faults": faults, "faults_in_all": error.count}
        _fail(as_json, {**said, "issued": error.issued})
    except (DatabaseAway, CommitUncertain) as error:
        typer.echo(f"ecert: {error}{semicolon}{language.of(safe)}", err=True)
        _fail(as_json, {"state": "stopped", "message": f"{error}; {safe.en}"})
    except _FOR_PEOPLE as error:
        typer.echo(f"ecert: {_said(error, language)}", err=True)
        _fail(as_json, {"state": "stopped", "message": str(error)})
    except BrokenPipeError:
        raise
    except OSError as error:
        typer.echo(f"ecert: {said_of(error, language)}{semicolon}{language.of(safe)}", err=True)
        _fail(as_json, {"state": "stopped", "message": f"{said_of(error)}; {safe.en}"})
    except (KeyboardInterrupt, Exception) as error:  # what is not an interruption is raised again
        if not _interrupted(error):
            raise
        typer.echo(f"ecert: {language.of(_INTERRUPTED)}{semicolon}{language.of(safe)}", err=True)
        _fail(as_json, {"state": "interrupted", "message": go_on.en})


def _said(error: Exception, language: Language) -> str:
    return language.of(error.words) if isinstance(error, VerifierError) else str(error)


def _interrupted(error: BaseException | None) -> bool:
    """Whether somebody pressed Ctrl+C: a library may have stumbled over that and raised something of its own."""
    while error is not None:
        if isinstance(error, KeyboardInterrupt):
            return True
        error = error.__context__
    return False


def _kept(issued: int) -> Words:
    if not issued:
        return Words(en="nothing of this file was stored", zh="未保存该文件的任何内容")
    return Words(
        en=f"{issued} certificates of this file were issued before this was found, and stay: the same command with"
        " --skip-bad hands them out, and passes over the rows above",
        zh=f"发现错误之前已签发该文件的 {issued} 份证照，这些证照保留："
        "同一命令加 --skip-bad 可将其发放，并略过上述各行",
    )


def _fail(as_json: bool, value: Mapping[str, object]) -> None:  # noqa: FBT001
    if as_json:
        print_json(value)
    raise typer.Exit(FAILED)
