from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import pytest

from store import calls, cursors
from store.database import Database
from store.errors import DatabaseAway
from store.news import News
from tests.store.makers import CHAIN, OTHER_SENDER, SENDER, start, status_call


@pytest.fixture
def news(database: Database) -> Iterator[News]:
    with closing(database.news(CHAIN, [SENDER])) as news:
        yield news


def test_nothing_new_looks_the_same_again(database: Database, news: News) -> None:
    seen = news.look()
    with database.read() as connection:
        calls.open_calls(connection, "none")
    assert news.look() == seen


def test_a_call_that_was_written_is_news(database: Database, news: News) -> None:
    seen = news.look()
    with database.begin() as connection:
        status_call(connection)
        assert news.look() == seen
    assert news.look() != seen


def test_a_cursor_that_moved_is_news(database: Database, news: News) -> None:
    with database.begin() as connection:
        cursors.start(connection, start())
    seen = news.look()
    with database.begin() as connection:
        cursors.move(connection, start(), replace(start(), block=start().block + 1))
    assert news.look() != seen


def test_after_trouble_it_connects_again(news: News, monkeypatch: pytest.MonkeyPatch) -> None:
    news.look()
    with monkeypatch.context() as broken:
        broken.setattr(news, "_version", _away)
        broken.setattr(news, "_outbox", _away)
        with pytest.raises(DatabaseAway):
            news.look()
    assert news.look() == news.look()


def _away() -> None:
    raise DatabaseAway("gone")


def test_which_calls_of_whom_are_queued_and_who_has_any_open(database: Database) -> None:
    with database.begin() as connection:
        mine, other = status_call(connection).id, status_call(connection, sender=OTHER_SENDER).id
        assert calls.queued(connection, CHAIN, [SENDER]) == {mine: SENDER}
        assert calls.queued(connection, CHAIN, [SENDER, OTHER_SENDER]) == {mine: SENDER, other: OTHER_SENDER}
        assert calls.queued(connection, CHAIN, []) == {}
        calls.fail(connection, other, error="no", now=1)
        assert calls.at_work(connection, CHAIN, [SENDER, OTHER_SENDER]) == {SENDER}
