"""What the commands share that take all stored certificates over to new keys or indexes."""

from __future__ import annotations

import time

import typer

from store.database import Database
from verifier.commands.comparing import MOST_LINES
from verifier.commands.printing import print_json
from verifier.services.progress import Progress
from verifier.services.sweeping import Sweeping, SweptAll
from verifier.settings import Settings

PASSED_OVER = 1
"""Exit code where some certificates were passed over."""
RESUME = "Run the same command again: it goes on where this one stopped."
PAUSE = 0.02
"""Seconds between two pieces, in which others write."""


def sweeping_of(settings: Settings, database: Database, progress: Progress) -> Sweeping:
    """Set a sweep up as the settings say."""
    return Sweeping(database, settings.keys_dir, pause=lambda: time.sleep(PAUSE), progress=progress)


def say_swept(done: SweptAll, said: str, *, as_json: bool) -> None:
    """Say what a sweep did; exit code 1 where it passed anything over."""
    if as_json:
        passed_over = [{"agency": agency, "serial": serial} for agency, serial in done.passed_over]
        state = {"state": "done", "use": str(done.use), "key": done.number}
        print_json({**state, "certificates": done.taken_over, "passed_over": passed_over})
    else:
        for agency, serial in done.passed_over[:MOST_LINES]:
            typer.echo(f"passed over, it does not open: certificate {agency} {serial}")
        if len(done.passed_over) > MOST_LINES:
            typer.echo(f"... and {len(done.passed_over) - MOST_LINES} more; --json lists all")
        typer.echo(f"{done.taken_over} certificates {said}; {done.use} key {done.number} is the present one")
    if done.passed_over:
        raise typer.Exit(PASSED_OVER)
