"""Sending one webhook: one request to one checked address, and of the answer nothing but the status.

No redirect is followed, no cookie kept, no proxy asked, no body of an answer read, and no connection used twice: two
receivers behind one address share nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import Protocol

import httpx

from store.deliveries import Attempt
from verifier.changes.addresses import AddressRefused, AddressRules, Target

SECONDS = 10.0
"""Within which all of it must be done."""
_TRIED = 4
"""Addresses of one host that are tried."""
_FIRST_GOOD, _FIRST_REDIRECT = 200, 300


class Post(Protocol):
    """Sends one message to a URL."""

    async def send(self, url: str, body: str, headers: Mapping[str, str]) -> Attempt:
        """Send, and say how it went; never raises for what the other side does."""
        ...


class HttpPost:
    """Sends over HTTP/1.1; closed by `close`.

    Args:
        rules: which addresses may be called.
        seconds: within which all must be done.
    """

    def __init__(self, rules: AddressRules, *, seconds: float = SECONDS) -> None:
        self._rules = rules
        self._seconds = seconds
        self._transport = httpx.AsyncHTTPTransport(
            verify=ssl.create_default_context(), limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def close(self) -> None:
        """Close what is open."""
        await self._transport.aclose()

    async def send(self, url: str, body: str, headers: Mapping[str, str]) -> Attempt:
        """Send, and say how it went: `refused_address`, `not_reached`, `timeout`, `bad_answer`, or the status."""
        try:
            async with asyncio.timeout(self._seconds):
                target = await self._rules.target(url)
                status = await self._first_that_answers(target, body, headers)
        except AddressRefused:
            return Attempt(status=None, error="refused_address")
        except (TimeoutError, httpx.TimeoutException):
            return Attempt(status=None, error="timeout")
        except (httpx.ConnectError, OSError):
            return Attempt(status=None, error="not_reached")
        except httpx.HTTPError:
            return Attempt(status=None, error="bad_answer")
        good = _FIRST_GOOD <= status < _FIRST_REDIRECT
        return Attempt(status=status, error=None if good else "status")

    async def _first_that_answers(self, target: Target, body: str, headers: Mapping[str, str]) -> int:
        *others, last = target.addresses[:_TRIED]
        for address in others:
            try:
                return await self._send_to(address, target.url, body, headers)
            except httpx.ConnectError:
                continue
        return await self._send_to(last, target.url, body, headers)

    async def _send_to(self, address: str, url: httpx.URL, body: str, headers: Mapping[str, str]) -> int:
        request = httpx.Request(
            "POST",
            url.copy_with(host=address),
            headers={**headers, "host": url.netloc.decode("ascii")},
            content=body.encode(),
            extensions={
                "sni_hostname": url.raw_host.decode("ascii"),
                "timeout": httpx.Timeout(self._seconds).as_dict(),
            },
        )
        response = await self._transport.handle_async_request(request)
        await response.aclose()
        return response.status_code
