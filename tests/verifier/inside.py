"""The office's application before a fake ledger: a caller whom a fake gate knows, and answers over ASGI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx
from starlette.requests import Request

from ecert.types import TypeCatalogue
from store.database import Database
from tests.verifier.office import AGENCY, City, make_city
from verifier.access.idempotency import Idempotency
from verifier.callers import Act, Caller, Scope
from verifier.keys.field_key import FieldKeys
from verifier.matters import load_matters
from verifier.office.inside import Inside
from verifier.office_web import office_app
from verifier.services.answering import Answering
from verifier.services.making_codes import CodeDesk
from verifier.services.online_batches import OnlineBatches
from verifier.services.paths import Paths
from verifier.services.single_issuing import SingleIssuing
from verifier.services.standing import Shelf
from verifier.services.status_asking import StatusAsking
from verifier.services.verifying import Verifying
from verifier.web import Served

FIELDS = {
    "holder_name": "罗文超",
    "holder_id": "110101199003074514",
    "certificate_number": "JK-1",
    "work_category": "食品",
    "examined_by": "市中心医院",
}
SYSTEM = Caller(name="registry-system", agency=AGENCY, scopes=frozenset({Scope.ISSUE, Scope.STATUS}))


@dataclass
class FakeGate:
    """Knows whoever is put here."""

    known: Caller = SYSTEM
    spent: list[Act] = field(default_factory=list)

    async def caller(self, request: Request) -> Caller:
        del request
        return self.known

    def count(self, request: Request) -> None:
        del request

    def spend(self, caller: Caller, act: Act, count: int = 1) -> None:
        del caller
        self.spent += [act] * count


@dataclass
class Town:
    """A city and its office's application."""

    city: City
    gate: FakeGate
    inside: Inside
    client: httpx.AsyncClient

    @property
    def database(self) -> Database:
        return self.city.database

    async def issue(self, number: object = 1, **more: Any) -> httpx.Response:
        headers = more.pop("headers", {})
        fields = FIELDS | {"certificate_number": f"JK-{number}"} | more.pop("fields", {})
        asked = {"type": "health-certificate", "fields": fields, "valid_from": "2026-11-20"} | more
        return await self.client.post("/v1/issuances", json=asked, headers=headers)

    def close(self, seconds: float = 0) -> int:
        """Close what is open."""
        return OnlineBatches(office=self.city.office, seconds=seconds).close_due()

    def settle(self) -> None:
        """Close what is open, and let the ledger take all that waits: anchors, then what they bring with them."""
        self.close()
        for _ in range(3):
            self.city.clock.pause(1)
        self.city.office.view.refresh()

    def other(self) -> Town:
        """Another process of the same office."""
        return town_of(self.city, batch_size=3)


def town_of(city: City, *, batch_size: int = 1000) -> Town:
    office = city.office
    inside = Inside(
        gate=(gate := FakeGate()),
        idempotency=Idempotency(city.database, office.clock),
        office=office,
        issuing=SingleIssuing(office, batch_size=batch_size),
        shelf=Shelf(
            database=city.database,
            types=TypeCatalogue.bundled(),
            paths=Paths(city.database),
            fields=FieldKeys.under(office.keyring.folder),
            clock=office.clock,
        ),
        statuses=StatusAsking(office=office),
        codes=CodeDesk(database=city.database, ledgers=office.ledgers, fields=FieldKeys.under(office.keyring.folder)),
    )
    types = TypeCatalogue.bundled()
    answering = Answering(
        verifying=Verifying(view=office.view, types=types, clock=office.clock), matters=load_matters(None, types)
    )
    served = Served(view=office.view, answering=answering, gate=gate)
    office.view.refresh()
    transport = httpx.ASGITransport(app=office_app(served, inside))
    client = httpx.AsyncClient(transport=transport, base_url="http://office.example")
    return Town(city=city, gate=gate, inside=inside, client=client)


@contextmanager
def found_town(folder: Path, url: str | None = None, *, batch_size: int = 1000) -> Iterator[Town]:
    """Make a city with its office."""
    city = make_city(folder, url)
    with city.database:
        yield town_of(city, batch_size=batch_size)


def without_status_base(town: Town) -> Town:
    return town_of(replace(town.city, office=replace(town.city.office, status_base="")))
