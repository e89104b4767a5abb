"""`POST /oauth/token`: who has a good secret gets a token; everybody else one and the same refusal."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from store import clients
from store.database import Database
from tests.verifier.access.going_away import away
from tests.verifier.access.town import Town, basic, grant, make_town
from verifier.access.enrolling import renew_secret

PATH = "/oauth/token"
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.fixture
def town(tmp_path: Path, database: Database) -> Town:
    town = make_town(tmp_path, database)
    town.client("tax-city", "verify", "audit")
    return town


@pytest.fixture
async def http(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with town.http() as http:
        yield http


def secret(town: Town) -> str:
    return town.secrets["tax-city"].secret


async def test_a_client_gets_a_token_by_basic_or_by_form(town: Town, http: httpx.AsyncClient) -> None:
    by_header = await http.post(PATH, data=grant(), headers=basic("tax-city", secret(town)))
    by_form = await http.post(PATH, data={**grant(), "client_id": "tax-city", "client_secret": secret(town)})
    for answer in (by_header, by_form):
        assert answer.status_code == 200
        said = answer.json()
        assert said.keys() == {"access_token", "token_type", "expires_in", "scope"}
        assert (said["token_type"], said["expires_in"], said["scope"]) == ("Bearer", 600, "audit verify")
        assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


async def test_it_may_ask_for_less_and_not_for_more(town: Town, http: httpx.AsyncClient) -> None:
    who = basic("tax-city", secret(town))
    assert (await http.post(PATH, data=grant("verify"), headers=who)).json()["scope"] == "verify"
    for scope in ("issue", "verify issue", "admin", "everything"):
        answer = await http.post(PATH, data=grant(scope), headers=who)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")


@pytest.mark.parametrize(
    ("name", "said"), [("tax-city", "wrong"), ("nobody", "wrong"), ("", ""), ("tax-city", "")], ids=str
)
async def test_a_wrong_secret_and_an_unknown_client_get_one_answer(
    name: str, said: str, http: httpx.AsyncClient
) -> None:
    answer = await http.post(PATH, data=grant(), headers=basic(name, said))
    assert answer.status_code == 401
    assert answer.json() == {"error": "invalid_client"}
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert answer.headers["cache-control"] == "no-store"


async def test_what_is_no_token_request_is_refused_as_the_rfc_says(town: Town, http: httpx.AsyncClient) -> None:
    who = basic("tax-city", secret(town))

    async def error(body: str, headers: dict[str, str] = who, query: str = "") -> tuple[int, str]:
        answer = await http.post(PATH + query, content=body, headers={**FORM, **headers})
        assert "secret" not in answer.text
        return answer.status_code, answer.json()["error"]

    assert await error("") == (400, "invalid_request")
    assert await error("grant_type=password&username=a&password=b") == (400, "unsupported_grant_type")
    assert await error("grant_type=client_credentials&grant_type=client_credentials") == (400, "invalid_request")
    assert await error("grant_type=client_credentials&client_secret=a&client_secret=b") == (400, "invalid_request")
    assert await error("grant_type=client_credentials&client_secret=secret") == (400, "invalid_request")
    assert await error("grant_type=client_credentials", query="?client_secret=secret") == (400, "invalid_request")
    assert await error("grant_type=client_credentials&client_id=another") == (401, "invalid_client")
    for header in ("Bearer x", "Basic", "Basic !!!", "Basic dGF4", "Basic /w=="):
        assert await error("grant_type=client_credentials", {"authorization": header}) == (401, "invalid_client")
    assert (await http.post(PATH, content=b"\xff\xfe\x00%", headers={**FORM, **who})).status_code == 400
    assert (await http.post(PATH, json=grant(), headers=who)).status_code == 415
    assert (await http.post(PATH, content=b"a" * 9000, headers={**FORM, **who})).status_code == 413
    assert (await http.get(PATH)).status_code == 405


async def test_two_secrets_are_good_at_once_and_a_retired_one_is_not(town: Town, http: httpx.AsyncClient) -> None:
    old, new = town.secrets["tax-city"], renew_secret(town.database.begin, "tax-city", now=town.clock.now)
    town.access.directory.refresh()
    for each in (old, new):
        assert (await http.post(PATH, data=grant(), headers=basic("tax-city", each.secret))).status_code == 200
    with town.database.begin() as connection:
        clients.retire_secret(connection, "tax-city", old.number, at=town.clock.now + 60)
    town.access.directory.refresh()
    assert (await http.post(PATH, data=grant(), headers=basic("tax-city", old.secret))).status_code == 200
    town.clock.now += 60
    assert (await http.post(PATH, data=grant(), headers=basic("tax-city", old.secret))).status_code == 401
    assert (await http.post(PATH, data=grant(), headers=basic("tax-city", new.secret))).status_code == 200


async def test_a_disabled_client_gets_none(town: Town, http: httpx.AsyncClient) -> None:
    with town.database.begin() as connection:
        assert clients.disable(connection, "tax-city", now=town.clock.now)
    town.access.directory.refresh()
    answer = await http.post(PATH, data=grant(), headers=basic("tax-city", secret(town)))
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


async def test_wrong_tries_without_end_come_to_an_end(tmp_path: Path, database: Database) -> None:
    town = make_town(tmp_path, database, tries_per_minute=5)
    town.client("tax-city", "verify")
    async with town.http() as http:
        found = [
            (await http.post(PATH, data=grant(), headers=basic("tax-city", "wrong"))).status_code for _ in range(9)
        ]
        assert found == [401] * 5 + [429] * 4
        answer = await http.post(PATH, data=grant(), headers=basic("tax-city", secret(town)))
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["retry-after"]) <= 120


async def test_no_secret_and_no_token_is_in_any_log(
    town: Town, http: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "verifier")
    caplog.set_level(logging.DEBUG, "store")
    token = await town.token(http, "tax-city")
    await http.post(PATH, data=grant(), headers=basic("tax-city", "wrong"))
    assert secret(town) not in caplog.text
    assert token not in caplog.text


async def test_with_the_database_away_tokens_are_given_from_what_was_known(
    town: Town, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    away(town, monkeypatch)
    await town.access.look()
    assert await town.token(http, "tax-city")
