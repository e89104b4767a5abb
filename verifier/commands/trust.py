"""`ecert trust`: the trust file and facts file, by which certificates are verified where there is no network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from chain.deployment import Deployment
from ecert import base64url, strict_json
from ecert.days import DAY
from ecert.errors import MalformedError, MalformedKey
from ecert.suite import SigningKey, from_jwk, thumbprint
from ecert.trust import Roots
from ecert.trust_file import TrustFile
from store.database import Database
from verifier.clock import seconds_now
from verifier.commands.bars import Bars
from verifier.commands.key_files import PasswordOption, password_of
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.printing import print_json
from verifier.commands.reporting import answered
from verifier.commands.trust_showing import said_of_trust, tell_trust
from verifier.errors import Refused
from verifier.keys.receipt_key import published_receipt_keys
from verifier.keys.secret_files import SecretFileOpen, read_secret, write_secret
from verifier.keys.service_keys import ServiceKey, ServiceKeys
from verifier.processes.nodes import open_node
from verifier.publishing.trust_export import PublishedKeys, TrustExport
from verifier.publishing.trust_folder import TrustFolder, read_trust_file, write_trust_file
from verifier.publishing.trust_publication import check_facts, refuse_expired
from verifier.publishing.trust_publication import publish as publish_next
from verifier.settings import Settings, load_settings
from verifier.written_files import writing

DAYS = 30
_AGAIN = "Run the same again."

FileArgument = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A trust file. Default: the next one in DATA/trust.")
]


def root(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where the key is written; FILE.jwk is its public part.")
    ],
    *,
    password_file: PasswordOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a root key. It signs nothing but trust files: keep it off the network, each in other hands.

    Of a root key that is there already it writes the public part, where that is missing.
    """
    with answered(as_json=as_json, resume=_AGAIN):
        public = file.with_name(file.name + ".jwk")
        if public.exists():
            raise Refused(f"{public} is there already and stays")
        if file.exists():
            key = _root_key(file, password_file)
        else:
            key = SigningKey.generate()
            write_secret(file, key.to_pem(password_of(file, password_file, new=True).encode()))
        with writing(public) as out:
            out.write(json.dumps(key.jwk, indent=2) + "\n")
        kid = base64url.encode(key.kid)
    if as_json:
        print_json({"kid": kid, "public": str(public)})
    else:
        typer.echo(f"root {kid}: {public} is for the bureau, {file} for nobody else")


