"""What `ecert fsck` and `ecert rebuild` share: a bar for long work, and how differences are said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from verifier.agreement.findings import Findings

MOST_LINES = 200
"""Differences that are printed; `--json` gives all."""


class Bar:
    """A bar for each part of the work on stderr; nothing where that is no terminal."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None

    def begin(self, what: str, total: int | None) -> None:
        """Start a bar."""
        self._task = self._bars.add_task(what, total=total)

    def reach(self, done: int) -> None:
        """Move the bar."""
        if self._task is not None:
            self._bars.update(self._task, completed=done)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars while the work goes on."""
        with self._bars:
            yield


def findings_to_json(findings: Findings) -> dict[str, object]:
    """Give what was compared and found as JSON."""
    return {
        "checked": dict(findings.checked),
        "differences": [one.to_json() for one in findings.differences],
    }


def print_findings(findings: Findings) -> None:
    """Print what was compared and found."""
    for one in findings.differences[:MOST_LINES]:
        typer.echo(str(one))
    if len(findings.differences) > MOST_LINES:
        typer.echo(f"... and {len(findings.differences) - MOST_LINES} more; --json lists all")
    compared = ", ".join(f"{count} {what}" for what, count in findings.checked.items())
    count = len(findings.differences)
    typer.echo(f"{count or 'no'} {'difference' if count == 1 else 'differences'}; compared: {compared}")
