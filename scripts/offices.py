"""The three offices' story by API: housing files a contract, tax is paid on it, the title follows.

Each office has a client of its own and sees only what its matter lets it. Nobody brings a paper: the tax system looks
the contract up, and the registry contract and payment. An altered price, another buyer, another unit are refused with
the field named. Each side ends with receipts, which the other two check with the published keys alone.
"""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from city import City, CityError
from city_cases import CONTRACT, HOUSING, PAYMENT, REGISTRY, STORIES, TAX, TITLE, Asked, Case, rows
from ecert.jwks import KeySet
from ecert.receipt import check_receipt
from ecert.types import bundled_types
from store import organisations
from store.clients import NewClient
from store.database import Database
from store.organisations import Organisation
from verifier.access.enrolling import enrol

STORY = -1
"""The row of the samples that is told by API; all before it are issued from tables."""
PATIENCE = 240.0
TOKEN_KEPT = 120.0
"""Seconds for which an access token is used; it is good for longer."""
NEITHER_HERE_NOR_THERE = "420102199003074514"
"""An id number of nobody in the story."""
CLIENTS = (
    (HOUSING, "housing-filing", ("issue", "verify")),
    (TAX, "tax-assessment", ("issue", "verify")),
    (REGISTRY, "registry-window", ("issue", "verify")),
)


@dataclass(slots=True)
class Desk:
    """An office's system: its client, the receipts that it keeps."""

    service: str
    agency: str
    client: str
    secret: str
    receipts: list[str] = field(default_factory=list)
    _token: tuple[float, str] = (-TOKEN_KEPT, "")

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:  # noqa: ANN401 # JSON
        """Call the service as this client."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return ask(urllib.request.Request(self.service + path, data, headers, method=method))  # noqa: S310 # our own

    @property
    def token(self) -> str:
        """A good access token; asked for anew long before one ends."""
        since, token = self._token
        if time.monotonic() - since < TOKEN_KEPT:
            return token
        basic = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        form = urllib.parse.urlencode({"grant_type": "client_credentials"}).encode()
        asked = urllib.request.Request(  # noqa: S310 # our own service
            f"{self.service}/oauth/token", form, {"Authorization": f"Basic {basic}"}
        )
        self._token = (time.monotonic(), str(ask(asked)["access_token"]))
        return self._token[1]

    def issue(self, certificate_type: str, row: Mapping[str, str]) -> dict[str, Any]:
        """Issue one certificate and wait until it is settled and handed out; give its file."""
        fields = dict(row)
        valid_from, valid_until = fields.pop("valid_from"), fields.pop("valid_until")
        lists = {each.name for each in bundled_types()[certificate_type].fields if each.kind == "list"}
        order: dict[str, Any] = {
            "type": certificate_type,
            "fields": {name: json.loads(text) if name in lists else text for name, text in fields.items() if text},
            "valid_from": valid_from,
        }
        issued = self.call("POST", "/v1/issuances", order | ({"valid_until": valid_until} if valid_until else {}))
        deadline = time.monotonic() + PATIENCE
        while "protected" not in (file := self.call("GET", issued["certificate"])):
            if time.monotonic() > deadline:
                raise CityError(f"{self.agency}: serial {issued['serial']} was not handed out: {file}")
            time.sleep(0.2)
        return dict(file)

    def look_up(self, lookup: Mapping[str, str], matter: str, **stated: Any) -> dict[str, Any]:  # noqa: ANN401 # JSON
        """Look a certificate up for a matter, and keep the receipt."""
        occasion = {"matter": matter, "case": "2026-DEMO-1", "ground": "duty", "operator": f"{self.client}-1"}
        answer = dict(self.call("POST", "/v1/verifications", {"lookup": lookup, **occasion, **stated}))
        self.receipts.append(answer["receipt"])
        return answer


def ask(request: urllib.request.Request) -> Any:  # noqa: ANN401 # JSON
    """Send a request and read JSON; a refusal is an error with the problem's own words."""
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 # our own service
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise CityError(f"{request.full_url}: {error.code} {error.read().decode(errors='replace')}") from error


def open_desks(city: City) -> dict[str, Desk]:
    """Let the three offices' systems in, as `ecert organisation add` and `ecert client add` do."""
    desks, now = {}, int(time.time())
    with Database.open(city.settings.database_url) as database:
        for agency, client, scopes in CLIENTS:
            with database.begin() as connection:
                named = Organisation(code=agency, name=f"{agency} (demonstration)", agency=agency)
                organisations.add(connection, named)
            shown = enrol(
                database.begin,
                NewClient(name=client, scopes=scopes, defaults={}, per_minute=None, per_day=None),
                agency,
                None,
                now=now,
            )
            desks[agency] = Desk(service=city.office, agency=agency, client=client, secret=shown.secret)
    return desks


