"""What the demo issues, and what it asks: each case with the verdict that is due and the first reason for it."""

from __future__ import annotations

import base64
import csv
import datetime
import json
import os
import time
import urllib.request
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from city import ROOT, Agency, City
from ecert.agency import parse_issuer
from ecert.draft import lint
from ecert.issuing import sign
from ecert.presenting import present
from ecert.types import bundled_types

SAMPLES = ROOT / "samples"
STORIES = SAMPLES / "stories"
HOUSING, TAX, REGISTRY = "DEMO-HOUSING", "DEMO-TAX", "DEMO-REGISTRY"
MARKET, TRANSPORT = "DEMO-MARKET", "DEMO-TRANSPORT"
CONTRACT, PAYMENT, TITLE, LICENCE = "home-sales-contract", "deed-tax-payment", "real-estate-title", "business-licence"
PERMIT = "food-business-permit"

AGENCIES = (
    Agency(code=HOUSING, name="Housing bureau (demonstration)", types=(CONTRACT,)),
    Agency(code=TAX, name="Tax office (demonstration)", types=(PAYMENT,)),
    Agency(code=REGISTRY, name="Real-estate registry (demonstration)", types=(TITLE,)),
    Agency(code=MARKET, name="Market regulation (demonstration)", types=(LICENCE, PERMIT)),
    Agency(code=TRANSPORT, name="Transport office (demonstration), accredited for nothing", types=()),
)
ISSUED = ((CONTRACT, HOUSING, STORIES), (PAYMENT, TAX, STORIES), (TITLE, REGISTRY, STORIES), (LICENCE, MARKET, SAMPLES))

