"""A process of its own that puts prepared requests to a service and tells how it was answered.

    python _load.py HOST PORT FILE --connections N [--rate R] [--seconds S | --count C] --expect TEXT

FILE holds whole HTTP/1.1 requests, each after its length (8 bytes); they are sent in turn over N kept connections.
Without a rate, each connection sends as soon as it was answered; with one, requests start R times a second whoever
waits, and the waiting counts. An answer without TEXT in it is counted as wrong. The result is a line of JSON.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path

HEADER_END = b"\r\n\r\n"


def requests(path: Path) -> list[bytes]:
    """Read the prepared requests."""
    data, found, at = path.read_bytes(), [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 8], "big")
        found.append(data[at + 8 : at + 8 + size])
        at += 8 + size
    return found


class Connection(asyncio.Protocol):
    """One kept connection, with at most one request under way."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[bytes] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 # TCP
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Gather an answer until it is whole; every answer says its length."""
        self._buffer += data
        end = self._buffer.find(HEADER_END)
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        mark = head.index(b"content-length:") + len(b"content-length:")
        size = int(head[mark:].split(b"\r\n", 1)[0])
        whole = end + len(HEADER_END) + size
        if len(self._buffer) >= whole and self._answer is not None and not self._answer.done():
            self._answer.set_result(bytes(self._buffer[:whole]))
            del self._buffer[:whole]

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(exc or ConnectionError("closed"))

    async def ask(self, request: bytes) -> bytes:
        """Send a request and give the answer, head and all."""
        assert self._transport is not None  # noqa: S101 # it is connected
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer


class Load:
    """What was sent and how it was answered."""

    def __init__(self, given: argparse.Namespace) -> None:
        self._given = given
        self._requests = itertools.cycle(requests(given.file))
        self._expect = given.expect.encode()
        self.times: list[float] = []
        self.wrong = 0
        self.sizes = 0

    def _more(self, start: float) -> bool:
        if self._given.count:
            return len(self.times) < self._given.count
        return time.perf_counter() - start < self._given.seconds

    async def _ask(self, connection: Connection, begun: float) -> None:
        answer = await connection.ask(next(self._requests))
        self.times.append(time.perf_counter() - begun)
        self.sizes += len(answer)
        self.wrong += self._expect not in answer

    async def _as_fast_as_it_goes(self, connection: Connection, start: float) -> None:
        while self._more(start):
            await self._ask(connection, time.perf_counter())

    async def _in_turn(self, connection: Connection, starts: Iterator[int], start: float) -> None:
        for number in starts:
            due = start + number / self._given.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            if not self._more(start):
                return
            await self._ask(connection, due)

    async def run(self) -> float:
        """Open the connections and send; gives the seconds it took."""
        loop = asyncio.get_running_loop()
        made = [
            (await loop.create_connection(Connection, self._given.host, self._given.port))[1]
            for _ in range(self._given.connections)
        ]
        start, starts = time.perf_counter(), itertools.count()
        if self._given.rate:
            await asyncio.gather(*(self._in_turn(each, starts, start) for each in made))
        else:
            await asyncio.gather(*(self._as_fast_as_it_goes(each, start) for each in made))
        return time.perf_counter() - start


def main() -> None:
    """Send, then tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("file", type=Path)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--count", type=int)
    parser.add_argument("--expect", default="")
    given = parser.parse_args()
    load = Load(given)
    spent = asyncio.run(load.run())
    times = sorted(load.times)
    print(
        json.dumps(
            {
                "answered": len(times),
                "wrong": load.wrong,
                "seconds": spent,
                "per_second": len(times) / spent,
                "p50": times[len(times) // 2],
                "p99": times[len(times) * 99 // 100],
                "bytes": load.sizes / len(times),
            }
        )
    )


if __name__ == "__main__":
    main()
