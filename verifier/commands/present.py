"""`ecert present`: a copy of a certificate that shows only chosen fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer

from ecert.certificate import Certificate
from ecert.errors import EcertError, MalformedCertificate
from ecert.parsing import parse
from ecert.presenting import present as write_copy
from ecert.types import TypeCatalogue
from verifier.commands.options import JsonOption
from verifier.commands.presented_files import read_presented_file
from verifier.commands.reporting import FAILED
from verifier.errors import Refused, VerifierError, said_of
from verifier.plain_text import plain
from verifier.written_files import write_files

ENDING = ".ecert.json"


def present(
    *,
    file: Annotated[Path, typer.Argument(help="The certificate, as a file or in its compact form.")],
    show: Annotated[
        list[str], typer.Option("--show", metavar="NAME,NAME", help="The fields that the copy shows. Repeatable.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Where the copy goes. [default: beside the original, with `.shown` in its name]"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a copy that shows only chosen fields; what is signed stays whole. Exit code 0: it is written; 2: it is not.

    A holder's proof of possession is not copied: it is made anew for what the copy shows.
    """
    with _answered(as_json=as_json):
        original = _read(file)
        certificate = _parsed(file, original)
        names = _chosen(show, certificate)
        target = out if out is not None else _beside(file)
        _write(target, write_copy(original, names), original=file, force=force)
        withheld = [name for name in certificate.slots if name not in names]
        missed = _essential(certificate, withheld)
    if as_json:
        told = {"out": str(target), "shown": sorted(names), "withheld": sorted(withheld), "essential_withheld": missed}
        typer.echo(json.dumps({"state": "done", "file": str(file), **told}, ensure_ascii=False))
        return
    typer.echo(f"{target} shows {', '.join(sorted(names))} and withholds {len(withheld)} more")
    if missed:
        typer.echo(f"ecert: without {', '.join(missed)} a verifier answers UNKNOWN: its type needs them", err=True)


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("present")(present)


@contextmanager
def _answered(*, as_json: bool) -> Iterator[None]:
    """Say on stderr why nothing was written, and on stdout too if JSON was asked for; exit with 2."""
    try:
        yield
    except (EcertError, VerifierError, OSError) as error:
        message = said_of(error) if isinstance(error, OSError) else str(error)
        typer.echo(plain(f"ecert: {message}"), err=True)
        if as_json:
            typer.echo(json.dumps({"state": "stopped", "message": message}, ensure_ascii=False))
        raise typer.Exit(FAILED) from error


def _read(file: Path) -> bytes:
    try:
        return read_presented_file(str(file))
    except OSError as error:
        raise Refused(f"{file} cannot be read: {error.strerror}") from error


def _parsed(file: Path, original: bytes) -> Certificate:
    try:
        return parse(original)
    except MalformedCertificate as error:
        raise Refused(f"{file} is no certificate: {error}") from error


def _chosen(show: Sequence[str], certificate: Certificate) -> frozenset[str]:
    """Read the names; one that the certificate does not show is refused, with those that look like it."""
    names = frozenset(name.strip() for text in show for name in text.split(",") if name.strip())
    shown = [each.name for each in certificate.disclosures]
    if not names:
        raise Refused(f"no field is named: give --show; this certificate shows {', '.join(shown) or 'none'}")
    wrong = [_wrong(name, shown, certificate.slots) for name in sorted(names - set(shown))]
    if wrong:
        raise Refused("; ".join(wrong))
    return names


def _wrong(name: str, shown: Sequence[str], slots: Iterable[str]) -> str:
    if name in slots:
        return f"{name} is withheld in this copy already"
    alike = get_close_matches(name, shown, n=3)
    meant = f"did you mean {' or '.join(alike)}?" if alike else f"there are {', '.join(shown) or 'none'}"
    return f"this certificate shows no field {name!r}; {meant}"


def _beside(file: Path) -> Path:
    if file.name.endswith(ENDING):
        return file.with_name(f"{file.name.removesuffix(ENDING)}.shown{ENDING}")
    return file.with_name(f"{file.stem}.shown{file.suffix}")


def _write(target: Path, copy: bytes, *, original: Path, force: bool) -> None:
    """Write the copy, never over the original: what it withholds could not be had back."""
    try:
        if target.exists() and target.samefile(original):
            raise Refused(f"{target} is the original, whose other fields would be lost; choose another --out")
        if force:
            write_files(target.parent, [(target.name, copy)])
            return
        with target.open("xb") as file:
            file.write(copy)
    except FileExistsError as error:
        raise Refused(f"{target} is there already; --force writes over it") from error
    except OSError as error:
        raise Refused(f"{target} cannot be written: {error.strerror}") from error


def _essential(certificate: Certificate, withheld: Sequence[str]) -> list[str]:
    known = TypeCatalogue.bundled().by_vct(certificate.vct)
    return [] if known is None else sorted(known.essential.intersection(withheld))
