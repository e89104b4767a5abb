"""How a command says that it will not go on: a sentence on stderr and exit code 2."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from chain.errors import ChainError, NodeError
from ecert.errors import EcertError
from ecert.explaining import Language
from store.errors import DatabaseAway, StoreError
from verifier.errors import VerifierError, said_of
from verifier.processes.running import REFUSED

FAILED = 2
"""Exit code of a command that could not do what it was asked; also of a verdict that is UNKNOWN."""


_FOR_PEOPLE = (VerifierError, StoreError, ChainError, EcertError)
_WILL_PASS = (DatabaseAway, NodeError)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


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
