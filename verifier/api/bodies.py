"""Reading the body of a request: its kind first, then its size (see `verifier.guards`), then its content, strictly.

No answer repeats a value of the body: places and reasons only.
"""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ecert import marks, strict_json
from ecert.errors import MalformedError
from verifier.api.flaws import flaws, number_place
from verifier.problems import Code, Flaw, RequestRefused

JSON = "application/json"
MULTIPART = "multipart/form-data"
NDJSON = "application/x-ndjson"
FORM = "application/x-www-form-urlencoded"
MAX_FORM = 8 * 1024
"""Bytes of a form without files: a log-in, or a client's question for a token."""
_UNREADABLE = Flaw(place="body", why="its parts are not separated by the boundary of Content-Type")
_CUT_OFF = Flaw(place="body", why="the boundary that ends a multipart form is missing")
_MAX_PARTS = 24
_MAX_PART_BYTES = 512 * 1024
_PIECE = 256 * 1024
MOST_MEMBERS = 10_000
"""Members of one question; more would hold everybody else up. As many commas and brackets as that are read."""
_Model = TypeVar("_Model", bound=BaseModel)


class _Nothing(BaseModel, extra="forbid"):
    """No member is known."""


class _FormReader(MultiPartParser):
    """Reads a form; `ended`: the boundary that ends it has come."""

    ended = False

    def on_end(self) -> None:
        """See the last boundary."""
        self.ended = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a form; `filename`: its name, if it is a file that has one. `digest`: SHA-256 of all of it.

    `content` is cut where it is longer than any certificate.
    """

    name: str
    content: bytes
    digest: bytes
    filename: str | None


async def read_json_body(request: Request, model: type[_Model]) -> _Model:
    """Read a body that is one JSON object.

    Raises:
        RequestRefused: with the place and the reason.
    """
    if media_type(request) != JSON:
        raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {JSON}.")
    return understood(model, read_object(await request.body(), "body"))


async def read_nothing(request: Request) -> None:
    """Read a body that has nothing to say: none at all, or an empty object.

    Raises:
        RequestRefused: there is something in it.
    """
    if await request.body():
        await read_json_body(request, _Nothing)


def media_type(request: Request) -> str:
    """Give the kind of body that the request names, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_short_form(request: Request) -> bytes:
    """Read a form without files.

    Raises:
        RequestRefused: it is of another kind, or too long.
    """
    if media_type(request) != FORM:
        raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {FORM}.")
    body = await request.body()
    if len(body) > MAX_FORM:
        flaw = Flaw(place="body", why="too long")
        raise RequestRefused(Code.TOO_LARGE, f"At most {MAX_FORM} bytes are read.", [flaw])
    return body


async def read_form(request: Request) -> tuple[Part, ...]:
    """Read a multipart form, within the body limit already, files and fields alike.

    Raises:
        RequestRefused: it is none, or not whole: without its last parts less would be asked than was.
    """
    if "boundary=" not in request.headers.get("content-type", ""):
        flaw = Flaw(place="content-type", why="the boundary between the parts is missing")
        raise RequestRefused(Code.BAD_FORM, f"Content-Type must be {MULTIPART}; boundary=...", [flaw])
    try:
        async with aclosing(request.stream()) as stream:
            reader = _FormReader(
                request.headers, stream, max_files=_MAX_PARTS, max_fields=_MAX_PARTS, max_part_size=_MAX_PART_BYTES
            )
            form = await reader.parse()
        try:
            parts = tuple([await _part_of(name, part) for name, part in form.multi_items()])
        finally:
            await form.close()
    except MultiPartException as error:
        raise RequestRefused(Code.BAD_FORM, error.message, [_UNREADABLE]) from error
    except (ValueError, LookupError) as error:
        raise RequestRefused(
            Code.BAD_FORM, "The form cannot be read: a part is not as it should be.", [_UNREADABLE]
        ) from error
    if not reader.ended:
        raise RequestRefused(Code.BAD_FORM, "The form was cut off: some of what was asked may be missing.", [_CUT_OFF])
    return parts


async def read_lines(request: Request, longest: int) -> AsyncIterator[tuple[int, bytes]]:
    """Give the lines of a body one by one, counted from 1, without holding all of it; empty ones are counted alone.

    Of a line that is longer than `longest` bytes only its beginning is given, which is longer than that, too.
    """
    begun, number = b"", 1
    async for piece in request.stream():
        *whole, begun = (begun + piece).split(b"\n")
        for line in whole:
            if line.strip() or len(line) > longest:
                yield number, line
            number += 1
        begun = begun[: longest + 1]
    if begun.strip() or len(begun) > longest:
        yield number, begun


def read_object(body: bytes, place: str, most: int = MOST_MEMBERS) -> dict[str, Any]:
    """Read a JSON object, strictly (no name twice, whole numbers alone); `most`: members of it and of all within it.

    Raises:
        RequestRefused: with the place; `place` names the whole.
    """
    value = read_json(body, place, most)
    if not isinstance(value, dict):
        raise RequestRefused(Code.NOT_UNDERSTOOD, "An object is due.", [Flaw(place=place, why="this is not an object")])
    return value


def read_text(content: bytes, place: str) -> str:
    """Read UTF-8, in NFC."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        flaw = Flaw(place=place, why=f"not UTF-8 at byte {error.start}")
        raise RequestRefused(Code.NOT_JSON, "The body is not UTF-8.", [flaw]) from None
    return composed(text, place, Code.NOT_JSON)


def composed(text: str, place: str, code: Code) -> str:
    """Give text in NFC; refuse, as `code`, what nobody writes and would take minutes to compose."""
    if text.isascii() or unicodedata.is_normalized("NFC", text):
        return text
    if marks.has_too_many(text):
        flaw = Flaw(place=place, why=f"more than {marks.MOST} combining marks in a row")
        raise RequestRefused(code, "There is text that nobody writes.", [flaw])
    return unicodedata.normalize("NFC", text)


def read_json(content: bytes, place: str, most: int = MOST_MEMBERS) -> object:
    """Read any JSON, strictly; raises and takes `most` as `read_object` does."""
    text = read_text(content, place)
    if content.count(b",") + content.count(b"[") + content.count(b"{") > most:
        flaw = Flaw(place=place, why="it has too many members")
        raise RequestRefused(Code.TOO_LARGE, f"At most {most} commas and opening brackets are read.", [flaw])
    try:
        return strict_json.loads(text, place)
    except MalformedError as error:
        flaw = number_place(text, place) or Flaw(place=error.place.removeprefix("body."), why=error.why)
        raise RequestRefused(Code.NOT_JSON, f"{flaw.place}: {flaw.why}", [flaw]) from None


def understood(model: type[_Model], values: dict[str, Any]) -> _Model:
    """Take values as a model describes them.

    Raises:
        RequestRefused: with every flaw.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = flaws(error, values, list(model.model_fields))
        raise RequestRefused(Code.NOT_UNDERSTOOD, "The request is not as described.", found) from None


async def _part_of(name: str, part: UploadFile | str) -> Part:
    if isinstance(part, str):
        content = part.encode()
        return Part(name=name, content=content, digest=sha256(content).digest(), filename=None)
    digest, kept = sha256(), bytearray()
    while piece := await part.read(_PIECE):
        digest.update(piece)
        if len(kept) <= _MAX_PART_BYTES:
            kept += piece
    return Part(name=name, content=bytes(kept), digest=digest.digest(), filename=part.filename or None)
