"""What is no HTTP is refused with a problem, as the application refuses everything else."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator

import pytest
from starlette.responses import PlainTextResponse

from verifier.processes.serving import serve_web

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


async def test_what_is_http_is_served_after_that(port: int) -> None:
    await answer_to(port, b"hello\r\n\r\n")
    assert (await answer_to(port, GOOD))[2] == b"yes"
