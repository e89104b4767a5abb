"""The web application of the office: all that the public one serves, and what only systems and people inside may ask.

It listens on an address of its own, and its process alone has agencies' certificate keys, the index key and the key of
field values.
"""

from __future__ import annotations

from fastapi import FastAPI

from verifier.api.direct import add_routes
from verifier.api.watches import watch_routes
from verifier.changes.watching import Watching
from verifier.office.certificates import certificate_routes
from verifier.office.inside import Inside
from verifier.office.issuances import issuance_routes
from verifier.office.status_changes import status_routes
from verifier.web import Served, add_public_routes, bare_app

DESCRIPTION = (
    "The office of the verification service: look-ups, issuing and changes of status, for systems inside, and all that"
    " the public service answers."
)


def office_app(served: Served, inside: Inside, watching: Watching | None = None) -> FastAPI:
    """Build the office's application; without `watching` nobody is told of changes by webhook."""
    app = bare_app(served, title="ecert office", description=DESCRIPTION)
    add_public_routes(app, served)
    add_routes(app, issuance_routes(inside))
    add_routes(app, certificate_routes(inside))
    add_routes(app, status_routes(inside))
    if watching is not None:
        add_routes(app, watch_routes(watching, served.gate))
    return app
