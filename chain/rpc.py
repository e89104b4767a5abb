"""JSON-RPC to one node: every request has a time-out, every failure is one of our own errors, nothing is a default.

Built on web3's `AsyncHTTPProvider`, used raw: its own retries are off (who asks decides whether to ask again) and its
session is ours, so that connections are kept open.

Trust: a node is believed about what it says of itself; what it says of the ledger is checked by the indexer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import cast

from aiohttp import ClientError, ClientResponseError, ClientSession, ClientTimeout, InvalidURL, TCPConnector

from chain.answers import Json
from chain.errors import NodeAway, NodeInconsistent, NodeRefused
from chain.patience import NODE_SECONDS
from chain.recursion import limit_kept
from chain.urls import told

with limit_kept():
    from web3 import AsyncHTTPProvider
    from web3.types import RPCEndpoint

Request = tuple[str, list[Json]]
"""A method and its parameters."""

METHOD_ABSENT = frozenset({-32601, -32004})
"""Error codes of a node that does not know, or does not support, a method."""

_BATCH = 100  # requests in one HTTP request; geth takes 1,000, Besu 1,024, proxies often less


class Rpc:
    """A connection to the node at `url`; `timeout` is seconds for one HTTP request, from connecting to the last byte.

    `others` are nodes of the same network, to be turned to between two rounds of work; nothing turns by itself, so that
    no round mixes two nodes' answers.

    Every method raises `NodeAway` when no answer came, `NodeRefused` when it was an error, and `NodeInconsistent` when
    it was not JSON-RPC.
    """

    def __init__(self, url: str, *, others: Sequence[str] = (), timeout: float = NODE_SECONDS) -> None:
        self._urls = (url, *others)
        self.timeout = timeout
        self._provider: AsyncHTTPProvider | None = None
        self._connecting = asyncio.Lock()

    @property
    def url(self) -> str:
        """The node that is asked."""
        return self._urls[0]

    @property
    def others(self) -> tuple[str, ...]:
        """The nodes that could be turned to."""
        return self._urls[1:]

    async def turn(self) -> bool:
        """Ask the next node from now on; False where there is no other."""
        self._urls = (*self._urls[1:], self._urls[0])
        await self.close()
        return len(self._urls) > 1

    async def drop(self, url: str) -> bool:
        """Never ask this node again, unless it is the only one; answer whether another is asked now."""
        before = self.url
        self._urls = tuple(one for one in self._urls if one != url) or self._urls
        if self.url == before:
            return False
        await self.close()
        return True

    async def request(self, method: str, *parameters: Json) -> Json:
        """Answer one request."""
        provider = await self._connected()
        try:
            answer = await provider.make_request(RPCEndpoint(method), list(parameters))
        except (ClientError, TimeoutError, OSError) as error:
            raise NodeAway(self.url, method, _why(error)) from error
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError) as error:
            raise NodeInconsistent(f"the node at {told(self.url)} answered {method} with no JSON") from error
        return _result(method, answer)

    async def batch(self, requests: Sequence[Request]) -> list[Json | NodeRefused]:
        """Answer many requests in few HTTP requests, in their order; a refusal takes the place of its answer."""
        answers: list[Json | NodeRefused] = []
        for start in range(0, len(requests), _BATCH):
            answers += await self._batch(requests[start : start + _BATCH])
        return answers

    async def _batch(self, requests: Sequence[Request]) -> list[Json | NodeRefused]:
        provider = await self._connected()
        name = f"{len(requests)} requests ({requests[0][0]} ...)"
        try:
            answers = await provider.make_batch_request([(RPCEndpoint(method), params) for method, params in requests])
        except (ClientError, TimeoutError, OSError) as error:
            raise NodeAway(self.url, name, _why(error)) from error
        except (json.JSONDecodeError, UnicodeDecodeError, RecursionError, TypeError, KeyError) as error:
            raise NodeInconsistent(f"the node at {told(self.url)} answered {name} with something else") from error
        if not isinstance(answers, list):
            return [await self._one(method, parameters) for method, parameters in requests]  # it takes no batches
        if len(answers) != len(requests):
            raise NodeInconsistent(f"the node at {told(self.url)} answered {name} with {len(answers)} answers")
        return [_answer(method, answer) for (method, _), answer in zip(requests, answers, strict=True)]

    async def _one(self, method: str, parameters: list[Json]) -> Json | NodeRefused:
        try:
            return await self.request(method, *parameters)
        except NodeRefused as refusal:
            return refusal

    async def all(self, requests: Sequence[Request]) -> list[Json]:
        """Answer many requests, none of which may be refused."""
        answers = await self.batch(requests)
        for answer in answers:
            if isinstance(answer, NodeRefused):
                raise answer
        return cast("list[Json]", answers)

    async def close(self) -> None:
        """Close the connections. Another request opens them again."""
        provider, self._provider = self._provider, None
        if provider is not None:
            await provider.disconnect()
            # Closed sockets are let go in the next turns of the loop.
            await asyncio.sleep(0)

    async def _connected(self) -> AsyncHTTPProvider:
        async with self._connecting:
            if self._provider is None:
                limits = {"timeout": ClientTimeout(total=self.timeout)}
                provider = AsyncHTTPProvider(self.url, request_kwargs=limits, exception_retry_configuration=None)
                session = ClientSession(raise_for_status=True, connector=TCPConnector(limit=8))
                await provider.cache_async_session(session)
                self._provider = provider
            return self._provider


def _why(error: BaseException) -> str:
    """Say what went wrong; not in the library's words where these have the URL in them."""
    if isinstance(error, ClientResponseError):
        return f"HTTP {error.status}"
    if isinstance(error, InvalidURL):
        return "this is no URL"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or "the connection broke"


def _answer(method: str, answer: object) -> Json | NodeRefused:
    try:
        return _result(method, answer)
    except NodeRefused as refusal:
        return refusal


def _result(method: str, answer: object) -> Json:
    if not isinstance(answer, dict):
        raise NodeInconsistent(f"the answer to {method} is no JSON-RPC answer")
    if "error" in answer and answer["error"] is not None:
        raise _refusal(method, answer["error"])
    if "result" not in answer:
        raise NodeInconsistent(f"the answer to {method} has neither result nor error")
    return cast("Json", answer["result"])


def _refusal(method: str, error: object) -> NodeRefused:
    if not isinstance(error, dict):
        return NodeRefused(method, 0, str(error))
    code = error.get("code")
    message = str(error.get("message", "without a message"))
    return NodeRefused(method, code if isinstance(code, int) else 0, message, _revert_data(error.get("data")))


def _revert_data(said: object) -> bytes | None:
    """Find the revert data: plain (most nodes), or inside an object (Hardhat)."""
    if isinstance(said, dict):
        said = said.get("data")
    if not isinstance(said, str) or not said.startswith("0x"):
        return None
    try:
        return bytes.fromhex(said[2:])
    except ValueError:
        return None
