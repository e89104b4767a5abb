"""People: who logs in is known until the session ends, however it ends; and nobody else acts for them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.requests import Request

from ecert.days import DAY
from store import accounts
from store.database import Database
from tests.verifier.access.going_away import away
from tests.verifier.access.people import PASSWORD, QUICK, csrf, log_in, person, settled_person
from tests.verifier.access.town import AGENCY, PUBLIC, Town, make_town
from verifier.access.access import open_access
from verifier.access.log_ins import FREE, LogInRefused, pause_after
from verifier.access.passwords import one_time_password
from verifier.access.roles import Role
from verifier.access.sessions import FRESH
from verifier.callers import Scope
from verifier.problems import Code, RequestRefused
from verifier.tables.cells import FORMULA

pytestmark = pytest.mark.usefixtures("no_pauses")


@pytest.fixture
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Answer refusals at once: that they wait is a promise of its own."""
    monkeypatch.setattr("verifier.access.log_ins.FLOOR", 0.0)


@pytest.fixture
def town(tmp_path: Path, database: Database) -> Town:
    town = make_town(tmp_path, database, **QUICK)
    settled_person(town, "clerk-1", Role.CLERK, office="7")
    return town


@pytest.fixture
async def http(town: Town) -> AsyncIterator[httpx.AsyncClient]:
    async with town.http() as http:
        yield http


async def test_who_logs_in_is_known_by_a_cookie_that_script_cannot_read(town: Town, http: httpx.AsyncClient) -> None:
    answer = await log_in(http, "clerk-1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?lang=en")
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == "__Host-ecert"
    token, _, attributes = rest.partition("; ")
    assert len(token) == 43
    assert attributes == "Path=/; HttpOnly; SameSite=Lax; Secure"
    me = (await http.get("/v1/me")).json()
    assert me["name"] == "clerk-1"
    assert (me["person"], me["organisation"], me["office"], me["scopes"]) == (True, "TAX", "7", ["verify"])
    assert me["defaults"] == {"matter": "deed"}
    assert me["csrf"] == await csrf(http)
    with town.database.read() as connection:
        stored = connection.exec_driver_sql("SELECT token FROM sessions").scalar_one()
    assert token.encode() not in bytes(stored)
    assert len(bytes(stored)) == 32


async def test_wrong_names_passwords_and_accounts_get_one_answer(town: Town, http: httpx.AsyncClient) -> None:
    settled_person(town, "gone", Role.CLERK)
    with town.database.begin() as connection:
        accounts.disable(connection, "gone", now=town.clock.now)
    person(town, "by-openid", Role.CLERK, subject="sub-1")
    pages = set()
    for name, password in [
        ("clerk-1", "wrong"),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("by-openid", PASSWORD),
        ("", ""),
        ("clerk-1\0", PASSWORD),
        ("clerk-1", "x" * 300),
        ("clerk-1' OR 1=1 --", "x"),
    ]:
        answer = await log_in(http, name, password)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers
        pages.add(answer.text)
    assert len(pages) == 1


async def test_a_one_time_password_is_good_for_choosing_another(town: Town, http: httpx.AsyncClient) -> None:
    once = person(town, "fresh", Role.CLERK)
    assert once is not None
    for more in (
        {},
        {"new_password": "short", "again": "short"},
        {"new_password": once, "again": once},
        {"new_password": "long enough now", "again": "long enough then"},
    ):
        answer = await log_in(http, "fresh", once, **more)
        assert answer.status_code == 422
        assert "set-cookie" not in answer.headers
    fresh = {"new_password": "long enough now", "again": "long enough now"}
    assert (await log_in(http, "fresh", once, **fresh)).status_code == 303
    assert (await log_in(http, "fresh", once)).status_code == 401
    assert (await log_in(http, "fresh", "long enough now")).status_code == 303


async def test_failures_make_pauses_that_grow_and_a_good_log_in_forgets_them(
    town: Town, http: httpx.AsyncClient
) -> None:
    for _ in range(FREE):
        assert (await log_in(http, "clerk-1", "wrong")).status_code == 401
    assert (await log_in(http, "clerk-1")).status_code == 401
    town.clock.now += pause_after(FREE)
    assert (await log_in(http, "clerk-1", "wrong")).status_code == 401
    town.clock.now += pause_after(FREE)
    assert (await log_in(http, "clerk-1")).status_code == 401
    town.clock.now += pause_after(FREE + 1) - pause_after(FREE)
    assert (await log_in(http, "clerk-1")).status_code == 303
    with town.database.read() as connection:
        known = accounts.read(connection, "clerk-1")
    assert known is not None
    assert (known.failures, known.locked_until) == (0, None)
    assert [pause_after(FREE + more) for more in range(7)] == [30, 60, 120, 240, 480, 900, 900]


