"""Many accounts at once: all or none, and no account without a password that somebody has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from store import accounts
from store.database import Connection, Database
from store.errors import CommitUncertain, DatabaseAway, NameTaken
from tests.verifier.access.people import PASSWORD, QUICK, log_in, settled_person
from tests.verifier.access.town import NOW, Town, make_town
from verifier.access.account_file import AccountRow
from verifier.access.admitting import admit_all
from verifier.access.roles import Role


@pytest.fixture
def town(tmp_path: Path, database: Database) -> Town:
    return make_town(tmp_path, database, **QUICK)


def row(name: str) -> AccountRow:
    return AccountRow(
        line=2, name=name, organisation="TAX", office=None, roles=(Role.CLERK,), defaults={}, subject=None
    )


def names(database: Database) -> list[str]:
    with database.read() as connection:
        return [each.name for each in accounts.read_all(connection)]


def failing(database: Database, monkeypatch: pytest.MonkeyPatch, *, happened: bool) -> None:
    """Let commits fail: before anything happened, or after it did."""
    begin = database.begin

    @contextmanager
    def broken() -> Iterator[Connection]:
        if not happened:
            raise DatabaseAway("gone")
        with begin() as connection:
            yield connection
        raise CommitUncertain("gone")

    monkeypatch.setattr(database, "begin", broken)


def test_a_name_that_was_taken_meanwhile_lets_nobody_in(town: Town) -> None:
    file = town.folder / "passwords.csv"
    settled_person(town, "b", Role.CLERK)
    with pytest.raises(NameTaken):
        admit_all(town.database, [row("a"), row("b")], file, now=NOW)
    assert names(town.database) == ["b"]
    assert not file.exists()


def test_what_failed_and_did_not_happen_leaves_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    file = town.folder / "passwords.csv"
    failing(town.database, monkeypatch, happened=False)
    with pytest.raises(DatabaseAway):
        admit_all(town.database, [row("a")], file, now=NOW)
    assert not file.exists()
    assert names(town.database) == []


def test_what_failed_and_did_happen_leaves_the_passwords(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    file = town.folder / "passwords.csv"
    failing(town.database, monkeypatch, happened=True)
    with pytest.raises(CommitUncertain):
        admit_all(town.database, [row("a")], file, now=NOW)
    assert names(town.database) == ["a"]
    assert file.read_text("utf-8").splitlines()[1].startswith("a,")


async def test_a_log_in_whose_answer_was_lost_is_tried_again(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    settled_person(town, "clerk-1", Role.CLERK)
    async with town.http() as http:
        with monkeypatch.context() as patch:
            failing(town.database, patch, happened=True)
            answer = await log_in(http, "clerk-1", PASSWORD)
            assert answer.status_code == 503
            assert "set-cookie" not in answer.headers
        assert (await log_in(http, "clerk-1", PASSWORD)).status_code == 303
