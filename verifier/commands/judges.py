"""Where `ecert verify` gets its verdicts: the data directory, a running service, or files at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from chain.deployment import Deployment
from ecert.errors import MalformedCertificate
from ecert.fields import Words
from ecert.judging import judge_malformed
from ecert.parsing import MAX_SIZE, parse
from ecert.verdict import verdict_to_json
from store.database import Database
from verifier.clock import seconds_now
from verifier.commands.asking import Asking
from verifier.commands.remote import RemoteService
from verifier.commands.saying import Answer
from verifier.errors import Refused
from verifier.services.offline import OfflineFiles, open_offline
from verifier.services.verifying import open_verifying
from verifier.settings import load_settings

_NO_TRUST = Words(
    en="--offline judges by a trust file: name it with --trust, and the facts file that goes with it with --facts",
    zh="--offline 依据信任文件核验：请用 --trust 指定信任文件，并用 --facts 指定与之配套的事实文件",
)
_NOT_THAT_TOO = Words(
    en="--url asks a service, which judges by its own copy: leave out --url, or what is for --offline",
    zh="--url 由在线服务依据其自身数据核验：请去掉 --url，或去掉 --offline 的各项选项",
)
_NO_AGE = Words(
    en="how old may the facts be? Say so with --max-age: facts at hand are as old as the trust file's checkpoint",
    zh="事实数据最多可以多旧？请用 --max-age 指定（秒）：离线数据的时间即信任文件检查点的时间",
)

Judge = Callable[[bytes], Answer]
"""Answers about what one file holds."""


@contextmanager
def local_judge(data: Path | None, wanted: Asking) -> Iterator[Judge]:
    """Judge by the database of a data directory."""
    settings = load_settings(data)
    asked = wanted.asked(settings.max_age)
    with Database.open(settings.database_url) as database:
        verifying = open_verifying(database, Deployment.load(settings.deployment_file).names)

        def judge(presented: bytes) -> Answer:
            return Answer(said=verifying.verify(presented, asked).to_json())

        yield judge


@contextmanager
def offline_judge(
    files: OfflineFiles, roots: str | None, wanted: Asking, max_status_age: int | None
) -> Iterator[Judge]:
    """Judge by files at hand; `Refused` where the relying party has not said how old they may be."""
    if wanted.max_age is None:
        raise Refused(_NO_AGE)
    asked = wanted.asked(wanted.max_age)
    asked = replace(asked, demands=replace(asked.demands, max_status_age=max_status_age))
    opened = open_offline(files, roots)

    def judge(presented: bytes) -> Answer:
        return Answer(said=opened.verify(presented, asked).to_json())

    yield judge


def at_hand(url: str | None, trust: Path | None, facts: Path | None, status_lists: list[Path]) -> OfflineFiles:
    """Name the files at hand; `Refused` where there is no trust file among them, or a service is to be asked, too."""
    if url is not None:
        raise Refused(_NOT_THAT_TOO)
    if trust is None:
        raise Refused(_NO_TRUST)
    return OfflineFiles(trust=trust, facts=facts, status_lists=status_lists)


@contextmanager
def remote_judge(url: str, wanted: Asking) -> Iterator[Judge]:
    """Ask a running service."""
    service = RemoteService(url)

    def judge(presented: bytes) -> Answer:
        if len(presented) > MAX_SIZE:
            return Answer(said=_too_large(presented))
        return Answer(said=service.verify(presented, wanted.form()))

    yield judge


def _too_large(presented: bytes) -> dict[str, Any]:
    """Judge here what need not be sent: it is malformed whatever the ledger says."""
    try:
        parse(presented)
    except MalformedCertificate as error:
        return verdict_to_json(judge_malformed(error, as_of=None, now=seconds_now()))
    raise Refused(f"{len(presented)} bytes were taken for a certificate")
