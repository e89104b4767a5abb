"""What the commands about organisations, clients and accounts share: the database, the time, and how they answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ecert.types import TypeCatalogue
from store.database import Database
from verifier.callers import Ground
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.matters import load_matters
from verifier.settings import load_settings

RESUME = "Look with the command `list` whether it was done, and run it again if not."

OrganisationOption = Annotated[str, typer.Option("--organisation", metavar="CODE", help="Whose it is.")]
OfficeOption = Annotated[str | None, typer.Option("--office", metavar="CODE", help="Which office of it.")]
MatterOption = Annotated[
    str | None, typer.Option("--matter", metavar="CODE", help="What its calls are for, where they do not say.")
]
GroundOption = Annotated[Ground | None, typer.Option("--ground", help="On which ground, where they do not say.")]


@contextmanager
def open_database(data: Path | None, *, as_json: bool) -> Iterator[Database]:
    """Open the database of the settings, and say in words what goes wrong inside the block."""
    with answered(as_json=as_json, resume=RESUME), Database.open(load_settings(data).database_url) as database:
        yield database


def known_matters(data: Path | None) -> tuple[str, ...]:
    """Give the codes of the matters that the service knows.

    Raises:
        SettingsRefused: a matter's file is not good.
    """
    return tuple(matter.code for matter in load_matters(load_settings(data).matters_dir, TypeCatalogue.bundled()))


def defaults(data: Path | None, matter: str | None, ground: Ground | None) -> dict[str, str]:
    """Put together what calls need not say.

    Raises:
        Refused: there is no such matter; the text names those that there are.
        SettingsRefused: a matter's file is not good.
    """
    if matter is not None and matter not in (known := known_matters(data)):
        raise Refused(f"--matter {matter}: there is no such matter; known are {', '.join(known)}")
    given = {"matter": matter, "ground": ground}
    return {name: str(value) for name, value in given.items() if value is not None}


def say(value: Mapping[str, object], text: str, *, as_json: bool) -> None:
    """Print an answer: JSON, or text for people."""
    if as_json:
        print_json(value)
    else:
        typer.echo(text)
