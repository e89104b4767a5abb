"""The web application that faces the network: API and pages over one verifying service.

Its limits, headers and problems are those of every application here; the office's (`verifier.office_web`) adds routes.
Nothing that this module imports can open a key of an agency.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from prometheus_client.registry import Collector
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Match, Route

from chain.patience import longest_silence
from ecert.demands import DEFAULT_MAX_AGE
from ecert.jwks import KeySet
from store.errors import StoreError
from verifier.access.access import Access
from verifier.api.bodies import JSON, MULTIPART, NDJSON
from verifier.api.changes import change_routes
from verifier.api.direct import add_routes
from verifier.api.flaws import parameter_flaws
from verifier.api.health import health_routes
from verifier.api.me import me_routes
from verifier.api.metrics import metrics_routes
from verifier.api.openapi import described
from verifier.api.publications import STATUS_TTL, publication_routes
from verifier.api.published_keys import published_key_routes
from verifier.api.records import record_routes
from verifier.api.token import token_routes
from verifier.api.trust import trust_routes
from verifier.api.types import type_routes
from verifier.api.verifications import BATCH_PATH, VERIFICATIONS_PATH, verification_routes
from verifier.callers import Act, Gate, OpenGate
from verifier.changes.feed import ChangeFeed
from verifier.clock import seconds_now
from verifier.errors import NotReady
from verifier.guards import MAX_BATCH_BODY, Allowance, BodyLimit, LastResort, SafeHeaders
from verifier.heads import Heads
from verifier.ledger_view import LedgerView
from verifier.observing.figures import Figures
from verifier.observing.ledger_figures import LedgerFigures
from verifier.observing.readers import Readers
from verifier.observing.readiness import Inspection
from verifier.observing.watched import Watched
from verifier.pages.assets import asset_routes
from verifier.pages.check import CHECK_PATH, answer_problem, check_routes
from verifier.pages.log_in import log_in_routes
from verifier.pages.open_id import open_id_routes
from verifier.problems import KINDS, MEDIA_TYPE, Code, RequestRefused, body, headers, known, refused_by
from verifier.publishing.trust_folder import TrustFolder
from verifier.services.answering import Answering
from verifier.services.published import Published
from verifier.services.records import Records

DESCRIPTION = (
    "Verifies certificates against the ledger. A verdict is VALID, INVALID or UNKNOWN, with its reasons and the block"
    " that it is as of. Doubt is UNKNOWN, never VALID."
)

ALLOWANCES = MappingProxyType(
    {
        (VERIFICATIONS_PATH, MULTIPART): Allowance(limit=32 << 20, seconds=60),
        (BATCH_PATH, JSON): Allowance(limit=MAX_BATCH_BODY, seconds=60),
        (BATCH_PATH, NDJSON): Allowance(limit=None, each=True),
    }
)
"""Where a body may be larger than a certificate: with a document, and where there are many."""


STALL_SECONDS = 300
POLL_SECONDS = 0.5
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
"""FastAPI's own would send whatever an exception says wherever the environment points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What the application serves, and how: facts older than `max_age` seconds are too old unless a caller says.

    `published`: what anybody may ask about the ledger; None: nothing.
    `status_ttl`: seconds for which a status list may be kept.
    `records`: what was recorded. `receipt_keys`, `status_keys`, `trust`: what anybody checks our words with.
    `gate` tells who asks; `access`, where there is one, is what the gate was made of, with its routes.
    `late_seconds`: without a look, after which the indexer is not at work.
    `stall_seconds`: without a new block, after which the chain has stalled. `figures` are counted, and told to
    `readers` with what `collectors` tell.
    `changes`: what happened to what callers relied on; None: nobody is told.
    """

    view: LedgerView
    answering: Answering
    published: Published | None = None
    status_ttl: int = STATUS_TTL
    changes: ChangeFeed | None = None
    gate: Gate = field(default_factory=OpenGate)
    access: Access | None = None
    records: Records | None = None
    receipt_keys: Callable[[], KeySet] | None = None
    status_keys: Callable[[], KeySet] | None = None
    trust: TrustFolder | None = None
    max_age: int = DEFAULT_MAX_AGE
    late_seconds: int = longest_silence(1, POLL_SECONDS)
    stall_seconds: int = STALL_SECONDS
    poll_seconds: float = POLL_SECONDS
    figures: Figures = field(default_factory=Figures)
    collectors: tuple[Collector, ...] = ()
    readers: Readers = field(default_factory=Readers)


def public_app(served: Served) -> FastAPI:
    """Build what anybody may reach."""
    app = bare_app(served, title="ecert verification service", description=DESCRIPTION)
    add_public_routes(app, served)
    return app


def add_public_routes(app: FastAPI, served: Served) -> None:
    """Add what both applications serve."""
    add_routes(app, verification_routes(served.answering, served.gate, served.max_age))
    add_routes(app, health_routes(_watch(served)))
    collectors = (LedgerFigures(served.view, seconds_now), *served.collectors)
    add_routes(app, metrics_routes(served.figures, collectors, served.readers))
    add_routes(app, type_routes(served.answering.verifying.types))
    if served.published is not None:
        add_routes(app, publication_routes(served.published, served.gate, served.status_ttl))
    if served.records is not None:
        add_routes(app, record_routes(served.records, served.gate))
    if served.receipt_keys is not None and served.status_keys is not None:
        add_routes(app, published_key_routes(served.receipt_keys, served.status_keys))
    if served.trust is not None:
        add_routes(app, trust_routes(served.trust, served.gate))
    if served.changes is not None:
        add_routes(app, change_routes(served.changes, served.gate))
    add_routes(app, check_routes(served.answering, served.gate, served.max_age))
    add_routes(app, asset_routes())
    if served.access is not None:
        access = served.access
        add_routes(app, token_routes(access.grants, access.paces, access.addresses))
        add_routes(app, me_routes(access.gate))
        add_routes(app, log_in_routes(access))
        if access.open_id is not None:
            app.router.routes.extend(open_id_routes(access, access.open_id))


def bare_app(served: Served, *, title: str, description: str) -> FastAPI:
    """Build an application without routes, with what stands around every route.

    It looks for a ledger copy, and who may ask, before it takes requests, and keeps both fresh while it runs.
    """

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        stop = asyncio.Event()
        await served.view.look()
        following = [served.view.follow(stop, served.poll_seconds)]
        if served.access is not None:
            await served.access.look()
            following.append(served.access.follow(stop))
        async with asyncio.TaskGroup() as group:
            for each in following:
                group.create_task(each)
            yield
            stop.set()

    app = FastAPI(
        title=title,
        version="1",
        description=description,
        openapi_url="/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would go wherever the caller's Host says
        telemetry=_NO_TELEMETRY,
        lifespan=lifespan,
        middleware=[
            Middleware(Watched, figures=served.figures),
            Middleware(Heads),
            Middleware(SafeHeaders),
            Middleware(LastResort),
            Middleware(BodyLimit, allowances=ALLOWANCES),
        ],
    )
    app.openapi = partial(described, app)  # type: ignore[method-assign] # as FastAPI documents it
    app.state.gate = served.gate
    for kind in (RequestRefused, NotReady, StoreError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, _answer_problem)
    return app


def _problem_of(error: Exception) -> RequestRefused | None:
    if isinstance(error, HTTPException):
        return refused_by(error.status_code)
    if isinstance(error, RequestValidationError):
        flaws = parameter_flaws(error.errors())
        return RequestRefused(Code.NOT_UNDERSTOOD, "The request is not as described.", flaws)
    return known(error)


def _watch(served: Served) -> Inspection:
    return Inspection(
        view=served.view,
        max_age=served.max_age,
        late=served.late_seconds,
        stall=served.stall_seconds,
        clock=seconds_now,
        writable=lambda: served.answering.writable,
    )


async def _answer_problem(request: Request, error: Exception) -> Response:
    problem = _problem_of(error)
    if problem is None:
        raise error
    _count_refused(request, problem)
    more = {**headers(problem.code), **problem.headers}
    if isinstance(error, HTTPException) and error.headers:
        more.update(error.headers)
    if problem.code is Code.METHOD_NOT_ALLOWED:
        more["Allow"] = _allowed(request)
    if request.url.path == CHECK_PATH:
        response = answer_problem(request, problem)
        response.headers.update(more)
        return response
    said = {**body(problem.code, problem.detail, problem.flaws), **problem.members}
    return JSONResponse(said, KINDS[problem.code].status, headers=more, media_type=MEDIA_TYPE)


def _allowed(request: Request) -> str:
    """List what may be done at this address (RFC 9110 section 10.2.1); the framework names its first route alone.

    Where there is a GET there is a HEAD (`Heads`).
    """
    routes = (each for each in request.app.routes if isinstance(each, Route))
    here = (each.methods or () for each in routes if each.matches(request.scope)[0] is not Match.NONE)
    methods = set[str]().union(*here)
    return ", ".join(sorted(methods | {"HEAD"} if "GET" in methods else methods))


def _count_refused(request: Request, problem: RequestRefused) -> None:
    """Count what a caller whom we know was refused."""
    if problem.code in {Code.FORBIDDEN, Code.TOO_MANY} and hasattr(request.state, "caller"):
        request.app.state.gate.spend(request.state.caller, Act.REFUSED)
