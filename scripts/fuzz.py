"""Attacks the format by the million, or its parsers by coverage; the exit code is 1 where anything got through.

What got through is saved under `build/fuzz/`.

Attacks are numbered: the same seed and number make the same bytes on any machine, so a report is a way to see it again.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "scripts")]

from fuzz_parsers import fuzz_parsers  # noqa: E402

from tests.ecert.attacking import Finding, attack  # noqa: E402
from tests.ecert.mutations import MUTATIONS  # noqa: E402

SAVED = ROOT / "build" / "fuzz"
PIECE = 2_000
WIDE = 132
OUTCOMES = ("VALID", "INVALID", "UNKNOWN", "malformed", "raised")
Counts = Counter[tuple[str, str]]


def attack_many(seed: int, numbers: range) -> tuple[Counts, list[Finding]]:
    """Make some attacks: how many of each kind came out how, and those that must not be so."""
    counts: Counts = Counter()
    failures = []
    for number in numbers:
        finding = attack(seed, number, MUTATIONS)
        counts[finding.mutation, finding.outcome] += 1
        if finding.failure is not None:
            failures.append(finding)
    return counts, failures


def attacked(seed: int, count: int) -> Iterator[tuple[int, Counts, list[Finding]]]:
    """Make all attacks on all cores; gives pieces as they are done, in any order."""
    pieces = [range(first, min(first + PIECE, count)) for first in range(0, count, PIECE)]
    with multiprocessing.get_context("spawn").Pool() as pool:
        for counts, failures in pool.imap_unordered(partial(attack_many, seed), pieces):
            yield counts.total(), counts, failures


def save(failures: Iterable[Finding], seed: int, console: Console) -> None:
    """Keep the bytes of every attack that got through, and say how to make it again."""
    SAVED.mkdir(parents=True, exist_ok=True)
    for finding in failures:
        path = SAVED / f"{finding.mutation}-{seed}-{finding.index}"
        path.write_bytes(finding.data)
        console.print(f"[red]{finding.mutation}[/red] {finding.outcome}: {finding.failure}", highlight=False)
        console.print(f"  saved as {path.relative_to(ROOT)}; again: scripts/fuzz --seed {seed} --only {finding.index}")


def table(counts: Mapping[tuple[str, str], int]) -> Table:
    """Show what came of each kind of attack."""
    shown = Table(title="attacks by what came of them", title_justify="left")
    shown.add_column("mutation", no_wrap=True)
    for outcome in OUTCOMES:
        shown.add_column(outcome, justify="right", no_wrap=True)
    for mutation in MUTATIONS:
        shown.add_row(mutation, *(f"{counts[mutation, outcome]:,}" for outcome in OUTCOMES))
    sums = [sum(number for (_, each), number in counts.items() if each == outcome) for outcome in OUTCOMES]
    shown.add_row("all", *(f"{number:,}" for number in sums), style="bold")
    return shown


def fuzz_certificates(seed: int, count: int, console: Console) -> int:
    """Make `count` attacks; gives the exit code."""
    counts: Counts = Counter()
    failures: list[Finding] = []
    start = time.monotonic()
    with Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console, transient=True) as progress:
        task = progress.add_task("attacks", total=count)
        for done, some, failed in attacked(seed, count):
            counts += some
            failures += failed
            save(failed, seed, console)
            progress.advance(task, done)
    console.print(table(counts))
    seconds = time.monotonic() - start
    console.print(
        f"{counts.total():,} attacks of {len(MUTATIONS)} kinds, seed {seed}, in {seconds:,.0f} s: "
        f"{len(failures)} false accepts or foreign exceptions. (VALID is right where nothing of meaning was changed.)"
    )
    return 1 if failures else 0


def main() -> int:
    """Attack what was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=1_000_000, metavar="N", help="attacks (default: a million)")
    parser.add_argument("--seed", type=int, default=1, help="which attacks (default: 1)")
    parser.add_argument("--only", type=int, metavar="INDEX", help="make this one attack again")
    parser.add_argument("--parsers", type=int, metavar="SECONDS", help="fuzz the parsers instead, so long each")
    parser.add_argument("names", nargs="*", metavar="NAME", help="with --parsers: these alone")
    given = parser.parse_args()
    console = Console(stderr=True, width=None if sys.stderr.isatty() else WIDE)
    if given.parsers is not None:
        return fuzz_parsers(given.names, given.parsers, console)
    if given.only is not None:
        finding = attack(given.seed, given.only, MUTATIONS)
        console.print(f"{finding.mutation}: {finding.outcome}", highlight=False)
        save([finding] if finding.failure else [], given.seed, console)
        return 1 if finding.failure else 0
    return fuzz_certificates(given.seed, given.count, console)


if __name__ == "__main__":
    sys.exit(main())