async def test_a_lock_of_a_clock_that_was_ahead_holds_nobody(town: Town, http: httpx.AsyncClient) -> None:
    town.clock.now += 30 * DAY
    for _ in range(FREE):
        await log_in(http, "clerk-1", "wrong")
    town.clock.now -= 30 * DAY
    assert (await log_in(http, "clerk-1")).status_code == 303


async def test_a_hash_of_another_cost_is_made_again_at_log_in(town: Town) -> None:
    dearer = town.settings.model_copy(update={"password_memory": 2048, "password_passes": 2})
    access = open_access(dearer, town.database, town.clock)
    await access.log_ins.by_password("clerk-1", PASSWORD, None)
    with town.database.read() as connection:
        known = accounts.read(connection, "clerk-1")
    assert known is not None
    assert "m=2048,t=2,p=1" in str(known.password)
    await town.access.log_ins.by_password("clerk-1", PASSWORD, None)


async def test_unsafe_requests_need_the_token_in_header_or_form(http: httpx.AsyncClient) -> None:
    await log_in(http, "clerk-1")
    token = await csrf(http)
    for sent in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": token[:-1]}):
        answer = await http.post("/logout", data=sent)
        assert answer.status_code == 403
    assert (await http.post("/logout", data={"csrf": token, "other": "1"})).status_code == 303
    assert (await http.get("/v1/me")).status_code == 401
    await log_in(http, "clerk-1")
    headers = {"x-csrf-token": await csrf(http)}
    assert (await http.post("/logout", headers=headers)).status_code == 303


async def test_the_gate_knows_a_person_and_reads_a_form_without_eating_it(town: Town, http: httpx.AsyncClient) -> None:
    answer = await log_in(http, "clerk-1")
    cookie = answer.headers["set-cookie"].partition(";")[0]
    token = await csrf(http)
    body = (
        f'--b\r\ncontent-disposition: form-data; name="csrf"\r\n\r\n{token}\r\n'
        '--b\r\ncontent-disposition: form-data; name="file"; filename="c"\r\n\r\nabc\r\n--b--\r\n'
    ).encode()
    request = asked("POST", cookie, body, "multipart/form-data; boundary=b")
    caller = await town.access.gate.caller(request)
    assert (caller.name, caller.operator, caller.office) == ("clerk-1", "clerk-1", "7")
    assert await request.body() == body
    form = await request.form()
    assert form["csrf"] == token
    await form.close()
    for wrong in (body.replace(token.encode(), b"x" * 43), b"--b\r\nbroken", b""):
        with pytest.raises(RequestRefused) as caught:
            await town.access.gate.caller(asked("POST", cookie, wrong, "multipart/form-data; boundary=b"))
        assert caught.value.code is Code.FORBIDDEN
    with pytest.raises(RequestRefused):
        await town.access.gate.caller(asked("POST", cookie, b"{}", "application/json"))


async def test_a_session_ends_when_idle_and_after_its_time(town: Town, http: httpx.AsyncClient) -> None:
    await log_in(http, "clerk-1")
    for _ in range(24):
        town.clock.now += 1790
        assert (await http.get("/v1/me")).status_code == 200
    town.clock.now += 300
    answer = await http.get("/v1/me")
    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"]
    await log_in(http, "clerk-1")
    town.clock.now += 1800
    assert (await http.get("/v1/me")).status_code == 401


async def test_a_session_of_a_clock_that_was_ahead_is_over(town: Town, http: httpx.AsyncClient) -> None:
    town.clock.now += DAY
    await log_in(http, "clerk-1")
    assert (await http.get("/v1/me")).status_code == 200
    town.clock.now -= DAY
    assert (await http.get("/v1/me")).status_code == 401
    await town.access.sweep()
    with town.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one() == 0


async def test_a_disabled_account_and_another_password_end_its_sessions(town: Town, http: httpx.AsyncClient) -> None:
    await log_in(http, "clerk-1")
    with town.database.begin() as connection:
        accounts.disable(connection, "clerk-1", now=town.clock.now)
    town.clock.now += FRESH
    assert (await http.get("/v1/me")).status_code == 401
    assert (await log_in(http, "clerk-1")).status_code == 401
    with town.database.begin() as connection:
        accounts.enable(connection, "clerk-1")
    assert (await log_in(http, "clerk-1")).status_code == 303


@pytest.mark.parametrize(
    ("language", "before", "after", "check"),
    [("en", "Log in", "You are logged in", "Check a certificate"), ("zh", "登录", "已登录", "核验证照")],
)
async def test_after_log_in_the_page_says_so_and_leads_on(
    language: str, before: str, after: str, check: str, http: httpx.AsyncClient
) -> None:
    page = (await http.get(f"/login?lang={language}")).text
    assert (f"<title>{before}</title>" in page, f"<h1>{before}</h1>" in page, 'href="/check' in page) == (1, 1, 0)
    await log_in(http, "clerk-1")
    page = (await http.get(f"/login?lang={language}")).text
    assert (f"<title>{after}</title>" in page, f"<h1>{after}</h1>" in page) == (True, True)
    assert f'<a class="again" href="/check?lang={language}">{check}</a>' in page
    assert (await http.get(f"/check?lang={language}")).status_code == 200


