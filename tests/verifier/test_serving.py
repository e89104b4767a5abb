"""What is no HTTP is refused with a problem, as the application refuses everything else."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.config import Config
from uvicorn.server import ServerState

from verifier.processes import connection
from verifier.processes.connection import HEADER_BYTES, TAKEN_BYTES, Strangers
from verifier.processes.listening import listen
from verifier.processes.serving import serve_web

GOOD = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """Serve an application; the port."""
    taken = listen("127.0.0.1", 0)
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_web(app, taken, stop))
    yield taken.getsockname()[1]
    stop.set()
    await serving


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """An application that says yes to everything."""
    async with served(PlainTextResponse("yes")) as port:
        yield port


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


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nhost: a\r\nhost: a",
        b"GET / HTTP/1.0\r\nhost: a\r\nhost: b",
        b"GET http://a/ HTTP/1.1",
        b"GET / HTTP/1.1\r\nhost: a b",
        b"GET / HTTP/1.1\r\nhost: a/b",
        b"GET / HTTP/1.1\r\nhost: a, b",
        b"GET / HTTP/1.1\r\nhost: u@a",
        b"GET / HTTP/1.1\r\nhost: a:80:80",
        b"GET / HTTP/1.1\r\nhost: \xe6\xb3\x95",
        b"GET / HTTP/2.0\r\nhost: a",
        b"GET / HTTP/0.9\r\nhost: a",
        b"GET / HTTP/1.1\r\nhost: a\r\nauthorization: Bearer a\r\nauthorization: Basic b",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-type: text/csv\r\ncontent-type: application/json",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-encoding: identity\r\ncontent-encoding: gzip",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip, chunked",
        b"POST / HTTP/1.0\r\nhost: a\r\ntransfer-encoding: chunked",
    ],
)
async def test_a_request_with_two_meanings_or_without_its_host_is_refused(port: int, head: bytes) -> None:
    first, headers, _ = await answer_to(port, head + b"\r\n\r\n")
    assert (first, headers["content-type"]) == (b"HTTP/1.1 400 Bad Request", "application/problem+json")


@pytest.mark.parametrize("host", ["", "a", "a:80", "a:", "127.0.0.1:8443", "[::1]:80", "xn--fiq228c.example", "a_b.c"])
async def test_whatever_can_be_a_host_is_served(port: int, host: str) -> None:
    asked = f"GET / HTTP/1.1\r\nHost: {host}\r\nconnection: close\r\n\r\n".encode()
    assert (await answer_to(port, asked))[2] == b"yes"


async def test_http_of_before_hosts_is_served_without(port: int) -> None:
    assert (await answer_to(port, b"GET / HTTP/1.0\r\n\r\n"))[2] == b"yes"


@pytest.mark.parametrize("after", [b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n"])
async def test_what_is_no_http_behind_a_good_request_does_not_become_its_answer(port: int, after: bytes) -> None:
    good = GOOD.replace(b"connection: close\r\n", b"")
    first, headers, body = await answer_to(port, good + good + after)
    assert (first, headers["content-length"]) == (b"HTTP/1.1 200 OK", "3")
    assert body.count(b"HTTP/1.1 200 OK") == 1
    assert body.endswith(b"yes")


UPGRADE = b"connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"


async def say(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with how one asked, and the body."""
    if scope["type"] == "http":
        request = Request(scope, receive)
        said = f"{request.method} {request.url.path} {scope['http_version']} {request.headers['x-said']} ".encode()
        await Response(said + await request.body() + b"\n")(scope, receive, send)


