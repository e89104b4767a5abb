"""Every route of both applications, tried by everybody: who may, may, and who may not, is told why and no more.

Who may is what `verifier.api.operations` says; a route that stands neither there nor among the pages fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.routing import Route

from ecert.jwks import KeySet
from ecert.types import TypeCatalogue
from store import organisations
from store.clients import NewClient
from store.organisations import Organisation
from tests.verifier.access.town import bearer
from tests.verifier.inside import FIELDS, town_of
from tests.verifier.office import AGENCY, City, make_city
from tests.verifier.shelf import answering_with
from verifier.access.access import Access, open_access
from verifier.access.admitting import Person, admit
from verifier.access.enrolling import enrol
from verifier.access.roles import SCOPES, Role
from verifier.access.sessions import CSRF_HEADER
from verifier.api.operations import OPERATIONS, Operation
from verifier.callers import Scope
from verifier.changes.addresses import AddressRules
from verifier.changes.feed import ChangeFeed
from verifier.changes.watching import Watching
from verifier.keys.service_keys import ServiceKeys
from verifier.keys.watch_key import WatchKeys
from verifier.office_web import office_app
from verifier.publishing.trust_folder import TrustFolder
from verifier.services.paths import Paths
from verifier.services.published import Published
from verifier.services.records import Records
from verifier.services.verifying import Verifying
from verifier.settings import Settings
from verifier.web import Served

HERE = "https://office.example"
OTHER_AGENCY = "OTHER-1"
LOG_OUT = ("post", "/logout")
"""Tried last: it ends the session."""
ANYBODYS = {
    ("get", "/"),
    ("get", "/check"),
    ("post", "/check"),
    ("get", "/static/{name}"),
    ("get", "/v1/openapi.json"),
    ("get", "/login"),
    ("post", "/login"),
    LOG_OUT,
    ("get", "/login/oidc"),
    ("get", "/login/oidc/callback"),
}
"""Pages and what belongs to them; who logs in is told 401 by the page, where he is not let in."""
OF_SYSTEMS = frozenset({Scope.VERIFY, Scope.ISSUE, Scope.STATUS, Scope.AUDIT})
AGENCYS = frozenset({Scope.ISSUE, Scope.STATUS})
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("post", "/v1/verifications"): {"json": {"certificate": {}}},
    ("post", "/v1/certificates/{agency}/{name}/status"): {"json": {"action": "revoke", "reason": "lost"}},
    ("post", "/v1/certificates/{agency}/status"): {
        "content": b"serial,action,reason\n0,revoke,lost\n",
        "headers": {"content-type": "text/csv"},
    },
    ("post", "/v1/certificates/{agency}/{serial}/code"): {"content": b""},
}


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """One who asks: `role` a person, else a system with `scopes`, else nobody that we know."""

    name: str
    organisation: str = "OURS"
    scopes: frozenset[Scope] = frozenset()
    role: Role | None = None

    @property
    def known(self) -> bool:
        return self.name != "nobody"


NOBODY = Somebody(name="nobody")
EVERYBODY = (
    NOBODY,
    *(Somebody(name=f"system-{scope}", scopes=frozenset({scope})) for scope in sorted(OF_SYSTEMS)),
    *(Somebody(name=f"person-{role}", role=role, scopes=SCOPES[role]) for role in Role),
    Somebody(name="other-agency", organisation="OTHER", scopes=OF_SYSTEMS),
    Somebody(name="relying", organisation="RELYING", scopes=OF_SYSTEMS - AGENCYS),
    Somebody(name="relying-clerk", organisation="RELYING", role=Role.CLERK, scopes=SCOPES[Role.CLERK]),
    Somebody(name="relying-bureau", organisation="RELYING", role=Role.BUREAU, scopes=SCOPES[Role.BUREAU]),
)


class House:
    """The office's application, which serves all that the public one does, with everybody let in."""

    def __init__(self, folder: Path) -> None:
        self.city: City = make_city(folder)
        database, clock = self.city.database, self.city.clock
        self.settings = Settings.model_validate(
            {
                "data_dir": folder,
                "service_base": HERE,
                "address_per_minute": 10**6,
                "oidc_issuer": "http://127.0.0.1:9",
                "oidc_client_id": "ecert",
            }
        )
        self.keys = ServiceKeys(self.settings.keys_dir, self.settings.passwords_file)
        self.keys.make_missing(clock() - 1000)
        self.access: Access = open_access(self.settings, database, clock)
        with database.begin() as connection:
            for code, agency in (("OURS", AGENCY), ("OTHER", OTHER_AGENCY), ("RELYING", None)):
                organisations.add(connection, Organisation(code=code, name=code, agency=agency))
        self.sessions = {each.name: self._let_in(each) for each in EVERYBODY if each.known}
        self.access.directory.refresh()
        view, paths = self.city.office.view, Paths(database)
        verifying = Verifying(view=view, types=TypeCatalogue.bundled(), paths=paths, clock=clock)
        served = Served(
            view=view,
            answering=answering_with(verifying),
            published=Published(database, view, paths),
            changes=ChangeFeed(database),
            gate=self.access.gate,
            access=self.access,
            records=Records(database),
            receipt_keys=lambda: KeySet(keys=()),
            status_keys=lambda: KeySet(keys=()),
            trust=TrustFolder(self.settings.trust_dir),
        )
        inside = replace(town_of(self.city).inside, gate=self.access.gate)
        keys = WatchKeys.under(self.settings.keys_dir)
        self.app = office_app(served, inside, Watching(database, AddressRules(()), keys))

    def _let_in(self, each: Somebody) -> dict[str, str]:
        """Give the headers that say who it is."""
        database, now = self.city.database, self.city.clock()
        if each.role is None:
            words = tuple(sorted(each.scopes))
            fresh = NewClient(name=each.name, scopes=words, defaults={}, per_minute=10**6, per_day=None)
            enrol(database.begin, fresh, each.organisation, None, now=now)
            tokens = self.access.gate._bearers._tokens
            return bearer(tokens.make(each.name, each.scopes, now))
        person = Person(
            name=each.name, organisation=each.organisation, office=None, roles=(each.role,), defaults={}, subject=None
        )
        admit(database, person, now=now)
        with database.begin() as connection:
            opened = self.access.sessions.open(connection, each.name)
        return {"cookie": f"{self.access.sessions.cookie}={opened.token}", CSRF_HEADER: opened.csrf}

    def routes(self) -> list[tuple[str, str]]:
        found = [route for route in self.app.routes if isinstance(route, Route)]
        assert len(found) == len(self.app.routes), "what is mounted has routes of its own"
        given = [
            (method.lower(), route.path)
            for route in found
            for method in sorted(route.methods or ())
            if method != "HEAD" or "GET" not in (route.methods or ())
        ]
        return sorted(given, key=lambda each: each == LOG_OUT)

    async def ask(self, who: Somebody, method: str, path: str) -> httpx.Response:
        more = BODIES.get((method, path), {"json": {}} if method == "post" else {})
        headers = self.sessions.get(who.name, {}) | more.get("headers", {})
        filled = re.sub(r"\{(\w+)\}", lambda name: AGENCY if name[1] == "agency" else "0", path)
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as http:
            return await http.request(method, filled, **{**more, "headers": headers})


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    with house.city.database:
        yield house


