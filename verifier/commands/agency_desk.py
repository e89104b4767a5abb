"""What the commands of `ecert agency` share: options, the desk they work at, and how they say what was done."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from chain.administration import Step
from chain.deployment import Deployment
from ecert.agency import check_agency
from ecert.certificate_type import CertificateType
from ecert.types import TypeCatalogue
from verifier.commands.key_files import PasswordOption, opened
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.errors import Refused
from verifier.keys.keyring import Keyring
from verifier.keys.remote_keys import RemoteKeys
from verifier.processes.nodes import open_node
from verifier.services.agencies import Desk, Done
from verifier.settings import Settings, load_settings
from verifier.times import moment, shown

RESUME = "Run the same command again: what was done before is not done twice."
ADMIN_KEY = "admin.json"

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="Code of the agency.")]
KeyOption = Annotated[
    Path | None,
    typer.Option(
        "--key",
        metavar="FILE|ADDRESS",
        help="Key file, or key in the signing service, that signs. [default: the bureau's, or the agency's admin's]",
    ),
]
WaitOption = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until nothing can undo it.")]
TypesArgument = Annotated[list[str], typer.Argument(metavar="TYPE...", help="Certificate types.")]
ZoneOption = Annotated[str, typer.Option("--zone", help="Time zone of the days and times given.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", metavar="TIME", help="First day or moment. [default: now]", show_default=False)
]
UntilOption = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Last day, or moment. [default: no end]")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ordered:
    """What every command is told: of which agency it is, and how it is to be carried out."""

    code: CodeArgument
    key: KeyOption = None
    password_file: PasswordOption = None
    wait: WaitOption = True
    data: DataOption = None
    as_json: JsonOption = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the steps of a command are written from."""

    desk: Desk
    keyring: Keyring
    remote: RemoteKeys
    code: str

    @property
    def admin_file(self) -> Path:
        """Where the key file of the agency's admin is, if it is here."""
        return self.keyring.folder / self.code / ADMIN_KEY


Write = Callable[..., Awaitable[Sequence[Step]]]
"""Writes the steps of a command: takes the bench, and by name the options that this command alone has."""


def add_command(app: typer.Typer, name: str, *, said: str, by_admin: bool = False) -> Callable[[Write], Write]:
    """Make a command of a function that writes steps: the right key signs them, and what came of it is said.

    It has the agency's code, then the function's own options, then those of every such command (`Ordered`).

    Args:
        app: where the command belongs.
        name: what it is called.
        said: what is said of the agency afterwards; may name options of the function in braces.
        by_admin: the agency's admin signs, not the bureau.
    """

    def added(write: Write) -> Write:
        def command(**options: Any) -> None:  # noqa: ANN401  # as typer has read them
            ordered = Ordered(**{each: options.pop(each) for each in Ordered.__slots__})
            told = {each: ", ".join(value) if isinstance(value, list) else value for each, value in options.items()}
            _carry_out_and_say(ordered, lambda bench: write(bench, **options), said.format(**told), by_admin=by_admin)

        code, *shared = inspect.signature(Ordered, eval_str=True).parameters.values()
        _bench, *own = inspect.signature(write, eval_str=True).parameters.values()
        described = inspect.Signature([code, *own, *shared])
        command.__doc__ = write.__doc__
        command.__signature__ = described  # type: ignore[attr-defined]  # typer reads both
        command.__annotations__ = {each.name: each.annotation for each in described.parameters.values()}
        app.command(name)(command)
        return write

    return added


def _carry_out_and_say(ordered: Ordered, write: Write, said: str, *, by_admin: bool) -> None:
    with answered(as_json=ordered.as_json, resume=RESUME):
        check_agency(ordered.code)
        done = asyncio.run(_carry_out(ordered, write, load_settings(ordered.data), by_admin=by_admin))
        _say(ordered, done, said)


async def _carry_out(ordered: Ordered, write: Write, settings: Settings, *, by_admin: bool) -> Done:
    deployment = Deployment.load(settings.deployment_file)
    remote = RemoteKeys.of(settings.signer_url, settings.signer_keys, settings.keys_dir)
    async with open_node(settings.node_urls) as node:
        bench = Bench(
            desk=Desk(node=node, deployment=deployment, settled_depth=settings.settled_depth),
            keyring=Keyring(settings.keys_dir, settings.passwords_file),
            remote=remote,
            code=ordered.code,
        )
        steps = await write(bench)
        usual = bench.admin_file if by_admin else settings.bureau_key_file
        key = ordered.key or usual
        async with opened(key, ordered.password_file, remote, settings.keys_dir) as signer:
            return await bench.desk.carry_out(signer, steps, wait=ordered.wait)


def _say(ordered: Ordered, done: Done, said: str) -> None:
    code = ordered.code
    if ordered.as_json:
        print_json({"state": "done", "agency": code, **done.to_json()})
        return
    if not done.transactions:
        typer.echo(f"{code}: nothing to do, it was so before")
        return
    state = "settled" if done.settled else "mined"
    typer.echo(f"{code}: {said} ({state}, block {done.block})")
    if done.counts_from is not None:
        typer.echo(f"{code}: this does not count yet, but from {shown(done.counts_from)}")


def types_named(slugs: Sequence[str]) -> list[CertificateType]:
    """Find certificate types by their slugs."""
    catalogue = TypeCatalogue.bundled()
    found = []
    for slug in slugs:
        each = catalogue.by_slug(slug)
        if each is None:
            known = ", ".join(sorted(one.slug for one in catalogue))
            raise Refused(f"there is no certificate type {slug!r}; there are {known}")
        found.append(each)
    return found


def last_moment(until: str | None, zone: str) -> int | None:
    """Read `--until`, of which a day counts whole; None: no end."""
    return None if until is None else moment(until, zone, whole_day=True)
