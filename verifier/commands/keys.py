"""`ecert keys`: the service's own keys, made, changed and shown."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from verifier.commands.office import answered, print_json
from verifier.commands.options import DataOption, JsonOption
from verifier.keys.service_keys import OVERLAP, ServiceKey, ServiceKeys
from verifier.settings import load_settings
from verifier.times import shown

KindArgument = Annotated[ServiceKey, typer.Argument(help="Whose key.")]


def init(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make the service keys that are missing; those that are there stay. Safe to repeat."""
    with answered(as_json=as_json, resume="Run the same again."):
        settings = load_settings(data)
        made = ServiceKeys(settings.keys_dir, settings.passwords_file).make_missing(int(time.time()))
    if as_json:
        print_json({"made": [str(kind) for kind in made]})
        return
    typer.echo("\n".join(f"made the {kind} key" for kind in made) or "every service key is there already")


def rotate(kind: KindArgument, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make a new key and retire the one before it, which stays listed: what it signed stays good.

    Running processes take the new key within seconds.
    """
    with answered(as_json=as_json, resume="Run the same again."):
        settings = load_settings(data)
        new = ServiceKeys(settings.keys_dir, settings.passwords_file).rotate(kind, int(time.time()))
    if as_json:
        print_json({"kind": str(kind), "kid": new.kid, "since": new.since})
        return
    typer.echo(f"{kind}: {new.kid} signs from now; the key before it ends in {OVERLAP} s and stays listed")


def show(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Show the public keys, present and retired, with their times."""
    with answered(as_json=as_json, resume="Run the same again."):
        settings = load_settings(data)
        keys = ServiceKeys(settings.keys_dir, settings.passwords_file)
        found = {kind: keys.published(kind) for kind in ServiceKey}
    if as_json:
        print_json({str(kind): published.to_json() for kind, published in found.items()})
        return
    for kind, published in found.items():
        for key in published.keys:
            typer.echo(f"{kind} {key.kid} from {shown(key.since)} until {shown(key.retired)}")


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    group = typer.Typer(no_args_is_help=True, help="The service's own keys: receipts and status lists.")
    group.command("init")(init)
    group.command("rotate")(rotate)
    group.command("show")(show)
    app.add_typer(group, name="keys")
