"""A town for tests: a tax office that relies, a registry that issues, the service before them, and a clock."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from ecert.types import TypeCatalogue
from store import organisations
from store.clients import NewClient
from store.database import Database
from store.organisations import Office, Organisation
from tests.verifier.shelf import answering_with
from verifier.access.access import Access, open_access
from verifier.access.enrolling import Shown, enrol
from verifier.keys.service_keys import ServiceKeys
from verifier.ledger_view import LedgerView
from verifier.services.paths import Paths
from verifier.services.published import Published
from verifier.services.verifying import Verifying
from verifier.settings import Settings
from verifier.web import Served, public_app

NOW = 1_790_000_000
PUBLIC = "https://ecert.example"
AGENCY = "REGISTRY-1"


@dataclass
class Clock:
    """Time that stands still until it is moved."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@dataclass
class Town:
    """The service and its database, with the clock that both go by."""

    folder: Path
    database: Database
    settings: Settings
    clock: Clock
    access: Access
    secrets: dict[str, Shown] = field(default_factory=dict)

    def client(
        self,
        name: str,
        *scopes: str,
        organisation: str = "TAX",
        office: str | None = None,
        per_minute: int | None = None,
        per_day: int | None = None,
    ) -> Shown:
        """Let a system in, and let the service see it."""
        fresh = NewClient(name=name, scopes=scopes, defaults={}, per_minute=per_minute, per_day=per_day)
        shown = enrol(self.database.begin, fresh, organisation, office, now=self.clock.now)
        self.secrets[name] = shown
        self.access.directory.refresh()
        return shown

    @asynccontextmanager
    async def http(self, address: str = "127.0.0.1") -> AsyncIterator[httpx.AsyncClient]:
        """Speak to the public application, from an address."""
        view, paths = LedgerView(self.database), Paths(self.database)
        verifying = Verifying(view=view, types=TypeCatalogue.bundled(), paths=paths)
        app = public_app(
            Served(
                view=view,
                answering=answering_with(verifying),
                published=Published(self.database, view, paths),
                gate=self.access.gate,
                access=self.access,
            )
        )
        transport = httpx.ASGITransport(app=app, client=(address, 4711))
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as http:
            yield http

    async def token(self, http: httpx.AsyncClient, name: str, scope: str | None = None) -> str:
        """Get a token for a client."""
        answer = await http.post("/oauth/token", data=grant(scope), headers=basic(name, self.secrets[name].secret))
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])


def make_town(folder: Path, database: Database, **settings: object) -> Town:
    """Make a town with its two houses."""
    with database.begin() as connection:
        tax = Organisation(code="TAX", name="Tax", agency=None, offices=(Office(code="7", name="Counter 7"),))
        organisations.add(connection, tax)
        organisations.add(connection, Organisation(code="REGISTRY", name="Registry", agency=AGENCY))
    clock = Clock()
    known = Settings.model_validate({"data_dir": folder, "service_base": PUBLIC, **settings})
    ServiceKeys(known.keys_dir, known.passwords_file).make_missing(NOW - 1000)
    return Town(
        folder=folder, database=database, settings=known, clock=clock, access=open_access(known, database, clock)
    )


def grant(scope: str | None = None) -> dict[str, str]:
    """Give the form of a token request."""
    return {"grant_type": "client_credentials"} | ({} if scope is None else {"scope": scope})


def basic(name: str, secret: str) -> dict[str, str]:
    """Give the header with which a client says who it is."""
    return {"authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def bearer(token: str) -> dict[str, str]:
    """Give the header that bears a token."""
    return {"authorization": f"Bearer {token}"}
