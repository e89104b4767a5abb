"""People for tests: quick passwords, and a browser that keeps its cookies."""

from __future__ import annotations

import re

import httpx

from store import accounts
from tests.verifier.access.town import Town
from verifier.access.admitting import Person, admit
from verifier.access.passwords import Cost, Passwords
from verifier.access.roles import Role

QUICK = {"password_memory": 1024, "password_passes": 1, "password_lanes": 1}
PASSWORD = "correct horse battery"


def person(
    town: Town,
    name: str,
    *roles: Role,
    organisation: str = "TAX",
    office: str | None = None,
    subject: str | None = None,
) -> str | None:
    """Let somebody in, with the one-time password that is given back."""
    somebody = Person(
        name=name, organisation=organisation, office=office, roles=roles, defaults={"matter": "deed"}, subject=subject
    )
    return admit(town.database, somebody, now=town.clock.now)


def settled_person(town: Town, name: str, *roles: Role, organisation: str = "TAX", office: str | None = None) -> None:
    """Let somebody in who has chosen `PASSWORD` already."""
    person(town, name, *roles, organisation=organisation, office=office)
    digest = Passwords(Cost(memory=1024, passes=1, lanes=1)).hash(PASSWORD)
    with town.database.begin() as connection:
        accounts.set_password(connection, name, digest, one_time=False)


async def log_in(http: httpx.AsyncClient, name: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await http.post("/login", data={"name": name, "password": password, **more})


async def csrf(http: httpx.AsyncClient) -> str:
    """Give the CSRF token that the page hands out."""
    found = re.search(r'name="csrf" value="([^"]+)"', (await http.get("/login")).text)
    assert found is not None
    return found.group(1)
