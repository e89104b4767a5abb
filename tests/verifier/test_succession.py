"""A ledger is retired and another goes on: what stands on the first is judged, found, changed and shown as before."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from chain.founding_plan import make_plan
from chain.ledger import encode_call
from chain.node import Node
from chain.transacting import Invocation, transact
from ecert.agency import ledger_name, parse_issuer
from ecert.draft import lint
from ecert.events import StatusChanged
from ecert.facts import Status
from ecert.issuing import SignedCertificate, salt_bytes, sign
from ecert.jwks import KeySet, PublishedKey
from ecert.merkle import Tree
from ecert.parsing import parse
from ecert.status_token import check_status_token
from ecert.suite import SUITE, SigningKey
from ecert.types import TypeCatalogue
from store import calls, events
from store.database import Database
from store.listing import Filter
from tests.local_chain import LocalChain
from tests.verifier.test_answering import Door
from tests.verifier.test_issuing import HEALTH, citizen_id
from tests.verifier.test_workers import get, running, service_url
from tests.verifier.town import AGENCY, Town, found_town, lose, rebuild
from verifier.faults import RowsRefused
from verifier.keys.field_key import FieldKeys
from verifier.keys.keyring import LedgerKey
from verifier.keys.ledger_keys import ledger_signers
from verifier.ledger_view import LedgerView
from verifier.matters import load_matters
from verifier.publishing.status_lists import StatusPublisher, Terms
from verifier.services.answering import Answering
from verifier.services.codes import Codes
from verifier.services.finding import Finding
from verifier.services.issuance import why_not
from verifier.services.making_codes import CodeDesk
from verifier.services.numbered import Numbered
from verifier.services.online_batches import OnlineBatches
from verifier.services.paths import Paths
from verifier.services.published import Published
from verifier.services.searching import Search
from verifier.services.standing import Shelf
from verifier.services.status_order import Action
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

LIST_KEY = SigningKey.from_secret(11)
BASE = "https://status.example"
ELSEWHERE = "eip155:31337:0x" + "77" * 20
OCCASION = {"matter": "food-shop-opening", "case": "2026-1", "ground": "duty", "operator": "window-3"}
FORGED_BEFORE, FORGED, FOREIGN = 3, 7, 8


async def next_ledger(town: Town) -> str:
    """Tell the name that the next ledger will have."""
    node = Node(town.chain.url)
    nonce = (await node.account(town.bureau.address)).nonce
    await node.close()
    return ledger_name(31337, make_plan(town.bureau.address, nonce, town.charter()).ledger)


def signed_for(town: Town, ledger: str, serial: int) -> SignedCertificate:
    """Sign a certificate with the agency's own key that names a ledger."""
    said = {
        "holder_name": "罗文超",
        "holder_id": citizen_id(serial),
        "certificate_number": f"42011120170{serial:07d}",
        "work_category": "食品",
        "examined_by": "某市疾病预防控制中心",
    }
    return sign(
        lint(HEALTH, said, valid_from="2026-05-17", valid_until="2036-05-16"),
        serial=serial,
        iat=town.now() - 3_600,  # long enough ago for its absence to count
        issuer=parse_issuer(f"{ledger}/{AGENCY}"),
        status_base=BASE,
        key=town.keyring.certificate_key(AGENCY),
        salts=os.urandom(salt_bytes(HEALTH)),
    )


def anchored(town: Town, *signed: SignedCertificate) -> list[bytes]:
    """Anchor certificates with the agency's own key on the town's ledger, whatever they name; give their files."""
    tree = Tree([each.leaf for each in signed])
    args = {
        "agency": AGENCY,
        "certificate_type": HEALTH.vct_hash.hex(),
        "suite": SUITE,
        "root": tree.root.hex(),
        "first_serial": signed[0].serial,
        "count": len(signed),
    }

    async def send() -> None:
        node, address = Node(town.chain.url), town.keyring.address(AGENCY, LedgerKey.ANCHOR)
        signer = next(each for each in ledger_signers(town.keyring) if each.address == address)
        await transact(node, signer, [Invocation(to=town.deployment.ledger, data=encode_call("anchor", args))])
        await node.close()

    asyncio.run(send())
    return [each.file(tree.path(place)) for place, each in enumerate(signed)]


