"""`ecert api` and `ecert office` as real processes over one database, with a client that has every scope.

The ledger is the store's own functions (`tests.verifier.office`), stepped by a thread of the tests as sender and
indexer would: what is issued settles within a second. One certificate is issued before anything else begins.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from store import organisations
from store.clients import NewClient
from store.organisations import Organisation
from tests.verifier.access.town import basic
from tests.verifier.office import AGENCY, DEPLOYMENT, City, make_city
from tests.verifier.test_workers import PATIENCE, Program, running
from verifier.access.enrolling import enrol
from verifier.keys.service_keys import ServiceKeys

SCOPES = ("verify", "issue", "status", "audit")
CLIENT = "every-scope"
TITLE = "health-certificate"
FIELDS = {
    "holder_name": "罗文超",
    "holder_id": "110101199003074514",
    "certificate_number": "JK-1",
    "work_category": "食品",
    "examined_by": "市中心医院",
}
STEP = 0.25
SETTINGS = """
port = 0
office_port = 0
status_base = "https://status.example"
service_base = "https://verify.example"
batch_seconds = 0.2
poll_seconds = 0.1
access_seconds = 0.2
client_per_minute = 1000000
address_per_minute = 1000000
tries_per_minute = 1000000
"""


@dataclass
class Desk:
    """The two addresses, and the client. `file` is the certificate that was issued first; `serial` its serial."""

    folder: Path
    city: City
    api: str
    office: str
    secret: str
    programs: tuple[Program, ...]
    serial: int = -1
    file: dict[str, Any] = field(default_factory=dict)

    def token(self, *scopes: str) -> str:
        """Get an access token."""
        form = {"grant_type": "client_credentials"} | ({"scope": " ".join(scopes)} if scopes else {})
        answer = httpx.post(f"{self.api}/oauth/token", data=form, headers=basic(CLIENT, self.secret), timeout=30)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def headers(self) -> dict[str, str]:
        """Give what says that it is the client."""
        return {"authorization": f"Bearer {self.token()}"}

    def issue(self, **fields: str) -> dict[str, Any]:
        """Issue a certificate and wait for its file."""
        headers = self.headers()
        order = {"type": TITLE, "fields": FIELDS | fields, "valid_from": "2026-01-02"}
        issued = httpx.post(f"{self.office}/v1/issuances", json=order, headers=headers, timeout=30)
        assert issued.status_code == 201, issued.text
        self.serial = issued.json()["serial"]
        deadline = time.monotonic() + PATIENCE
        while True:
            file = httpx.get(self.office + issued.json()["certificate"], headers=headers, timeout=30)
            if file.status_code == 200:
                return dict(file.json())
            assert file.status_code == 202, file.text
            assert time.monotonic() < deadline, file.text
            time.sleep(0.1)

    def said(self) -> str:
        """Give all that both processes have logged."""
        return "".join(program.said() for program in self.programs)


@contextmanager
def open_desk(folder: Path, settings: str = "") -> Iterator[Desk]:
    """Start all of it; ended with the block."""
    city = make_city(folder, now=int(time.time()))
    DEPLOYMENT.save(folder / "deployment.json")
    ServiceKeys(folder / "keys", folder / "keys" / "passwords").make_missing(int(time.time()) - 10)
    (folder / "ecert.toml").write_text(SETTINGS + settings, encoding="utf-8")
    with city.database.begin() as connection:
        organisations.add(connection, Organisation(code="HOUSING", name="Housing", agency=AGENCY))
    fresh = NewClient(name=CLIENT, scopes=SCOPES, defaults={}, per_minute=None, per_day=None)
    secret = enrol(city.database.begin, fresh, "HOUSING", None, now=int(time.time())).secret
    city.ledger.step(int(time.time()))
    with city.served(STEP), running(folder, "api") as api, running(folder, "office") as office:
        desk = Desk(
            folder=folder,
            city=city,
            api=_address(api),
            office=_address(office),
            secret=secret,
            programs=(api, office),
        )
        for address in (desk.api, desk.office):
            api.until(lambda address=address: _ready(address), "readiness")  # type: ignore[misc]
        desk.file = desk.issue()
        yield desk
    city.database.close()


def _address(program: Program) -> str:
    program.until(lambda: "listening at" in program.said(), "listening")
    return re.findall(r"listening at (\S+)", program.said())[0]


def _ready(address: str) -> bool:
    try:
        return httpx.get(f"{address}/readyz", timeout=30).status_code == 200
    except httpx.TransportError:
        return False
