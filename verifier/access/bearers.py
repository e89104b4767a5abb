"""Who bears a token: the token's word and the directory's, put together into a `Caller`.

A token that was checked is remembered by its hash until it expires, since checking the signature costs a hundred times
as much as looking it up. What the directory says is asked anew every time, so that a client which is disabled, or lost
a scope, is refused as soon as the snapshot says so.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from verifier.access.access_tokens import AccessTokens, Grant, NotAToken
from verifier.access.directory import ClientDirectory, KnownClient
from verifier.callers import Caller

KEPT = 20_000
"""Tokens that are remembered; when there are more, the older half is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A caller and the client behind it, as the snapshot had it when they were put together."""

    caller: Caller
    client: KnownClient


class UnknownClient(NotAToken):
    """The token is ours, and its client is disabled, or was let in a moment ago."""


class Bearers:
    """Tells callers by their tokens."""

    def __init__(self, tokens: AccessTokens, directory: ClientDirectory) -> None:
        self._tokens = tokens
        self._directory = directory
        self._kept: dict[bytes, tuple[Grant, Bearer]] = {}

    def bearer(self, token: str, now: int) -> Bearer:
        """Tell who bears a token now.

        Raises:
            NotAToken: nobody; `UnknownClient` where the token is good and its client not among those that we know.
        """
        name = hashlib.sha256(token.encode("latin-1", "replace")).digest()
        kept = self._kept.get(name)
        if kept is None:
            grant, before = self._tokens.check(token, now), None
        else:
            grant, before = kept
            if not grant.good(now):
                del self._kept[name]
                raise NotAToken
        client = self._directory.find(grant.client)
        if client is None:
            raise UnknownClient
        if before is not None and before.client is client:
            return before
        fresh = Bearer(caller=_caller(client, grant), client=client)
        self._keep(name, grant, fresh)
        return fresh

    async def look_again(self) -> bool:
        """Look for clients that were let in since; False where that was done a moment ago."""
        return await self._directory.look_again()

    def client(self, name: str) -> KnownClient | None:
        """Give a client by its name; None where there is none that may ask."""
        return self._directory.find(name)

    def _keep(self, name: bytes, grant: Grant, bearer: Bearer) -> None:
        if len(self._kept) >= KEPT:
            for old in list(self._kept)[: KEPT // 2]:
                del self._kept[old]
        self._kept[name] = (grant, bearer)


def _caller(client: KnownClient, grant: Grant) -> Caller:
    return Caller(
        name=client.name,
        relying_party=client.organisation,
        office=client.office,
        agency=client.agency,
        scopes=grant.scopes & client.scopes,
        defaults=client.defaults,
    )
