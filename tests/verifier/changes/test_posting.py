"""One webhook to one receiver: whatever that does, it ends soon, follows nothing, and reads no more than a status."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Collection

import pytest

from store.deliveries import Attempt
from tests.verifier.changes.receivers import (
    Answering,
    endless,
    hang_up,
    long_headers,
    never,
    nonsense,
    receiving,
    says,
    trickle,
)
from verifier.changes.addresses import AddressRules
from verifier.changes.posting import HttpPost

BODY = '{"type":"certificate.status_changed"}'
HEADERS = {"content-type": "application/json", "webhook-id": "1"}


@pytest.fixture
async def post() -> AsyncIterator[HttpPost]:
    post = HttpPost(AddressRules(["127.0.0.1", "localhost"]), seconds=5.0)
    yield post
    await post.close()


@pytest.fixture
async def hasty() -> AsyncIterator[HttpPost]:
    """Waits a moment only."""
    post = HttpPost(AddressRules(["127.0.0.1"]), seconds=0.3)
    yield post
    await post.close()


async def test_what_is_sent_arrives_as_it_is(post: HttpPost) -> None:
    async with receiving(says("204 No Content")) as receiver:
        assert await post.send(receiver.url, BODY, HEADERS) == Attempt(status=204, error=None)
        ((headers, body),) = receiver.requests
        assert body == BODY
        assert headers["webhook-id"] == "1"
        assert headers["host"] == receiver.url.split("/")[2]
        assert "cookie" not in headers


async def test_the_host_is_said_by_its_name(post: HttpPost) -> None:
    async with receiving(says("200 OK")) as receiver:
        url = receiver.url.replace("127.0.0.1", "localhost")
        assert (await post.send(url, BODY, HEADERS)).status == 200
        assert receiver.requests[0][0]["host"] == url.split("/")[2]


@pytest.mark.parametrize("status", ["500 Oh", "404 No", "410 Gone", "429 Slow"])
async def test_any_other_status_is_none_that_counts(post: HttpPost, status: str) -> None:
    async with receiving(says(status)) as receiver:
        attempt = await post.send(receiver.url, BODY, HEADERS)
    assert attempt == Attempt(status=int(status[:3]), error="status")


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
async def test_no_redirect_is_followed(post: HttpPost, status: str) -> None:
    async with receiving(says("200 OK")) as inner, receiving(says(status, f"location: {inner.url}")) as receiver:
        attempt = await post.send(receiver.url, BODY, HEADERS)
        assert (attempt.status, attempt.error, inner.requests) == (int(status[:3]), "status", [])


async def test_no_cookie_is_kept(post: HttpPost) -> None:
    async with receiving(says("200 OK", "set-cookie: a=b; path=/")) as receiver:
        for _ in range(2):
            await post.send(receiver.url, BODY, HEADERS)
        assert all("cookie" not in headers for headers, _ in receiver.requests)


@pytest.mark.parametrize("answering", [endless, says("200 OK", body=b"x" * 100_000)], ids=["endless", "large"])
async def test_the_body_of_an_answer_is_not_read(post: HttpPost, answering: Answering) -> None:
    async with receiving(answering) as receiver:
        assert await post.send(receiver.url, BODY, HEADERS) == Attempt(status=200, error=None)


@pytest.mark.parametrize(
    ("answering", "error"),
    [(long_headers, "bad_answer"), (nonsense, "bad_answer"), (hang_up, "bad_answer")],
    ids=["headers without end", "no HTTP", "hangs up"],
)
async def test_what_is_no_answer_is_said(post: HttpPost, answering: Answering, error: str) -> None:
    async with receiving(answering) as receiver:
        assert await post.send(receiver.url, BODY, HEADERS) == Attempt(status=None, error=error)


@pytest.mark.parametrize("answering", [never, trickle], ids=["silent", "never done"])
async def test_what_takes_too_long_is_given_up(hasty: HttpPost, answering: Answering) -> None:
    async with receiving(answering) as receiver:
        assert await hasty.send(receiver.url, BODY, HEADERS) == Attempt(status=None, error="timeout")


async def test_where_nobody_listens_is_said(post: HttpPost) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        assert await post.send(url, BODY, HEADERS) == Attempt(status=None, error="not_reached")


async def test_an_address_that_turned_inward_since_the_watch_was_made_is_not_called() -> None:
    """DNS says another address at delivery than it said when the watch was made."""
    said = [["93.184.215.14"], ["127.0.0.1"]]

    async def rebound(host: str, port: int) -> Collection[str]:
        del host, port
        return said.pop(0)

    rules = AddressRules([], rebound)
    async with receiving(says("200 OK")) as receiver:
        url = receiver.url.replace("http://127.0.0.1", "https://rebound.example")
        await rules.target(url)
        post = HttpPost(rules)
        assert await post.send(url, BODY, HEADERS) == Attempt(status=None, error="refused_address")
        await post.close()
        assert receiver.requests == []


async def test_the_next_address_of_a_host_is_tried_where_one_does_not_answer(post: HttpPost) -> None:
    del post

    async def two(host: str, port: int) -> Collection[str]:
        del host, port
        return ["127.0.0.2", "127.0.0.1"]

    async with receiving(says("200 OK")) as receiver:
        sender = HttpPost(AddressRules(["localhost"], two))
        attempt = await sender.send(receiver.url.replace("127.0.0.1", "localhost"), BODY, HEADERS)
        await sender.close()
    assert attempt == Attempt(status=200, error=None)
