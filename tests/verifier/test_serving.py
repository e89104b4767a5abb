"""What is no HTTP is refused with a problem, as the application refuses everything else."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.responses import PlainTextResponse

from verifier.processes.serving import HEADER_BYTES, serve_web

GOOD = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """An application that says yes to everything."""
    taken = socket.create_server(("127.0.0.1", 0))
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_web(PlainTextResponse("yes"), taken, stop))
    yield taken.getsockname()[1]
    stop.set()
    await serving


async def answer_to(port: int, sent: bytes) -> tuple[bytes, dict[str, str], bytes]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    head, _, body = (await reader.read()).partition(b"\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    first, *lines = head.split(b"\r\n")
    return first, dict(line.decode().split(": ", 1) for line in lines), body


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_answered_with_a_problem(port: int, sent: bytes) -> None:
    first, headers, body = await answer_to(port, sent)
    assert first == b"HTTP/1.1 400 Bad Request"
    assert headers["content-type"] == "application/problem+json"
    assert (headers["connection"], headers["content-length"]) == ("close", str(len(body)))
    assert headers["x-content-type-options"] == "nosniff"
    said = json.loads(body)
    assert (said["type"], said["status"]) == ("urn:ecert:problem:not_http", 400)
    assert "Invalid HTTP" not in said["detail"]


PIECES = [b"x: " + b"a" * 900 + b"\r\n"] * (HEADER_BYTES // 900 + 1)


@pytest.mark.parametrize("pieces", [PIECES, [b"x: ", *[b"a" * 1000] * (HEADER_BYTES // 1000 + 1)]])
async def test_headers_without_an_end_are_refused_while_they_come(port: int, pieces: list[bytes]) -> None:
    first, headers, _ = await answer_to(port, b"GET / HTTP/1.1\r\nhost: x\r\n" + b"".join(pieces))
    assert (first, headers["connection"]) == (b"HTTP/1.1 400 Bad Request", "close")


async def test_trailers_without_an_end_end_the_connection(port: int) -> None:
    begun = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(begun)
    assert (await reader.readuntil(b"yes")).startswith(b"HTTP/1.1 200 OK")
    writer.writelines(PIECES)
    assert b"not_http" in await reader.read()
    writer.close()


async def test_a_body_may_be_longer_than_headers(port: int) -> None:
    whole = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (3 * HEADER_BYTES) + b"a" * 3 * HEADER_BYTES
    pieces = b"1\r\na\r\n" * HEADER_BYTES + b"0\r\n\r\n"
    chunked = b"POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n" + pieces
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(whole + chunked + GOOD)
    answers = await reader.read()
    assert (answers.count(b"HTTP/1.1 200 OK"), b"not_http" in answers) == (3, False)
    writer.close()


async def test_what_is_http_is_served_after_that(port: int) -> None:
    await answer_to(port, b"hello\r\n\r\n")
    assert (await answer_to(port, GOOD))[2] == b"yes"
