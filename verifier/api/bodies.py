"""Reading the body of a request: its kind first, then its size (see `verifier.guards`), then its content, strictly.

No answer repeats a value of the body: places and reasons only.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from ecert import strict_json
from ecert.errors import MalformedError
from verifier.api.flaws import flaws, number_place
from verifier.api.wire import Demanded, VerificationRequest
from verifier.problems import Code, Flaw, RequestRefused
from verifier.services.verifying import Asked

JSON = "application/json"
MULTIPART = "multipart/form-data"
FILE_PART = "file"
"""The part of a form that is the certificate."""
_PARTS = frozenset({FILE_PART, *Demanded.model_fields})
_UNREADABLE = Flaw(place="body", why="not a multipart form as RFC 7578 has it")
_MAX_PARTS = 16
_MAX_PART_BYTES = 512 * 1024
_JSON_PARTS = frozenset({"expect", "holder", "documents"})
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """What was handed in: the certificate's bytes, whatever they are, and what is asked about them."""

    certificate: bytes
    asked: Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a form; `chosen`: it is a file, and has a name."""

    name: str
    content: bytes
    chosen: bool


async def read_presented(request: Request, default_max_age: int) -> Presented:
    """Read JSON or a multipart form.

    Raises:
        RequestRefused: with the place and the reason.
    """
    kind = media_type(request)
    if kind == JSON:
        return _presented_in_json(await request.body(), default_max_age)
    if kind == MULTIPART:
        return await _presented_in_form(request, default_max_age)
    raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {JSON} or {MULTIPART}.")


def media_type(request: Request) -> str:
    """Give the kind of body that the request names, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_form(request: Request) -> tuple[Part, ...]:
    """Read a multipart form, within the body limit already, files and fields alike."""
    if "boundary=" not in request.headers.get("content-type", ""):
        flaw = Flaw(place="content-type", why="the boundary between the parts is missing")
        raise RequestRefused(Code.BAD_FORM, f"Content-Type must be {MULTIPART}; boundary=...", [flaw])
    try:
        async with request.form(max_files=_MAX_PARTS, max_fields=_MAX_PARTS, max_part_size=_MAX_PART_BYTES) as form:
            return tuple([await _part_of(name, part) for name, part in form.multi_items()])
    except HTTPException as error:
        raise RequestRefused(Code.BAD_FORM, str(error.detail), [_UNREADABLE]) from error
    except (ValueError, LookupError) as error:
        raise RequestRefused(
            Code.BAD_FORM, "The form cannot be read: a part is not as it should be.", [_UNREADABLE]
        ) from error


def _presented_in_json(body: bytes, default_max_age: int) -> Presented:
    request = _understood(VerificationRequest, _object(_text(body, "body"), "body"))
    certificate = request.certificate
    text = certificate if isinstance(certificate, str) else json.dumps(certificate, ensure_ascii=False)
    return Presented(certificate=text.encode(), asked=request.asked(default_max_age))


async def _presented_in_form(request: Request, default_max_age: int) -> Presented:
    parts = await read_form(request)
    names = [part.name for part in parts]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        place = twice if twice in _PARTS else "body"  # what is no part of ours is not repeated
        raise RequestRefused(Code.BAD_FORM, "A part is there twice.", [Flaw(place=place, why="a part is there twice")])
    contents = {part.name: part.content for part in parts}
    certificate = contents.pop(FILE_PART, None)
    if certificate is None:
        missing = Flaw(place=FILE_PART, why="this part is missing")
        raise RequestRefused(Code.NOT_UNDERSTOOD, "The form has no certificate.", [missing])
    demanded = _understood(Demanded, {name: _value(name, content) for name, content in contents.items()})
    return Presented(certificate=certificate, asked=demanded.asked(default_max_age))


async def _part_of(name: str, part: UploadFile | str) -> Part:
    if isinstance(part, str):
        return Part(name=name, content=part.encode(), chosen=False)
    return Part(name=name, content=await part.read(), chosen=bool(part.filename))


def _value(name: str, content: bytes) -> object:
    text = _text(content, name)
    if name in _JSON_PARTS:
        return _json(text, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < len(str(2**53)) else text


def _text(content: bytes, place: str) -> str:
    try:
        return unicodedata.normalize("NFC", content.decode("utf-8"))
    except UnicodeDecodeError as error:
        flaw = Flaw(place=place, why=f"not UTF-8 at byte {error.start}")
        raise RequestRefused(Code.NOT_JSON, "The body is not UTF-8.", [flaw]) from None


def _json(text: str, place: str) -> object:
    try:
        return strict_json.loads(text, place)
    except MalformedError as error:
        flaw = number_place(text, place) or Flaw(place=error.place.removeprefix("body."), why=error.why)
        raise RequestRefused(Code.NOT_JSON, f"{flaw.place}: {flaw.why}", [flaw]) from None


def _object(text: str, place: str) -> dict[str, Any]:
    value = _json(text, place)
    if not isinstance(value, dict):
        raise RequestRefused(Code.NOT_UNDERSTOOD, "An object is due.", [Flaw(place=place, why="this is not an object")])
    return value


def _understood(model: type[_Model], values: dict[str, Any]) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        found = flaws(error, values, list(model.model_fields))
        raise RequestRefused(Code.NOT_UNDERSTOOD, "The request is not as described.", found) from None