@pytest.mark.parametrize(
    ("method", "lines", "body"),
    [
        (b"GET", b"", b""),
        (b"POST", b"content-length: 4\r\n", b"sent"),
        (b"POST", b"transfer-encoding: chunked\r\n", b"2\r\nse\r\n2\r\nnt\r\n0\r\n\r\n"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
async def test_who_would_change_to_another_protocol_is_read_and_answered_like_others(
    method: bytes, lines: bytes, body: bytes, *, at_once: bool
) -> None:
    asked = b"%s /a%%20b?c HTTP/1.1\r\nhost: x\r\nX-Said:  so\r\n" % method + UPGRADE + lines
    last = GOOD.replace(b"host: x", b"host: x\r\nx-said: then")
    async with served(say) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for piece in [(asked + b"\r\n" + body) * 2 + last] if at_once else [asked, b"\r\n", *_each(body), last]:
            writer.write(piece)
            await asyncio.sleep(0.01)
        answers = (await reader.read()).replace(b"\r\n\r\n", b"\n").splitlines()
        writer.close()
    told = [line for line in answers if b" / " in line or b" /a b " in line]
    once = b"%s /a b 1.1 so %s" % (method, b"sent" if body else b"")
    assert told == [*[once] * (2 if at_once else 1), b"GET / 1.1 then "]
    assert not any(line.startswith(b"HTTP/1.1 101") for line in answers)


def _each(body: bytes) -> list[bytes]:
    return [body[at : at + 1] for at in range(len(body))]


@pytest.mark.parametrize("target", [b"x:80", b"/", b"*"])
async def test_nobody_is_connected_with_anything(port: int, target: bytes) -> None:
    first, headers, _ = await answer_to(port, b"CONNECT " + target + b" HTTP/1.1\r\nhost: x:80\r\n\r\n")
    assert (first, headers["content-type"]) == (b"HTTP/1.1 400 Bad Request", "application/problem+json")


async def test_however_often_what_is_no_http_comes_the_log_has_two_lines_and_the_count(
    port: int, caplog: pytest.LogCaptureFixture
) -> None:
    upgrade = GOOD.replace(b"connection: close", b"connection: upgrade\r\nupgrade: h2c")
    for sent in (b"hello\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", *PIECES[:1] * 8, upgrade):
        await answer_to(port, sent)
    assert caplog.messages == ["what came is no HTTP, and was refused"]


class Second(logging.Handler):
    """Waits for a second line."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []
        self.came = asyncio.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())
        if len(self.lines) == 2:
            self.came.set()


async def test_what_came_meanwhile_is_told_as_a_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "TELLING_SECONDS", 0.01)
    second, log = Second(), logging.getLogger(connection.__name__)
    log.addHandler(second)
    try:
        strangers = Strangers()
        for _ in range(1000):
            strangers.refused()
        await second.came.wait()
        strangers.tell()
    finally:
        log.removeHandler(second)
    once = "what came is no HTTP, and was refused"
    assert second.lines == [once, f"{once}, 999 times more"]


class Endless:
    """Answers without an end; `given`: bytes; `ended`: it was told that nobody takes them any more."""

    def __init__(self) -> None:
        self.given = 0
        self.ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        await receive()
        await send({"type": "http.response.start", "status": 200})
        left = asyncio.ensure_future(receive())
        while not left.done():
            await send({"type": "http.response.body", "body": bytes(TAKEN_BYTES), "more_body": True})
            self.given += TAKEN_BYTES
            await asyncio.sleep(0)
        self.ended.set()


async def never_read(port: int, asked: bytes) -> socket.socket:
    taker = socket.socket()
    taker.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 32 * 1024)
    taker.setblocking(False)
    await asyncio.get_running_loop().sock_connect(taker, ("127.0.0.1", port))
    await asyncio.get_running_loop().sock_sendall(taker, asked)
    return taker


async def test_who_never_takes_an_answer_is_cut_off_and_little_is_held_for_him(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("HEADER_SECONDS", "TAKING_SECONDS"):
        monkeypatch.setattr(connection, name, 0.1)
    endless = Endless()
    async with served(endless) as port:
        taker = await never_read(port, GOOD)
        await endless.ended.wait()
        assert endless.given < 64 << 20
        taker.close()


async def test_a_whole_answer_that_nobody_takes_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HEADER_SECONDS", "TAKING_SECONDS"):
        monkeypatch.setattr(connection, name, 0.1)
    lost = asyncio.Event()
    usual = connection.PatientProtocol.connection_lost

    def noticed(self: connection.PatientProtocol, exc: Exception | None) -> None:
        lost.set()
        usual(self, exc)

    monkeypatch.setattr(connection.PatientProtocol, "connection_lost", noticed)
    async with served(Response(bytes(64 << 20))) as port:
        taker = await never_read(port, GOOD.replace(b"connection: close\r\n", b""))
        await lost.wait()
        taker.close()


async def test_what_was_taken_is_seen_soon_and_not_in_large_lumps(monkeypatch: pytest.MonkeyPatch) -> None:
    made: asyncio.Future[asyncio.Transport] = asyncio.get_running_loop().create_future()
    usual = connection.PatientProtocol.connection_made

    def noticed(self: connection.PatientProtocol, transport: asyncio.Transport) -> None:
        made.set_result(transport)
        usual(self, transport)

    async def left_at_most(transport: asyncio.Transport, most: int) -> None:
        while transport.get_write_buffer_size() > most:  # noqa: ASYNC110 - which no event tells
            await asyncio.sleep(0.01)

    monkeypatch.setattr(connection.PatientProtocol, "connection_made", noticed)
    async with served(Response(bytes(16 << 20))) as port:
        taker = await never_read(port, GOOD)
        transport = await made
        for _ in range(16):
            await asyncio.sleep(0.1)  # what the system takes at once it has taken
            left = transport.get_write_buffer_size()
            for _ in range(TAKEN_BYTES // 4096):
                await asyncio.get_running_loop().sock_recv(taker, 4096)
            await asyncio.wait_for(left_at_most(transport, left - TAKEN_BYTES // 4), 30)
        taker.close()


class Taker(asyncio.Transport):
    """A connection of which so much waits at each look; `cut`: at which it was cut off."""

    def __init__(self, *waiting: int) -> None:
        super().__init__()
        self._waiting = waiting
        self._looks = 0
        self.cut = asyncio.get_running_loop().create_future()

    def is_closing(self) -> bool:
        return True

    def get_write_buffer_size(self) -> int:
        self._looks += 1
        return self._waiting[self._looks - 1]

    def abort(self) -> None:
        self.cut.set_result(self._looks)


@pytest.mark.parametrize(
    ("waiting", "look"),
    [
        ((TAKEN_BYTES, TAKEN_BYTES), 2),
        ((4 * TAKEN_BYTES, 3 * TAKEN_BYTES, 2 * TAKEN_BYTES, TAKEN_BYTES, 1), 5),
        ((3 * TAKEN_BYTES, 2 * TAKEN_BYTES, TAKEN_BYTES + 1), 3),
    ],
)
async def test_who_takes_an_answer_bit_by_bit_is_given_time(
    waiting: tuple[int, ...], look: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HEADER_SECONDS", "TAKING_SECONDS"):
        monkeypatch.setattr(connection, name, 0)
    taker = Taker(*waiting)
    made = connection.PatientProtocol(Config(Response()), ServerState(), {}, strangers=Strangers())
    made.connection_made(taker)
    assert await taker.cut == look
    made.connection_lost(ConnectionAbortedError())
