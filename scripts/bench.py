"""The frame of all benches: finds them in `scripts/benches/`, runs them, prints their figures, writes them as JSON.

A bench is a module with a docstring (its first line is its title) and `run(report: Report) -> None`. It adds figures as
it measures them. A bar is a promise of the design: `at_least` or `at_most`; a figure without one is information, or
what another is compared with. The exit code is 0 when every bench ran, whatever the figures are: the tests prove what
is right, this tells how fast.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import sys
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured number with its unit; `bar` as text (`>= 5500`), `met` None where there is no bar."""

    value: float
    unit: str
    bar: str | None
    met: bool | None
    note: str


@dataclass(slots=True)
class Report:
    """What one bench measured so far, shown on the console as it comes."""

    bench: str
    console: Console
    figures: dict[str, Figure] = field(default_factory=dict)

    def add(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        at_least: float | None = None,
        at_most: float | None = None,
        note: str = "",
    ) -> None:
        """Record a figure; `note` says what it is compared with or how it was measured."""
        bar = f">= {at_least:g}" if at_least is not None else f"<= {at_most:g}" if at_most is not None else None
        met = None
        if at_least is not None:
            met = value >= at_least
        elif at_most is not None:
            met = value <= at_most
        self.figures[name] = Figure(value=value, unit=unit, bar=bar, met=met, note=note)
        self.say(f"{name}: {value:,.4g} {unit}")

    def say(self, text: str) -> None:
        """Tell whoever waits what is going on."""
        self.console.print(f"  [dim]{self.bench}[/dim] {text}", highlight=False)


def benches() -> list[str]:
    """Names of all benches."""
    return sorted(path.stem for path in (HERE / "benches").glob("*.py") if not path.stem.startswith("_"))


def show(console: Console, report: Report, title: str) -> None:
    """Print one bench's figures as a table."""
    table = Table(title=f"{report.bench}: {title}", title_justify="left")
    for column in ("figure", "value", "unit", "bar", "met", "compared with"):
        table.add_column(column, justify="right" if column == "value" else "left")
    for name, figure in report.figures.items():
        met = {True: "yes", False: "NO", None: ""}[figure.met]
        table.add_row(name, f"{figure.value:,.4g}", figure.unit, figure.bar or "", met, figure.note)
    console.print(table)


def main() -> int:
    """Run the benches that were named, or all."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a bench; none: all")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE")
    parser.add_argument("--list", action="store_true", help="print the names of all benches")
    given = parser.parse_args()
    known = benches()
    if given.list:
        print("\n".join(known))
        return 0
    unknown = [name for name in given.names if name not in known]
    if unknown:
        parser.error(f"no bench {', '.join(unknown)}; there are: {', '.join(known)}")
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 132)
    console.print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    reports = []
    for name in given.names or known:
        bench = importlib.import_module(f"benches.{name}")
        report = Report(bench=name, console=console)
        bench.run(report)
        show(console, report, (bench.__doc__ or name).split("\n", 1)[0])
        reports.append(report)
    if given.json:
        figures = {
            report.bench: {
                name: {"value": figure.value, "unit": figure.unit, "bar": figure.bar, "met": figure.met}
                for name, figure in report.figures.items()
            }
            for report in reports
        }
        given.json.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
