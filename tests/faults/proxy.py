"""A JSON-RPC proxy that does to us what nodes and networks do.

    async with FaultProxy(chain.url) as proxy:
        node = Node(proxy.url, timeout=0.5)
        proxy.fail("eth_sendRawTransaction", Fault.DROP_ANSWER)      # once; the node takes it, we never hear
        proxy.fail("eth_getLogs", Fault.DROP_LOG, times=3)
        proxy.refuse_connections() ... proxy.accept_connections()

Faults are used up in the order in which they were set; a request that none fits goes to the node as it is.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Self

from aiohttp import ClientSession, web

ALWAYS = 10**9


class Fault(Enum):
    """What goes wrong with a request."""

    HANG = auto()  # nothing is forwarded, and no answer comes
    HTTP_500 = auto()  # nothing is forwarded
    NOT_JSON = auto()  # nothing is forwarded, and a page comes back
    DROP_REQUEST = auto()  # the connection ends before the node gets anything
    DROP_ANSWER = auto()  # the node does it, and the connection ends before the answer
    ALREADY_KNOWN = auto()  # the node does it, and says that it knew
    REFUSE = auto()  # the node does not do it, for a reason that nobody knows
    OTHER_CHAIN = auto()  # the answer is that of another chain
    OTHER_CLIENT = auto()  # the client calls itself by a name that nobody knows
    DROP_LOG = auto()  # the last log is missing from the answer
    OLD_HEAD = auto()  # the head is the block that `old_head` names
    OLD_STATE = auto()  # what a contract keeps is answered as of the block that `old_head` names
    ABSENT = auto()  # the node does not know the method


@dataclass(kw_only=True)
class Planned:
    """A fault that is still to happen `times` times."""

    method: str
    fault: Fault
    times: int


_INSTEAD = {Fault.HANG, Fault.HTTP_500, Fault.NOT_JSON, Fault.DROP_REQUEST, Fault.REFUSE, Fault.ABSENT}


class _ConnectionEnds(Exception):
    """Close without an answer."""


class _AnotherAnswer(Exception):
    """Answer this instead of JSON-RPC."""

    def __init__(self, response: web.Response) -> None:
        self.response = response


class FaultProxy:
    """Stands on a port of 127.0.0.1 between us and the node at `upstream`."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.url = ""
        self.old_head = 0
        self.seen: list[str] = []
        self._planned: list[Planned] = []
        self._runner: web.AppRunner | None = None
        self._site: web.TCPSite | None = None
        self._session: ClientSession | None = None
        self._released = asyncio.Event()

    def fail(self, method: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next requests of this method go wrong."""
        self._planned.append(Planned(method=method, fault=fault, times=times))

    def heal(self) -> None:
        """Forget all faults that have not happened."""
        self._planned.clear()

    async def __aenter__(self) -> Self:
        self._session = ClientSession()
        app = web.Application(client_max_size=2**26)
        app.router.add_post("/", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await self.accept_connections()
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._released.set()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    async def refuse_connections(self) -> None:
        """From now on nobody listens."""
        assert self._site is not None
        await self._site.stop()
        self._site = None

    async def accept_connections(self) -> None:
        """Listen (again, on the same port)."""
        assert self._runner is not None
        port = int(self.url.rsplit(":", 1)[1]) if self.url else 0
        self._site = web.TCPSite(self._runner, "127.0.0.1", port, reuse_address=True)
        await self._site.start()
        if not self.url:
            self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        asked = json.loads(await request.read())
        try:
            if isinstance(asked, list):
                body: Any = [await self._one(one) for one in asked]
            else:
                body = await self._one(asked)
        except _ConnectionEnds:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        except _AnotherAnswer as other:
            return other.response
        return web.json_response(body)

    def _take(self, method: str) -> Fault | None:
        for planned in self._planned:
            if planned.method == method and planned.times > 0:
                planned.times -= 1
                return planned.fault
        return None

    async def _one(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.seen.append(asked["method"])
        fault = self._take(asked["method"])
        if fault in _INSTEAD:
            return await self._instead(fault, asked)
        if fault is Fault.OLD_HEAD:
            asked = asked | {"params": [hex(self.old_head), *asked["params"][1:]]}
        if fault is Fault.OLD_STATE:
            asked = asked | {"params": [*asked["params"][:-1], hex(self.old_head)]}
        return self._after(fault, asked, await self._forward(asked))

    async def _instead(self, fault: Fault, asked: dict[str, Any]) -> dict[str, Any]:
        """What happens where the node gets nothing."""
        if fault is Fault.HANG:
            await self._released.wait()
        elif fault is Fault.HTTP_500:
            raise _AnotherAnswer(web.Response(status=500, text="internal error"))
        elif fault is Fault.NOT_JSON:
            raise _AnotherAnswer(web.Response(text="<html>Bad gateway</html>"))
        elif fault is Fault.REFUSE:
            return self._error(asked, -32000, "the moon is in the wrong quarter")
        elif fault is Fault.ABSENT:
            return self._error(asked, -32601, f"the method {asked['method']} does not exist/is not available")
        raise _ConnectionEnds

    def _after(self, fault: Fault | None, asked: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        """What becomes of the node's answer."""
        if fault is Fault.DROP_ANSWER:
            raise _ConnectionEnds
        if fault is Fault.ALREADY_KNOWN:
            return self._error(asked, -32000, "already known")
        if fault is Fault.OTHER_CHAIN:
            return answer | {"result": hex(int(answer["result"], 16) + 1)}
        if fault is Fault.OTHER_CLIENT:
            return answer | {"result": "Sirius/v1"}
        if fault is Fault.DROP_LOG:
            return answer | {"result": answer["result"][:-1]}
        return answer

    async def _forward(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert self._session is not None
        async with self._session.post(self.upstream, json=asked) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    @staticmethod
    def _error(asked: dict[str, Any], code: int, message: str) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": asked["id"], "error": {"code": code, "message": message}}
