"""`POST .../code` under an `Idempotency-Key`: the same request gets the same code, and nobody else ever does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from store import tables
from store.errors import CommitUncertain
from store.key_uses import Use
from tests.verifier.inside import SYSTEM, Town, found_town
from tests.verifier.office import AGENCY
from tests.verifier.test_issuances import problem
from verifier.problems import Code
from verifier.services.codes import Codes
from verifier.services.making_codes import CodeDesk
from verifier.services.sweeping import Sweeping


@pytest.fixture(name="town")
def town_(tmp_path: Path, database_url: str) -> Iterator[Town]:
    with found_town(tmp_path / "city", database_url) as town:
        yield town


@pytest.fixture(name="settled")
async def settled_(town: Town) -> Town:
    for number in (1, 2):
        assert (await town.issue(number)).status_code == 201
    town.settle()
    return town


async def ask(town: Town, serial: int = 0, key: str | None = "k") -> httpx.Response:
    headers = {} if key is None else {"idempotency-key": key}
    return await town.client.post(f"/v1/certificates/{AGENCY}/{serial}/code", headers=headers)


def opens(town: Town, answer: httpx.Response) -> bool:
    assert answer.status_code == 201, answer.text
    return Codes(town.database).open(answer.json()["code"]) is not None


def codes_made(town: Town) -> int:
    with town.database.read() as connection:
        return len(connection.execute(select(tables.codes.c.name)).all())


async def test_the_same_request_gets_the_same_code_and_makes_no_other(settled: Town) -> None:
    first = await ask(settled)
    again = await ask(settled.other())
    assert (again.status_code, again.json()) == (201, first.json())
    assert set(first.json()) == {"agency", "serial", "code"}
    assert (first.headers.get("idempotent-replayed"), again.headers["idempotent-replayed"]) == (None, "true")
    assert opens(settled, again)
    assert codes_made(settled) == 1


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b'{"colour": "red"}', "application/json", Code.NOT_UNDERSTOOD),
        (b"[]", "application/json", Code.NOT_UNDERSTOOD),
        (b"{", "application/json", Code.NOT_JSON),
        (b"colour=red", "application/x-www-form-urlencoded", Code.WRONG_MEDIA_TYPE),
    ],
)
async def test_a_body_that_says_something_is_refused_and_makes_no_code(
    settled: Town, body: bytes, kind: str, code: Code
) -> None:
    path = f"/v1/certificates/{AGENCY}/0/code"
    problem(await settled.client.post(path, content=body, headers={"content-type": kind}), code)
    assert codes_made(settled) == 0
    assert opens(settled, await settled.client.post(path, json={}))


async def test_other_keys_and_none_make_other_codes(settled: Town) -> None:
    answers = [await ask(settled, key=key) for key in ("k", "l", None, None)]
    assert len({answer.json()["code"] for answer in answers}) == 4
    assert [opens(settled, answer) for answer in answers] == [False, False, False, True]
    assert (await ask(settled)).json() == answers[0].json(), "the answer of the first, which is void since"


async def test_another_request_under_the_key_is_refused(settled: Town) -> None:
    first = await ask(settled)
    problem(await ask(settled, serial=1), Code.KEY_REUSED)
    assert opens(settled, first)


async def test_what_was_refused_can_be_asked_again_under_its_key(town: Town) -> None:
    await town.issue(1)
    problem(await ask(town), Code.CONFLICT)
    problem(await ask(town, serial=7), Code.NOT_FOUND)
    town.settle()
    assert opens(town, await ask(town))


async def test_another_caller_has_keys_of_its_own(settled: Town) -> None:
    first = await ask(settled)
    settled.gate.known = replace(SYSTEM, name="another-system")
    second = await ask(settled)
    assert first.json()["code"] != second.json()["code"]
    settled.gate.known = replace(SYSTEM, name="a-stranger", agency="OTHER-1")
    problem(await ask(settled), Code.NOT_FOUND)
    assert opens(settled, second)


async def test_of_two_at_once_one_makes_a_code(settled: Town) -> None:
    answers = await asyncio.gather(ask(settled), ask(settled.other()))
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert opens(settled, await ask(settled))
    assert codes_made(settled) == 1


async def test_a_commit_whose_answer_was_lost_is_found_again_by_its_key(
    settled: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = CodeDesk.replace_once

    def lost(self: CodeDesk, *arguments: Any, **more: Any) -> Any:
        real(self, *arguments, **more)
        raise CommitUncertain("the connection broke")

    with monkeypatch.context() as broken:
        broken.setattr(CodeDesk, "replace_once", lost)
        problem(await ask(settled), Code.DATABASE_AWAY)
    assert opens(settled, await ask(settled))
    assert codes_made(settled) == 1


async def test_a_stolen_database_does_not_tell_the_code(settled: Town) -> None:
    code = (await ask(settled)).json()["code"]
    with settled.database.read() as connection:
        (kept,) = connection.execute(select(tables.idempotency.c.answer)).scalars()
    assert code not in kept
    assert code.replace(" ", "") not in kept
    assert "code" not in kept


async def test_after_another_field_key_it_is_shown_until_the_former_is_thrown_away(settled: Town) -> None:
    first = await ask(settled)
    sweeping = Sweeping(settled.database, settled.city.office.keyring.folder, pause=lambda: None)
    sweeping.rotate(Use.FIELD)
    assert (await ask(settled.other())).json() == first.json()
    sweeping.retire(Use.FIELD)
    said = problem(await ask(settled.other()), Code.CONFLICT)
    assert "under another key" in said["detail"]
    assert opens(settled, await ask(settled.other(), key="l"))


async def test_who_asks_at_once_without_a_key_each_gets_a_code_and_the_last_one_opens(settled: Town) -> None:
    answers = await asyncio.gather(*(ask(settled, key=None) for _ in range(6)))
    assert sum(opens(settled, answer) for answer in answers) == 1