REVOKED, SUSPENDED, REINSTATED = 1, 2, 3
"""Which business licences (rows of the sample, from 0) change their status."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question to the service: who asks, about what, and the answer that is due. `reason` None: no reason."""

    who: str
    about: str
    certificate: bytes
    result: str
    reason: str | None = None
    expect: dict[str, Any] = field(default_factory=dict)
    holder: dict[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A case and what the service answered."""

    case: Case
    result: str
    reasons: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether result and gravest reason are those that are due."""
        return self.result == self.case.result and (self.reasons[0] if self.reasons else None) == self.case.reason


def rows(path: Path) -> list[dict[str, str]]:
    """Read a sample."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def issue_everything(city: City, console: Console) -> None:
    """Let the agencies issue at once: the stories, the licences, and two permits that end yesterday and today.

    The last story is left to be told by API (`offices`).
    """
    tables = [
        (slug, agency, but_the_last(city.folder, slug) if folder is STORIES else folder / f"{slug}.csv")
        for slug, agency, folder in ISSUED
    ]
    tables.append((PERMIT, MARKET, permits(city.folder)))
    for slug, agency, table in tables:
        console.print(f"{agency} issues {slug} from {table.name}")
    at_once(
        city,
        [("issue", str(table), "--type", slug, "--agency", agency, "--json") for slug, agency, table in tables],
    )


def but_the_last(folder: Path, slug: str) -> Path:
    """Write a sample of the stories without its last row."""
    return write_table(folder / f"{slug}.csv", rows(STORIES / f"{slug}.csv")[:-1])


def write_table(path: Path, written: Sequence[Mapping[str, str]]) -> Path:
    """Write rows as a table."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, list(written[0]))
        table.writeheader()
        table.writerows(written)
    return path


def permits(folder: Path) -> Path:
    """Write two rows of the sample with the last valid days yesterday and today, as the agency's calendar has them."""
    today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date()
    both = rows(SAMPLES / f"{PERMIT}.csv")[:2]
    for row, last_day in zip(both, (today - datetime.timedelta(days=1), today), strict=True):
        row["valid_from"] = (last_day - datetime.timedelta(days=300)).isoformat()
        row["valid_until"] = last_day.isoformat()
    return write_table(folder / "permits-that-end.csv", both)


def change_statuses(city: City, console: Console) -> None:
    """Revoke one licence, suspend one, suspend and reinstate one."""
    console.print(f"{MARKET} revokes licence {REVOKED}, suspends {SUSPENDED}, suspends and reinstates {REINSTATED}")
    change_at_once(city, (("revoke", REVOKED), ("suspend", SUSPENDED), ("suspend", REINSTATED)))
    change_at_once(city, (("reinstate", REINSTATED),))


def change_at_once(city: City, changes: Sequence[tuple[str, int]]) -> None:
    """Change the status of several licences, each with a command of its own."""
    commands = []
    for change, row in changes:
        serial = serial_of(path_of(city, MARKET, LICENCE, row))
        commands.append(("status", change, MARKET, str(serial), "--reason", "demonstration", "--json"))
    at_once(city, commands)


def at_once(city: City, commands: Sequence[Sequence[str]]) -> None:
    """Give commands as people do in different offices: none waits for another."""
    with ThreadPoolExecutor(len(commands)) as offices:
        for done in [offices.submit(city.command, *command) for command in commands]:
            done.result()


def path_of(city: City, agency: str, slug: str, row: int) -> Path:
    """Find the certificate file of a row (from 0) of what an agency issued of a type."""
    files = (city.folder / "certificates" / agency / slug).glob("*.ecert.json")
    return sorted(files, key=serial_of)[row]


def file_of(city: City, agency: str, slug: str, row: int) -> bytes:
    """Read that file."""
    return path_of(city, agency, slug, row).read_bytes()


def serial_of(path: Path) -> int:
    """Tell the serial from a file's name."""
    return int(path.name.split(".", 1)[0])


def altered(file: bytes, name: str, value: str) -> bytes:
    """Change what a field says, as a forger would: everything else stays as it was."""
    certificate = json.loads(file)
    disclosures = certificate["header"]["disclosures"]
    for at, encoded in enumerate(disclosures):
        salt, field_name, _ = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        if field_name == name:
            text = json.dumps([salt, name, value], ensure_ascii=False).encode()
            disclosures[at] = base64.urlsafe_b64encode(text).decode().rstrip("=")
    return json.dumps(certificate).encode()


def without(file: bytes, name: str) -> bytes:
    """Withhold one field, as a holder may."""
    shown = set()
    for encoded in json.loads(file)["header"]["disclosures"]:
        shown.add(json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))[1])
    return present(file, shown - {name})


def signed_only(city: City, agency: str, slug: str, row: dict[str, str], *, age: int) -> bytes:
    """Sign a certificate with the agency's key, `age` seconds ago, without ever anchoring it."""
    kind = bundled_types()[slug]
    lists = {each.name for each in kind.fields if each.kind == "list"}
    values = {name: json.loads(text) if name in lists and text else text for name, text in row.items()}
    valid_from, valid_until = values.pop("valid_from"), values.pop("valid_until") or None
    signed = sign(
        lint(kind, values, valid_from=valid_from, valid_until=valid_until),
        serial=900_000,
        iat=int(time.time()) - age,
        issuer=parse_issuer(f"{city.deployment.name}/{agency}"),
        status_base="https://ecert.example",
        key=city.keyring.certificate_key(agency),
        salts=os.urandom(16 * len(kind.slots)),
    )
    return signed.file([])


