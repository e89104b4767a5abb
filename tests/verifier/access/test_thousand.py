"""A thousand attempts to log in, at once: no more guesses than one by one, and the answer stays one."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from store import accounts
from store.database import Database
from tests.verifier.access.people import PASSWORD, QUICK, log_in, settled_person
from tests.verifier.access.town import Town, make_town
from verifier.access.log_ins import FREE, LONGEST_PAUSE, LogInRefused
from verifier.access.passwords import Passwords
from verifier.access.roles import Role


@pytest.fixture
def town(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Town:
    monkeypatch.setattr("verifier.access.log_ins.FLOOR", 0.0)
    town = make_town(tmp_path, database, **QUICK)
    settled_person(town, "clerk-1", Role.CLERK)
    return town


async def test_of_a_thousand_guesses_at_once_few_are_looked_at(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    check = Passwords.check

    async def watched(self: Passwords, password: str, known: str | None) -> bool:
        if known is not None:
            looked_at.append(password)
        return await check(self, password, known)

    monkeypatch.setattr(Passwords, "check", watched)
    gate = asyncio.Semaphore(20)

    async def guess(number: int) -> None:
        async with gate:
            with pytest.raises(LogInRefused):
                await town.access.log_ins.by_password("clerk-1", f"guess {number}", None)

    await asyncio.gather(*map(guess, range(1000)))
    assert len(looked_at) == FREE
    with pytest.raises(LogInRefused):
        await town.access.log_ins.by_password("clerk-1", PASSWORD, None)
    town.clock.now += LONGEST_PAUSE
    assert await town.access.log_ins.by_password("clerk-1", PASSWORD, None)
    with town.database.read() as connection:
        known = accounts.read(connection, "clerk-1")
    assert known is not None
    assert known.failures == 0


async def test_one_address_is_told_to_wait_after_a_few(town: Town) -> None:
    async with town.http() as http:
        found = [(await log_in(http, f"name-{number}", "guess")).status_code for number in range(25)]
    assert found == [401] * 20 + [429] * 5
