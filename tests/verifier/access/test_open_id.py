"""OpenID Connect: the provider's word lets in whom we know, and nobody's else's word does."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from store import accounts
from tests.tables import opened
from tests.verifier.access.people import QUICK, person
from tests.verifier.access.provider import CLIENT, SECRET, Provider, running
from tests.verifier.access.town import Town, make_town
from verifier.access.access import open_access
from verifier.access.roles import Role


def now() -> int:
    return int(time.time())


@dataclass(frozen=True)
class Seconds:
    """A time, told from now."""

    from_now: int


@pytest.fixture(params=["RS256", "ES256"])
def provider(request: pytest.FixtureRequest) -> Iterator[Provider]:
    with running(request.param, now()) as provider:
        yield provider


@pytest.fixture
def town(tmp_path: Path, provider: Provider) -> Iterator[Town]:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    secret.chmod(0o600)
    settings = {"oidc_issuer": provider.issuer, "oidc_client_id": CLIENT, "oidc_secret_file": secret}
    with opened(f"sqlite:///{tmp_path / 'ecert.sqlite'}") as database:
        town = make_town(tmp_path, database, **QUICK, **settings)
        person(town, "clerk-1", Role.CLERK, subject="sub-1")
        yield town


@pytest.fixture
async def http(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with town.http() as http:
        yield http


async def to_provider(http: httpx.AsyncClient) -> str:
    """Begin a log-in, and give the address at which the provider sends the browser back."""
    there = await http.get("/login/oidc")
    assert there.status_code == 302
    async with httpx.AsyncClient() as browser:
        back = await browser.get(there.headers["location"])
    return str(back.headers["location"])


async def test_who_is_known_by_the_providers_word_is_let_in(
    town: Town, http: httpx.AsyncClient, provider: Provider
) -> None:
    page = await http.get("/login")
    assert '<a class="again" href="/login/oidc">' in page.text
    answer = await http.get(await to_provider(http))
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?lang=en")
    assert (await http.get("/v1/me")).json()["name"] == "clerk-1"
    assert provider.checked_pkce == 1
    with town.database.read() as connection:
        assert len(accounts.read_all(connection)) == 1


async def test_nobody_is_made_on_the_fly_and_who_is_disabled_stays_out(
    town: Town, http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.subject = "sub-2"
    assert (await http.get(await to_provider(http))).status_code == 401
    provider.subject = "sub-1"
    with town.database.begin() as connection:
        accounts.disable(connection, "clerk-1", now=town.clock.now)
    assert (await http.get(await to_provider(http))).status_code == 401
    with town.database.read() as connection:
        assert [each.name for each in accounts.read_all(connection)] == ["clerk-1"]


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": ["another", "third"]},
        {"aud": None},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"iss": "https://elsewhere.example"},
        {"iss": None},
        {"exp": Seconds(-3600), "iat": Seconds(-7200)},
        {"exp": None},
        {"iat": Seconds(3600)},
        {"sub": None},
        {"sub": ""},
        {"sub": ["sub-1"]},
        {"sub": "x" * 300},
    ],
    ids=str,
)
async def test_what_the_provider_did_not_say_to_us_now_is_refused(
    claims: dict[str, object], http: httpx.AsyncClient, provider: Provider
) -> None:
    provider.claims = {
        name: now() + value.from_now if isinstance(value, Seconds) else value for name, value in claims.items()
    }
    answer = await http.get(await to_provider(http))
    assert answer.status_code == 401
    assert (await http.get("/v1/me")).status_code == 401


@pytest.mark.parametrize("forge", ["another key", "none", "HS256", "absent"])
@pytest.mark.parametrize("also_said", [(), ("none", "HS256")], ids=["as it should", "saying that it may"])
async def test_what_is_not_signed_with_the_providers_key_is_refused(
    forge: str,
    also_said: tuple[str, ...],
    http: httpx.AsyncClient,
    provider: Provider,
) -> None:
    provider.algorithms = [*provider.algorithms, *also_said]
    provider.forge = forge
    assert (await http.get(await to_provider(http))).status_code == 401


async def test_a_log_in_that_this_browser_did_not_begin_is_refused(town: Town, http: httpx.AsyncClient) -> None:
    back = await to_provider(http)
    async with town.http() as another:
        assert (await another.get(back)).status_code == 401
    assert (await http.get("/login/oidc/callback?code=code-1&state=made-up")).status_code == 401
    assert (await http.get("/login/oidc/callback?error=access_denied")).status_code == 401
    assert (await http.get("/login/oidc/callback")).status_code == 401
    assert (await http.get(back)).status_code == 303
    assert (await http.get(back)).status_code == 401


async def test_a_provider_that_calls_itself_otherwise_is_not_heard(http: httpx.AsyncClient, provider: Provider) -> None:
    provider.says_it_is = "https://elsewhere.example"
    assert (await http.get("/login/oidc")).status_code == 503
    provider.says_it_is = None
    assert (await http.get(await to_provider(http))).status_code == 303


async def test_a_provider_that_is_away_is_said_on_the_page(town: Town) -> None:
    with running("ES256", now()) as provider:
        issuer = provider.issuer
    folder = town.folder
    settings = town.settings.model_copy(update={"oidc_issuer": issuer})
    away = Town(
        folder=folder,
        database=town.database,
        settings=settings,
        clock=town.clock,
        access=open_access(settings, town.database, town.clock),
    )
    async with away.http() as http:
        answer = await http.get("/login/oidc")
        assert answer.status_code == 503
        assert "does not answer" in answer.text
