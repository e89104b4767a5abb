"""`ecert keys`: the service's own keys, made, changed, shown and thrown away.

Keys that sign are changed at once; keys for what is stored by taking all that is stored over to the new one.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from store.database import Database
from store.key_uses import Use
from verifier.changes.resealing import Resealing
from verifier.clock import seconds_now
from verifier.commands.bars import Bars
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.commands.sweeping import PASSED_OVER, RESUME, say_swept, sweeping_of
from verifier.keys.service_keys import OVERLAP, ServiceKey, ServiceKeys
from verifier.services.progress import Silence
from verifier.settings import load_settings
from verifier.times import shown


class Rotated(StrEnum):
    """All keys that a new one can be put in the place of: those of `ServiceKey` and of `Use`."""

    RECEIPT_API = "receipt-api"
    RECEIPT_OFFICE = "receipt-office"
    STATUS = "status"
    ACCESS_TOKEN = "access-token"  # noqa: S105 - a kind of key
    FIELD = "field"
    INDEX = "index"
    WATCH = "watch"


RotatedArgument = Annotated[Rotated, typer.Argument(help="Which key.")]
RetiredArgument = Annotated[Use, typer.Argument(help="Keys of what use.")]


def init(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Make the service keys that are missing; those that are there stay. Safe to repeat."""
    with answered(as_json=as_json, resume="Run the same again."):
        settings = load_settings(data)
        made = ServiceKeys(settings.keys_dir, settings.passwords_file).make_missing(seconds_now())
    if as_json:
        print_json({"made": [str(kind) for kind in made]})
        return
    typer.echo("\n".join(f"made the {kind} key" for kind in made) or "every service key is there already")


def rotate(key: RotatedArgument, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Put a new key in the place of the present one.

    A key that signs is retired and stays listed: what it signed stays good, and running processes take the new key
    within seconds. `field` and `index`: every stored certificate is sealed, or can be found, anew; the service may run.
    `watch`: so are the secrets of all watches.
    """
    if key is Rotated.WATCH:
        _rotate_of_watches(data, as_json=as_json)
    elif key in {Rotated.FIELD, Rotated.INDEX}:
        _rotate_at_rest(Use(key), data, as_json=as_json)
    else:
        _rotate_signing(ServiceKey(key), data, as_json=as_json)


def retire(key: RetiredArgument, *, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Throw away the `field`, `index` or `watch` keys before the present one that nothing stored needs any more.

    Look first that no backup needs them: without its key a sealed backup opens nothing. Exit code 1: some are needed.
    """
    with answered(as_json=as_json, resume=RESUME):
        settings = load_settings(data)
        with Database.open(settings.database_url) as database:
            if key is Use.WATCH:
                done = Resealing(database, settings.keys_dir).retire()
            else:
                done = sweeping_of(settings, database, Silence()).retire(key)
    if as_json:
        print_json({"state": "done", "use": str(key), "gone": list(done.gone), "needed": list(done.needed)})
    else:
        typer.echo(f"{key} keys thrown away: {', '.join(map(str, done.gone)) or 'none'}")
        for number in done.needed:
            typer.echo(f"{key} key {number} is needed still: run `ecert keys rotate {key}`, or see `ecert fsck`")
    if done.needed:
        raise typer.Exit(PASSED_OVER)


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


def _rotate_signing(kind: ServiceKey, data: Path | None, *, as_json: bool) -> None:
    with answered(as_json=as_json, resume="Run the same again."):
        settings = load_settings(data)
        new = ServiceKeys(settings.keys_dir, settings.passwords_file).rotate(kind, seconds_now())
    if as_json:
        print_json({"kind": str(kind), "kid": new.kid, "since": new.since})
        return
    typer.echo(f"{kind}: {new.kid} signs from now; the key before it ends in {OVERLAP} s and stays listed")


def _rotate_at_rest(use: Use, data: Path | None, *, as_json: bool) -> None:
    bars = Bars()
    with answered(as_json=as_json, resume=RESUME), bars.shown():
        settings = load_settings(data)
        with Database.open(settings.database_url) as database:
            done = sweeping_of(settings, database, bars).rotate(use)
    say_swept(done, "taken over", as_json=as_json)


def _rotate_of_watches(data: Path | None, *, as_json: bool) -> None:
    with answered(as_json=as_json, resume="Run the same again."):
        settings = load_settings(data)
        with Database.open(settings.database_url) as database:
            done = Resealing(database, settings.keys_dir).rotate()
    if as_json:
        state = {"state": "done", "use": str(Use.WATCH), "key": done.number}
        print_json({**state, "watches": done.taken_over, "passed_over": done.passed_over})
    else:
        for watch in done.passed_over:
            typer.echo(f"passed over, its secret does not open: watch {watch}")
        typer.echo(f"{done.taken_over} watches taken over; watch key {done.number} is the present one")
    if done.passed_over:
        raise typer.Exit(PASSED_OVER)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    group = typer.Typer(no_args_is_help=True, help="The service's own keys: for signing, and for what is stored.")
    group.command("init")(init)
    group.command("rotate")(rotate)
    group.command("retire")(retire)
    group.command("show")(show)
    app.add_typer(group, name="keys")