def export(
    *,
    roots: Annotated[
        list[Path] | None,
        typer.Option("--root", metavar="FILE.jwk", help="A root's public key. Repeatable. [default: as published]"),
    ] = None,
    threshold: Annotated[
        int | None, typer.Option("--threshold", min=1, help="How many of the roots must sign. [default: as published]")
    ] = None,
    days: Annotated[int, typer.Option("--days", min=1, max=3660, help="For how many days it is good.")] = DAYS,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the next trust file and facts file in DATA/trust/next, from the chain, for the roots to sign.

    May run beside the service. What is published goes on until `ecert trust publish`.
    """
    bars = Bars()
    with answered(as_json=as_json, resume=_AGAIN), bars.shown():
        settings = load_settings(data)
        folder = TrustFolder(settings.trust_dir)
        published = folder.published()
        chosen = _roots(roots or [], threshold, None if published is None else published.trust.roots)
        made = asyncio.run(_export(settings, folder, chosen, days, bars))
    if as_json:
        print_json({"file": str(folder.next_trust), "facts": str(folder.next_facts), **said_of_trust(made)})
        return
    tell_trust(folder.next_trust, made)
    typer.echo("next: `ecert trust sign` with each root's key, then `ecert trust publish`")


def sign(
    file: FileArgument = None,
    *,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="The root key.")],
    password_file: PasswordOption = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a root's signature to a trust file. Look at it with `ecert trust check` before."""
    with answered(as_json=as_json, resume=_AGAIN):
        path = file or TrustFolder(load_settings(data).trust_dir).next_trust
        signed = read_trust_file(path).signed_by(_root_key(key, password_file))
        write_trust_file(path, signed)
    if as_json:
        print_json({"file": str(path), **said_of_trust(signed)})
    else:
        tell_trust(path, signed)


def publish(*, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Publish the next trust file and facts file, once enough roots have signed."""
    with answered(as_json=as_json, resume=_AGAIN):
        folder = TrustFolder(load_settings(data).trust_dir)
        new = publish_next(folder)
    if as_json:
        print_json({"file": str(folder.trust), "facts": str(folder.facts), **said_of_trust(new)})
    else:
        tell_trust(folder.trust, new)


def check(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A trust file.")],
    *,
    roots: Annotated[
        str | None,
        typer.Option("--roots", metavar="FINGERPRINT", envvar="ECERT_TRUST_ROOTS", help="The roots that you trust."),
    ] = None,
    after: Annotated[
        Path | None, typer.Option("--after", metavar="FILE", help="A trust file that you trust, which it follows.")
    ] = None,
    facts: Annotated[Path | None, typer.Option("--facts", metavar="FILE", help="The facts file to go with it.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what a trust file says. With --roots or --after exit code 0 means: rely on it; else it is only read."""
    with answered(as_json=as_json, resume=_AGAIN):
        found = read_trust_file(file)
        if after is not None:
            found.follow(read_trust_file(after))
        elif roots is not None:
            found.rely(roots)
        if facts is not None:
            check_facts(facts, found.trust)
        relied = after is not None or roots is not None
        if relied:
            refuse_expired(found.trust)
    if as_json:
        print_json({"file": str(file), "relied_on": relied, **said_of_trust(found)})
        return
    tell_trust(file, found)
    if not relied:
        typer.echo("its signatures were compared with no roots that you trust: give --roots or --after")


def register(app: typer.Typer) -> None:
    """Put the commands into the application."""
    group = typer.Typer(no_args_is_help=True, help="The trust file and facts file, for verifying without a network.")
    group.command("root")(root)
    group.command("export")(export)
    group.command("sign")(sign)
    group.command("publish")(publish)
    group.command("check")(check)
    app.add_typer(group, name="trust")


async def _export(settings: Settings, folder: TrustFolder, roots: Roots, days: int, bars: Bars) -> TrustFile:
    keys = ServiceKeys(settings.keys_dir, settings.passwords_file)
    named = PublishedKeys(
        status_bases=(settings.required_status_base(),),
        receipts=published_receipt_keys(keys),
        statuses=keys.published(ServiceKey.STATUS),
    )
    async with open_node(settings.node_urls) as node:
        with Database.open(settings.database_url) as database:
            deployment = Deployment.load(settings.deployment_file)
            export = TrustExport(database=database, node=node, deployment=deployment, folder=folder, progress=bars)
            iat = seconds_now()
            return await export.make(roots, named, iat=iat, exp=iat + days * DAY)


def _roots(files: Sequence[Path], threshold: int | None, published: Roots | None) -> Roots:
    if not files and published is None:
        raise Refused("whose signatures will it need? Give each root's public key as --root FILE.jwk, and --threshold")
    keys = sorted({_public_key(path) for path in files}, key=thumbprint) or [*(published.keys if published else ())]
    needed = threshold or (published.threshold if published is not None else 0)
    if not 1 <= needed <= len(keys):
        raise Refused(f"how many of the {len(keys)} roots must sign? Give --threshold, 1 to {len(keys)}")
    return Roots(threshold=needed, keys=tuple(keys))


def _public_key(path: Path) -> bytes:
    try:
        return from_jwk(strict_json.loads(path.read_text("utf-8"), str(path)), str(path))
    except (MalformedError, UnicodeDecodeError) as error:
        raise Refused(f"{path} is no public key (JWK, P-256): {error}") from error


def _root_key(path: Path, password_file: Path | None) -> SigningKey:
    try:
        return SigningKey.from_pem(read_secret(path), password_of(path, password_file).encode())
    except SecretFileOpen as error:
        raise Refused(f"{path} can be read by others: chmod 600 {path}") from error
    except MalformedKey as error:
        raise Refused(f"{path}: {error.why}") from error
