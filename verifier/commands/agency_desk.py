"""What the commands of `ecert agency` share: options, the desk they work at, and how they say what was done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from chain.administration import Step
from chain.deployment import Deployment
from ecert.agency import check_agency
from ecert.certificate_type import CertificateType
from ecert.types import TypeCatalogue
from verifier.commands.key_files import opened
from verifier.commands.office import answered, print_json
from verifier.errors import Refused
from verifier.keys.keyring import Keyring
from verifier.processes.nodes import open_node
from verifier.services.agencies import Desk, Done
from verifier.settings import Settings, load_settings
from verifier.times import shown

RESUME = "Run the same command again: what is so already does no harm."
BUREAU_KEY = "bureau.json"
ADMIN_KEY = "admin.json"

CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="Code of the agency.")]
KeyOption = Annotated[
    Path | None,
    typer.Option("--key", metavar="FILE", help="Key file that signs. [default: the bureau's, or the agency's admin's]"),
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
    """How a command is to be carried out: as its options said."""

    data: Path | None
    key: Path | None
    password_file: Path | None
    wait: bool
    as_json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What the steps of a command are written from."""

    desk: Desk
    settings: Settings
    keyring: Keyring
    code: str

    @property
    def admin_file(self) -> Path:
        """Where the key file of the agency's admin is, if it is here."""
        return self.keyring.folder / self.code / ADMIN_KEY


Write = Callable[[Bench], Awaitable[Sequence[Step]]]


def carry_out(code: str, ordered: Ordered, write: Write, *, by_admin: bool, said: str) -> None:
    """Write the steps of a command, let the right key sign them, and say what came of it."""
    with answered(as_json=ordered.as_json, resume=RESUME):
        check_agency(code)
        settings = load_settings(ordered.data)
        done = asyncio.run(_carry_out(code, ordered, write, settings, by_admin=by_admin))
        _say(code, ordered, done, said)


async def _carry_out(code: str, ordered: Ordered, write: Write, settings: Settings, *, by_admin: bool) -> Done:
    deployment = Deployment.load(settings.deployment_file)
    async with open_node(settings.node_urls) as node:
        bench = Bench(
            desk=Desk(node=node, deployment=deployment, settled_depth=settings.settled_depth),
            settings=settings,
            keyring=Keyring(settings.keys_dir, settings.passwords_file),
            code=code,
        )
        steps = await write(bench)
        usual = bench.admin_file if by_admin else settings.keys_dir / BUREAU_KEY
        with opened(ordered.key or usual, ordered.password_file) as signer:
            return await bench.desk.carry_out(signer, steps, wait=ordered.wait)


def _say(code: str, ordered: Ordered, done: Done, said: str) -> None:
    if ordered.as_json:
        print_json({"state": "done", "agency": code, **done.to_json()})
        return
    if not done.transactions:
        typer.echo(f"{code}: it was so already")
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
