"""`ecert rebuild`: a lost database is made again from the chain and the certificate files."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.deployment import Deployment
from store.database import Database
from store.records import Call
from verifier.agreement.findings import Findings
from verifier.agreement.whole import Parties, check_everything
from verifier.commands.bars import Bars
from verifier.commands.comparing import MOST_LINES, findings_to_json, print_findings
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.keys.keyring import Keyring
from verifier.new_database import left_open, made_anew, no_service
from verifier.processes.nodes import open_node
from verifier.services.lost_calls import OpenCall
from verifier.services.rebuilding import Rebuilding, Rebuilt
from verifier.services.unsaid import Replacement
from verifier.settings import Settings, load_settings

INCOMPLETE = 1
RESUME = "Nothing was replaced. Run the same command again: it begins anew."


def rebuild(
    *,
    certificates: Annotated[
        Path | None,
        typer.Option("--certificates", metavar="DIR", help="Certificate files. [default: DATA/certificates]"),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Move a database that is there aside. Needs the service to be stopped.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the database anew: facts from the chain, batches from the certificate files where all of one were kept.

    Then everything is compared, as by `ecert fsck`. Exit code 0: all is back; 1: what is not is listed; 2: it failed.
    """
    bars = Bars()
    findings = Findings(progress=bars)
    with answered(as_json=as_json, resume=RESUME), bars.shown():
        settings = load_settings(data)
        if certificates is not None and not certificates.is_dir():
            raise Refused(f"{certificates} is no folder: name that of the certificate files")
        deployment = Deployment.load(settings.deployment_file)
        with no_service(settings.data_dir):
            names = deployment.names if replace else ()
            left = {name: left_open(settings.database_url, name) for name in names}
            with made_anew(settings.database_url, replace=replace) as database:
                rebuilt = asyncio.run(_rebuild(settings, deployment, database, certificates, findings, left=left))
    if as_json:
        print_json({"state": "done", **_all_to_json(rebuilt), **findings_to_json(findings)})
    else:
        _print(rebuilt, findings)
    if findings.differences or any(each.lost_calls or each.unsaid.given_up for each in rebuilt):
        raise typer.Exit(INCOMPLETE)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("rebuild")(rebuild)


async def _rebuild(
    settings: Settings,
    deployment: Deployment,
    database: Database,
    certificates: Path | None,
    findings: Findings,
    *,
    left: Mapping[str, tuple[OpenCall, ...]],
) -> list[Rebuilt]:
    """Make every ledger of a succession again, the oldest first, and then compare each."""
    keyring = Keyring(settings.keys_dir, settings.passwords_file)
    rebuilt: list[Rebuilt] = []
    ledgers = tuple(reversed(deployment.succession))
    async with open_node(settings.node_urls) as node:
        for each in ledgers:
            rebuilding = Rebuilding(
                database=database,
                node=node,
                deployment=each,
                others=deployment.names,
                keyring=keyring,
                settled_depth=settings.settled_depth,
                left_open=left.get(each.name, ()),
                before=tuple(rebuilt),
                progress=findings.progress,
            )
            rebuilt.append(await rebuilding.run(certificates or settings.certificates_dir))
        for each in ledgers:
            await check_everything(Parties(database=database, node=node, deployment=each, keyring=keyring), findings)
    return rebuilt


def _all_to_json(rebuilt: Sequence[Rebuilt]) -> dict[str, object]:
    first, *more = (_to_json(each) for each in rebuilt)
    for told in more:
        for name, value in told.items():
            first[name] = {**first[name], **value} if isinstance(value, dict) else first[name] + value
    return first


def _to_json(rebuilt: Rebuilt) -> dict[str, Any]:
    return {
        "events": rebuilt.events,
        "batches": rebuilt.batches,
        "certificates": rebuilt.certificates,
        "gaps": [
            {
                "agency": one.agency,
                "first_serial": one.first_serial,
                "count": one.count,
                "kept": one.kept,
                "missing": one.missing_words(),
                "ended": one.ended_words(),
            }
            for one in rebuilt.gaps
        ],
        "lost_successors": [_replacement(each) for each in rebuilt.lost_successors],
        "useless": {str(path): why for path, why in rebuilt.useless.items()},
        "incomplete": [{"agency": agency, "serial": serial} for agency, serial in rebuilt.incomplete],
        "twice": [{"agency": agency, "serial": serial, "first": first} for agency, serial, first in rebuilt.twice],
        "replacing": [_replacement(each) for each in rebuilt.unsaid.going_on],
        "not_replacing": [{**_replacement(each), "why": each.why_not} for each in rebuilt.unsaid.given_up],
        "lost_calls": [{"agency": one.agency, "kind": one.kind, "args": dict(one.args)} for one in rebuilt.lost_calls],
    }


def _again(call: Call) -> str:
    """Say what to do about a call that is lost; who anchors and replaces is no command, but issuing."""
    return "issue those certificates again" if call.kind in {"anchor", "supersede"} else "ask for it again"


def _replacement(each: Replacement) -> dict[str, object]:
    return {"agency": each.agency, "old": each.old, "serial": each.serial}


def _notes(rebuilt: Rebuilt) -> list[str]:
    notes = [f"not restored: {gap}" for gap in rebuilt.gaps]
    notes += [f"has no file any more, issue it again: {each}" for each in rebuilt.lost_successors]
    notes += [f"passed over: {path}: {why}" for path, why in rebuilt.useless.items()]
    notes += [f"withholds fields: certificate {agency} {serial}" for agency, serial in rebuilt.incomplete]
    notes += [
        f"has the number of {agency} {first}, which is in force, too: revoke {serial}, or the other and rebuild again"
        for agency, serial, first in rebuilt.twice
    ]
    notes += [f"goes on when the service runs: {each}" for each in rebuilt.unsaid.going_on]
    notes += [f"is not said on the ledger: {each}" for each in rebuilt.unsaid.given_up]
    notes += [
        f"was not settled, {_again(one)}: {one.kind} of {one.agency}: {dict(one.args)}" for one in rebuilt.lost_calls
    ]
    return notes


def _print(rebuilt: Sequence[Rebuilt], findings: Findings) -> None:
    notes = list(dict.fromkeys(note for each in rebuilt for note in _notes(each)))
    for note in notes[:MOST_LINES]:
        typer.echo(note)
    if len(notes) > MOST_LINES:
        typer.echo(f"... and {len(notes) - MOST_LINES} more; --json lists all")
    certificates, batches, events = (
        sum(getattr(each, what) for each in rebuilt) for what in ("certificates", "batches", "events")
    )
    typer.echo(f"restored {certificates} certificates in {batches} batches, {events} events")
    print_findings(findings)
