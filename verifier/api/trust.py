"""The trust file and the facts file, for verifiers without a network: public, and proved by signatures alone."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, Response

from verifier.api import caching
from verifier.api.bodies import JSON
from verifier.api.documented import problem_answers
from verifier.callers import Gate
from verifier.problems import Code, RequestRefused
from verifier.publishing.trust_folder import TrustFolder

TRUST_PATH = "/.well-known/ecert-trust.json"
FACTS_PATH = "/.well-known/ecert-facts.bin"
FACTS_TYPE = "application/gzip"
_KEEP = "public, max-age=300"


def trust_routes(folder: TrustFolder, gate: Gate) -> APIRouter:
    """Make the routes. `gate` counts the calls of each address."""
    router = APIRouter(tags=["published"])

    async def trust(request: Request) -> Response:
        """Give the trust file: ledgers, agencies, keys and a checkpoint, signed by the bureau's roots (JWS JSON).

        Rely on it only where enough of the roots that you have pinned signed it.
        """
        gate.count(request)
        content = await asyncio.to_thread(_content, folder)
        return caching.kept(request, content, media_type=JSON, keep=_KEEP)

    async def facts(request: Request) -> Response:
        """Give the facts file: every event of the ledgers up to the checkpoint of the trust file, as gzip.

        It goes with the trust file of the same time: fetch that again where the two do not fit.
        """
        gate.count(request)
        try:
            found = await asyncio.to_thread(folder.facts.stat)
        except FileNotFoundError:
            raise _nothing() from None
        tag = f'"{found.st_size:x}-{found.st_mtime_ns:x}"'
        if caching.is_known(request, tag):
            return caching.not_modified(tag, _KEEP)
        return FileResponse(folder.facts, media_type=FACTS_TYPE, headers=caching.headers(tag, _KEEP), stat_result=found)

    router.get(TRUST_PATH, summary="The trust file", response_class=Response, responses=_OF_TRUST)(trust)
    router.get(FACTS_PATH, summary="The facts file", response_class=Response, responses=_OF_FACTS)(facts)
    return router


def _content(folder: TrustFolder) -> bytes:
    try:
        return folder.trust.read_bytes()
    except FileNotFoundError:
        raise _nothing() from None


def _nothing() -> RequestRefused:
    return RequestRefused(Code.NOT_FOUND, "This service has published no trust file.")


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
