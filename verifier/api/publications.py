"""What is published, without log-in: status list tokens, the leaves of batches, the status of a serial."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from ecert import base64url
from verifier.api import caching
from verifier.api.bodies import JSON
from verifier.api.documented import problem_answers
from verifier.api.published_wire import LeavesAnswer, SerialStatusAnswer
from verifier.callers import Gate
from verifier.problems import Code, RequestRefused
from verifier.services.published import Published

TOKEN_TYPE = "application/statuslist+jwt"  # noqa: S105 # a media type
STATUS_TTL = 60
"""Seconds for which a status list may be kept, unless the settings say."""
_STATUS_LIST = "/status/{chain_id}/{ledger}/{agency}/{number}"
_LEAVES = "/v1/batches/{agency}/{first_serial}/leaves"
_STATUS = "/v1/certificates/{agency}/{serial}/status"


def publication_routes(published: Published, gate: Gate, ttl: int) -> APIRouter:
    """Make the routes; a status list may be kept for `ttl` seconds. `gate` counts the calls of each address."""
    router = APIRouter(tags=["published"])

    async def status_list(request: Request, chain_id: str, ledger: str, agency: str, number: str) -> Response:
        """Give the signed status list of 131,072 serials (IETF Token Status List), as certificates name it.

        Its `iat` is the time of the block that it was made from. Where the ledger has not been read for a while it is
        served all the same, and ends at its `exp`.
        """
        gate.count(request)
        token = await asyncio.to_thread(published.status_token, chain_id, ledger, agency, number)
        if token is None:
            raise _nothing("There is no such status list.")
        keep = f"public, max-age={ttl}"
        return caching.kept(request, token.encode(), media_type=TOKEN_TYPE, keep=keep)

    async def leaves(request: Request, agency: str, first_serial: str) -> Response:
        """Give the leaves of the batch that begins with a serial: enough to make the path of each certificate in it.

        They are given once they make the root that the ledger names, and never change once the batch is settled.
        """
        gate.count(request)
        batch = published.batch(agency, first_serial)
        if batch is None:
            raise _nothing("There is no such batch.")
        tag = f'"{base64url.encode(batch.root)}"'
        keep = caching.FOR_EVER if batch.settled else caching.ASK_AGAIN
        if caching.is_known(request, tag):
            return caching.not_modified(tag, keep)
        found = await asyncio.to_thread(published.leaves, agency, batch)
        if found is None:
            raise _nothing("There is no such batch.")
        return caching.streamed(found.json_pieces(), tag=tag, media_type=JSON, keep=keep)

    async def status(request: Request, agency: str, serial: str) -> JSONResponse:
        """Say what the ledger says of a serial: the status now, as of which block, and every change before.

        Withdrawals count at once, reinstatements once their block is settled. This is no verdict: who has the
        certificate has it verified.
        """
        gate.count(request)
        found = published.status(agency, serial)
        if found is None:
            raise _nothing("The ledger has no such certificate.")
        return JSONResponse(found.to_json())

    router.get(_STATUS_LIST, summary="A status list", response_class=Response, responses=_OF_LISTS)(status_list)
    router.get(_LEAVES, summary="The leaves of a batch", response_model=LeavesAnswer, responses=_OF_LEAVES)(leaves)
    router.get(_STATUS, summary="The status of a serial", response_model=SerialStatusAnswer, responses=_OF_SERIALS)(
        status
    )
    return router


def _problems(*codes: Code) -> dict[int | str, dict[str, Any]]:
    return problem_answers(Code.NOT_FOUND, Code.TOO_MANY, *codes, Code.INTERNAL)


_TOKEN = {"description": "A signed status list.", "content": {TOKEN_TYPE: {"schema": {"type": "string"}}}}
_OF_LISTS: dict[int | str, dict[str, Any]] = {200: _TOKEN, **caching.NOT_MODIFIED, **_problems(Code.DATABASE_AWAY)}
_OF_SERIALS = _problems(Code.NOT_READY)
_OF_LEAVES = {**caching.NOT_MODIFIED, **_problems(Code.NOT_READY, Code.DATABASE_AWAY)}


def _nothing(detail: str) -> RequestRefused:
    return RequestRefused(Code.NOT_FOUND, detail)
