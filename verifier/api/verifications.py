"""`POST /v1/verifications` and its batch: what is handed in becomes a verdict with a receipt."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
from fastapi import APIRouter, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from verifier.access.gate import require
from verifier.api import documented
from verifier.api.answers_wire import BatchAnswer, VerificationAnswer
from verifier.api.bodies import JSON, NDJSON, media_type, read_lines
from verifier.api.direct import DirectRoute
from verifier.api.queries import refuse_query
from verifier.api.submissions import read_batch, read_line, read_occasion, read_submitted
from verifier.api.while_reading import WhileReading
from verifier.api.wire import MAX_BATCH
from verifier.callers import Act, Caller, Gate, Occasion, Scope
from verifier.guards import MAX_BATCH_BODY, MAX_BODY, unforeseen
from verifier.problems import Code, RequestRefused, body, headers, known
from verifier.services.answered import receipt_json
from verifier.services.answering import Answering
from verifier.services.submitted import Submitted

VERIFICATIONS_PATH = "/v1/verifications"
BATCH_PATH = f"{VERIFICATIONS_PATH}/batch"


def verification_routes(answering: Answering, gate: Gate, max_age: int) -> APIRouter:
    """Make the routes; `max_age` holds where the caller does not say how old the facts may be."""
    router = APIRouter(tags=["verification"], route_class=DirectRoute)

    @router.post(
        VERIFICATIONS_PATH,
        summary="Verify one certificate",
        response_model=VerificationAnswer,
        responses=documented.PROBLEMS_OF_VERIFICATION,
        openapi_extra=documented.VERIFICATION_BODY,
    )
    async def verify(request: Request) -> Response:
        """Judge a certificate as of the newest block that is known here.

        The answer is 200 whatever the verdict: what is no certificate at all is INVALID, `malformed`. Facts that are
        too old, a batch that is not settled, a field that was not shown give UNKNOWN, never VALID.
        """
        caller = await gate.caller(request)
        refuse_query(request)
        submitted = await read_submitted(request, max_age)
        if caller.known:
            require(caller, Scope.VERIFY)
        gate.spend(caller, Act.VERIFICATION if submitted.in_hand else Act.LOOK_UP)
        return _answer((await answering.answer(caller, submitted)).to_json())

    @router.post(
        BATCH_PATH,
        summary="Verify up to 1,000 certificates in one call, or any number as lines",
        response_model=BatchAnswer,
        responses=documented.ANSWERS_OF_BATCH,
        openapi_extra=documented.BATCH_BODY,
    )
    async def verify_batch(request: Request) -> Response:
        """Judge several certificates for one matter and case, all as of one block, with one receipt.

        Lines of JSON (`application/x-ndjson`, the occasion in the query) are answered line by line, each with its
        number, and after every 1,000, or 16 MiB, judged as of one block, with the receipt for them; read the answer
        while you send, or send no more than that in a call. A line that is refused is answered with its `problem`, and
        the others all the same. A `problem` without `line` ends the answer, also where the database goes away in the
        middle: all lines up to the number `answered` were answered, and none after it; `retry_after` says when to come
        again with those, in seconds.
        """
        caller = await gate.caller(request)
        require(caller, Scope.VERIFY)
        kind = media_type(request)
        if kind == JSON:
            refuse_query(request)
            submitted = await read_batch(await request.body(), max_age)
            gate.spend(caller, Act.BATCH_ITEM, len(submitted))
            return _answer((await answering.answer_all(caller, submitted)).to_json())
        if kind == NDJSON:
            lines = _Lines(answering, gate, caller, request, max_age)
            return WhileReading(await lines.begun(), media_type=NDJSON)
        raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {JSON} or {NDJSON}.")

    return router


_Group = list[tuple[int, Submitted | RequestRefused]]
"""Lines with their numbers; emptied once they are answered, since the caller may be slow to take the answer."""


class _Lines:
    """Lines, as many as a batch may be at a time; the first are answered first, so that a problem can be the answer."""

    def __init__(self, answering: Answering, gate: Gate, caller: Caller, request: Request, max_age: int) -> None:
        self._answering = answering
        self._gate = gate
        self._caller = caller
        self._request = request
        self._occasion = read_occasion(request)
        self._groups = _groups(request, self._occasion, max_age)
        self._last = 0

    async def begun(self) -> AsyncIterator[bytes]:
        """Answer the first group, then give what goes on."""
        first = await anext(self._groups, None)
        if first is None:
            raise RequestRefused(Code.NOT_UNDERSTOOD, "There is no line.")
        return self._all(await self._answered(first))

    async def _all(self, begun: bytes) -> AsyncIterator[bytes]:
        yield begun
        del begun
        try:
            async for group in self._groups:
                yield await self._answered(group)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost handler of an answer that has begun
            refused = known(error)
            ends = {"problem": unforeseen(error, self._request.scope)} if refused is None else _problem(refused)
            yield _line({**ends, "answered": self._last, **_again(refused)})

    async def _answered(self, group: _Group) -> bytes:
        self._gate.spend(self._caller, Act.BATCH_ITEM, len(group))
        read = [each for _, each in group]
        found = await self._answering.answer_each(self._caller, self._occasion, read)
        numbers = [number for number, _ in group]
        said = [
            _line({"line": number, **(_problem(each) if isinstance(each, RequestRefused) else each.entry_to_json())})
            for number, each in zip(numbers, found.answers, strict=True)
        ]
        whole = b"".join([*said, _line({"lines": [numbers[0], numbers[-1]], **receipt_json(found.kept)})])
        self._last = numbers[-1]
        group.clear()
        return whole


async def _groups(request: Request, occasion: Occasion, max_age: int) -> AsyncIterator[_Group]:
    """Gather the lines of a body, as much as a batch may be at once; those before what ends the reading come first."""
    group: _Group = []
    size = 0
    try:
        async for number, line in read_lines(request, MAX_BODY):
            group.append((number, read_line(line, occasion, max_age)))
            size += len(line)
            if len(group) == MAX_BATCH or size >= MAX_BATCH_BODY:
                yield group
                group, size = [], 0
    except RequestRefused:
        if group:
            yield group
        raise
    if group:
        yield group


def _problem(refused: RequestRefused) -> dict[str, object]:
    return {"problem": body(refused.code, refused.detail, refused.flaws)}


def _again(refused: RequestRefused | None) -> dict[str, object]:
    """Say when to come again, as `Retry-After` does where an answer has not begun."""
    after = None if refused is None else {**headers(refused.code), **refused.headers}.get("retry-after")
    return {} if after is None else {"retry_after": int(after)}


def _answer(value: dict[str, object]) -> Response:
    return Response(orjson.dumps(value), media_type=JSON)


def _line(value: dict[str, object]) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
