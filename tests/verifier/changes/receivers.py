"""Receivers of webhooks, good and bad, each a real server on this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

Answering = Callable[["Receiver", asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """A server that keeps what it was sent, and answers in its own way."""

    answering: Answering
    url: str = ""
    requests: list[tuple[dict[str, str], str]] = field(default_factory=list)
    stuck: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = [line.split(": ", 1) for line in head.split("\r\n")[1:] if line]
            headers = {name.lower(): value for name, value in lines}
            body = (await reader.readexactly(int(headers["content-length"]))).decode()
            self.requests.append((headers, body))
            await self.answering(self, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


def says(status: str, *headers: str, body: bytes = b"") -> Answering:
    """Answer with a status line's end, such as `200 OK`."""

    async def answer(_: Receiver, writer: asyncio.StreamWriter) -> None:
        lines = [f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers, "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()

    return answer


async def never(receiver: Receiver, _: asyncio.StreamWriter) -> None:
    """Take what comes and answer nothing."""
    await receiver.stuck.wait()


async def endless(_: Receiver, writer: asyncio.StreamWriter) -> None:
    """Answer 200 with a body that has no end."""
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def long_headers(_: Receiver, writer: asyncio.StreamWriter) -> None:
    """Answer with headers that have no end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-more: " + b"x" * 10_000 + b"\r\n")
        await writer.drain()


async def trickle(receiver: Receiver, writer: asyncio.StreamWriter) -> None:
    """Send a header line now and then, for ever."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while not receiver.stuck.is_set():
        writer.write(b"x-more: x\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def nonsense(_: Receiver, writer: asyncio.StreamWriter) -> None:
    """Answer what is no HTTP."""
    writer.write(b"220 mail.example ESMTP\r\n")
    await writer.drain()


async def hang_up(_: Receiver, writer: asyncio.StreamWriter) -> None:
    """Close without a word."""
    writer.close()


@asynccontextmanager
async def receiving(answering: Answering) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port."""
    receiver = Receiver(answering)
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks?for=tax"
    try:
        yield receiver
    finally:
        receiver.stuck.set()
        server.close()
        await server.wait_closed()
