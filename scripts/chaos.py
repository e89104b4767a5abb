"""Every storm that may come over the service and its network, and whether nothing was lost, doubled or different."""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(ROOT))

from storms.ground import ground  # noqa: E402 # the path is set above
from storms.playing import STORMS, Played, play  # noqa: E402 # the same

from clique.faults import NetworkError  # noqa: E402 # the same

TIME = 15 * 60.0
"""Seconds after which no further storm begins."""
console = Console(stderr=True, width=None if sys.stderr.isatty() else 160)


def show(played: list[Played]) -> None:
    """Print what was done and seen."""
    table = Table(title="Storms", title_justify="left", show_lines=True)
    for column in ("storm", "what was done", "what was seen", "s", "ok"):
        table.add_column(column, overflow="fold")
    for one in played:
        mark = "[green]yes[/]" if one.ok else "[bold red]NO[/]"
        table.add_row(one.storm.name, one.storm.done, one.seen, f"{one.seconds:.0f}", mark)
    console.print(table)


def run(folder: Path, names: list[str]) -> int:
    """Play the storms that were named, or all; the exit code."""
    chosen = [storm for storm in STORMS if not names or storm.name in names]
    started, played = time.monotonic(), []
    with ground(folder, console.print) as where:
        for storm in chosen:
            if time.monotonic() - started > TIME:
                console.print(f"{storm.name} and those after it were left out: {TIME / 60:.0f} minutes are over")
                break
            console.print(f"{storm.name}: {storm.done}", highlight=False)
            played.append(play(where, storm))
            console.print(f"  {'held' if played[-1].ok else 'DID NOT HOLD'}: {played[-1].seen}", highlight=False)
    show(played)
    held = sum(one.ok for one in played)
    console.print(f"{held} of {len(chosen)} held, after {time.monotonic() - started:.0f} s")
    return 0 if held == len(chosen) else 1


def main() -> int:
    """Parse the command line and play."""
    parser = argparse.ArgumentParser(prog="scripts/chaos", description=(__doc__ or "").strip())
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="one storm; may be repeated")
    parser.add_argument("--list", action="store_true", help="print the names of all storms")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="work in DIR, new or empty, and leave it")
    given = parser.parse_args()
    if given.list:
        for storm in STORMS:
            print(f"{storm.name:14} {storm.done}")
        return 0
    known = [storm.name for storm in STORMS]
    if unknown := [name for name in given.only if name not in known]:
        parser.error(f"no storm {', '.join(unknown)}; there are: {', '.join(known)}")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with contextlib.ExitStack() as held:
        folder = given.keep or Path(held.enter_context(tempfile.TemporaryDirectory(prefix="chaos")))
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return run(folder.resolve(), given.only)
        except NetworkError as error:
            console.print(f"chaos: {error}", style="red", markup=False, highlight=False)
            return 2


if __name__ == "__main__":
    sys.exit(main())
