"""The trust file and the facts file, for verifiers without a network: public, and proved by signatures alone."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path
from typing import IO, Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from verifier.api import caching
from verifier.api.bodies import JSON
from verifier.api.documented import problem_answers
from verifier.callers import Gate
from verifier.problems import Code, RequestRefused
from verifier.publishing.trust_folder import TrustFolder

TRUST_PATH = "/.well-known/ecert-trust.json"
FACTS_PATH = "/.well-known/ecert-facts.bin"
FACTS_TYPE = "application/gzip"
_RANGE = re.compile(r"bytes=(?:([0-9]{1,18})-([0-9]{1,18})?|-[0-9]{1,18})")
_KEEP = "public, max-age=300"


def trust_routes(folder: TrustFolder, gate: Gate) -> APIRouter:
    """Make the routes. `gate` counts the calls of each address."""
    router = APIRouter(tags=["published"])

    async def trust(request: Request) -> Response:
        """Give the trust file: ledgers, agencies, keys and a checkpoint, signed by the bureau's roots (JWS JSON).

        Rely on it only where enough of the roots that you have pinned signed it.
        """
        return await _given(request, folder.trust, JSON)

    async def facts(request: Request) -> Response:
        """Give the facts file: every event of the ledgers up to the checkpoint of the trust file, as gzip.

        It goes with the trust file of the same time: fetch that again where the two do not fit.
        """
        return await _given(request, folder.facts, FACTS_TYPE)

    async def _given(request: Request, path: Path, media_type: str) -> Response:
        gate.count(request)
        try:
            file = await asyncio.to_thread(path.open, "rb")
        except FileNotFoundError:
            raise RequestRefused(Code.NOT_FOUND, "This service has published no trust file.") from None
        opened = OpenedFile(file, media_type=media_type, keep=_KEEP)
        if caching.is_known(request, opened.headers["etag"]):
            file.close()
            return caching.not_modified(opened.headers["etag"], _KEEP)
        return opened

    router.get(TRUST_PATH, summary="The trust file", response_class=Response, responses=_OF_TRUST)(trust)
    router.get(FACTS_PATH, summary="The facts file", response_class=Response, responses=_OF_FACTS)(facts)
    return router


class OpenedFile(FileResponse):
    """A file as it was when it was opened, to its end, whatever takes its place meanwhile."""

    def __init__(self, file: IO[bytes], *, media_type: str, keep: str) -> None:
        found = os.fstat(file.fileno())
        tag = f'"{found.st_size:x}-{found.st_mtime_ns:x}"'
        super().__init__(
            f"/dev/fd/{file.fileno()}", media_type=media_type, headers=caching.headers(tag, keep), stat_result=found
        )
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, or the one part that is asked for; a range that says nothing is passed over (RFC 9110, 14.2)."""
        asked = _RANGE.fullmatch(Headers(scope=scope).get("range", ""))
        if asked is None or (asked[2] and int(asked[2]) < int(asked[1])):
            scope = {**scope, "headers": [each for each in scope["headers"] if each[0] != b"range"]}
        with self._file:
            await super().__call__(scope, receive, send)


_PROBLEMS = problem_answers(Code.NOT_FOUND, Code.TOO_MANY, Code.INTERNAL)
_OF_TRUST: dict[int | str, dict[str, Any]] = {
    200: {"description": "A signed trust file.", "content": {JSON: {"schema": {"type": "object"}}}},
    **caching.NOT_MODIFIED,
    **_PROBLEMS,
}
_OF_FACTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A facts file.", "content": {FACTS_TYPE: {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The part of it that was asked for with Range."},
    **caching.NOT_MODIFIED,
    **_PROBLEMS,
}
