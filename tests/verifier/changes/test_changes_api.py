"""Changes and watches over HTTP: everybody's own, and nothing of anybody else's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request

from ecert.types import TypeCatalogue
from store import deliveries, past_changes
from store.database import Database
from store.deliveries import Attempt
from store.errors import DatabaseAway
from tests.store.test_tracking import CALLER, OTHER, begin, mine, relied_on, revoked, track
from tests.verifier.changes.test_delivering import Desk
from tests.verifier.shelf import answering_with
from tests.verifier.test_api import problem
from verifier.api.watches import watch_routes
from verifier.callers import ANYBODY, Caller, OpenGate, Scope
from verifier.changes.feed import ChangeFeed
from verifier.changes.watching import MOST
from verifier.ledger_view import LedgerView
from verifier.problems import Code
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

WATCHES = "/v1/watches"
GOOD_URL = "https://a.example/hooks"


class Named(OpenGate):
    """Believes the header `caller`; `auditor` may not verify."""

    async def caller(self, request: Request) -> Caller:
        name = request.headers.get("caller")
        if name is None:
            return ANYBODY
        scope = Scope.AUDIT if name == "auditor" else Scope.VERIFY
        return Caller(name=name, scopes=frozenset({scope}))


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Desk:
    begin(database)
    relied_on(database, *range(10))
    relied_on(database, 3, caller=OTHER)
    desk = Desk(database, tmp_path)
    desk.track()
    return desk


def served(desk: Desk) -> Served:
    view = LedgerView(desk.database)
    verifying = Verifying(view=view, types=TypeCatalogue.bundled())
    feed = ChangeFeed(desk.database, look_every=0.01)
    return Served(view=view, answering=answering_with(verifying), gate=Named(), changes=feed)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    app = public_app(served(desk))
    app.include_router(watch_routes(desk.watching, Named()))
    transport = httpx.ASGITransport(app=app)
    headers = {"caller": CALLER}
    async with httpx.AsyncClient(transport=transport, base_url="http://office.example", headers=headers) as client:
        yield client


async def test_changes_are_read_page_by_page(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.happen(*range(5))
    first = (await client.get("/v1/changes", params={"limit": 3})).json()
    assert [each["serial"] for each in first["changes"]] == [0, 1, 2]
    second = (await client.get("/v1/changes", params={"after": first["next"]})).json()
    assert [each["serial"] for each in second["changes"]] == [3, 4]
    assert second["changes"][0]["status"] == "revoked"
    last = (await client.get("/v1/changes", params={"after": second["next"]})).json()
    assert last == {"changes": [], "next": second["next"]}


async def test_everybody_sees_their_own(client: httpx.AsyncClient, desk: Desk) -> None:
    desk.happen(*range(5))
    said = (await client.get("/v1/changes", headers={"caller": OTHER})).json()
    assert [each["serial"] for each in said["changes"]] == [3]


async def test_who_asks_for_what_is_not_kept_any_more_is_told_and_from_where_to_go_on(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    for serial in (1, 3, 5):
        desk.happen(serial)
    first, second, third = (each["id"] for each in (await client.get("/v1/changes")).json()["changes"])
    with desk.database.begin() as connection:
        past_changes.forget(connection, before=2**40)
    for after in (0, first, second - 1):
        said = problem(await client.get("/v1/changes", params={"after": after, "wait": 30}), Code.NOT_KEPT)
        assert [each["place"] for each in said["errors"]] == ["after"]  # type: ignore[attr-defined]
        assert f"after={said['next']}" in str(said["detail"])
    assert first < second <= said["next"] < third  # type: ignore[operator]
    page = (await client.get("/v1/changes", params={"after": said["next"]})).json()  # type: ignore[dict-item]
    assert [each["serial"] for each in page["changes"]] == [5]


async def test_who_had_no_changes_that_are_gone_may_begin_at_the_beginning(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    desk.happen(1)
    desk.happen(5)
    with desk.database.begin() as connection:
        assert past_changes.forget(connection, before=2**40) == 1
    problem(await client.get("/v1/changes"), Code.NOT_KEPT)
    said = (await client.get("/v1/changes", headers={"caller": OTHER})).json()
    assert said == {"changes": [], "next": 0}


async def test_who_waits_is_answered_when_something_happens(client: httpx.AsyncClient, desk: Desk) -> None:
    waiting = asyncio.create_task(client.get("/v1/changes", params={"wait": 30}))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await asyncio.to_thread(desk.happen, 4)
    assert [each["serial"] for each in (await waiting).json()["changes"]] == [4]


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=1.0", "after"),
        ("after=99999999999999999999", "after"),
        ("after=9007199254740992", "after"),
        ("after=1&after=2", "after"),
        ("limit=0", "limit"),
        ("limit=1001", "limit"),
        ("wait=31", "wait"),
        ("before=1", "before"),
        ("after=", "after"),
        ("after=%00", "after"),
    ],
)
async def test_a_query_that_is_not_as_described_is_refused(client: httpx.AsyncClient, query: str, place: str) -> None:
    said = problem(await client.get(f"/v1/changes?{query}"), Code.NOT_UNDERSTOOD)
    assert [each["place"] for each in said["errors"]] == [place]  # type: ignore[attr-defined]


PATHS = [
    ("GET", "/v1/changes"),
    ("POST", WATCHES),
    ("GET", WATCHES),
    ("DELETE", f"{WATCHES}/x"),
    ("GET", f"{WATCHES}/x/deliveries"),
    ("POST", f"{WATCHES}/x/deliveries/y/retry"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_only_callers_who_verify_are_let_in(client: httpx.AsyncClient, method: str, path: str) -> None:
    del client.headers["caller"]
    problem(await client.request(method, path), Code.UNAUTHENTICATED)
    problem(await client.request(method, path, headers={"caller": "auditor"}), Code.FORBIDDEN)


async def test_the_public_service_has_changes_and_no_watches(desk: Desk) -> None:
    transport = httpx.ASGITransport(app=public_app(served(desk)))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as client:
        assert (await client.get("/v1/changes", headers={"caller": CALLER})).status_code == 200
        problem(await client.get(WATCHES, headers={"caller": CALLER}), Code.NOT_FOUND)


async def made(client: httpx.AsyncClient, **headers: str) -> dict[str, Any]:
    answer = await client.post(WATCHES, json={"url": GOOD_URL}, headers=headers)
    assert answer.status_code == 201
    said: dict[str, Any] = answer.json()
    return said


async def test_a_watch_shows_its_secret_once(client: httpx.AsyncClient) -> None:
    watch = await made(client)
    secret = watch.pop("secret")
    assert secret.startswith("whsec_")
    listed = (await client.get(WATCHES)).json()
    assert listed == {"watches": [watch]}
    assert (watch["url"], watch["ended_at"], watch["end_reason"]) == (GOOD_URL, None, None)
    assert (await made(client))["secret"] != secret


async def test_a_watch_can_be_removed_and_a_repeat_harms_nothing(client: httpx.AsyncClient) -> None:
    path = f"{WATCHES}/{(await made(client))['id']}"
    for _ in range(2):
        assert (await client.delete(path)).status_code == 204
    (watch,) = (await client.get(WATCHES)).json()["watches"]
    assert watch["end_reason"] == "removed"


async def test_deliveries_are_listed_and_tried_again(client: httpx.AsyncClient, desk: Desk) -> None:
    watch = await made(client)
    path = f"{WATCHES}/{watch['id']}/deliveries"
    desk.post.answers[GOOD_URL] = lambda: Attempt(status=500, error="status")
    desk.happen(1, 2)
    await desk.deliver()
    page = (await client.get(path, params={"limit": 1})).json()
    (first,) = page["deliveries"]
    assert (first["state"], first["attempts"], first["last_status"]) == ("waiting", 1, 500)
    assert first["next_at"] > desk.now
    assert first["change"]["serial"] == 1
    (second,) = (await client.get(path, params={"after": page["next"]})).json()["deliveries"]
    desk.post.answers.clear()
    problem(await client.post(f"{path}/{second['id']}/retry", json={"url": GOOD_URL}), Code.NOT_UNDERSTOOD)
    assert (await client.post(f"{path}/{second['id']}/retry")).status_code == 204
    await desk.deliver()
    (done,) = (await client.get(path, params={"state": "done"})).json()["deliveries"]
    assert (done["id"], done["next_at"], done["done_at"]) == (second["id"], None, desk.now)
    problem(await client.post(f"{path}/{second['id']}/retry"), Code.CONFLICT)
    problem(await client.get(path, params={"state": "lost"}), Code.NOT_UNDERSTOOD)


async def test_what_is_not_there_and_what_is_somebody_elses_are_one_answer(
    client: httpx.AsyncClient, desk: Desk
) -> None:
    watch = await made(client, caller=OTHER)
    desk.happen(3)
    with desk.database.read() as connection:
        (delivery,) = deliveries.of_watch(connection, watch["id"], after=0, limit=9)
    mine = await made(client)
    said = []
    for name in (watch["id"], "0" * 36, "x", "%00", "a" * 3000):
        said += [
            await client.delete(f"{WATCHES}/{name}"),
            await client.get(f"{WATCHES}/{name}/deliveries"),
            await client.post(f"{WATCHES}/{name}/deliveries/{delivery.id}/retry"),
        ]
    for name in (delivery.id, "%00", "x"):
        said.append(await client.post(f"{WATCHES}/{mine['id']}/deliveries/{name}/retry"))
    details = [problem(answer, Code.NOT_FOUND) for answer in said]
    assert all(each == details[0] for each in details)
    assert (await client.get(WATCHES)).json()["watches"][0]["id"] == mine["id"]


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (b"", Code.NOT_JSON, "body"),
        (b"[]", Code.NOT_UNDERSTOOD, "body"),
        (b"{}", Code.NOT_UNDERSTOOD, "url"),
        (b'{"url": 5}', Code.NOT_UNDERSTOOD, "url"),
        (b'{"url": ""}', Code.NOT_UNDERSTOOD, "url"),
        (b'{"url": "https://a.example/", "secret": "x"}', Code.NOT_UNDERSTOOD, "secret"),
        (b'{"url": "http://a.example/"}', Code.NOT_UNDERSTOOD, "url"),
        (b'{"url": "https://10.0.0.1/"}', Code.NOT_UNDERSTOOD, "url"),
        (b'{"url": "https://u:p@a.example/"}', Code.NOT_UNDERSTOOD, "url"),
        (b'{"url": "https://c.example/"}', Code.NOT_UNDERSTOOD, "url"),
    ],
)
async def test_a_watch_that_cannot_be_is_refused_with_the_place(
    client: httpx.AsyncClient, body: bytes, code: Code, place: str
) -> None:
    answer = await client.post(WATCHES, content=body, headers={"content-type": "application/json"})
    assert [each["place"] for each in problem(answer, code)["errors"]] == [place]  # type: ignore[attr-defined]
    assert "10.0.0.1" not in answer.text
    problem(await client.post(WATCHES, content=body, headers={"content-type": "text/plain"}), Code.WRONG_MEDIA_TYPE)


async def test_there_is_a_most_of_watches(client: httpx.AsyncClient) -> None:
    watches = [await made(client) for _ in range(MOST)]
    problem(await client.post(WATCHES, json={"url": GOOD_URL}), Code.CONFLICT)
    await client.delete(f"{WATCHES}/{watches[0]['id']}")
    await made(client)


async def test_many_at_once_make_no_more_watches_than_there_may_be(client: httpx.AsyncClient) -> None:
    for _ in range(MOST - 1):
        await made(client)
    answers = await asyncio.gather(*(client.post(WATCHES, json={"url": GOOD_URL}) for _ in range(6)))
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 5


async def test_a_database_that_is_away_is_said(
    client: httpx.AsyncClient, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseAway("pulled out")

    monkeypatch.setattr(desk.database, "read", away)
    monkeypatch.setattr(desk.database, "begin", away)
    problem(await client.get("/v1/changes"), Code.DATABASE_AWAY)
    problem(await client.get(WATCHES), Code.DATABASE_AWAY)
    problem(await client.post(WATCHES, json={"url": GOOD_URL}), Code.DATABASE_AWAY)


async def test_it_is_described(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/v1/openapi.json")).json()["paths"]
    names = [each["name"] for each in paths["/v1/changes"]["get"]["parameters"] if "name" in each]
    assert names == ["after", "limit", "wait"]
    assert {"201", "401", "403", "409", "422"} <= set(paths[WATCHES]["post"]["responses"])


def test_the_tracker_is_done_when_all_is_told(desk: Desk) -> None:
    mine(desk.database, revoked(1))
    assert track(desk.database) == 1
