"""The record of a process, from its start to its end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from store import verifications
from store.database import Database
from store.verifications import Wanted
from tests.verifier.recorder import made_keys, verification
from tests.verifier.shelf import stock
from tests.verifier.test_workers import PATIENCE, Program
from verifier.callers import ANYBODY, Occasion
from verifier.keys.receipt_key import Answerer
from verifier.processes.recorded import recorded
from verifier.processes.running import REFUSED
from verifier.settings import load_settings


def test_what_api_and_office_record_is_copied_and_closed_when_they_end(tmp_path: Path) -> None:
    stock(tmp_path)
    made_keys(tmp_path)
    settings = load_settings(tmp_path)

    async def once() -> None:
        with Database.open(settings.database_url) as database:
            for process in Answerer:
                async with recorded(settings, database, process) as recording:
                    await recording.durable(recording.keep(ANYBODY, Occasion(), [verification()]))
            with database.read() as connection:
                assert len(verifications.page(connection, Wanted(caller=None), 10)) == len(Answerer)

    asyncio.run(once())
    closed = {path.name.partition("-")[0] for path in settings.record_dir.glob("*.closed")}
    assert closed == set(Answerer)


def test_an_error_beside_the_record_stays_as_it_is_and_the_record_is_closed(tmp_path: Path) -> None:
    stock(tmp_path)
    made_keys(tmp_path)
    settings = load_settings(tmp_path)

    async def once() -> None:
        with Database.open(settings.database_url) as database:
            async with recorded(settings, database, Answerer.API) as recording:
                await recording.durable(recording.keep(ANYBODY, Occasion(), [verification()]))
                raise OSError("elsewhere")

    with pytest.raises(OSError, match="elsewhere"):
        asyncio.run(once())
    assert len(list(settings.record_dir.glob("*.closed"))) == 1


def test_a_process_without_a_receipt_key_will_not_run_and_names_the_command(tmp_path: Path) -> None:
    stock(tmp_path)
    (tmp_path / "ecert.toml").write_text("port = 0\n", encoding="utf-8")
    program = Program(tmp_path, "api")
    assert program.process.wait(PATIENCE) == REFUSED
    assert "ecert keys init" in program.said()
