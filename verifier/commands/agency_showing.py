"""`ecert agency list` and `ecert agency show`: what the registry says, as our copy has it, or else the chain."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import typer

from chain.administration import ANCHOR, STATUS
from chain.answers import to_hex
from chain.deployment import Deployment
from chain.event_fields import NO_END
from ecert.facts import KeyFacts
from ecert.types import TypeCatalogue
from verifier.commands.agency_desk import CodeArgument, ZoneOption
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.processes.nodes import open_node
from verifier.services.agencies import registry_events
from verifier.services.registry import Entry, Operator, read_registry
from verifier.settings import load_settings
from verifier.times import USUAL_ZONE, shown

RESUME = "Nothing was changed."


def list_agencies(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the agencies."""
    with answered(as_json=as_json, resume=RESUME):
        entries = _read(data)
        if as_json:
            print_json({"agencies": [to_json(entry) for _, entry in sorted(entries.items())]})
            return
        for code, entry in sorted(entries.items()):
            types = ", ".join(type_name(each) for each in entry.accreditations) or "nothing"
            typer.echo(f"{code}  {entry.name}  {standing(entry)}  {types}")


def show_agency(
    *, code: CodeArgument, zone: ZoneOption = USUAL_ZONE, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Show one agency: its admin, what it may issue, its keys and operators."""
    with answered(as_json=as_json, resume=RESUME):
        entry = _read(data).get(code)
        if entry is None:
            raise Refused(f"{code} is not registered")
        if as_json:
            print_json(to_json(entry))
            return
        for line in lines(entry, zone):
            typer.echo(line)


def to_json(entry: Entry) -> dict[str, object]:
    """Give an agency as JSON; times are seconds."""
    return {
        "agency": entry.code,
        "name": entry.name,
        "suspended": entry.suspended,
        "doubt_since": entry.doubt_since,
        "admins": [{"address": to_hex(one.address), "since": one.since} for one in entry.admins],
        "accreditations": [
            {"type": type_name(each), "since": since, "until": until}
            for each, (since, until) in entry.accreditations.items()
        ],
        "keys": [
            {
                "kid": one.kid.hex(),
                "suite": one.suite,
                "since": one.added,
                "retired": one.retired,
                "compromised_since": one.compromised_since,
            }
            for one in entry.keys.values()
        ],
        "operators": [
            {
                "address": to_hex(one.address),
                "purposes": purposes(one),
                "since": one.since,
                "until": None if one.until == NO_END else one.until,
            }
            for one in entry.operators.values()
        ],
    }


def lines(entry: Entry, zone: str) -> Iterator[str]:
    """Give an agency as lines."""
    yield f"{entry.code}  {entry.name}  {standing(entry)}"
    for admin in entry.admins[-2:]:
        yield f"  admin     {to_hex(admin.address)} since {shown(admin.since, zone)}"
    for each, (since, until) in entry.accreditations.items():
        yield f"  may issue {type_name(each)} since {shown(since, zone)}{_until(until, zone)}"
    for key in entry.keys.values():
        yield f"  key       {key.kid.hex()} since {shown(key.added, zone)}{_end(key, zone)}"
    for one in entry.operators.values():
        until = None if one.until == NO_END else one.until
        said = " and ".join(purposes(one))
        yield f"  operator  {to_hex(one.address)} ({said}) since {shown(one.since, zone)}{_until(until, zone)}"


def standing(entry: Entry) -> str:
    """Say in a word whether an agency may anchor."""
    if entry.doubt_since is not None:
        return "IN DOUBT"
    return "SUSPENDED" if entry.suspended else "active"


def type_name(certificate_type: bytes) -> str:
    """Give the slug of a type, its hash where nobody here knows it."""
    known = TypeCatalogue.bundled().by_hash(certificate_type)
    return to_hex(certificate_type) if known is None else known.slug


def purposes(operator: Operator) -> list[str]:
    """Name what an operator may do."""
    return [word for bit, word in ((ANCHOR, "anchor"), (STATUS, "status")) if operator.purposes & bit]


def _until(until: int | None, zone: str) -> str:
    return ", without end" if until is None else f", until {shown(until, zone)}"


def _end(key: KeyFacts, zone: str) -> str:
    if key.compromised_since is not None:
        return f", COMPROMISED since {shown(key.compromised_since, zone)}"
    return "" if key.retired is None else f", retired {shown(key.retired, zone)}"


def _read(data: Path | None) -> dict[str, Entry]:
    settings = load_settings(data)
    deployment = Deployment.load(settings.deployment_file)

    async def work() -> dict[str, Entry]:
        async with open_node(settings.node_urls) as node:
            return read_registry(await registry_events(node, deployment, settings.database_url))

    return asyncio.run(work())
