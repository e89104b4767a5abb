"""`/check`: one certificate in, one verdict out, for anybody with a browser; works as a plain form.

Page and answer are there in both languages, of which the reader switches one on: so a verdict stays the one that was
recorded, and neither the certificate is needed again nor a script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ecert.demands import Demands
from ecert.explaining import Language
from ecert.fields import Words
from verifier.api.bodies import MULTIPART, Part, media_type, read_form
from verifier.api.submissions import FILE_PART
from verifier.callers import ANYBODY, Gate, Occasion
from verifier.guards import MAX_BODY
from verifier.pages.assets import assets
from verifier.pages.languages import language_of
from verifier.pages.showing import ShownVerification, shown
from verifier.pages.templating import rendered
from verifier.pages.words import PROBLEMS, WORDS
from verifier.problems import KINDS, Code, RequestRefused
from verifier.services.answering import Answering
from verifier.services.submitted import Submitted
from verifier.services.verification import Asked

CHECK_PATH = "/check"
TEXT_PART = "text"
IN_PLACE = "x-in-place"
"""A request with this header is our script's: it wants the answer alone."""


class FormRefused(RequestRefused):
    """What was put into the form cannot be judged, for a reason that has words of its own on the page."""

    def __init__(self, detail: str, words: Words) -> None:
        super().__init__(Code.NOT_UNDERSTOOD, detail)
        self.words = words


def check_routes(answering: Answering, gate: Gate, max_age: int) -> APIRouter:
    """Make the page's routes. Checks are counted by address; the empty page is no more work than to refuse it."""
    router = APIRouter(include_in_schema=False)
    asked = Asked(demands=Demands(max_age=max_age))

    @router.get("/")
    async def home() -> RedirectResponse:
        return RedirectResponse(CHECK_PATH, status_code=HTTPStatus.SEE_OTHER)

    @router.get(CHECK_PATH)
    async def empty(request: Request) -> HTMLResponse:
        return _page(request)

    @router.post(CHECK_PATH)
    async def check(request: Request) -> HTMLResponse:
        gate.count(request)
        presented = await _presented(request)
        submitted = Submitted(certificate=presented.content, asked=asked, occasion=Occasion())
        answered = await answering.answer(ANYBODY, submitted)
        answers = {
            language: shown(answered.verification, presented.content, language, presented.filename)
            for language in Language
        }
        return _page(request, answers=answers)

    return router


def answer_problem(request: Request, problem: RequestRefused) -> Response:
    """Say a problem in words, on the page or in place."""
    words = problem.words if isinstance(problem, FormRefused) else PROBLEMS[problem.code]
    return _page(request, problem=words, status=KINDS[problem.code].status)


async def _presented(request: Request) -> Part:
    """Give the one thing that is in the form; of several none is judged, since the answer would be about one of them.

    Raises:
        RequestRefused: there is nothing, or not one thing.
    """
    if media_type(request) != MULTIPART:
        raise RequestRefused(Code.WRONG_MEDIA_TYPE, f"Send {MULTIPART}.")
    parts = await read_form(request)
    files = [part for part in parts if part.name == FILE_PART and (part.filename or part.content.strip())]
    texts = [part for part in parts if part.name == TEXT_PART and part.content.strip()]
    if max(len(files), len(texts)) > 1:
        raise FormRefused("There are several certificates.", WORDS["one_at_a_time"])
    if files and texts:
        raise FormRefused("There is a file and a text.", WORDS["file_and_text"])
    if texts:
        return replace(texts[0], content=texts[0].content.strip())
    if not files:
        raise RequestRefused(Code.NOT_UNDERSTOOD, "There is no certificate in the form.")
    if not files[0].content.strip():
        raise FormRefused("The file is empty.", WORDS["empty_file"])
    return files[0]


def _page(
    request: Request,
    *,
    answers: Mapping[Language, ShownVerification] = MappingProxyType({}),
    problem: Words | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    return rendered(
        "answer.html" if IN_PLACE in request.headers else "check.html",
        language_of(request),
        status=status,
        words=WORDS,
        script=assets()["check.js"].address,
        max_body=MAX_BODY,
        answers=answers,
        problem=problem,
    )
