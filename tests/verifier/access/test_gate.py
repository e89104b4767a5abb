"""The gate: a good token opens as far as it goes, nothing is ANYBODY, anything else is 401."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.requests import Request

from store import clients
from store.database import Database
from tests.verifier.access.town import AGENCY, PUBLIC, Town, bearer, make_town
from verifier.access.access import open_access
from verifier.access.gate import require
from verifier.callers import ANYBODY, Act, Caller, Scope
from verifier.problems import Code, RequestRefused


@pytest.fixture
def town(tmp_path: Path, database: Database) -> Town:
    town = make_town(tmp_path, database)
    town.client("tax-city", "verify", office="7")
    town.client("registry-core", "issue", "status", "verify", organisation="REGISTRY")
    return town


def request(headers: dict[str, str] | None = None, host: str = "203.0.113.9", method: str = "POST") -> Request:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()]
    return Request(
        {"type": "http", "method": method, "path": "/", "query_string": b"", "headers": raw, "client": (host, 1)}
    )


async def refused(town: Town, headers: dict[str, str]) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        await town.access.gate.caller(request(headers))
    return caught.value


async def token(town: Town, name: str, scope: str | None = None) -> str:
    async with town.http() as http:
        return await town.token(http, name, scope)


async def test_a_token_tells_the_client_its_house_and_what_it_may_do(town: Town) -> None:
    asked = request(bearer(await token(town, "tax-city")))
    caller = await town.access.gate.caller(asked)
    assert caller == Caller(name="tax-city", relying_party="TAX", office="7", scopes=frozenset({Scope.VERIFY}))
    assert asked.state.caller is caller
    caller = await town.access.gate.caller(request(bearer(await token(town, "registry-core"))))
    assert (caller.agency, caller.scopes) == (AGENCY, {Scope.ISSUE, Scope.STATUS, Scope.VERIFY})


async def test_a_token_of_a_clock_that_was_ahead_is_nobodys_also_where_it_was_known(town: Town) -> None:
    town.clock.now += 86_400
    asked = request(bearer(await token(town, "tax-city")))
    assert (await town.access.gate.caller(asked)).known
    town.clock.now -= 86_400
    assert (await refused(town, dict(asked.headers))).code is Code.UNAUTHENTICATED


async def test_who_says_nothing_is_anybody(town: Town) -> None:
    assert await town.access.gate.caller(request()) is ANYBODY


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer ", "Bearer a.b.c", "Basic dGF4OnRheA==", "Token x", "Bearer ä", ""]
)
async def test_what_is_no_token_is_401(header: str, town: Town) -> None:
    error = await refused(town, {"authorization": header})
    assert error.code is Code.UNAUTHENTICATED
    assert error.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_a_token_ends(town: Town) -> None:
    good = await token(town, "tax-city")
    await town.access.gate.caller(request(bearer(good)))
    town.clock.now += 600
    assert (await refused(town, bearer(good))).code is Code.UNAUTHENTICATED
    assert (await refused(town, bearer(good))).code is Code.UNAUTHENTICATED


async def test_a_disabled_client_is_refused_as_soon_as_it_is_seen(town: Town) -> None:
    good = await token(town, "tax-city")
    await town.access.gate.caller(request(bearer(good)))
    with town.database.begin() as connection:
        clients.disable(connection, "tax-city", now=town.clock.now)
    await town.access.look()
    assert (await refused(town, bearer(good))).code is Code.UNAUTHENTICATED
    with town.database.begin() as connection:
        clients.enable(connection, "tax-city")
    await town.access.look()
    await town.access.gate.caller(request(bearer(good)))


async def test_a_scope_that_is_taken_away_is_gone_from_tokens_that_have_it(town: Town) -> None:
    good = await token(town, "registry-core")
    with town.database.begin() as connection:
        clients.set_scopes(connection, "registry-core", ("verify",))
    await town.access.look()
    caller = await town.access.gate.caller(request(bearer(good)))
    assert caller.scopes == {Scope.VERIFY}


async def test_a_token_for_less_gives_less(town: Town) -> None:
    caller = await town.access.gate.caller(request(bearer(await token(town, "registry-core", "verify"))))
    assert caller.scopes == {Scope.VERIFY}


async def test_another_process_of_ours_knows_the_token_and_another_service_does_not(town: Town) -> None:
    good = await token(town, "tax-city")
    sister = open_access(town.settings, town.database, town.clock)
    sister.directory.refresh()
    assert (await sister.gate.caller(request(bearer(good)))).name == "tax-city"
    elsewhere = town.settings.model_copy(update={"service_base": PUBLIC + ".org"})
    stranger = open_access(elsewhere, town.database, town.clock)
    stranger.directory.refresh()
    with pytest.raises(RequestRefused):
        await stranger.gate.caller(request(bearer(good)))


def test_what_is_required_is_there_or_named() -> None:
    caller = Caller(name="tax-city", scopes=frozenset({Scope.VERIFY}))
    require(caller, Scope.VERIFY)
    with pytest.raises(RequestRefused) as caught:
        require(caller, Scope.ISSUE)
    assert caught.value.code is Code.FORBIDDEN
    assert caught.value.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="issue"'
    with pytest.raises(RequestRefused) as caught:
        require(ANYBODY, Scope.VERIFY)
    assert caught.value.code is Code.UNAUTHENTICATED


async def test_too_many_calls_are_429_for_a_client_and_for_an_address(tmp_path: Path, database: Database) -> None:
    town = make_town(tmp_path, database, address_per_minute=3)
    town.client("tax-city", "verify", per_minute=2)
    town.client("other", "verify")
    good, other = await token(town, "tax-city"), await token(town, "other")
    for _ in range(2):
        await town.access.gate.caller(request(bearer(good)))
    error = await refused(town, bearer(good))
    assert error.code is Code.TOO_MANY
    assert int(error.headers["retry-after"]) >= 1
    await town.access.gate.caller(request(bearer(other)))
    for _ in range(3):
        await town.access.gate.caller(request())
    assert (await refused(town, {})).code is Code.TOO_MANY
    assert await town.access.gate.caller(request(host="203.0.113.10")) is ANYBODY


async def test_a_quota_of_the_day_is_one_for_all_processes(tmp_path: Path, database: Database) -> None:
    town = make_town(tmp_path, database)
    town.client("tax-city", "verify", per_day=10)
    good = await token(town, "tax-city")
    sister = open_access(town.settings, database, town.clock)
    await sister.look()
    caller = await town.access.gate.caller(request(bearer(good)))
    town.access.gate.spend(caller, Act.BATCH_ITEM, 6)
    with pytest.raises(RequestRefused) as caught:
        town.access.gate.spend(caller, Act.BATCH_ITEM, 5)
    assert caught.value.code is Code.TOO_MANY
    assert "has 4 left, and this takes 5" in caught.value.detail
    await town.access.look()
    sister.gate.spend(caller, Act.VERIFICATION)
    await sister.look()
    with pytest.raises(RequestRefused):
        sister.gate.spend(caller, Act.BATCH_ITEM, 4)
    sister.gate.spend(caller, Act.LOOK_UP, 3)
    caller = await sister.gate.caller(request(bearer(good)))  # what is not counted goes on: changes, receipts, statuses
    with pytest.raises(RequestRefused) as caught:
        sister.gate.spend(caller, Act.VERIFICATION)
    assert caught.value.detail == "The quota of the day is used up."
    assert caught.value.headers["retry-after"] == str(86_400 - (town.clock.now + 8 * 3600) % 86_400)
    town.clock.now += int(caught.value.headers["retry-after"])
    await sister.look()
    async with town.http() as http:
        fresh = await town.token(http, "tax-city")
    sister.gate.spend(await sister.gate.caller(request(bearer(fresh))), Act.VERIFICATION)
