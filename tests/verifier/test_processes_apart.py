"""The four processes, each with the keys that it may have and no other file, on a real chain: all of it works.

Each has a data directory of its own, as it would on a machine of its own; they share the database and nothing else.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tomllib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.local_chain import LocalChain
from tests.verifier.inside import FIELDS
from tests.verifier.test_workers import Program, ready, running
from tests.verifier.town import AGENCY, Town, found_town
from verifier.keys.keyring import Keyring

KEPT = {
    "api": (),
    "office": ("certificate.pem", "anchor.address", "status.address"),
    "sender": ("anchor.json", "status.json"),
    "indexer": (),
}
"""What each process has of an agency's keys."""
OPENS = {"office": "certificate", "sender": "ledger"}
"""Whose password each process has."""

SERVICE = {
    "api": ("receipt-api", "access-token"),
    "office": ("receipt-office", "access-token"),
    "sender": (),
    "indexer": ("status",),
}
"""Which of the service's own keys each process has; all of them have what is public of every one."""


@pytest.fixture(scope="module", name="town")
def town_(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with LocalChain(interval=1) as chain:
        town = found_town(chain, tmp_path_factory.mktemp("town"))
        assert town.command("keys", "init").exit_code == 0
        yield town


def apart(town: Town, process: str, folder: Path) -> Path:
    """Give a data directory with what one process may have."""
    folder.mkdir()
    shutil.copy(town.folder / "deployment.json", folder)
    settings = [
        f'node_urls = ["{town.chain.url}"]',
        f'database_url = "{town.url}"',
        'status_base = "https://status.example"',
        "port = 0",
        "office_port = 0",
        "batch_seconds = 0",
        "max_age = 86400",
    ]
    (folder / "ecert.toml").write_text("\n".join(settings) + "\n", encoding="utf-8")
    whole, keys = town.folder / "keys", folder / "keys"
    (keys / AGENCY).mkdir(parents=True, mode=0o700)
    (keys / "service").mkdir(mode=0o700)
    for name in KEPT[process]:
        shutil.copy2(whole / AGENCY / name, keys / AGENCY)
    for file in (whole / "service").glob("*.jwks.json"):
        shutil.copy2(file, keys / "service")
    for kind in SERVICE[process]:
        for file in (whole / "service").glob(f"{kind}-*.pem"):
            shutil.copy2(file, keys / "service")
    (keys / "passwords").write_text(passwords_of(whole, process), encoding="utf-8")
    (keys / "passwords").chmod(0o600)
    return folder


def passwords_of(whole: Path, process: str) -> str:
    """Give the passwords that one process may have, and no other."""
    known = tomllib.loads((whole / "passwords").read_text(encoding="utf-8"))
    lines = []
    if process in OPENS:
        lines += [f'["{AGENCY}"]', f'{OPENS[process]} = "{known[AGENCY][OPENS[process]]}"']
    for kind in SERVICE[process]:
        lines += [f"[service.{kind}]", f'password = "{known["service"][kind]["password"]}"']
    return "\n".join([*lines, ""])


def address_of(program: Program) -> str:
    program.until(lambda: "listening at" in program.said(), "listening")
    address = re.findall(r"listening at (\S+)", program.said())[0]
    program.until(lambda: ready(address), "readiness")
    return str(address)


def new_client(town: Town) -> dict[str, str]:
    """Make a client that issues for the agency, and give the form that it asks for tokens with."""
    assert town.command("organisation", "add", "HEALTH", "Health", "--agency", AGENCY).exit_code == 0
    scopes = ("--scope", "issue", "--scope", "status")
    made = town.command("client", "add", "clinic", "--organisation", "HEALTH", *scopes, "--json")
    secret = json.loads(made.stdout)["secret"]
    return {"grant_type": "client_credentials", "client_id": "clinic", "client_secret": secret}


def token(office: str, form: dict[str, str]) -> str | None:
    """Give an access token; None as long as the office has not heard of the client."""
    answer = httpx.post(f"{office}/oauth/token", data=form, timeout=60)
    return str(answer.json()["access_token"]) if answer.status_code == 200 else None


def test_each_process_works_with_its_own_keys_alone(town: Town, tmp_path: Path) -> None:
    with ExitStack() as stack:

        def start(process: str) -> Program:
            return stack.enter_context(running(apart(town, process, tmp_path / process), process))

        office = address_of(desk := start("office"))
        public = address_of(counter := start("api"))
        start("indexer")
        start("sender")
        form, clerk = new_client(town), dict[str, str]()

        def is_known() -> bool:
            found = token(office, form)
            clerk["authorization"] = f"Bearer {found}"
            return found is not None

        desk.until(is_known, "a token")
        asked = {"type": "health-certificate", "fields": FIELDS, "valid_from": "2026-01-01"}
        issued = httpx.post(f"{office}/v1/issuances", json=asked, headers=clerk, timeout=60)
        assert issued.status_code == 201, issued.text
        place = f"{office}{issued.json()['certificate']}"
        desk.until(lambda: httpx.get(place, headers=clerk, timeout=60).status_code == 200, "a settled certificate")
        new = httpx.post(f"{office}/v1/issuances", json=asked | {"supersedes": [0]}, headers=clerk, timeout=60)
        assert new.status_code == 201, new.text
        place = f"{office}{new.json()['certificate']}"
        desk.until(lambda: httpx.get(place, headers=clerk, timeout=60).status_code == 200, "a settled replacement")
        file = httpx.get(place, headers=clerk, timeout=60).json()
        counter.until(lambda: _verdict(public, file) == "VALID", "a verdict")
        assert httpx.post(f"{public}/v1/issuances", json=asked, headers=clerk, timeout=60).status_code == 404
    keys = tmp_path / "office" / "keys"
    assert Keyring(keys, keys / "passwords").passwords(AGENCY).ledger is None
    assert sqlite3.connect(town.folder / "ecert.sqlite").execute("SELECT count(*) FROM certificates").fetchone() == (2,)


def _verdict(public: str, file: object) -> str:
    answer = httpx.post(f"{public}/v1/verifications", json={"certificate": file}, timeout=60)
    return str(answer.json().get("result"))
