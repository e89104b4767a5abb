"""How a command shows how far it is, on stderr: bars on a terminal, else a plain line now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from ecert.explaining import Language
from ecert.fields import Words
from verifier.services.progress import STAGES

EVERY = 10.0
"""Seconds between two plain lines at least."""
AT_MOST = 60.0
"""Seconds after which a line comes again although nothing has moved."""


class Bars:
    """Shows how many pieces of a part of the work are done, and prints notes. `every`: seconds between plain lines."""

    def __init__(self, *, every: float = EVERY, language: Language = Language.EN) -> None:
        self._language = language
        self._console = Console(stderr=True)
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._every = every
        self._task: TaskID | None = None
        self._noted: set[str] = set()
        self._of = "/" if language is Language.ZH else " of "
        self._what = ""
        self._done = 0
        self._total: int | None = None

    def begin(self, what: str, total: int | None) -> None:
        """Start a part of the work."""
        told = self._language.of(STAGES[what]) if what in STAGES else what
        self._what, self._done, self._total = told, 0, total
        self._task = self._bars.add_task(told, total=total)

    def reach(self, done: int) -> None:
        """Say how many are done."""
        self._done = done
        if self._task is not None:
            self._bars.update(self._task, completed=done)

    def note(self, said: str | Words) -> None:
        """Print a line, once."""
        text = said if isinstance(said, str) else self._language.of(said)
        if text not in self._noted:
            self._noted.add(text)
            self._print(text)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it while the work goes on."""
        if self._console.is_terminal:
            with self._bars:
                yield
            return
        over = threading.Event()
        telling = threading.Thread(target=self._tell, args=(over,), daemon=True)
        telling.start()
        try:
            yield
        finally:
            over.set()
            telling.join()

    def _tell(self, over: threading.Event) -> None:
        """Print how far it is where that has moved, and where it has not for long."""
        said, at = "", time.monotonic()
        while not over.wait(self._every):
            so_far = f"{self._done}" if self._total is None else f"{self._done}{self._of}{self._total}"
            text = f"{self._what}: {so_far}" if self._what else ""
            if text and (text != said or time.monotonic() - at >= AT_MOST):
                said, at = text, time.monotonic()
                self._print(text)

    def _print(self, text: str) -> None:
        line = f"ecert: {text}"
        if self._console.is_terminal:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
            return
        with suppress(OSError):  # nobody reads it any more; the work goes on
            typer.echo(line, err=True)
