"""`ecert client list` and `ecert client usage`."""

from __future__ import annotations

from typing import Annotated

import typer

from ecert.days import DAY
from store import clients, usage
from store.clients import Client
from verifier.access.meter import EAST, day_of
from verifier.clock import seconds_now
from verifier.commands.access_desk import open_database
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.times import shown

ONE_DAY = len("YYYY-MM-DD")


def list_clients(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List clients: whose they are, what they may do, and the numbers of their secrets."""
    with open_database(data, as_json=as_json) as database:
        with database.read() as connection:
            found = clients.read_all(connection)
        if as_json:
            print_json({"clients": [_to_json(each) for each in found]})
            return
        if not found:
            typer.echo("there is none yet: `ecert client add` makes one", err=True)
        for each in found:
            typer.echo(_line(each))


def show_usage(
    *,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Name of the client. [default: all]")] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=400, help="So many days, today included.")] = 7,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say how much clients did, by day and kind. What was done in the last seconds may be missing."""
    with open_database(data, as_json=as_json) as database:
        today = day_of(seconds_now())
        with database.read() as connection:
            found = usage.between(connection, today - days + 1, today)
        lines = [(used, count) for used, count in found.items() if name in {None, used.client}]
        if as_json:
            rows = [
                {"client": used.client, "day": date_of(used.day), "kind": used.kind, "count": count}
                for used, count in lines
            ]
            print_json({"usage": rows})
            return
        for used, count in lines:
            typer.echo(f"{date_of(used.day)}  {used.client}  {used.kind}  {count:,}")


def date_of(day: int) -> str:
    """Write the number of a day as people do."""
    return shown(day * DAY - EAST)[:ONE_DAY]


def _line(client: Client) -> str:
    place = client.organisation if client.office is None else f"{client.organisation}/{client.office}"
    time = seconds_now()
    secrets = ", ".join(
        f"{one.id}{'' if one.expires_at is None else f' until {shown(one.expires_at)}'}"
        for one in client.secrets
        if one.expires_at is None or one.expires_at > time
    )
    state = "enabled" if client.disabled_at is None else "DISABLED"
    return f"{client.name}  {place}  {' '.join(client.scopes)}  {state}  secrets by number: {secrets or 'none'}"


def _to_json(client: Client) -> dict[str, object]:
    return {
        "name": client.name,
        "organisation": client.organisation,
        "office": client.office,
        "agency": client.agency,
        "scopes": list(client.scopes),
        "defaults": dict(client.defaults),
        "per_minute": client.per_minute,
        "per_day": client.per_day,
        "created_at": client.created_at,
        "disabled_at": client.disabled_at,
        "secrets": [
            {"number": one.id, "created_at": one.created_at, "expires_at": one.expires_at} for one in client.secrets
        ],
    }
