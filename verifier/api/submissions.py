"""Reading what is handed in for a verification: JSON, a form with a file, a batch, or lines of JSON."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from starlette.requests import Request

from verifier.api.bodies import (
    JSON,
    MULTIPART,
    Part,
    composed,
    media_type,
    read_form,
    read_json,
    read_object,
    read_text,
    understood,
)
from verifier.api.wire import (
    MAX_BATCH,
    BatchRequest,
    FormRequest,
    Occasioned,
    OfDocument,
    Question,
    VerificationRequest,
)
from verifier.callers import Occasion
from verifier.guards import MAX_BODY
from verifier.problems import Code, Flaw, RequestRefused
from verifier.services.submitted import Submitted

FILE_PART = "file"
"""The part of a form that is the certificate."""
DOCUMENT_PART = "document"
"""The part that is a PDF, OFD or image: with a certificate it is judged against it, alone it leads to one."""
CODE_PART = "code"
_JSON_PARTS = frozenset({"expect", "holder", "documents", "challenge"})
_NUMBER_PARTS = frozenset({"at", "max_age", "serial"})
_PARTS = frozenset({FILE_PART, DOCUMENT_PART, CODE_PART, *FormRequest.model_fields})
_WAYS = ("certificate", "code", "document", "lookup")
_LONGEST_NUMBER = 15
MOST_OF_BATCH = 128 * MAX_BATCH
"""Members of a batch; few certificates have a third of their share."""
AT_ONCE = 64
"""Questions of a batch that are read before others get their turn."""


async def read_submitted(request: Request, default_max_age: int) -> Submitted:
    """Read one verification, JSON or a form.

    Raises:
        RequestRefused: with the place and the reason.
    """
    kind = media_type(request)
    if kind == JSON:
        found = understood(VerificationRequest, read_object(await request.body(), "body"))
        _see_one_way(found)
        return found.submitted(found.occasion(), default_max_age)
    if kind == MULTIPART:
        return _of_form(await read_form(request), default_max_age)
    raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {JSON} or {MULTIPART}.")


async def read_batch(body: bytes, default_max_age: int) -> list[Submitted]:
    """Read up to 1,000 verifications of one occasion, and now and then let others have their turn."""
    batch = understood(BatchRequest, read_object(body, "body", MOST_OF_BATCH))
    occasion, submitted = batch.occasion(), []
    for number, each in enumerate(batch.verifications):
        place = f"verifications[{number}]"
        _see_one_way(each, place)
        submitted.append(each.submitted(occasion, default_max_age, place))
        if len(submitted) % AT_ONCE == 0:
            await asyncio.sleep(0)
    return submitted


def read_occasion(request: Request) -> Occasion:
    """Read the occasion from the query, where the body is lines.

    Raises:
        RequestRefused: a parameter is there twice, or is not as described, or is text that nobody writes.
    """
    pairs = request.query_params.multi_items()
    if len({name for name, _ in pairs}) < len(pairs):
        flaw = Flaw(place="query", why="a parameter is there twice")
        raise RequestRefused(Code.NOT_UNDERSTOOD, "A parameter is there twice.", [flaw])
    said = {name: composed(value, name, Code.NOT_UNDERSTOOD) for name, value in pairs}  # as text in a body is read
    return understood(Occasioned, said).occasion()


def read_line(line: bytes, occasion: Occasion, default_max_age: int) -> Submitted | RequestRefused:
    """Read one line, or say what is wrong with it; places are those within the line."""
    if len(line) > MAX_BODY:
        flaw = Flaw(place="line", why="it is too long")
        return RequestRefused(Code.TOO_LARGE, f"A line has at most {MAX_BODY} bytes.", [flaw])
    try:
        question = understood(Question, read_object(line, "line"))
        _see_one_way(question)
    except RequestRefused as refused:
        return refused
    return question.submitted(occasion, default_max_age)


def _of_form(parts: tuple[Part, ...], default_max_age: int) -> Submitted:
    by_name = {part.name: part for part in parts}
    if len(by_name) < len(parts):
        names = [part.name for part in parts]
        twice = next(name for name in names if names.count(name) > 1)
        place = twice if twice in _PARTS else "body"  # what is no part of ours is not repeated
        raise RequestRefused(Code.BAD_FORM, "A part is there twice.", [Flaw(place=place, why="a part is there twice")])
    file, document, code = (by_name.pop(name, None) for name in (FILE_PART, DOCUMENT_PART, CODE_PART))
    alone = file is None and code is None
    if (file is not None and code is not None) or (alone and document is None):
        why = "this part is missing" if alone else "there is a code as well"
        raise RequestRefused(
            Code.NOT_UNDERSTOOD, "The form has no certificate, or two.", [Flaw(place=FILE_PART, why=why)]
        )
    found = understood(FormRequest, {name: _value(name, part.content) for name, part in by_name.items()})
    asked = found.asked(default_max_age)
    if not alone:
        _see_nothing_meant(found)
    if document is not None and not alone:
        asked = replace(asked, documents=(*asked.documents, document.digest))
    return Submitted(
        asked=asked,
        occasion=found.occasion(),
        certificate=None if file is None else file.content,
        code=None if code is None else read_text(code.content, CODE_PART),
        document=found.document_of(document.digest) if document is not None and alone else None,
    )


def _value(name: str, content: bytes) -> object:
    if name in _JSON_PARTS:
        return read_json(content, name)
    text = read_text(content, name)
    number = name in _NUMBER_PARTS and text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    return int(text) if number else text


def _see_one_way(question: Question, place: str = "") -> None:
    """Refuse a question that hands in nothing, or several things."""
    ways = [name for name in _WAYS if getattr(question, name) is not None]
    if len(ways) != 1:
        why = "this, or a code, a document or a look-up, is missing" if not ways else "there are several ways at once"
        where = ways[1] if ways else _WAYS[0]
        flaw = Flaw(place=f"{place}.{where}" if place else where, why=why)
        raise RequestRefused(Code.NOT_UNDERSTOOD, "One of certificate, code, document and lookup is due.", [flaw])
    if question.document is None:
        _see_nothing_meant(question, place)


def _see_nothing_meant(question: OfDocument, place: str = "") -> None:
    """Refuse to be told which certificate is meant where that is not asked."""
    named = [name for name in OfDocument.model_fields if getattr(question, name) is not None]
    if named:
        where = f"{place}.{named[0]}" if place else named[0]
        flaw = Flaw(place=where, why="this goes with a document alone, or into lookup")
        raise RequestRefused(Code.NOT_UNDERSTOOD, "Which certificate is meant is said of a document alone.", [flaw])
