"""`ecert matter`: what verifications may be for, as the files say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecert.errors import MalformedType
from ecert.types import TypeCatalogue
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import reported
from verifier.errors import Refused, said_of
from verifier.matter_file import Matter, parse_matter
from verifier.matters import load_matters
from verifier.settings import load_settings

matter_app = typer.Typer(no_args_is_help=True, help="Matters: what a verification may be for, as data.")


@matter_app.command("list")
def list_matters(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the matters that the service knows: those that come along, and the files in DATA/matters."""
    with reported():
        matters = load_matters(load_settings(data).matters_dir, TypeCatalogue.bundled())
        if as_json:
            print_json({"matters": [_to_json(matter) for matter in matters]})
            return
        for matter in matters:
            typer.echo(f"{matter.code}  {matter.en} ({matter.zh}): {', '.join(need.type for need in matter.needs)}")


@matter_app.command("check")
def check(
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A matter's JSON file.")],
    as_json: JsonOption = False,
) -> None:
    """See whether a matter's file is good, before it goes into DATA/matters."""
    with reported():
        try:
            matter = parse_matter(file.read_text("utf-8"), file.name, TypeCatalogue.bundled())
        except (MalformedType, UnicodeDecodeError) as error:
            raise Refused(f"matter {error}") from error
        except OSError as error:
            raise Refused(said_of(error)) from error
        if as_json:
            print_json({"state": "good", "matter": _to_json(matter)})
            return
        typer.echo(f"{file.name}: good, {matter.code}")


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(matter_app, name="matter")


def _to_json(matter: Matter) -> dict[str, object]:
    return {
        "code": matter.code,
        "en": matter.en,
        "zh": matter.zh,
        "max_age": matter.max_age,
        "grounds": sorted(matter.grounds),
        "holder_proof": matter.holder_proof,
        "for": None if matter.callers is None else sorted(matter.callers),
        "needs": [
            {"type": need.type, "read": sorted(need.read), "compare": sorted(need.compare), "by": sorted(need.by)}
            for need in matter.needs
        ],
    }
