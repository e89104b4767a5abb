"""`/login` and `/logout`: plain forms without any script."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ecert.explaining import Language
from ecert.fields import Words
from store.errors import StoreError
from store.sessions import Session
from verifier.access.access import Access
from verifier.access.log_ins import LogInRefused, NewPasswordDue
from verifier.access.sessions import Opened
from verifier.api.bodies import read_short_form
from verifier.pages.languages import language_of
from verifier.pages.log_in_words import LOG_IN_WORDS
from verifier.pages.templating import rendered
from verifier.pages.words import PROBLEMS
from verifier.problems import KINDS, Code, RequestRefused, known

LOG_IN_PATH = "/login"
LOG_OUT_PATH = "/logout"
_MAX_FIELDS = 8


def log_in_routes(access: Access) -> APIRouter:
    """Make the page's routes."""
    router = APIRouter(include_in_schema=False)

    @router.get(LOG_IN_PATH)
    async def show(request: Request) -> Response:
        try:
            access.gate.count(request)
            session = await access.sessions.session(request)
        except RequestRefused as error:
            return _nobody(request, access, error)
        return page(request, access, session=session)

    @router.post(LOG_IN_PATH)
    async def log_in(request: Request) -> Response:
        try:
            opened = await _opened(request, access)
        except LogInRefused:
            return page(request, access, words=LOG_IN_WORDS["refused"], status=HTTPStatus.UNAUTHORIZED)
        except NewPasswordDue:
            due = LOG_IN_WORDS["new_password_due"]
            return page(request, access, words=due, status=HTTPStatus.UNPROCESSABLE_ENTITY, renew=True)
        except (RequestRefused, StoreError) as error:
            return refusal(request, access, error)
        return logged_in(request, access, opened)

    @router.post(LOG_OUT_PATH)
    async def log_out(request: Request) -> Response:
        try:
            access.gate.count(request)
            await access.sessions.caller(request)
            session: Session | None = getattr(request.state, "session", None)
            if session is not None:
                await access.sessions.end(session)
        except (RequestRefused, StoreError) as error:
            return _not_logged_out(request, access, error)
        return _to_log_in(request, access.sessions.clear_cookie())

    return router


def logged_in(request: Request, access: Access, opened: Opened) -> Response:
    """Hand the browser its session and show who is logged in."""
    return _to_log_in(request, access.sessions.set_cookie(opened))


def _not_logged_out(request: Request, access: Access, error: RequestRefused | StoreError) -> Response:
    """Show that somebody is logged in still, with a form that can end it; else as `refusal`, or that it was over."""
    session: Session | None = getattr(request.state, "session", None)
    problem = known(error)
    if session is None or problem is None:
        return _nobody(request, access, error) if isinstance(error, RequestRefused) else refusal(request, access, error)
    status = KINDS[problem.code].status
    answer = page(request, access, session=session, words=LOG_IN_WORDS["not_logged_out"], status=status)
    return with_headers(answer, problem)


def refusal(request: Request, access: Access, error: RequestRefused | StoreError) -> Response:
    """Say on the page what was refused."""
    problem = known(error)
    if problem is None:
        raise error
    answer = page(request, access, words=PROBLEMS[problem.code], status=KINDS[problem.code].status)
    return with_headers(answer, problem)


def _nobody(request: Request, access: Access, error: RequestRefused) -> Response:
    """Show the form to whoever's session is over; say what else was refused."""
    if error.code is not Code.UNAUTHENTICATED:
        return refusal(request, access, error)
    return with_headers(page(request, access, words=LOG_IN_WORDS["session_over"]), error)


def with_headers(answer: Response, problem: RequestRefused) -> Response:
    """Put a problem's headers on a page."""
    answer.headers.update(problem.headers)
    return answer


def page(
    request: Request,
    access: Access,
    *,
    session: Session | None = None,
    words: Words | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    renew: bool = False,
) -> HTMLResponse:
    """Show who is logged in, or the form, with what went wrong."""
    language = language_of(request)
    return rendered(
        "login.html",
        language,
        status=status,
        languages=[(Language.EN, "English"), (Language.ZH, "中文")],
        words={key: language.of(each) for key, each in LOG_IN_WORDS.items()},
        who=None if session is None else session.account,
        csrf=None if session is None else session.csrf,
        open_id=access.open_id is not None,
        problem=None if words is None else language.of(words),
        renew=renew,
    )


async def _opened(request: Request, access: Access) -> Opened:
    """Read the form and let somebody in."""
    access.gate.count(request)
    _refuse_elsewhere(request)
    form = await _form(request)
    new_password = form.get("new_password") or None
    if new_password is not None and new_password != form.get("again", ""):
        raise NewPasswordDue("the new password is not twice the same")
    with access.paces.trying(access.addresses.of(request), LogInRefused):
        return await access.log_ins.by_password(form.get("name", ""), form.get("password", ""), new_password)


def _refuse_elsewhere(request: Request) -> None:
    """Refuse a form that another site sends, to log a browser in as somebody else: no session guards it yet."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    else:
        ours = origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise RequestRefused(Code.FORBIDDEN, "This form comes from another site.")


async def _form(request: Request) -> dict[str, str]:
    body = await read_short_form(request)
    try:
        found = parse_qs(body.decode("utf-8"), max_num_fields=_MAX_FIELDS, errors="strict")
    except ValueError as error:
        raise RequestRefused(Code.BAD_FORM, "The form cannot be read.") from error
    return {name: values[0] for name, values in found.items()}


def _to_log_in(request: Request, cookie: str) -> Response:
    answer = RedirectResponse(f"{LOG_IN_PATH}?lang={language_of(request)}", status_code=HTTPStatus.SEE_OTHER)
    answer.headers.append("set-cookie", cookie)
    return answer
