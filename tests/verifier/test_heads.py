"""HEAD is answered wherever GET is, with its headers and without its body."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.routing import APIRoute
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from store.database import Database
from tests.verifier.observing.test_metrics import figures, http, named, served
from tests.verifier.shelf import Shelf, stock
from tests.verifier.test_serving import served as listening
from verifier.guards import LastResort
from verifier.heads import Heads
from verifier.services.records import Records
from verifier.web import Served, public_app

CHANGING = {"date", "x-request-id"}


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    shelf: Shelf = stock(tmp_path)
    with shelf.open() as database:
        yield database


def everything(database: Database) -> Served:
    return served(database, records=Records(database))


async def test_every_get_has_its_head(database: Database) -> None:
    whole = everything(database)
    paths = [route.path for route in public_app(whole).routes if isinstance(route, APIRoute) and "GET" in route.methods]
    assert {"/healthz", "/readyz", "/check", "/v1/verifications", "/v1/types"} <= set(paths)
    async with http(whole) as client:
        for path in [*paths, "/v1/openapi.json", "/nothing", "/oauth/token"]:
            got, head = await client.get(path), await client.head(path)
            assert (path, head.status_code, head.content) == (path, got.status_code, b"")
            same = [{name: each.headers[name] for name in each.headers if name not in CHANGING} for each in (got, head)]
            if path not in {"/metrics", "/readyz"}:  # of which each answer is another
                assert (path, same[0]) == (path, same[1])


async def test_another_method_names_both(database: Database) -> None:
    async with http(everything(database)) as client:
        answer = await client.delete("/healthz")
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


async def test_it_is_counted_once_and_as_what_it_is(database: Database) -> None:
    async with http(served(database)) as client:
        await client.head("/healthz")
        found = await figures(client)
    assert found[named("ecert_requests_total", route="/healthz", method="HEAD", status="2xx")] == 1
    assert named("ecert_requests_total", route="/healthz", method="GET", status="2xx") not in found


async def test_a_connection_goes_on_behind_the_head_of_a_long_answer(database: Database) -> None:
    async with listening(public_app(everything(database))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for path in ("/v1/openapi.json", "/healthz"):
            writer.write(b"HEAD %s HTTP/1.1\r\nhost: x\r\n\r\n" % path.encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\n")
            assert b"content-length: 0" not in head
        writer.close()
        await writer.wait_closed()


async def test_the_rest_of_a_stream_is_not_made() -> None:
    made: list[int] = []

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for number in range(1000):
                made.append(number)
                yield b"x"

        await StreamingResponse(pieces())(scope, receive, send)

    transport = httpx.ASGITransport(app=Heads(LastResort(answer)))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as client:
        head = await client.head("/")
    assert (head.status_code, head.content) == (200, b"")
    assert len(made) < 3
