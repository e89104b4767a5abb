"""What anybody may ask for is counted by address, whoever asks, and says when to come again."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from ecert.explaining import Language
from store.database import Database
from tests.verifier.access.people import QUICK, log_in, settled_person
from tests.verifier.access.town import AGENCY, Town, bearer, grant, make_town
from verifier.access.roles import Role
from verifier.pages.words import PROBLEMS
from verifier.problems import Code

MOST = 3
LIST = f"/status/31337/0x{'5f' * 20}/{AGENCY}/0"
FILE: dict[str, Any] = {"files": {"file": ("a.ecert.json", b"{}")}}
DOORS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("GET", f"/v1/certificates/{AGENCY}/1/status", {}),
    ("GET", f"/v1/batches/{AGENCY}/1/leaves", {}),
    ("HEAD", f"/v1/batches/{AGENCY}/1/leaves", {}),
    ("GET", LIST, {}),
    ("HEAD", LIST, {}),
    ("POST", "/check", FILE),
    ("GET", "/login", {}),
    ("POST", "/login", {}),
    ("POST", "/logout", {}),
    ("GET", "/login/oidc", {}),
    ("GET", "/login/oidc/callback", {}),
    ("POST", "/oauth/token", {"data": grant()}),
)
FREE = ("/check", "/v1/types", "/healthz", "/readyz", "/v1/openapi.json")


@pytest.fixture
def town(tmp_path: Path, database: Database) -> Town:
    nobody_there = {"oidc_issuer": "http://127.0.0.1:9", "oidc_client_id": "ecert"}
    return make_town(tmp_path, database, address_per_minute=MOST, **nobody_there)


async def ask(http: httpx.AsyncClient, door: tuple[str, str, dict[str, Any]], **headers: str) -> httpx.Response:
    method, path, more = door
    return await http.request(method, path, **more, headers=headers)


async def use_up(http: httpx.AsyncClient, door: tuple[str, str, dict[str, Any]]) -> None:
    for _ in range(MOST):
        assert (await ask(http, door)).status_code != 429


@pytest.mark.parametrize("door", DOORS, ids=[f"{method} {path}" for method, path, _ in DOORS])
async def test_an_address_that_asks_too_often_is_told_when_to_come_again(
    door: tuple[str, str, dict[str, Any]], town: Town
) -> None:
    async with town.http("203.0.113.9") as http, town.http("203.0.113.10") as other:
        await use_up(http, door)
        refused = await ask(http, door)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert (await ask(other, door)).status_code != 429


@pytest.mark.parametrize("door", [("POST", "/check", FILE), ("GET", "/login", {})], ids=["check", "login"])
@pytest.mark.parametrize("language", list(Language))
async def test_pages_say_it_in_words(door: tuple[str, str, dict[str, Any]], language: Language, town: Town) -> None:
    method, path, more = door
    async with town.http() as http:
        await use_up(http, door)
        page = await ask(http, (method, f"{path}?lang={language}", more))
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) >= 1
    assert language.of(PROBLEMS[Code.TOO_MANY]) in page.text


async def test_saying_who_one_is_does_not_help(town: Town) -> None:
    town.client("tax-city", "verify")
    async with town.http("203.0.113.9") as elsewhere:
        token = bearer(await town.token(elsewhere, "tax-city"))
    async with town.http() as http:
        await use_up(http, DOORS[0])
        assert (await ask(http, DOORS[0], **token)).status_code == 429
        assert (await http.get("/v1/me", headers=token)).status_code == 200


@pytest.mark.parametrize("path", FREE)
async def test_what_costs_next_to_nothing_is_not_counted(path: str, town: Town) -> None:
    async with town.http() as http:
        for _ in range(MOST + 1):
            assert (await http.get(path)).status_code != 429


@pytest.mark.parametrize(
    "junk", [{"authorization": "Bearer a.b.c"}, {"authorization": "Basic eDp4"}, {"cookie": "__Host-ecert=made-up"}]
)
async def test_saying_who_one_is_and_being_nobody_is_counted(junk: dict[str, str], town: Town) -> None:
    async with town.http("203.0.113.9") as http:
        for _ in range(MOST):
            assert (await http.get("/v1/me", headers=junk)).status_code == 401
        assert (await http.get("/v1/me", headers=junk)).status_code == 429


async def test_many_wrong_passwords_at_once_are_no_more_than_one_by_one(tmp_path: Path, database: Database) -> None:
    town = make_town(tmp_path, database, tries_per_minute=MOST, **QUICK)
    settled_person(town, "clerk-1", Role.CLERK)
    async with town.http() as http:
        for _ in range(2 * MOST):
            assert (await log_in(http, "clerk-1")).status_code == 303
        tries = [log_in(http, f"clerk-{number}", "made up") for number in range(2 * MOST)]
        answers = await asyncio.gather(*tries)
        assert Counter(answer.status_code for answer in answers) == {401: MOST, 429: MOST}
        assert (await log_in(http, "clerk-1")).status_code == 429


async def test_a_person_is_known_by_a_session_that_is_no_strangers(tmp_path: Path, database: Database) -> None:
    """A clerk goes on where the rest of the hall has used up what strangers may."""
    town = make_town(tmp_path, database, address_per_minute=2, client_per_minute=5, **QUICK)
    settled_person(town, "clerk-1", Role.CLERK)
    async with town.http() as http, town.http() as hall:
        assert (await log_in(http, "clerk-1")).status_code == 303
        statuses = [(await http.get("/v1/me")).status_code for _ in range(2)]
        assert (await hall.get("/v1/me")).status_code == 429
        statuses += [(await http.get("/v1/me")).status_code for _ in range(4)]
    assert statuses == [200] * 5 + [429], "a person has the figure of a client"