def may(who: Somebody, operation: Operation) -> bool:
    if not who.known:
        return not operation.known
    return not operation.scopes or bool(who.scopes & set(operation.scopes))


def test_every_route_says_who_may(house: House) -> None:
    assert [route for route in house.routes() if _row(route) is None and _as_get(route) not in ANYBODYS] == []


def _row(route: tuple[str, str]) -> Operation | None:
    return OPERATIONS.get(_as_get(route))


def _as_get(route: tuple[str, str]) -> tuple[str, str]:
    method, path = route
    return "get" if method == "head" else method, path


@pytest.mark.parametrize("who", EVERYBODY, ids=lambda who: who.name)
async def test_everybody_gets_in_where_he_may_and_nowhere_else(who: Somebody, house: House) -> None:
    for method, path in house.routes():
        operation = _row((method, path))
        answer = await house.ask(who, method, path)
        status = answer.status_code
        assert status < 500 or operation is None or operation.name == "ready", (method, path, status)
        if operation is None:
            assert status != 403, (method, path)
        elif may(who, operation):
            assert status not in {401, 403}, (method, path)
        else:
            assert status == (403 if who.known else 401), (method, path)
            assert "www-authenticate" in answer.headers or status == 403, (method, path)


async def test_what_is_of_another_agency_does_not_exist(house: House) -> None:
    ours = replace(NOBODY, name=f"system-{Scope.ISSUE}")
    other = replace(NOBODY, name="other-agency")
    order = {"type": "health-certificate", "fields": FIELDS, "valid_from": "2026-11-20"}
    transport = httpx.ASGITransport(app=house.app)
    async with httpx.AsyncClient(transport=transport, base_url=HERE) as http:
        issued = await http.post("/v1/issuances", json=order, headers=house.sessions[ours.name])
        assert issued.status_code == 201
        listed = await http.get("/v1/certificates", headers=house.sessions[other.name])
        assert listed.json()["certificates"] == []
    for method, path in house.routes():
        operation = _row((method, path))
        if operation is not None and set(operation.scopes) & AGENCYS and "{agency}" in path:
            assert (await house.ask(other, method, path)).status_code == 404, (method, path)
            here = replace(NOBODY, name=f"system-{operation.scopes[0]}")
            assert (await house.ask(here, method, path)).status_code in {200, 202, 409}, (method, path)


@pytest.mark.parametrize("who", [each for each in EVERYBODY if each.role is not None], ids=lambda who: who.name)
async def test_no_person_changes_anything_without_the_sessions_own_token(who: Somebody, house: House) -> None:
    house.sessions[who.name] = {"cookie": house.sessions[who.name]["cookie"]}
    changing = [each for each in house.routes() if each[0] != "get" and each[0] != "head" and _row(each)]
    for method, path in changing:
        if path != "/oauth/token":
            assert (await house.ask(who, method, path)).status_code == 403, (method, path)
