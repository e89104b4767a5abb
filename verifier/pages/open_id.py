"""`/login/oidc`: to the OpenID provider and back. The only routes with a cookie of their own, for ten minutes."""

from __future__ import annotations

from http import HTTPStatus

from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from store.errors import StoreError
from verifier.access.access import Access
from verifier.access.log_ins import LogInRefused
from verifier.access.open_id import CALLBACK, START, OpenId, ProviderAway
from verifier.pages.log_in import logged_in, page, refusal
from verifier.pages.log_in_words import LOG_IN_WORDS
from verifier.problems import RequestRefused

_SECONDS = 600


def open_id_routes(access: Access, open_id: OpenId) -> list[Route]:
    """Make the routes."""

    async def start(request: Request) -> Response:
        try:
            access.gate.count(request)
            access.paces.refuse_after_tries(access.addresses.of(request))
            return await open_id.redirect(request)
        except ProviderAway:
            return page(request, access, words=LOG_IN_WORDS["provider_away"], status=HTTPStatus.SERVICE_UNAVAILABLE)
        except RequestRefused as error:
            return refusal(request, access, error)

    async def callback(request: Request) -> Response:
        try:
            access.gate.count(request)
            access.paces.refuse_after_tries(access.addresses.of(request))
            opened = await access.log_ins.by_subject(await open_id.subject(request))
        except LogInRefused:
            access.paces.count_wrong_try(access.addresses.of(request))
            return page(request, access, words=LOG_IN_WORDS["refused_by_open_id"], status=HTTPStatus.UNAUTHORIZED)
        except ProviderAway:
            return page(request, access, words=LOG_IN_WORDS["provider_away"], status=HTTPStatus.SERVICE_UNAVAILABLE)
        except (RequestRefused, StoreError) as error:
            return refusal(request, access, error)
        return logged_in(request, access, opened)

    remembering = Middleware(
        SessionMiddleware,
        secret_key=open_id.cookie_key,
        session_cookie=f"{access.sessions.cookie}-log-in",
        max_age=_SECONDS,
        same_site="lax",
        https_only=access.secure,
    )
    return [
        Route(START, start, middleware=[remembering]),
        Route(CALLBACK, callback, middleware=[remembering]),
    ]