def tell(city: City, console: Console) -> list[Asked]:
    """Tell the story; give each question with what was due and what was answered."""
    desks = open_desks(city)
    contract, payment, title = (rows(STORIES / f"{slug}.csv")[STORY] for slug in (CONTRACT, PAYMENT, TITLE))
    console.print(f"{HOUSING} files a contract, {TAX} takes the tax, {REGISTRY} issues the title, all by API")
    save(city, HOUSING, CONTRACT, desks[HOUSING].issue(CONTRACT, contract))
    asked = at_the_tax_office(desks[TAX], contract)
    save(city, TAX, PAYMENT, desks[TAX].issue(PAYMENT, payment))
    asked += at_the_registry(desks[REGISTRY], contract)
    save(city, REGISTRY, TITLE, desks[REGISTRY].issue(TITLE, title))
    by_unit = {"type": TITLE, "by": "unit_number", "value": title["unit_number"]}
    answer = desks[HOUSING].look_up(by_unit, "title-transfer", holder=buyer_of(contract))
    asked.append(compared("housing bureau", "looks up the title that followed", answer, "VALID"))
    return asked + receipts_checked(city, desks)


def at_the_tax_office(desk: Desk, contract: Mapping[str, str]) -> list[Asked]:
    """Look the contract up before the tax is taken; what the form says otherwise is refused with the field."""
    by_number = {"type": CONTRACT, "by": "number", "value": contract["contract_number"]}
    stated = {"unit_number": contract["unit_number"], "price_cny": contract["price_cny"]}
    other_unit = contract["unit_number"][:-4] + "9999"
    questions: list[tuple[str, dict[str, str], dict[str, str], str, str | None]] = [
        ("looks the contract up", stated, buyer_of(contract), "VALID", None),
        ("... with another price", stated | {"price_cny": "1.00"}, buyer_of(contract), "INVALID", "price_cny"),
        ("... with another buyer", stated, {"id": NEITHER_HERE_NOR_THERE}, "INVALID", "holder"),
        ("... with another unit", stated | {"unit_number": other_unit}, buyer_of(contract), "INVALID", "unit_number"),
    ]
    asked = []
    for about, expect, holder, result, field_name in questions:
        answer = desk.look_up(by_number, "deed-tax-home", expect=expect, holder=holder)
        if result == "VALID" and answer.get("values", {}).get("price_cny") != contract["price_cny"]:
            raise CityError(f"the tax office did not read the contract's price: {answer}")
        asked.append(compared("tax office", about, answer, result, field_name))
    answer = desk.look_up(by_number, "deed-tax-home")
    asked.append(compared("tax office", "... comparing nothing", answer, "UNKNOWN", reason="not_compared"))
    return asked


def at_the_registry(desk: Desk, contract: Mapping[str, str]) -> list[Asked]:
    """Look contract and payment up before the title is issued."""
    unit = {"unit_number": contract["unit_number"]}
    by_unit = {"type": CONTRACT, "by": "unit_number", "value": contract["unit_number"]}
    by_contract = {"type": PAYMENT, "by": "contract_number", "value": contract["contract_number"]}
    sold = desk.look_up(by_unit, "title-transfer", holder=buyer_of(contract))
    paid = desk.look_up(by_contract, "title-transfer", expect=unit)
    return [
        compared("registry", "looks the contract up by the unit", sold, "VALID"),
        compared("registry", "looks up the tax paid on it", paid, "VALID"),
    ]


def compared(
    who: str,
    about: str,
    answer: Mapping[str, Any],
    result: str,
    field_name: str | None = None,
    *,
    reason: str | None = None,
) -> Asked:
    """Set an answer beside what was due; `field_name`: the one field that must differ, by name."""
    due = "field_mismatch" if field_name else reason
    case = Case(who=who, about=about, certificate=b"", result=result, reason=due)
    if field_name is not None:
        answered = answer["checks"][10]["detail"].get("fields", {})
        if [name for name, said in answered.items() if said == "differs"] != [field_name]:
            return Asked(case=case, result=answer["result"], reasons=(f"not {field_name} alone",))
    return Asked(case=case, result=answer["result"], reasons=tuple(answer["reasons"]))


def receipts_checked(city: City, desks: Mapping[str, Desk]) -> list[Asked]:
    """Let each office check what the others were told, with the service's published keys alone."""
    published = ask(urllib.request.Request(f"{city.service}/.well-known/jwks.json"))  # noqa: S310 # our own service
    keys, asked = KeySet.from_json(published), []
    for desk in desks.values():
        receipts = [check_receipt(each, keys, iss="https://ecert.example") for each in desk.receipts]
        of_others = {each.relying_party for each in receipts} == {desk.agency} and all(
            each.matter and each.case for each in receipts
        )
        about = f"{len(receipts)} {'receipt' if len(receipts) == 1 else 'receipts'} of {desk.client}"
        case = Case(who="the others", about=about, certificate=b"", result="good")
        asked.append(Asked(case=case, result="good" if of_others else "not its own", reasons=()))
    return asked


def buyer_of(contract: Mapping[str, str]) -> dict[str, str]:
    """Give the first buyer as an applicant's form has it."""
    buyer = json.loads(contract["buyers"])[0]
    return {"id": buyer["id_number"], "name": buyer["name"]}


def save(city: City, agency: str, slug: str, file: Mapping[str, Any]) -> None:
    """Put a certificate that came by API beside those that came from tables."""
    padded = file["payload"] + "=" * (-len(file["payload"]) % 4)
    serial = json.loads(base64.urlsafe_b64decode(padded))["serial"]
    folder = city.folder / "certificates" / agency / slug
    (folder / f"{serial}.ecert.json").write_text(json.dumps(file, ensure_ascii=False), encoding="utf-8")
