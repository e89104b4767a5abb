"""The main job before your eyes: agencies issue onto a chain, counters verify, every verdict is as expected."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(ROOT))

from court import hear  # noqa: E402

from city import City, CityError, claimed, found  # noqa: E402 # the path is set above
from city_cases import AGENCIES, PERMIT, Asked, ask_all, change_statuses, issue_everything  # noqa: E402
from offices import tell  # noqa: E402

RECEIVERS = ('webhook_hosts = ["127.0.0.1"]',)
"""So that whoever tries the demo can have changes sent to a receiver of his own on this machine (docs/changes.md)."""

console = Console(stderr=True, width=None if sys.stderr.isatty() else 132)


def show(answers: list[Asked]) -> bool:
    """Print expected and actual verdicts side by side; True if all agree."""
    table = Table(title="Expected and actual verdicts", title_justify="left", expand=False)
    for column in ("who asks", "about", "expected", "actual", "reasons", ""):
        table.add_column(column, overflow="fold", no_wrap=column in ("actual", "who asks", ""))
    for asked in answers:
        case, colour = asked.case, {"VALID": "green", "INVALID": "red"}.get(asked.result, "yellow")
        expected = " ".join(filter(None, (case.result, case.reason)))
        mark = "agrees" if asked.agrees else "[bold red]DIFFERS[/]"
        table.add_row(case.who, case.about, expected, f"[{colour}]{asked.result}[/]", ", ".join(asked.reasons), mark)
    console.print(table)
    return all(asked.agrees for asked in answers)


def invite(city: City) -> None:
    """Say what to open and which commands to try."""
    folder = city.folder.relative_to(Path.cwd()) if city.folder.is_relative_to(Path.cwd()) else city.folder
    some = next((city.folder / "certificates" / "DEMO-REGISTRY").rglob("*.ecert.json"))
    some = folder / some.relative_to(city.folder)
    revoke = f".venv/bin/ecert status revoke DEMO-REGISTRY {some.name.split('.')[0]} --data {folder}"
    bureau = f"--data {folder} --password-file {folder}/keys/bureau.password"
    titles = "samples/real-estate-title.csv --type real-estate-title --agency DEMO-REGISTRY"
    console.print(
        f"""
[bold]The service is up.[/] Open, and drop a file from {folder}/certificates on it:

  {city.service}/check

Or try, in another terminal:

  .venv/bin/ecert verify {some} --data {folder}
  curl -s -F file=@{some} {city.service}/v1/verifications
  .venv/bin/ecert issue {titles} --data {folder}
  {revoke}
  .venv/bin/ecert agency accredit DEMO-TRANSPORT {PERMIT} {bureau}

Ctrl+C ends it.""",
        highlight=False,
        soft_wrap=True,
    )


def stay(city: City) -> None:
    """Wait until somebody ends the demo, or the service ends by itself."""
    while city.service_process is not None and city.service_process.poll() is None:
        time.sleep(0.5)
    raise CityError("the service ended; see service.log in the data folder")


def run(folder: Path, *, once: bool) -> int:
    """Found a city, issue, verify, show. Exit code 0 only if every verdict is as expected."""
    started = time.monotonic()
    console.print(f"Founding a city in {folder}: keys, a local chain, contracts, {len(AGENCIES)} agencies")
    city = found(folder, AGENCIES, settings=RECEIVERS)
    try:
        city.serve()
        issue_everything(city, console)
        change_statuses(city, console)
        good = show(ask_all(city, console) + tell(city, console) + hear(city, console))
        console.print(f"{'All as expected' if good else 'NOT as expected'}, after {time.monotonic() - started:.0f} s")
        if not once:
            invite(city)
            stay(city)
        return 0 if good else 1
    finally:
        city.stop()


def main() -> int:
    """Parse the command line and run; a refusal or Ctrl+C is one line, never a traceback."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=(__doc__ or "").strip())
    parser.add_argument("--once", action="store_true", help="end after the table of verdicts")
    parser.add_argument("--data", type=Path, default=ROOT / "data" / "demo", metavar="DIR", help="where all is kept")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell that starts it with `&` has it ignored
    try:
        folder = given.data.resolve()
        with claimed(folder):
            return run(folder, once=given.once)
    except CityError as error:
        console.print(f"demo: {error}", style="red", markup=False, highlight=False)
        return 2
    except KeyboardInterrupt:
        console.print("demo: stopped; everything it started has ended")
        return 0


if __name__ == "__main__":
    sys.exit(main())
