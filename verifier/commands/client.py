"""`ecert client`: systems that call, their secrets, and what they did."""

from __future__ import annotations

from typing import Annotated

import typer

from ecert.days import DAY
from store import clients
from store.clients import NewClient
from verifier.access.enrolling import Shown, enrol, find_place, known_client, refuse_without_agency, renew_secret
from verifier.access.names import check_name
from verifier.callers import Scope
from verifier.clock import seconds_now
from verifier.commands.access_desk import (
    GroundOption,
    MatterOption,
    OfficeOption,
    OrganisationOption,
    defaults,
    open_database,
    say,
)
from verifier.commands.client_showing import list_clients, show_usage
from verifier.commands.options import DataOption, JsonOption
from verifier.errors import Refused

client_app = typer.Typer(no_args_is_help=True, help="Systems that call: let them in, stop them, see what they did.")
secret_app = typer.Typer(no_args_is_help=True, help="Secrets of a client: two are good at once, for the change.")
client_app.add_typer(secret_app, name="secret")
client_app.command("list")(list_clients)
client_app.command("usage")(show_usage)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Name of the client, which is its client_id.")]
ScopesOption = Annotated[
    list[Scope], typer.Option("--scope", help="What it may do: verify, issue, status, audit; may be repeated.")
]


@client_app.command("add")
def add(
    *,
    name: NameArgument,
    organisation: OrganisationOption,
    scopes: ScopesOption,
    office: OfficeOption = None,
    per_minute: Annotated[int | None, typer.Option(min=1, help="Calls a minute. [default: the settings']")] = None,
    per_day: Annotated[int | None, typer.Option(min=1, help="Verifications and the like a day. [default: any]")] = None,
    matter: MatterOption = None,
    ground: GroundOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a system in. Its secret is shown now and never again."""
    with open_database(data, as_json=as_json) as database:
        fresh = NewClient(
            name=check_name(name),
            scopes=_granted(scopes),
            defaults=defaults(data, matter, ground),
            per_minute=per_minute,
            per_day=per_day,
        )
        _show(enrol(database.begin, fresh, organisation, office, now=seconds_now()), as_json=as_json)


@client_app.command("scopes")
def set_scopes(
    *, name: NameArgument, scopes: ScopesOption, data: DataOption = None, as_json: JsonOption = False
) -> None:
    """Say anew what a client may do; tokens that it has lose what is not among it within seconds."""
    with open_database(data, as_json=as_json) as database:
        granted = _granted(scopes)
        with database.begin() as connection, known_client(name):
            known = clients.read(connection, name)
            refuse_without_agency(find_place(connection, known.organisation, None), granted)
            clients.set_scopes(connection, name, granted)
        say({"state": "done", "client": name, "scopes": list(granted)}, f"{name}: {' '.join(granted)}", as_json=as_json)


@client_app.command("disable")
def disable(*, name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let a client in no more; its tokens are refused within seconds."""
    with open_database(data, as_json=as_json) as database:
        with database.begin() as connection, known_client(name):
            moved = clients.disable(connection, name, now=seconds_now())
        say({"state": "done", "client": name}, f"{name}: disabled{'' if moved else ' already'}", as_json=as_json)


@client_app.command("enable")
def enable(*, name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Let a client in again."""
    with open_database(data, as_json=as_json) as database:
        with database.begin() as connection, known_client(name):
            moved = clients.enable(connection, name)
        say({"state": "done", "client": name}, f"{name}: enabled{'' if moved else ' already'}", as_json=as_json)


@secret_app.command("add")
def add_secret(*, name: NameArgument, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Give a client a second secret. It is shown now and never again; the first stays good until it is retired."""
    with open_database(data, as_json=as_json) as database:
        _show(renew_secret(database.begin, name, now=seconds_now()), as_json=as_json)


@secret_app.command("retire")
def retire_secret(
    *,
    name: NameArgument,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Number of the secret, as `client list` shows it.")],
    days: Annotated[int, typer.Option("--in-days", min=0, max=365, help="After so many days.")] = 0,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a secret be good no more."""
    with open_database(data, as_json=as_json) as database:
        with database.begin() as connection, known_client(name):
            clients.retire_secret(connection, name, number, at=seconds_now() + days * DAY)
        when = f"in {days} day(s)" if days else "now"
        say({"state": "done", "client": name, "secret": number}, f"{name}: retired {when}", as_json=as_json)


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    app.add_typer(client_app, name="client")


def _granted(scopes: list[Scope]) -> tuple[str, ...]:
    if Scope.ADMIN in scopes:
        raise Refused("admin is for people alone: no client has it")
    return tuple(sorted(set(scopes)))


def _show(shown: Shown, *, as_json: bool) -> None:
    value = {"state": "done", "client": shown.client, "secret_number": shown.number, "secret": shown.secret}
    text = f"client_id      {shown.client}\nclient_secret  {shown.secret}   (number {shown.number}; not shown again)"
    say(value, text, as_json=as_json)