def story(city: City) -> list[Case]:
    """One sale of a home: each office verifies the other's certificate and compares what its own form says."""
    contract, payment, title = (rows(STORIES / f"{slug}.csv")[0] for slug in (CONTRACT, PAYMENT, TITLE))
    buyer = json.loads(contract["buyers"])[0]
    holder = {"id": buyer["id_number"], "name": buyer["name"]}
    files = {slug: file_of(city, agency, slug, 0) for slug, agency, _ in ISSUED[:3]}
    unit = {"unit_number": contract["unit_number"]}
    return [
        Case(
            who="tax office",
            about="the filed contract, before it takes the tax",
            certificate=files[CONTRACT],
            expect=unit | {"price_cny": payment["tax_base_cny"]},
            holder=holder,
            result="VALID",
        ),
        Case(
            who="registry",
            about="the filed contract",
            certificate=files[CONTRACT],
            expect=unit,
            holder=holder,
            result="VALID",
        ),
        Case(
            who="registry",
            about="the tax paid on it, before it issues the title",
            certificate=files[PAYMENT],
            expect=unit | {"contract_number": contract["contract_number"]},
            holder=holder,
            result="VALID",
        ),
        Case(
            who="housing bureau",
            about="the title that followed",
            certificate=files[TITLE],
            expect=unit | {"title_number": title["title_number"]},
            holder=holder,
            result="VALID",
        ),
        Case(
            who="tax office",
            about="the contract, but the form states another price",
            certificate=files[CONTRACT],
            expect=unit | {"price_cny": "1.00"},
            holder=holder,
            result="INVALID",
            reason="field_mismatch",
        ),
    ]


def single_cases(city: City) -> list[Case]:
    """Certificates that were tampered with, withheld from, withdrawn, out of date, or never the ledger's."""
    title = file_of(city, REGISTRY, TITLE, 1)
    titles = rows(SAMPLES / f"{TITLE}.csv")
    permit = rows(SAMPLES / f"{PERMIT}.csv")[2]
    licence = [file_of(city, MARKET, LICENCE, row) for row in range(4)]
    said: list[tuple[str, bytes, str, str | None]] = [
        ("a title whose area was changed", altered(title, "area_m2", "999.00"), "INVALID", "altered_field"),
        ("a title that withholds its remarks", without(title, "remarks"), "UNKNOWN", "field_withheld"),
        ("half of a certificate file", title[: len(title) // 2], "INVALID", "malformed"),
        ("a business licence", licence[0], "VALID", None),
        ("a revoked business licence", licence[REVOKED], "INVALID", "revoked"),
        ("a suspended business licence", licence[SUSPENDED], "INVALID", "suspended"),
        ("one suspended and reinstated", licence[REINSTATED], "VALID", None),
        ("a permit that ended yesterday", file_of(city, MARKET, PERMIT, 0), "INVALID", "expired"),
        ("a permit on its last valid day", file_of(city, MARKET, PERMIT, 1), "VALID", None),
        (
            "a permit of an agency that is not accredited",
            signed_only(city, TRANSPORT, PERMIT, permit, age=0),
            "INVALID",
            "not_accredited",
        ),
        (
            "a title signed an hour ago, never anchored",
            signed_only(city, REGISTRY, TITLE, titles[0], age=3600),
            "INVALID",
            "not_anchored",
        ),
        (
            "a title signed this minute, not anchored yet",
            signed_only(city, REGISTRY, TITLE, titles[1], age=0),
            "UNKNOWN",
            "not_anchored",
        ),
    ]
    return [
        Case(who="counter", about=about, certificate=file, result=result, reason=reason)
        for about, file, result, reason in said
    ]


def ask_all(city: City, console: Console) -> list[Asked]:
    """Put every case to the running service over HTTP."""
    console.print(f"Asking {city.service}")
    city.catch_up()
    return [ask(city, case) for case in story(city) + single_cases(city)]


def ask(city: City, case: Case) -> Asked:
    """Put one case to the service."""
    question: dict[str, Any] = {"certificate": case.certificate.decode()}
    if case.expect:
        question["expect"] = case.expect
    if case.holder:
        question["holder"] = case.holder
    request = urllib.request.Request(  # noqa: S310 # our own service
        f"{city.service}/v1/verifications",
        data=json.dumps(question).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 # the same
        verdict = json.load(answer)
    return Asked(case=case, result=verdict["result"], reasons=tuple(verdict["reasons"]))