async def test_a_made_up_cookie_is_401_and_is_forgotten(http: httpx.AsyncClient) -> None:
    answer = await http.get("/v1/me", headers={"cookie": "__Host-ecert=made-up"})
    assert answer.status_code == 401
    assert "Max-Age=0" in answer.headers["set-cookie"]
    page = await http.get("/login", headers={"cookie": "__Host-ecert=made-up"})
    assert page.status_code == 200
    assert "Max-Age=0" in page.headers["set-cookie"]


async def test_who_is_logged_in_is_known_while_the_database_is_away(
    town: Town, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await log_in(http, "clerk-1")
    assert (await http.get("/v1/me")).status_code == 200
    away(town, monkeypatch)
    town.clock.now += 600
    assert (await http.get("/v1/me")).json()["name"] == "clerk-1"
    assert (await http.get("/v1/me", headers={"cookie": "__Host-ecert=unseen"})).status_code == 503
    assert (await log_in(http, "clerk-1")).status_code == 503
    token = await csrf(http)
    assert (await http.post("/logout", data={"csrf": token})).status_code == 503
    town.clock.now += 1800
    assert (await http.get("/v1/me")).status_code == 401


async def test_a_form_of_another_site_logs_nobody_in(http: httpx.AsyncClient) -> None:
    form = {"name": "clerk-1", "password": PASSWORD}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}, {"origin": "null"}):
        assert (await http.post("/login", data=form, headers=headers)).status_code == 403
    for headers in ({"sec-fetch-site": "same-origin"}, {"origin": PUBLIC}):
        assert (await http.post("/login", data=form, headers=headers)).status_code == 303


async def test_what_is_no_form_is_refused_on_the_page(http: httpx.AsyncClient) -> None:
    assert (await http.post("/login", json={})).status_code == 415
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert (await http.post("/login", content=b"a" * 9000, headers=form)).status_code == 413
    assert (await http.post("/login", content=b"name=%ff", headers=form)).status_code == 400
    assert (await http.post("/login", content=b"a=1&" * 20, headers=form)).status_code == 400
    page = await http.get("/login?lang=zh")
    assert "登录" in page.text
    assert "<script" not in page.text


@pytest.mark.parametrize(
    ("role", "organisation", "scopes"),
    [
        (Role.CLERK, "TAX", {Scope.VERIFY}),
        (Role.ISSUER, "REGISTRY", {Scope.ISSUE}),
        (Role.AGENCY_ADMIN, "REGISTRY", {Scope.ISSUE, Scope.STATUS}),
        (Role.AUDITOR, "TAX", {Scope.AUDIT}),
        (Role.BUREAU, "TAX", {Scope.ADMIN, Scope.AUDIT}),
    ],
)
async def test_roles_are_scopes_and_an_agencys_people_are_its_own(
    role: Role, organisation: str, scopes: set[Scope], town: Town, http: httpx.AsyncClient
) -> None:
    settled_person(town, "somebody", role, organisation=organisation)
    cookie = (await log_in(http, "somebody")).headers["set-cookie"].partition(";")[0]
    caller = await town.access.gate.caller(asked("GET", cookie))
    assert caller.scopes == scopes
    assert caller.agency == (AGENCY if organisation == "REGISTRY" else None)


async def test_what_is_over_is_swept(town: Town, http: httpx.AsyncClient) -> None:
    await log_in(http, "clerk-1")
    town.clock.now += 1801
    await town.access.sweep()
    with town.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sessions").scalar_one() == 0


async def test_a_refusal_waits_whatever_its_reason(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("verifier.access.log_ins.FLOOR", 1000.0)
    waited: list[float] = []

    async def pause(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(town.access.log_ins, "_pause", pause)
    for name, password in (("clerk-1", "wrong"), ("nobody", "wrong"), ("clerk-1", "x" * 300)):
        with pytest.raises(LogInRefused):
            await town.access.log_ins.by_password(name, password, None)
    assert len(waited) == 3
    assert all(900 < seconds <= 1000 for seconds in waited)


def asked(method: str, cookie: str, body: bytes = b"", kind: str = "") -> Request:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"cookie", cookie.encode()), (b"content-type", kind.encode())]
    scope = {"type": "http", "method": method, "path": "/", "query_string": b"", "headers": headers, "client": ("h", 1)}
    return Request(scope, receive)


def test_no_spreadsheet_takes_a_one_time_password_for_a_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_urlsafe", lambda _: "-2+3_abcdefghijk")
    assert not one_time_password()[0].startswith(FORMULA)
