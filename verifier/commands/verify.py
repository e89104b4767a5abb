"""`ecert verify`: files in, a verdict for each out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from ecert.documents import hash_document
from ecert.explaining import Language
from ecert.fields import Words
from ecert.verdict import Result
from verifier.commands.asking import asking
from verifier.commands.judges import Judge, at_hand, local_judge, offline_judge, remote_judge
from verifier.commands.options import DataOption, JsonOption, LanguageOption
from verifier.commands.presented_files import Named, named_files, read_presented_file
from verifier.commands.remote import ServiceUnusable
from verifier.commands.reporting import FAILED, reported
from verifier.commands.saying import Answer, lines, sum_of
from verifier.errors import Refused
from verifier.system_words import why

INVALID = 1
MANY = 20
"""From this many files on there is a progress bar, and only those that are not VALID are told one by one."""

_LONGEST = 31_622_400  # a year


def verify(
    *,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files, folders (every *.ecert.json in them), patterns.")
    ],
    data: DataOption = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Ask this running service instead of judging by the data directory.")
    ] = None,
    expect: Annotated[
        list[str] | None,
        typer.Option("--expect", metavar="NAME=VALUE", help="A field must say this; NAME:=JSON for lists. Repeatable."),
    ] = None,
    holder_id: Annotated[str | None, typer.Option("--holder-id", help="It must be of the holder with this id.")] = None,
    holder_name: Annotated[str | None, typer.Option("--holder-name", help="And of this name.")] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Ask about then: 2026-05-03 (its first second at +08:00), RFC 3339, or seconds."),
    ] = None,
    max_age: Annotated[
        int | None, typer.Option("--max-age", min=1, max=_LONGEST, help="Seconds that the ledger copy may be old.")
    ] = None,
    document: Annotated[
        list[Path] | None, typer.Option("--document", help="A document that came along. Repeatable.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Judge by --trust and --facts alone: no service, node or network.")
    ] = False,
    trust: Annotated[Path | None, typer.Option("--trust", metavar="FILE", help="The trust file.")] = None,
    facts: Annotated[
        Path | None, typer.Option("--facts", metavar="FILE", help="The facts file that goes with it.")
    ] = None,
    status_lists: Annotated[
        list[Path] | None,
        typer.Option("--status-list", metavar="FILE", help="A status list that was fetched later. Repeatable."),
    ] = None,
    max_status_age: Annotated[
        int | None,
        typer.Option(
            "--max-status-age", min=1, max=_LONGEST, help="Seconds that a status may be old; else as --max-age."
        ),
    ] = None,
    roots: Annotated[
        str | None,
        typer.Option(
            "--roots", metavar="FINGERPRINT", envvar="ECERT_TRUST_ROOTS", help="Whose trust file is believed."
        ),
    ] = None,
    lang: LanguageOption = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Verify certificates. Exit code 0: all VALID; 1: at least one INVALID; 2: else, one UNKNOWN or an error.

    With --json one object a line: file, result, reasons, checks, as_of and more; a file that could not be read or asked
    about has result UNKNOWN and an error.
    """
    with reported(lang):
        wanted = asking(
            expect=expect or [],
            holder_id=holder_id,
            holder_name=holder_name,
            at=at,
            max_age=max_age,
            documents=[_digest(path) for path in document or []],
        )
        if offline or status_lists or any(said is not None for said in (trust, facts, max_status_age)):
            known = at_hand(url, trust, facts, status_lists or [])
            source = offline_judge(known, roots, wanted, max_status_age)
        else:
            source = remote_judge(url, wanted) if url is not None else local_judge(data, wanted)
        with source as judge:
            named = list(named_files(files))
            results = [_tell(answer, len(named), lang, as_json=as_json) for answer in _answers(named, judge)]
    if not as_json and len(results) > 1:
        typer.echo(sum_of(results, lang))
    raise typer.Exit(exit_code(results))


def exit_code(results: Iterable[Result]) -> int:
    """Give 1 if any is INVALID, else 2 if any is UNKNOWN (an error counts as that), else 0."""
    found = set(results)
    if Result.INVALID in found:
        return INVALID
    return FAILED if Result.UNKNOWN in found else 0


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("verify")(verify)


def _answers(named: list[Named], judge: Judge) -> Iterator[tuple[str, Answer]]:
    shown = len(named) >= MANY and sys.stderr.isatty()
    for one in track(named, "verifying", console=Console(stderr=True), disable=not shown):
        yield one.name, _answer(one, judge)


def _answer(one: Named, judge: Judge) -> Answer:
    if one.fault is not None:
        return Answer.failed(one.fault)
    try:
        return judge(read_presented_file(one.name))
    except OSError as error:
        words = why(error)
        return Answer.failed(Words(en=f"cannot be read: {words.en}", zh=f"无法读取：{words.zh}"))
    except ServiceUnusable as error:
        return Answer.failed(error.words)


def _tell(answered: tuple[str, Answer], count: int, language: Language, *, as_json: bool) -> Result:
    name, answer = answered
    if as_json:
        typer.echo(json.dumps({"file": name, **answer.said}, ensure_ascii=False))
    elif count < MANY or answer.result is not Result.VALID:
        for line in lines(name, answer, language):
            typer.echo(line)
    return answer.result


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return hash_document(file).sha256
    except OSError as error:
        words = why(error)
        raise Refused(
            Words(en=f"the document {path} cannot be read: {words.en}", zh=f"无法读取文件 {path}：{words.zh}")
        ) from error