@dataclass(kw_only=True)
class Service:
    """The service of a town whose first ledger was followed by a second."""

    town: Town
    first: str
    second: str
    forged: dict[int, bytes]
    client: httpx.AsyncClient
    view: LedgerView

    def file(self, serial: int) -> dict[str, Any]:
        content = self.forged[serial] if serial in self.forged else self.town.certificates()[serial].read_bytes()
        found: dict[str, Any] = json.loads(content)
        return found

    async def post(self, path: str, said: dict[str, Any]) -> dict[str, Any]:
        self.view.refresh()
        answer = await self.client.post(path, json=OCCASION | said)
        found: dict[str, Any] = answer.json()
        assert answer.status_code == 200, found
        return found

    async def verify(self, serial: int) -> dict[str, Any]:
        return await self.post("/v1/verifications", {"certificate": self.file(serial), **holder(serial)})


def holder(serial: int) -> dict[str, Any]:
    number = serial if serial in {FORGED_BEFORE, FORGED, FOREIGN} else serial + (1 if serial < FORGED_BEFORE else 0)
    return {"holder": {"id": citizen_id(number)}}


@pytest.fixture(scope="module", name="town")
def town_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town that has issued on its first ledger, before the second was there."""
    town = found_town(chain, tmp_path_factory.mktemp("town"))
    town.issue(1, 2, 3)
    return town


@pytest.fixture(scope="module")
def service(town: Town) -> Iterator[Service]:
    """The same with a second ledger, on which it has issued three more, and its service."""
    first, second = town.deployment.name, asyncio.run(next_ledger(town))
    forged = dict(zip([FORGED_BEFORE], anchored(town, signed_for(town, second, FORGED_BEFORE)), strict=True))
    town.step()
    town = town.succeeded()
    assert town.deployment.names == (second, first)
    town.step()
    town.issue(4, 5, 6)
    strangers = [signed_for(town, first, FORGED), signed_for(town, ELSEWHERE, FOREIGN)]
    forged |= zip([FORGED, FOREIGN], anchored(town, *strangers), strict=True)
    town.step()
    with Database.open(town.url) as database:
        view, types, paths = LedgerView(database, town.deployment.names), TypeCatalogue.bundled(), Paths(database)
        view.refresh()
        answering = Answering(
            verifying=Verifying(view=view, types=types, paths=paths, clock=town.now),
            matters=load_matters(None, types),
            finding=Finding(database, town.deployment.names, town.keyring.folder, types),
        )
        published = Published(database, view, paths)
        for each in town.deployment.names:
            terms = Terms(base=BASE, ttl=60, lifetime=3_600)
            StatusPublisher(database, LedgerView(database, [each]), key=lambda _: LIST_KEY, terms=terms).step()
        app = public_app(Served(view=view, answering=answering, gate=Door(), published=published))
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service.example")
        yield Service(town=town, first=first, second=second, forged=forged, client=client, view=view)


def test_an_agency_goes_on_issuing_with_its_serials(service: Service) -> None:
    named = {serial: parse(path.read_bytes()).iss.ledger for serial, path in service.town.certificates().items()}
    assert named == dict.fromkeys([0, 1, 2], service.first) | dict.fromkeys([4, 5, 6], service.second)


@pytest.mark.parametrize("serial", [0, 4])
async def test_certificates_of_both_ledgers_are_valid(service: Service, serial: int) -> None:
    said = await service.verify(serial)
    assert (said["result"], said["reasons"]) == ("VALID", [])


async def test_a_batch_of_both_is_answered_each_as_of_its_own_ledger(service: Service) -> None:
    both = [{"certificate": service.file(serial), **holder(serial)} for serial in (0, 4)]
    said = await service.post("/v1/verifications/batch", {"verifications": both})
    assert [each["result"] for each in said["results"]] == ["VALID", "VALID"]
    assert said["as_of"]["block"] == service.view.copies.newest.as_of.block


@pytest.mark.parametrize(
    ("serial", "reason"), [(FORGED, "not_anchored"), (FORGED_BEFORE, "not_anchored"), (FOREIGN, "untrusted_ledger")]
)
async def test_a_certificate_that_names_another_ledger_than_it_stands_on_is_invalid(
    service: Service, serial: int, reason: str
) -> None:
    said = await service.verify(serial)
    assert said["result"] == "INVALID"
    assert reason in said["reasons"]


async def test_a_look_up_by_holder_finds_what_stands_on_either_ledger(service: Service) -> None:
    for serial in (0, 4):
        number = holder(serial)["holder"]["id"]
        said = await service.post(
            "/v1/verifications", {"lookup": {"type": HEALTH.slug, "by": "holder", "value": number}}
        )
        assert (said["result"], said["certificate"]["serial"]) == ("VALID", serial)


async def test_a_holder_with_one_on_each_ledger_chooses_between_them(service: Service) -> None:
    same = citizen_id(1)
    serial = await asyncio.to_thread(service.town.issue_one, 1001)  # of the same holder: ids are counted to a thousand
    said = await service.post("/v1/verifications", {"lookup": {"type": HEALTH.slug, "by": "holder", "value": same}})
    assert said["reasons"] == ["several_found"]
    assert {each["serial"] for each in said["choices"]} == {0, serial}


async def test_status_history_and_leaves_are_those_of_the_ledger_with_the_serial(service: Service) -> None:
    for serial, ledger in ((0, service.first), (4, service.second)):
        said = (await service.client.get(f"/v1/certificates/{AGENCY}/{serial}/status")).json()
        assert (said["ledger"], said["status"]) == (ledger, "valid")
        leaves = (await service.client.get(f"/v1/batches/{AGENCY}/{serial}/leaves")).json()
        assert len(leaves["leaves"]) == 3
    assert (await service.client.get(f"/v1/certificates/{AGENCY}/99/status")).status_code == 404


async def test_status_lists_of_both_ledgers_are_served_where_certificates_say(service: Service) -> None:
    keys = KeySet(keys=(PublishedKey(public_key=LIST_KEY.public_key, since=0),))
    for serial in (0, 4):
        uri = parse(service.town.certificates()[serial].read_bytes()).status_uri
        answer = await service.client.get(uri.removeprefix(BASE))
        assert check_status_token(answer.text, keys, uri=uri, now=service.town.now()).status_list.status(serial) == 0


async def test_what_is_revoked_on_the_retired_ledger_is_so_at_every_counter(service: Service) -> None:
    outcome = await asyncio.to_thread(service.town.change, Action.REVOKE, 1)
    assert (outcome.complete, outcome.calls[0].ledger) == (True, service.first)
    said = await service.verify(1)
    assert (said["result"], said["reasons"]) == ("INVALID", ["revoked"])


async def test_one_order_changes_certificates_of_both_ledgers(service: Service) -> None:
    outcome = await asyncio.to_thread(service.town.change, Action.SUSPEND, 2, 5)
    assert [(call.ledger, call.args["serials"]) for call in outcome.calls] == [
        (service.second, [5]),
        (service.first, [2]),
    ]
    assert outcome.complete
    for serial in (2, 5):
        assert (await service.verify(serial))["reasons"] == ["suspended"]
    await asyncio.to_thread(service.town.change, Action.REINSTATE, 2, 5)
    assert [(await service.verify(serial))["result"] for serial in (2, 5)] == ["VALID", "VALID"]


@pytest.fixture(scope="module")
def whole(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """Another town, on whose ledgers is nothing but what it issued."""
    town = found_town(chain, tmp_path_factory.mktemp("whole"))
    town.issue(1, 2, 3)
    town.change(Action.SUSPEND, 1, wait=False)
    town = town.succeeded()
    town.step()
    town.issue(4, 5)
    town.change(Action.REVOKE, 4)
    return town


def test_what_was_asked_of_the_retired_ledger_before_is_done_there_and_nowhere_else(whole: Town) -> None:
    with Database.open(whole.url) as database, database.read() as connection:
        assert calls.open_calls(connection, whole.deployment.names[1]) == ()
        first, second = (events.stream(connection, name) for name in reversed(whole.deployment.names))
        changed = [[event.serials for event in of if isinstance(event, StatusChanged)] for of in (first, second)]
    assert changed == [[(1,)], [(4,)]]


def test_the_database_agrees_with_both_ledgers_and_a_difference_with_either_is_seen(
    whole: Town, tmp_path: Path
) -> None:
    assert whole.fsck() == []
    for serial, damage in ((0, "serial = 0"), (3, "serial = 3")):
        town = whole.copy(tmp_path / str(serial))
        town.damage(f"UPDATE certificates SET leaf = zeroblob(32) WHERE {damage}")  # noqa: S608 - our own words
        assert any(str(serial) in difference["place"] for difference in town.fsck())


def test_a_lost_database_is_made_again_of_both_ledgers(whole: Town, tmp_path: Path) -> None:
    town = whole.copy(tmp_path / "town")
    lose(town)
    answer = rebuild(town)
    assert (answer["batches"], answer["certificates"]) == (2, 5)
    assert (answer["differences"], answer["useless"], answer["gaps"]) == ([], {}, [])
    assert town.issue_one(7) == 5


def test_a_number_is_on_one_certificate_of_both_ledgers(whole: Town, tmp_path: Path) -> None:
    town = whole.copy(tmp_path / "town")
    with pytest.raises(RowsRefused) as refused:
        town.issue(2, 9)
    assert [fault.reason for fault in refused.value.faults] == ["number_taken"]
    with Database.open(town.url) as database:
        numbered = Numbered.of(town.office(database), AGENCY, HEALTH)
        assert [numbered.find(f"42011120170{number:07d}") for number in (2, 5)] == [1, 4]


def test_what_stands_on_either_ledger_can_be_replaced(whole: Town, tmp_path: Path) -> None:
    town = whole.copy(tmp_path / "town")
    with Database.open(town.url) as database:
        copies = town.office(database).copies()
    assert copies is not None
    assert [why_not(AGENCY, serial, copies, {}, None) for serial in (2, 3)] == [None, None]
    assert "suspended" in str(why_not(AGENCY, 1, copies, {}, None))
    assert "no certificate" in str(why_not(AGENCY, 99, copies, {}, None))


def test_an_office_makes_codes_of_and_looks_through_what_stands_on_either(whole: Town, tmp_path: Path) -> None:
    town = whole.copy(tmp_path / "town")
    fields = FieldKeys.under(town.keyring.folder)
    with Database.open(town.url) as database:
        desk = CodeDesk(database=database, ledgers=town.deployment.names, fields=fields)
        for serial in (0, 3):
            opened = Codes(database).open(desk.make(AGENCY, serial, now=town.now()).digits)
            assert opened is not None
            assert parse(opened).serial == serial
        copies = town.office(database).copies()
        assert copies is not None
        search = Search(copies=copies, agency=AGENCY, wanted=Filter(), status=None)
        pages, after = [], -1
        while after is not None:
            page = search.page(database, after=after, limit=2)
            pages += [(one.serial, str(one.standing.state)) for one in page.found]
            after = page.after
        assert [serial for serial, _ in pages] == [0, 1, 2, 3, 4]
        assert dict(pages)[1] == dict(pages)[4] == "withdrawn"
        revoked = replace(search, status=Status.REVOKED).page(database, after=-1, limit=9)
        assert [one.serial for one in revoked.found] == [4]
        shelf = Shelf(
            database=database, types=TypeCatalogue.bundled(), paths=Paths(database), fields=fields, clock=town.now
        )
        for serial in (0, 3):
            fetched = shelf.fetch(copies, AGENCY, serial)
            assert fetched is not None
            assert fetched.file == town.certificates()[serial].read_bytes()


def test_the_service_as_it_runs_answers_for_both_ledgers(whole: Town, tmp_path: Path) -> None:
    town = whole.copy(tmp_path / "town")
    with (town.folder / "ecert.toml").open("a", encoding="utf-8") as settings:
        settings.write("port = 0\noffice_port = 0\nmax_age = 86400\n")
    with running(town.folder, "serve") as program:
        address = service_url(program)
        program.until(lambda: get(address, "/readyz")[0] == 200, "readiness")
        town.chain.rpc("evm_setNextBlockTimestamp", town.now() + 1)
        town.chain.mine()  # younger than the keys that sign the lists
        for serial, result in ((0, "VALID"), (3, "VALID"), (4, "INVALID")):
            said = json.loads(town.certificates()[serial].read_bytes())
            answer = httpx.post(f"{address}/v1/verifications", json={"certificate": said}).json()
            assert answer["result"] == result
            uri = parse(town.certificates()[serial].read_bytes()).status_uri.removeprefix(BASE)
            program.until(lambda place=uri: get(address, place)[0] == 200, "the status list")
        changed = town.command("status", "revoke", AGENCY, "0", "3", "--json", "--timeout", "120")
        assert changed.exit_code == 0, changed.output
        assert len(json.loads(changed.stdout)["calls"]) == 2
        for serial in (0, 3):
            content = town.certificates()[serial].read_bytes()

            def revoked(content: bytes = content) -> bool:
                asked = {"certificate": json.loads(content)}
                return "revoked" in httpx.post(f"{address}/v1/verifications", json=asked).json()["reasons"]

            program.until(revoked, "the revocation")


def test_a_batch_that_was_left_open_is_refused_where_its_ledger_was_retired(chain: LocalChain, tmp_path: Path) -> None:
    town = found_town(chain, tmp_path)
    serial = town.issue_one(1, close=False)
    town = town.succeeded()
    town.step()
    with Database.open(town.url) as database:
        OnlineBatches(office=town.office(database), seconds=0).close_due()
        town.work(database)
        copies = town.office(database).copies()
        assert copies is not None
        search = Search(copies=copies, agency=AGENCY, wanted=Filter(), status=None)
        (one,) = search.page(database, after=-1, limit=9).found
    assert (one.serial, str(one.standing.state)) == (serial, "refused")
    assert "RetiredInFavourOf" in str(one.standing.waiting)
    assert town.issue_one(1) > serial
