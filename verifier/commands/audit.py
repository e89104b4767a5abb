"""`ecert audit`: looks through the record, writes parts of it out, and drops what need not be kept any longer."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from ecert.jwks import KeySet
from store import verifications
from store.database import Database
from store.errors import StoreError
from store.verifications import Shipment
from verifier.clock import seconds_now
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.receipt_keys import JWKS_HELP, read_keys
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.keys.receipt_key import RECEIPT_KEYS, Answerer, receipt_key
from verifier.keys.service_keys import ServiceKeys
from verifier.record.auditing import Audit, Auditor
from verifier.record.copies import copy_flaws
from verifier.record.reading import all_entries
from verifier.record.retention import drop as drop_segment
from verifier.record.retention import due
from verifier.record.segments import RecordFolder
from verifier.settings import Settings, load_settings
from verifier.times import moment

FOUND = 1
"""Exit code: something is not as it was written."""
_AGAIN = "Run the same again."
FolderArgument = Annotated[
    Path | None, typer.Argument(metavar="[DIR]", help="A folder of segments. Default: that of the data directory.")
]
JwksOption = Annotated[
    str | None, typer.Option("--jwks", metavar="FILE_OR_URL", help=f"{JWKS_HELP} Default: those in DATA/keys.")
]
FromOption = Annotated[str | None, typer.Option("--from", help="Verifications of this day or moment or later.")]
ToOption = Annotated[str | None, typer.Option("--to", help="Verifications before this day or moment.")]
BeforeOption = Annotated[str, typer.Option("--before", help="Segments that were closed before this day or moment.")]


def verify(
    folder: FolderArgument = None, *, jwks: JwksOption = None, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Look for lines that were edited, swapped, cut off or taken away. Exit code 1: there are some.

    Checks every hash and signature. Without DIR it also compares with what the database has copied, where that
    answers; with DIR and --jwks it needs nothing of the service. Changes nothing and may run beside it. Exit code 2:
    there is nothing to check.
    """
    with answered(as_json=as_json, resume=_AGAIN):
        keys = _published(data) if jwks is None else dict.fromkeys(map(str, Answerer), read_keys(jwks))
        if folder is None:
            settings = load_settings(data)
            folder = settings.record_dir
            found = _compared(settings, keys)
        else:
            found = Auditor(RecordFolder(folder), keys).audit()
        if not (found.flaws or found.segments or found.dropped):
            raise Refused(f"there is no segment of a record in {folder}: nothing was checked")
        _say(found, as_json=as_json)
    if found.flaws:
        raise typer.Exit(FOUND)


def export(*, since: FromOption = None, until: ToOption = None, data: DataOption = None) -> None:
    """Write verifications with their receipts and places to stdout, as NDJSON, from the segments themselves."""
    with answered(as_json=False, resume=_AGAIN):
        settings = load_settings(data)
        first = None if since is None else moment(since)
        end = None if until is None else moment(until)
        if first is not None and end is not None and end <= first:
            raise Refused("--to must be later than --from")
        for entry, said in all_entries(RecordFolder(settings.record_dir), first, end):
            whole = {"record": said, "receipt": entry.receipt, "audit": entry.place.to_json()}
            sys.stdout.write(json.dumps(whole, ensure_ascii=False) + "\n")


def drop(*, before: BeforeOption, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Drop whole segments that were closed before a time and copied to the database, with their copies there.

    A signed tombstone stays for each, so that `ecert audit verify` says what was dropped. Safe to repeat. Exit code 1:
    a segment is not what was signed when it was closed, and stays.
    """
    with answered(as_json=as_json, resume=_AGAIN):
        settings = load_settings(data)
        folder = RecordFolder(settings.record_dir)
        keys = ServiceKeys(settings.keys_dir, settings.passwords_file)
        now, end = seconds_now(), moment(before)
        if end > now:
            raise Refused(f"--before {before} lies in the future: nothing was dropped")
        dropped: dict[str, int] = {}
        with Database.open(settings.database_url) as database:
            with database.read() as connection:
                shipped = verifications.all_shipped(connection)
            found = due(folder, shipped, end, _published(data))
            for segment in found.segments:
                key = receipt_key(keys, Answerer(segment.process)).at(now)
                dropped[str(segment)] = drop_segment(folder, segment, database, key, now)
    kept = {str(segment): why for segment, why in found.kept.items()}
    if as_json:
        print_json({"dropped": list(dropped), "verifications": sum(dropped.values()), "kept": kept})
    else:
        said = [f"dropped {name}: {count} verifications" for name, count in dropped.items()]
        said += [f"kept {name}: {why}; run `ecert audit verify`" for name, why in kept.items()]
        typer.echo("\n".join(said) or "nothing is due")
    if kept:
        raise typer.Exit(FOUND)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    group = typer.Typer(no_args_is_help=True, help="The record of verifications: check it, write it out, shorten it.")
    group.command("verify")(verify)
    group.command("export")(export)
    group.command("drop")(drop)
    app.add_typer(group, name="audit")


def _compared(settings: Settings, keys: Mapping[str, KeySet]) -> Audit:
    """Look through the record, and compare it with what the database has copied, where that answers."""
    record, shipped = RecordFolder(settings.record_dir), _shipped(settings)
    found = Auditor(record, keys, shipped).audit()
    if shipped is not None:
        told = {flaw.file for flaw in found.flaws}
        with Database.open(settings.database_url) as database:
            found.flaws += copy_flaws(record, database, shipped, told)
    return found


def _published(data: Path | None) -> dict[str, KeySet]:
    settings = load_settings(data)
    keys = ServiceKeys(settings.keys_dir, settings.passwords_file)
    return {str(process): keys.published(kind) for process, kind in RECEIPT_KEYS.items()}


def _shipped(settings: Settings) -> dict[str, Shipment] | None:
    try:
        with Database.open(settings.database_url) as database, database.read() as connection:
            return verifications.all_shipped(connection)
    except StoreError as error:
        typer.echo(f"ecert: {error}; the record is not compared with it", err=True)
        return None


def _say(found: Audit, *, as_json: bool) -> None:
    if as_json:
        flaws = [{"file": flaw.file, "line": flaw.line, "why": flaw.why} for flaw in found.flaws]
        counts = {"segments": found.segments, "verifications": found.verifications}
        print_json({"flaws": flaws, **counts, "dropped": found.dropped, "open": found.open})
        return
    for flaw in found.flaws:
        typer.echo(str(flaw))
    typer.echo(f"{found.verifications} verifications in {found.segments} segments, {len(found.flaws)} flaws")
    for word, names in (("dropped", found.dropped), ("not closed yet", found.open)):
        if names:
            typer.echo(f"{word}: {', '.join(names)}")
