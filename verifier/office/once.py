"""Doing what a request asks once under its `Idempotency-Key`, and saying again what was said.

What was refused and did nothing frees its key, so that it can be mended and sent again. Where nobody knows whether it
was done (the commit's answer was lost) the key is kept: the same request gets the answer, or is done two minutes later.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from fastapi.responses import JSONResponse
from starlette.requests import Request
from starlette.responses import Response

from store.errors import Overtaken
from verifier.access.idempotency import Attempt, Idempotency, Stored, key_of, request_hash
from verifier.callers import Caller
from verifier.errors import VerifierError
from verifier.services.issuance import Told

AGAIN = {"idempotent-replayed": "true"}


async def once(
    idempotency: Idempotency,
    request: Request,
    caller: Caller,
    work: Callable[[Attempt | None], Awaitable[Told]],
    shown: Callable[[Told], Awaitable[Told]] | None = None,
) -> Response:
    """Answer with what `work` says, or what it said before; `shown` makes the answer where what is kept is another.

    Raises:
        RequestRefused: what the work refuses; 409 while the same request is being carried out; 422 where the key was
            used for another request.
        StoreError: the database does not answer.
    """
    key = key_of(request)
    if key is None:
        return await _rendered(await work(None), shown)
    begun = await idempotency.begin(caller, key, request_hash(request, await request.body()))
    if isinstance(begun, Stored):
        return await _rendered(Told(status=begun.status, said=json.loads(begun.answer)), shown, again=True)
    try:
        done = await work(begun)
    except (VerifierError, Overtaken):
        await idempotency.abandon(begun)
        raise
    return await _rendered(done, shown)


async def _rendered(
    kept: Told, shown: Callable[[Told], Awaitable[Told]] | None, *, again: bool = False
) -> JSONResponse:
    answered = kept if shown is None else await shown(kept)
    place = answered.said.get("certificate")
    headers = {"location": place} if isinstance(place, str) else {}
    return JSONResponse(dict(answered.said), answered.status, headers=headers | (AGAIN if again else {}))
