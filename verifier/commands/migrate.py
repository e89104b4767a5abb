"""`ecert migrate`: brings the database to the version that this program needs."""

from __future__ import annotations

import typer

from store.schema import migrate as migrate_database
from verifier.commands.options import DataOption
from verifier.commands.reporting import reported
from verifier.settings import load_settings


def migrate(*, data: DataOption = None) -> None:
    """Make the database's tables, or bring them up to date. Safe to repeat; never goes back."""
    with reported():
        done = migrate_database(load_settings(data).database_url)
    if done.before == done.after:
        typer.echo(f"the database is of version {done.after} already")
    else:
        typer.echo(f"the database went from version {done.before or 'none'} to {done.after}")


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("migrate")(migrate)
