"""`ecert evidence`: files that were handed out get what proves their anchor to who has no node."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Annotated

import typer

from chain.deployment import Deployment
from ecert.explaining import Language
from ecert.fields import Words
from store.database import Database
from store.pieces import pieces
from verifier.commands.bars import Bars
from verifier.commands.options import DataOption, JsonOption
from verifier.commands.presented_files import Named, named_files, read_presented_file
from verifier.commands.reporting import FAILED, reported
from verifier.plain_text import plain
from verifier.processes.nodes import open_node
from verifier.services.evidence_given import UNREADABLE, Given, GivenState, told
from verifier.services.evidence_giving import EvidenceGiving
from verifier.services.verifying import open_verifying
from verifier.settings import Settings, load_settings
from verifier.system_words import why

NOT_ANCHORED = 1
MANY = 20
"""From this many files on only those that got none are told one by one."""
PIECE = 200
"""Files that are written, and then told, together."""

_STATES = {
    GivenState.ADDED: Words(en="ADDED", zh="已写入"),
    GivenState.THERE: Words(en="THERE", zh="已有"),
    GivenState.NOT_ANCHORED: Words(en="NOT ANCHORED", zh="未上链"),
    GivenState.FAILED: Words(en="FAILED", zh="未完成"),
}
_OF_MANY = Words(en="{files} files: {counts}", zh="共 {files} 个文件：{counts}")
_NEXT = Words(en=", ", zh="，")

Tell = Callable[[Given], None]


def evidence(
    *,
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files, folders (every *.ecert.json in them), patterns.")
    ],
    data: DataOption = None,
    lang: Annotated[Language, typer.Option("--lang", help="Language of the sentences.")] = Language.EN,
    as_json: JsonOption = False,
) -> None:
    """Write into certificate files what proves to who has no node that they were anchored.

    The files are written in place, each only if the ledger of this data directory has it, settled. It needs a node of a
    network whose blocks are sealed by validators (QBFT). Files that have good evidence stay as they are.

    Exit code 0: every file has it; 1: at least one is not on the ledger; 2: else, one could not be given it. With
    --json one object a line: file, state (added, there, not_anchored, failed), and an error where there is one.
    """
    bars = Bars()
    with reported(lang), bars.shown():
        named = list(named_files(files))
        tell = partial(_tell, language=lang, many=len(named) >= MANY, as_json=as_json)
        found = asyncio.run(_give(load_settings(data), named, bars, tell))
    if not as_json and len(found) > 1:
        typer.echo(_sum(found, lang))
    raise typer.Exit(exit_code(found))


def exit_code(found: Iterable[Given]) -> int:
    """Give 1 if any is not on the ledger, else 2 if any could not be given its evidence, else 0."""
    states = {one.state for one in found}
    if GivenState.NOT_ANCHORED in states:
        return NOT_ANCHORED
    return FAILED if GivenState.FAILED in states else 0


def register(app: typer.Typer) -> None:
    """Put the command into the application."""
    app.command("evidence")(evidence)


async def _give(settings: Settings, named: Sequence[Named], bars: Bars, tell: Tell) -> list[Given]:
    deployment = Deployment.load(settings.deployment_file)
    found: list[Given] = []
    async with open_node(settings.node_urls) as node:
        with Database.open(settings.database_url) as database:
            verifying = open_verifying(database, deployment.names)
            giving = EvidenceGiving(database=database, verifying=verifying, node=node, deployment=deployment)
            await giving.begin()
            bars.begin("evidence", len(named))
            for piece in pieces(named, PIECE):
                for one in await _piece(giving, piece):
                    tell(one)
                    found.append(one)
                bars.reach(len(found))
    return found


async def _piece(giving: EvidenceGiving, named: Sequence[Named]) -> list[Given]:
    """Read some files and give them their evidence; those that cannot be read are told first."""
    read: dict[str, bytes] = {}
    unread: list[Given] = []
    for one in named:
        fault = one.fault
        try:
            if fault is None:
                read[one.name] = read_presented_file(one.name)
        except OSError as error:
            fault = told(UNREADABLE, why(error))
        if fault is not None:
            unread.append(Given(name=one.name, state=GivenState.FAILED, fault=fault))
    return [*unread, *await giving.give(read)]


def _tell(one: Given, language: Language, *, many: bool, as_json: bool) -> None:
    good = one.state in {GivenState.ADDED, GivenState.THERE}
    if as_json:
        said = {} if one.fault is None else {"error": one.fault.en, "error_zh": one.fault.zh}
        typer.echo(json.dumps({"file": one.name, "state": one.state.value, **said}, ensure_ascii=False))
    elif not (many and good):
        typer.echo(plain(f"{language.of(_STATES[one.state])}  {one.name}"))
        if one.fault is not None:
            typer.echo(plain(f"  {language.of(one.fault)}"))


def _sum(found: Sequence[Given], language: Language) -> str:
    states = [one.state for one in found]
    counts = language.of(_NEXT).join(f"{states.count(each)} {language.of(_STATES[each])}" for each in GivenState)
    return language.of(_OF_MANY).format(files=len(found), counts=counts)
