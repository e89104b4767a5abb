"""What anybody may fetch: status lists, leaves, the status of a serial; kept by caches for as long as that is right."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ecert import base64url
from ecert.errors import UntrustedToken
from ecert.events import CertificateSuperseded
from ecert.facts import Status
from ecert.ledger_copies import LedgerCopies
from ecert.merkle import Tree
from ecert.status_token import check_status_token
from ecert.types import TypeCatalogue
from store.database import Database
from store.errors import DatabaseAway
from tests.verifier.office import AGENCY as OFFICE
from tests.verifier.office import City, make_city
from tests.verifier.shelf import AGENCY, COUNT, DAY, LEDGER, Shelf, answering_with, stock
from tests.verifier.test_api import problem
from tests.verifier.test_issuing import row, table
from tests.verifier.test_status_lists import KEYS, URI, publisher
from verifier.ledger_view import LedgerView
from verifier.problems import Code
from verifier.services.issuing import issue
from verifier.services.paths import Paths
from verifier.services.published import Published
from verifier.services.table_issuance import Order
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

LIST = URI.removeprefix("https://ecert.example")
STATUS = f"/v1/certificates/{AGENCY}/1/status"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stock(tmp_path)


@pytest.fixture
def database(shelf: Shelf) -> Iterator[Database]:
    with shelf.open() as database:
        publisher(database).step()
        yield database


@pytest.fixture
def view(database: Database) -> LedgerView:
    view = LedgerView(database)
    view.refresh()
    return view


@pytest.fixture
async def client(database: Database, view: LedgerView) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(database, view) as client:
        yield client


def client_of(database: Database, view: LedgerView) -> httpx.AsyncClient:
    paths = Paths(database)
    verifying = Verifying(view=view, types=TypeCatalogue.bundled(), paths=paths)
    app = public_app(
        Served(
            view=view, answering=answering_with(verifying), published=Published(database, view, paths), status_ttl=60
        )
    )
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service.example")


async def test_a_status_list_is_served_as_certificates_name_it(client: httpx.AsyncClient, shelf: Shelf) -> None:
    answer = await client.get(LIST)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/statuslist+jwt"
    assert answer.headers["cache-control"] == "public, max-age=60"
    assert answer.headers["access-control-allow-origin"] == "*"
    check_status_token(answer.text, KEYS, uri=URI, now=shelf.now)


async def test_who_has_the_list_is_told_so_until_it_changes(
    client: httpx.AsyncClient, database: Database, shelf: Shelf
) -> None:
    tag = (await client.get(LIST)).headers["etag"]
    for known in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        answer = await client.get(LIST, headers={"if-none-match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
        assert answer.headers["cache-control"] == "public, max-age=60"
    shelf.change(1, Status.REVOKED)
    publisher(database).step()
    answer = await client.get(LIST, headers={"if-none-match": tag})
    assert answer.status_code == 200
    assert answer.headers["etag"] != tag
    assert check_status_token(answer.text, KEYS, uri=URI, now=shelf.now).status_list.status(1) == 1


async def test_its_headers_can_be_asked_alone(client: httpx.AsyncClient) -> None:
    whole, head = await client.get(LIST), await client.head(LIST)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "content-type", "cache-control", "content-length"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    "path",
    [
        LIST[:-1] + "1",
        LIST[:-1] + "01",
        LIST[:-1] + "-1",
        LIST[:-1] + "9" * 30,
        LIST.replace("31337", "031337"),
        LIST.replace("31337", "1"),
        LIST.replace("0x5fb", "0x5FB"),
        LIST.replace(AGENCY, "OTHER-1"),
        LIST.replace(AGENCY, "market-1"),
        LIST.replace(AGENCY, "%00"),
        LIST[:-1] + "%E4%B8%80",
    ],
)
async def test_a_list_that_is_not_there_is_no_list_whatever_the_reason(path: str, client: httpx.AsyncClient) -> None:
    assert problem(await client.get(path), Code.NOT_FOUND)["detail"] == "There is no such status list."


async def test_it_is_served_from_the_database_alone_and_ends_where_nobody_reads_the_chain(
    database: Database, shelf: Shelf
) -> None:
    async with client_of(database, LedgerView(database)) as client:
        token = (await client.get(LIST)).text
    with pytest.raises(UntrustedToken, match="expired"):
        check_status_token(token, KEYS, uri=URI, now=shelf.now + DAY)


async def test_a_database_that_is_away_is_said(
    client: httpx.AsyncClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseAway("pulled out")

    monkeypatch.setattr(database, "read", away)
    problem(await client.get(LIST), Code.DATABASE_AWAY)
    assert (await client.get(STATUS)).status_code == 200


async def test_a_serial_has_its_status_and_its_history(
    client: httpx.AsyncClient, shelf: Shelf, view: LedgerView
) -> None:
    shelf.change(1, Status.SUSPENDED)
    shelf.change(1, Status.VALID)
    shelf.mine(lambda place: CertificateSuperseded(place=place, agency=AGENCY, old=1, successors=(2,)))
    view.refresh()
    said = (await client.get(STATUS)).json()
    assert (said["ledger"], said["agency"], said["serial"]) == (LEDGER, AGENCY, 1)
    assert (said["status"], said["settled"], said["as_of"]["contested"]) == ("superseded", True, False)
    assert shelf.cursor is not None
    assert said["as_of"]["block"] == shelf.cursor.block
    assert said["batch"]["count"] == COUNT
    told = [(each["status"], each["block"], each["settled"], each.get("successors")) for each in said["changes"]]
    block = shelf.cursor.block
    assert told == [
        ("suspended", block - 2, True, None),
        ("valid", block - 1, True, None),
        ("superseded", block, True, [2]),
    ]
    assert (await client.get(STATUS)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("serial", ["3", "03", "-1", "1.0", "x", "9007199254740992", "9" * 5000, "%20"])
async def test_a_serial_that_the_ledger_has_not_is_one_answer(serial: str, client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/v1/certificates/{AGENCY}/{serial}/status")
    unknown = await client.get("/v1/certificates/OTHER-1/0/status")
    assert problem(answer, Code.NOT_FOUND) == problem(unknown, Code.NOT_FOUND)


async def test_without_a_copy_of_the_ledger_nothing_is_said(database: Database) -> None:
    async with client_of(database, LedgerView(database)) as client:
        for path in (STATUS, f"/v1/batches/{AGENCY}/0/leaves"):
            problem(await client.get(path), Code.NOT_READY)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """An office that issued two batches, the first of three certificates."""
    city = make_city(tmp_path_factory.mktemp("city"))
    certificate_type = TypeCatalogue.bundled().by_slug("health-certificate")
    assert certificate_type is not None
    for numbers in (range(3), range(3, 5)):
        file = table(city, [row(number) for number in numbers])
        issue(city.office, Order(file=file, certificate_type=certificate_type, agency=OFFICE, folder=city.certificates))
    with city.database:
        yield city


async def test_leaves_make_the_root_of_the_ledger_and_are_kept_for_ever(city: City) -> None:
    view = LedgerView(city.database)
    view.refresh()
    async with client_of(city.database, view) as client:
        answer = await client.get(f"/v1/batches/{OFFICE}/0/leaves")
        said: dict[str, Any] = answer.json()
        assert (said["agency"], said["first_serial"], said["count"]) == (OFFICE, 0, 3)
        root = Tree([base64url.decode(leaf) for leaf in said["leaves"]]).root
        batch = view.copy.batch(OFFICE, 0)
        assert batch is not None
        assert base64url.decode(said["root"]) == root == batch.root
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        again = await client.get(answer.url.path, headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = await client.head(answer.url.path)
        assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])
        assert (await client.get(f"/v1/batches/{OFFICE}/3/leaves")).json()["count"] == 2
        for first in ("1", "4", "5", "00", "x"):
            problem(await client.get(f"/v1/batches/{OFFICE}/{first}/leaves"), Code.NOT_FOUND)


async def test_leaves_that_are_not_here_are_not_there(client: httpx.AsyncClient) -> None:
    problem(await client.get(f"/v1/batches/{AGENCY}/0/leaves"), Code.NOT_FOUND)


async def test_leaves_are_kept_for_ever_only_once_the_batch_is_settled(city: City) -> None:
    view = LedgerView(city.database)
    view.refresh()
    unsettled = LedgerView(city.database)
    copy = view.copy.advance([], view.copy.as_of, 0)
    published = Published(city.database, unsettled, Paths(city.database))
    unsettled.__class__ = type("Unsettled", (LedgerView,), {"copies": property(lambda _: LedgerCopies(copy))})
    served = Served(
        view=unsettled,
        answering=answering_with(Verifying(view=unsettled, types=TypeCatalogue.bundled())),
        published=published,
    )
    transport = httpx.ASGITransport(app=public_app(served))
    async with httpx.AsyncClient(transport=transport, base_url="http://service.example") as client:
        answer = await client.get(f"/v1/batches/{OFFICE}/0/leaves")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-cache")


async def test_many_can_ask_at_once(client: httpx.AsyncClient) -> None:
    answers = await asyncio.gather(*(client.get(LIST) for _ in range(50)))
    assert {answer.status_code for answer in answers} == {200}


async def test_what_is_published_describes_itself(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/v1/openapi.json")).json()["paths"]
    listed = paths["/status/{chain_id}/{ledger}/{agency}/{number}"]["get"]["responses"]
    assert {"200", "304", "404", "500", "503"} <= set(listed)
    assert "application/statuslist+jwt" in listed["200"]["content"]
    of_serials = paths["/v1/certificates/{agency}/{serial}/status"]["get"]["responses"]
    assert {"200", "404", "500", "503"} <= set(of_serials)


async def test_certificate_types_are_given_as_data(client: httpx.AsyncClient) -> None:
    listed = (await client.get("/v1/types")).json()["types"]
    assert len(listed) == len(TypeCatalogue.bundled())
    answer = await client.get("/v1/types/business-licence")
    said = answer.json()
    assert {name: said[name] for name in listed[0]} in listed
    assert {"name": "legal_representative", "kind": "text"}.items() <= said["fields"][3].items()
    assert [each["name"] for each in said["fields"][-2:]] == ["identifier", "document"]
    again = await client.get("/v1/types/business-licence", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304
    problem(await client.get("/v1/types/passport"), Code.NOT_FOUND)
