"""The four ways to submit: what is looked up is judged like what is handed in, and values are told to few."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from starlette.requests import Request

from ecert import base64url
from ecert.certificate_type import CertificateType
from ecert.facts import Status
from ecert.parsing import MAX_SIZE
from ecert.types import TypeCatalogue
from store.database import Database
from store.errors import DatabaseAway
from tests.verifier.shelf import AGENCY, AGENCY_NAME, TYPE, Shelf, row, stock
from verifier.api.bodies import MOST_MEMBERS
from verifier.api.submissions import AT_ONCE, MOST_OF_BATCH, read_batch, read_occasion
from verifier.callers import ANYBODY, Act, Caller, Scope
from verifier.guards import MAX_BODY
from verifier.ledger_view import LedgerView
from verifier.matters import Matters, load_matters
from verifier.problems import Code, RequestRefused
from verifier.services.answering import Answering
from verifier.services.found import Found, FoundCertificate
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

PATH, BATCH = "/v1/verifications", "/v1/verifications/batch"
HOLDER = row(0)["holder_id"]
CLIENT = Caller(name="food-desk", relying_party="MARKET", scopes=frozenset({Scope.VERIFY}))
OCCASION = {"matter": "food-shop-opening", "case": "2026-17", "ground": "consent"}
LOOKUP = {"type": TYPE.slug, "by": "holder", "value": HOLDER}
DOCUMENT = sha256(b"%PDF-1.7").digest()


@dataclass
class Cabinet:
    """Finds what it was given, and opens one code."""

    certificates: tuple[FoundCertificate, ...] = ()
    complete_since: Mapping[str, int] = field(default_factory=dict)
    older: tuple[FoundCertificate, ...] = ()
    away: bool = False
    local: bool = False
    readings: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    @contextmanager
    def reading(self) -> Iterator[Cabinet]:
        if self.away:
            raise DatabaseAway("pulled out")
        self.readings += 1
        yield self

    def look_up(
        self,
        certificate_type: CertificateType,
        by: str,
        value: str,
        *,
        agency: str | None = None,
        serial: int | None = None,
    ) -> Found:
        self.asked.append((by, value))
        assert certificate_type is TYPE
        return replace(self._named(agency, serial), complete_since=self.complete_since)

    def by_document(
        self,
        sha256: bytes,
        types: Collection[CertificateType],
        *,
        agency: str | None = None,
        serial: int | None = None,
    ) -> Found:
        found = self._named(agency, serial) if sha256 == DOCUMENT else Found(certificates=())
        return replace(found, certificates=tuple(each for each in found.certificates if each.certificate_type in types))

    def _named(self, agency: str | None, serial: int | None) -> Found:
        named = tuple(
            each
            for each in (*self.certificates, *self.older)
            if agency in {None, each.agency} and serial in {None, each.serial}
        )
        most = len(self.certificates)
        return Found(certificates=named[:most], more=len(named) > most)

    def open(self, code: str) -> bytes | None:
        if not code.isdigit():
            raise RequestRefused(Code.NOT_UNDERSTOOD, "That is no code.")
        return self.certificates[0].compact if code == "1" * 32 else None


@dataclass
class Door:
    """Lets in whoever the test says."""

    who: Caller = CLIENT
    spent: list[Act] = field(default_factory=list)

    async def caller(self, request: Request) -> Caller:  # noqa: ARG002
        return self.who

    def count(self, request: Request) -> None:
        """Count nothing."""

    def spend(self, caller: Caller, act: Act, count: int = 1) -> None:
        assert caller is self.who
        self.spent += [act] * count


@dataclass
class Desk:
    """The whole application over a shelf, with a cabinet behind it and a door before it."""

    shelf: Shelf
    view: LedgerView
    cabinet: Cabinet
    door: Door
    client: httpx.AsyncClient

    async def ask(self, **members: object) -> dict[str, object]:
        answer = await self.client.post(PATH, json={**OCCASION, **members})
        said: dict[str, object] = answer.json()
        return {**said, "http": answer.status_code}

    def file(self, serial: int = 0) -> object:
        return json.loads(self.shelf.files[serial])


@pytest.fixture
def database(tmp_path: object) -> Iterator[Database]:
    shelf = stock(tmp_path)  # type: ignore[arg-type]
    with shelf.open() as database:
        database.shelf = shelf  # type: ignore[attr-defined]
        yield database


@pytest.fixture
def desk(database: Database) -> Desk:
    return desk_for(database, load_matters(None, TypeCatalogue.bundled()))


def desk_for(database: Database, matters: Matters) -> Desk:
    shelf: Shelf = database.shelf  # type: ignore[attr-defined]
    view = LedgerView(database)
    view.refresh()
    cabinet, door, types = Cabinet(), Door(), TypeCatalogue.bundled()
    answering = Answering(verifying=Verifying(view=view, types=types), matters=matters, codes=cabinet, finding=cabinet)
    app = public_app(Served(view=view, answering=answering, gate=door))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service.example")
    return Desk(shelf=shelf, view=view, cabinet=cabinet, door=door, client=client)


def stored(desk: Desk, serial: int, *, live: bool = True) -> FoundCertificate:
    """Give a stored certificate; as a file, which has its path in it, for lack of a store of leaves here."""
    return FoundCertificate(
        agency=AGENCY, serial=serial, certificate_type=TYPE, compact=desk.shelf.files[serial], live=live
    )


async def test_what_is_looked_up_is_judged_and_the_matter_reads_its_fields(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 0),)
    said = await desk.ask(lookup=LOOKUP)
    assert said["result"] == "VALID"
    assert said["values"] == {
        name: row(0)[name] for name in ("holder_name", "holder_id", "legal_representative", "scope", "address")
    }


async def test_number_means_the_types_own_number(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 0),)
    said = await desk.ask(lookup={**LOOKUP, "by": "number"})
    assert said["http"] == 403  # the number of a business licence is holder_id, which this matter does not look up by
    assert desk.cabinet.asked == []


async def test_nothing_is_told_where_what_was_stated_differs_or_was_not_compared(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 0),)
    other = await desk.ask(lookup=LOOKUP, holder={"id": HOLDER, "name": "别的公司"})
    assert (other["reasons"], "values" in other) == (["field_mismatch"], False)
    code = await desk.ask(code="1" * 32)
    assert (code["result"], code["reasons"], "values" in code) == ("UNKNOWN", ["not_compared"], False)
    compared = await desk.ask(code="1" * 32, holder={"id": HOLDER})
    assert compared["result"] == "VALID"
    assert "values" in compared


async def test_what_cannot_be_compared_with_what_a_code_opens_is_a_verdict_that_is_recorded(desk: Desk) -> None:
    """A title may be without a term, and which type a code leads to is told in no other way."""
    nothing = await desk.ask(code="2" * 32, expect={"term": None})
    desk.cabinet.certificates = (stored(desk, 0),)
    said = await desk.ask(code="1" * 32, holder={"id": HOLDER}, expect={"term": None})
    assert (nothing["http"], nothing["reasons"]) == (200, ["not_found"])
    assert (said["http"], said["reasons"]) == (200, ["field_mismatch"])


@pytest.mark.parametrize(
    ("way", "expect"),
    [
        ({"lookup": LOOKUP}, {"moon": "full"}),
        ({"lookup": LOOKUP}, {"address": ["示例路1号"]}),
        ({"code": "1" * 32}, {"moon": "full"}),
        ({"document": base64url.encode(DOCUMENT)}, {"moon": "full"}),
    ],
)
async def test_a_request_that_is_refused_does_not_tell_what_is_stored(
    desk: Desk, way: dict[str, object], expect: dict[str, object]
) -> None:
    """A refusal is recorded nowhere: nobody may find out by it which numbers, holders and documents there are."""
    nothing = await desk.ask(**way, expect=expect)
    desk.cabinet.certificates = (stored(desk, 0),)
    assert await desk.ask(**way, expect=expect) == nothing
    assert nothing["http"] == 422
    assert desk.cabinet.asked == []


async def test_look_ups_that_come_together_are_made_together_and_fail_alone(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 0),)
    good = [desk.ask(lookup=LOOKUP) for _ in range(5)]
    answers = await asyncio.gather(*good, desk.ask(lookup={**LOOKUP, "type": "no-such-type"}), desk.ask(code="x"))
    assert [said.get("result") for said in answers[:5]] == ["VALID"] * 5
    assert [said["http"] for said in answers[5:]] == [422, 422]
    assert desk.cabinet.readings < len(answers)
    desk.cabinet.away = True
    refused = await asyncio.gather(desk.ask(lookup=LOOKUP), desk.ask(code="1" * 32))
    assert [said["http"] for said in refused] == [503, 503]


async def test_nothing_found_is_unknown_and_says_what_absence_means(desk: Desk) -> None:
    desk.cabinet.complete_since = {AGENCY: 1_700_000_000}
    said = await desk.ask(lookup=LOOKUP)
    assert (said["result"], said["reasons"]) == ("UNKNOWN", ["not_found"])
    assert said["complete_since"] == {AGENCY: 1_700_000_000}
    assert said["certificate"] is None


async def test_several_in_force_are_a_list_to_choose_from(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 1), stored(desk, 0))
    said = await desk.ask(lookup=LOOKUP)
    assert (said["result"], said["reasons"]) == ("UNKNOWN", ["several_found"])
    choices = said["choices"]
    assert isinstance(choices, list)
    assert choices[0] == {
        "agency": AGENCY,
        "agency_name": AGENCY_NAME,
        "serial": 1,
        "type": TYPE.slug,
        "status": "valid",
        "values": {"holder_id": HOLDER},
    }
    assert said["more_choices"] is False
    chosen = await desk.ask(lookup={**LOOKUP, "agency": AGENCY, "serial": 1})
    assert chosen["result"] == "VALID"
    assert isinstance(chosen["certificate"], dict)
    assert chosen["certificate"]["serial"] == 1


async def test_the_number_of_a_choice_is_told_only_where_all_that_must_be_compared_is_equal(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 1), stored(desk, 0))
    asked = {"document": base64url.encode(DOCUMENT)}
    numbers = []
    for stated in ({}, {"holder": {"id": "330106199001011234"}}, {"holder": {"id": HOLDER}}):
        choices = (await desk.ask(**asked, **stated))["choices"]
        assert isinstance(choices, list)
        numbers.append([each["values"] for each in choices])
    assert numbers == [[{}, {}], [{}, {}], [{"holder_id": HOLDER}] * 2]


@pytest.mark.parametrize("serial", [0, 1, 2])
async def test_that_there_are_more_than_are_listed_is_said_and_any_of_them_can_be_chosen(
    serial: int, desk: Desk
) -> None:
    desk.cabinet.certificates = (stored(desk, 2), stored(desk, 1))
    desk.cabinet.older = (stored(desk, 0),)
    said = await desk.ask(lookup=LOOKUP)
    assert (said["reasons"], said["more_choices"]) == (["several_found"], True)
    chosen = await desk.ask(lookup={**LOOKUP, "agency": AGENCY, "serial": serial})
    assert (chosen["result"], "more_choices" in chosen) == ("VALID", False)
    assert isinstance(chosen["certificate"], dict)
    assert chosen["certificate"]["serial"] == serial


async def test_where_some_were_left_out_none_is_taken_for_the_only_one(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 1), stored(desk, 0, live=False))
    desk.cabinet.older = (stored(desk, 2),)
    said = await desk.ask(lookup=LOOKUP)
    assert (said["result"], said["reasons"], said["more_choices"]) == ("UNKNOWN", ["several_found"], True)
    choices = said["choices"]
    assert isinstance(choices, list)
    assert [one["serial"] for one in choices] == [1]
    assert "complete_since" not in said


async def test_one_in_force_goes_before_those_that_no_longer_are(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 1, live=False), stored(desk, 0))
    said = await desk.ask(lookup=LOOKUP)
    assert isinstance(said["certificate"], dict)
    assert said["certificate"]["serial"] == 0


async def test_a_revoked_one_is_answered_as_revoked_never_as_not_found(desk: Desk) -> None:
    desk.shelf.change(0, Status.REVOKED)
    desk.view.refresh()
    desk.cabinet.certificates = (stored(desk, 0, live=False),)
    said = await desk.ask(lookup=LOOKUP)
    assert (said["result"], said["reasons"]) == ("INVALID", ["revoked"])


async def test_a_document_alone_leads_to_its_certificate_or_to_unknown(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 0),)
    said = await desk.ask(document=base64url.encode(DOCUMENT), holder={"id": HOLDER})
    assert said["reasons"] == ["document_unknown"]  # it is judged against the document, and this one names none
    assert isinstance(said["certificate"], dict)
    form = await desk.client.post(PATH, files={"document": ("a.pdf", b"another")}, data=OCCASION)
    assert (form.json()["result"], form.json()["reasons"]) == ("UNKNOWN", ["document_unknown"])
    assert form.json()["certificate"] is None
    form = await desk.client.post(PATH, files={"document": ("a.pdf", b"%PDF-1.7")}, data=OCCASION)
    assert form.json()["certificate"]["serial"] == 0


async def test_of_several_certificates_of_a_document_one_is_chosen_by_agency_and_serial(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 2), stored(desk, 1))
    desk.cabinet.older = (stored(desk, 0),)
    digest = base64url.encode(DOCUMENT)
    said = await desk.ask(document=digest, holder={"id": HOLDER})
    assert (said["reasons"], said["more_choices"]) == (["several_found"], True)
    assert isinstance(said["choices"], list)
    assert [(each["agency"], each["serial"]) for each in said["choices"]] == [(AGENCY, 2), (AGENCY, 1)]
    for serial in (0, 1, 2):
        meant = {"agency": AGENCY, "serial": serial}
        chosen = await desk.ask(document=digest, holder={"id": HOLDER}, **meant)
        data = {**OCCASION, "agency": AGENCY, "serial": str(serial)}
        form = await desk.client.post(PATH, files={"document": ("a.pdf", b"%PDF-1.7")}, data=data)
        line = json.dumps({"document": digest, **meant})
        for found in (chosen, form.json(), (await lines_of(desk, line))[1][0]):
            assert found["certificate"]["serial"] == serial
    other = await desk.ask(document=digest, agency=AGENCY, serial=9)
    assert (other["reasons"], other["certificate"]) == (["document_unknown"], None)


@pytest.mark.parametrize("agency", ["", "A\0", "\0", "\uffff", "housing-3", "Ａ-1", "A-1\n", "A" * 33])
async def test_what_is_no_agencys_code_is_asked_of_no_database(agency: str, desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 0),)
    digest = base64url.encode(DOCUMENT)
    data = {**OCCASION, "agency": agency}
    answers = [
        await desk.client.post(PATH, json={**OCCASION, "lookup": {**LOOKUP, "agency": agency}}),
        await desk.client.post(PATH, json={**data, "document": digest}),
        await desk.client.post(PATH, files={"document": ("a.pdf", b"%PDF-1.7")}, data=data),
    ]
    told = [(answer.status_code, answer.json()["errors"]) for answer in answers]
    why = "text of the form ^[A-Z0-9-]{1,32}$ is due"
    assert told == [(422, [{"place": place, "why": why}]) for place in ("lookup.agency", "agency", "agency")]


async def test_certificates_of_a_document_that_the_matter_does_not_need_are_not_among_the_choices(desk: Desk) -> None:
    title = TypeCatalogue.bundled().by_slug("real-estate-title")
    assert title is not None
    unneeded = replace(stored(desk, 1), certificate_type=title)
    desk.cabinet.certificates = (unneeded, stored(desk, 2), stored(desk, 0))
    said = await desk.ask(document=base64url.encode(DOCUMENT))
    assert isinstance(said["choices"], list)
    assert [each["serial"] for each in said["choices"]] == [2, 0]
    unknown = replace(stored(desk, 0), certificate_type=None)
    for several in ((unneeded, replace(stored(desk, 0), certificate_type=title)), (unneeded, unknown), ()):
        desk.cabinet.certificates = several
        said = await desk.ask(document=base64url.encode(DOCUMENT))
        told = (said["http"], said["reasons"], said["certificate"])
        assert told == (200, ["document_unknown"], None), "as where there is none, and recorded"


async def test_a_code_of_what_the_matter_does_not_need_is_refused_like_the_certificate_in_hand_and_logged(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.cabinet.certificates = (stored(desk, 0),)
    line = json.dumps({"code": "1" * 32})
    one = await desk.ask(code="1" * 32, matter="deed-tax-home")
    _, (lines, _) = await lines_of(desk, line, matter="deed-tax-home")
    assert (one["http"], lines["problem"]["status"]) == (403, 403)
    refused = "refused: the client food-desk, matter deed-tax-home, certificate: the matter does not need this type"
    assert caplog.messages.count(refused) == 2


@pytest.mark.parametrize(
    "way", [{"lookup": LOOKUP}, {"code": "1" * 32}, {"document": base64url.encode(DOCUMENT)}, {"certificate": "x"}]
)
async def test_that_the_holder_must_prove_possession_is_said_whether_or_not_anything_is_stored(
    database: Database, way: dict[str, object]
) -> None:
    bundled = load_matters(None, TypeCatalogue.bundled())
    desk = desk_for(database, Matters(replace(each, holder_proof=True) for each in bundled))
    nothing = await desk.ask(**{**way, "code": "2" * 32} if "code" in way else way)
    desk.cabinet.certificates = (stored(desk, 0),)
    assert await desk.ask(**way) == nothing
    assert (nothing["http"], nothing["errors"]) == (
        422,
        [{"place": "challenge", "why": "this matter demands that the holder proves possession"}],
    )


async def test_a_document_beside_a_certificate_is_judged_with_it(desk: Desk) -> None:
    files = {"file": ("c.ecert.json", desk.shelf.files[0]), "document": ("a.pdf", b"%PDF-1.7")}
    said = (await desk.client.post(PATH, files=files, data=OCCASION)).json()
    assert "document_unknown" in said["reasons"]
    refused = (await desk.client.post(PATH, files=files, data={**OCCASION, "serial": "1"})).json()
    assert [error["place"] for error in refused["errors"]] == ["serial"]


async def test_what_is_asked_in_the_address_and_would_not_be_answered_is_refused(desk: Desk) -> None:
    one = {"certificate": desk.file(), **OCCASION}
    several = {"verifications": [{"certificate": desk.file()}], **OCCASION}
    for path, body in ((PATH, one), (BATCH, several)):
        answer = await desk.client.post(f"{path}?at=2020-01-01", json=body)
        assert (answer.status_code, answer.json()["errors"][0]["place"]) == (422, "at")


async def test_an_unknown_code_is_not_found_and_no_code_is_refused(desk: Desk) -> None:
    assert (await desk.ask(code="2" * 32))["reasons"] == ["not_found"]
    assert (await desk.ask(code="abc"))["http"] == 422
    form = await desk.client.post(PATH, files={"code": (None, "2" * 32)}, data={**OCCASION, "case": "20260017"})
    assert form.json()["reasons"] == ["not_found"]


async def test_the_certificate_in_hand_must_be_of_a_type_that_the_matter_needs(desk: Desk) -> None:
    assert (await desk.ask(certificate=desk.file(), holder={"id": HOLDER}))["result"] == "VALID"
    assert (await desk.ask(certificate=desk.file(), matter="deed-tax-home"))["http"] == 403
    assert (await desk.ask(certificate="no certificate at all"))["reasons"] == ["malformed"]


async def test_anybody_may_verify_what_it_holds_or_has_a_code_for_and_learns_no_value(desk: Desk) -> None:
    desk.door.who = ANYBODY
    desk.cabinet.certificates = (stored(desk, 0),)
    assert (await desk.client.post(PATH, json={"certificate": desk.file()})).json()["result"] == "VALID"
    said = (await desk.client.post(PATH, json={"code": "1" * 32})).json()
    assert (said["result"], "values" in said) == ("VALID", False)
    for body in ({"lookup": LOOKUP}, {"document": base64url.encode(DOCUMENT)}, {"code": "1" * 32, **OCCASION}):
        answer = await desk.client.post(PATH, json=body)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_with_the_database_away_look_ups_wait_and_certificates_are_judged(desk: Desk) -> None:
    desk.cabinet.away = True
    assert (await desk.ask(lookup=LOOKUP))["http"] == 503
    assert (await desk.ask(certificate=desk.file(), holder={"id": HOLDER}))["result"] == "VALID"


@pytest.mark.parametrize(
    ("members", "places"),
    [
        ({}, ["certificate"]),
        ({"certificate": "x", "code": "1"}, ["code"]),
        ({"lookup": {"type": "x", "by": "holder"}}, ["lookup.value"]),
        ({"lookup": {**LOOKUP, "type": "moon-title"}}, ["lookup.type"]),
        ({"document": "short"}, ["document"]),
        ({"certificate": "x", "agency": AGENCY}, ["agency"]),
        ({"lookup": LOOKUP, "serial": 1}, ["serial"]),
        ({"document": base64url.encode(DOCUMENT), "serial": "1"}, ["serial"]),
        ({"certificate": "x", "ground": "whim"}, ["ground"]),
        ({"certificate": "x", "challenge": {"nonce": "n"}}, ["challenge.audience"]),
    ],
)
async def test_what_is_not_as_described_is_refused_with_the_place(
    desk: Desk, members: dict[str, object], places: list[str]
) -> None:
    said = await desk.ask(**members)
    assert said["http"] == 422
    assert isinstance(said["errors"], list)
    assert [error["place"] for error in said["errors"]] == places


async def test_this_address_looks_nothing_up_where_it_has_no_keys(desk: Desk) -> None:
    verifying = Verifying(view=desk.view, types=TypeCatalogue.bundled())
    answering = Answering(verifying=verifying, matters=load_matters(None, verifying.types))
    app = public_app(Served(view=desk.view, answering=answering, gate=desk.door))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://x") as client:
        answer = await client.post(PATH, json={**OCCASION, "lookup": LOOKUP})
    assert answer.status_code == 403
    assert "office" in answer.json()["detail"]


async def test_a_batch_is_answered_in_its_order_as_of_one_block(desk: Desk) -> None:
    desk.cabinet.certificates = (stored(desk, 2),)
    asked: list[dict[str, object]] = [
        {"certificate": desk.file(0), "holder": {"id": HOLDER}},
        {"certificate": "not one"},
        {"lookup": LOOKUP},
        {"code": "2" * 32},
    ]
    answer = await desk.client.post(BATCH, json={**OCCASION, "verifications": asked})
    said = answer.json()
    assert [each["result"] for each in said["results"]] == ["VALID", "INVALID", "VALID", "UNKNOWN"]
    assert {json.dumps(each["as_of"]) for each in said["results"]} == {json.dumps(said["as_of"])}
    assert not [each for each in said["results"] if "id" in each], "it would find nothing: the record has one for all"


@pytest.fixture
def newer_block(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a block come when the first code is opened, which is nobody's."""
    due = [True]

    def opened(_: str) -> None:
        if due.pop() if due else False:
            desk.shelf.mine()
            desk.view.refresh()

    monkeypatch.setattr(desk.cabinet, "open", opened)


@pytest.mark.usefixtures("newer_block")
async def test_a_block_that_comes_in_the_midst_of_a_batch_changes_none_of_it(desk: Desk) -> None:
    before = desk.view.copy.as_of.block
    asked: list[dict[str, object]] = [{"code": "2" * 32}, {"certificate": "not one"}, {"lookup": LOOKUP}]
    said = (await desk.client.post(BATCH, json={**OCCASION, "verifications": asked})).json()
    assert desk.view.copy.as_of.block == before + 1
    assert [each["as_of"]["block"] for each in [*said["results"], said]] == [before] * 4


@pytest.mark.usefixtures("newer_block")
async def test_each_thousand_lines_are_judged_from_the_newest_block(desk: Desk) -> None:
    before = desk.view.copy.as_of.block
    _, said = await lines_of(desk, "\n".join([json.dumps({"code": "2" * 32})] * 1001))
    assert [each["as_of"]["block"] for each in said if "result" in each] == [before] * 1000 + [before + 1]


@pytest.mark.parametrize(
    ("verifications", "status", "place"),
    [
        ([], 422, "verifications"),
        ([{"code": "1"}] * 1001, 422, "verifications"),
        ([{"code": "2" * 32}, {}], 422, "verifications[1].certificate"),
        ([{"code": "2" * 32}, {"code": "2" * 32, "colour": 1}], 422, "verifications.1.colour"),
        ([{"code": "2" * 32, "at": 20260503}], 422, "verifications.0.at"),
        ([{"code": "2" * 32}, {"lookup": {**LOOKUP, "by": "address"}}], 403, "verifications[1].lookup.by"),
    ],
)
async def test_a_bad_batch_is_refused_whole_with_the_place(
    desk: Desk, verifications: list[object], status: int, place: str
) -> None:
    answer = await desk.client.post(BATCH, json={**OCCASION, "verifications": verifications})
    assert answer.status_code == status
    assert [error["place"] for error in answer.json()["errors"]] == [place]


async def test_a_day_in_bare_digits_is_refused_in_a_batch_with_both_right_spellings(desk: Desk) -> None:
    answer = await desk.client.post(BATCH, json={**OCCASION, "verifications": [{"code": "2" * 32, "at": 20260503}]})
    assert [each for each in ("2026-05-03", "2026-05-03T09:00:00+08:00") if each not in answer.text] == []


async def test_what_would_be_taken_is_told_of_an_empty_batch_and_of_a_ground_that_is_none(desk: Desk) -> None:
    answer = await desk.client.post(BATCH, json={**OCCASION, "verifications": [], "ground": "because"})
    told = {error["place"]: error["why"] for error in answer.json()["errors"]}
    assert told["verifications"] == "at least 1 is due"
    assert told["ground"] == "one of 'consent', 'duty' or 'delegation' is due"


async def test_lines_are_answered_line_by_line_in_any_number(desk: Desk) -> None:
    lines = [json.dumps({"certificate": desk.file(), "holder": {"id": HOLDER}}), "", json.dumps({"code": "2" * 32})]
    body = "\n".join(lines) + "\n" + (json.dumps({"certificate": "x"}) + "\n") * 1500
    answer = await desk.client.post(
        BATCH, content=body, params=OCCASION, headers={"content-type": "application/x-ndjson"}
    )
    said = [json.loads(line) for line in answer.text.splitlines()]
    assert [each.get("line") for each in said[:2]] == [1, 3]
    assert not [each for each in said if "line" in each and "id" in each]
    assert [each["lines"] for each in said if "lines" in each] == [[1, 1001], [1002, 1503]]
    assert len(said) == 1502 + 2


async def test_long_lines_are_not_gathered_to_more_than_a_batch_may_have_bytes(desk: Desk) -> None:
    line = json.dumps({"code": "2" * 32}).ljust(380 * 1024) + "\n"
    _, said = await lines_of(desk, line * 60)
    assert [each["lines"] for each in said if "lines" in each] == [[1, 44], [45, 60]]


def test_an_occasion_in_the_address_is_read_like_one_in_a_body() -> None:
    query = urlencode({"case": unicodedata.normalize("NFD", "Åbo 7")}).encode()
    request = Request({"type": "http", "query_string": query, "headers": []})
    assert read_occasion(request).case == unicodedata.normalize("NFC", "Åbo 7")


async def test_an_occasion_that_nobody_writes_is_refused_in_an_address_as_in_a_body(desk: Desk) -> None:
    marks = "e" + "\u0301\u0323" * 20
    headers = {"content-type": "application/x-ndjson"}
    answer = await desk.client.post(BATCH, content="", params=OCCASION | {"case": marks}, headers=headers)
    assert answer.status_code == 422
    assert [(each["place"], each["why"]) for each in answer.json()["errors"]] == [
        ("case", "more than 30 combining marks in a row")
    ]


async def lines_of(desk: Desk, body: str | bytes, **occasion: str) -> tuple[int, list[dict[str, Any]]]:
    headers = {"content-type": "application/x-ndjson"}
    answer = await desk.client.post(BATCH, content=body, params=OCCASION | occasion, headers=headers)
    return answer.status_code, [json.loads(line) for line in answer.text.splitlines()]


def places(said: dict[str, Any]) -> list[str]:
    return [each["place"] for each in said["problem"]["errors"]]


async def test_a_bad_line_is_answered_with_its_number_and_place_and_the_others_all_the_same(desk: Desk) -> None:
    good = json.dumps({"code": "2" * 32})
    bad = {
        '{"code": 5}': "code",
        '{"code": "5", "at": "20260503"}': "at",
        "[]": "line",
        "{": "line",
        "{}": "certificate",
        json.dumps({"lookup": {**LOOKUP, "by": "address"}}): "lookup.by",
    }
    status, said = await lines_of(desk, "\n".join([*bad, good, "", *bad, good]))
    assert status == 200
    assert [each.get("line") for each in said] == [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, None]
    assert [places(each) for each in said if "problem" in each] == [[place] for place in bad.values()] * 2
    assert [each["line"] for each in said if "result" in each] == [7, 15]
    assert said[-1]["lines"] == [1, 15]


async def test_where_every_line_is_bad_there_is_nothing_to_give_a_receipt_for(desk: Desk) -> None:
    status, said = await lines_of(desk, "[]\n[]\n")
    assert (status, [places(each) for each in said[:2]]) == (200, [["line"], ["line"]])
    assert said[2:] == [{"lines": [1, 2]}]
    assert desk.door.spent == [Act.BATCH_ITEM] * 2


async def test_what_concerns_all_lines_refuses_them_all(desk: Desk) -> None:
    assert (await lines_of(desk, "\n\n"))[0] == 422
    assert (await lines_of(desk, "[]\n", matter="none-such"))[0] == 422


@pytest.mark.parametrize("long", [" " * (1 << 20), "x" * MAX_BODY + "x", " " * MAX_BODY + '{"code": "2"}'])
async def test_a_line_that_is_too_long_is_refused_alone_and_those_after_it_are_answered(desk: Desk, long: str) -> None:
    """Whoever sends again what comes after the last answer would otherwise send it again for ever."""
    good = json.dumps({"code": "2" * 32})
    status, said = await lines_of(desk, f"{long}\n{good}\n\n{long}\n{good}\n{long}")
    assert (status, [each.get("line") for each in said]) == (200, [1, 2, 4, 5, 6, None])
    assert [each["problem"]["type"] for each in said if "problem" in each] == ["urn:ecert:problem:too_large"] * 3
    assert [places(each) for each in said if "problem" in each] == [["line"]] * 3
    assert [each["result"] for each in said if "result" in each] == ["UNKNOWN"] * 2
    assert said[-1]["lines"] == [1, 6]


def break_after_a_thousand(desk: Desk, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let what comes after the first thousand lines meet an error where codes are opened."""
    opened: list[str] = []

    def open_(code: str) -> None:
        opened.append(code)
        if len(opened) > 1000:
            raise error

    monkeypatch.setattr(desk.cabinet, "open", open_)


CODES = "\n".join([json.dumps({"code": "2" * 32})] * 2500)


async def test_lines_end_with_a_problem_where_the_database_goes_away_in_the_middle(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_after_a_thousand(desk, monkeypatch, DatabaseAway("pulled out"))
    status, said = await lines_of(desk, CODES)
    assert (status, [each["line"] for each in said[:1000]]) == (200, list(range(1, 1001)))
    receipt, last = said[1000:]
    assert receipt["lines"] == [1, 1000]
    assert (last["problem"]["type"], last["answered"]) == ("urn:ecert:problem:database_away", 1000)
    assert (last.keys(), last["retry_after"]) == ({"problem", "answered", "retry_after"}, 5)


async def test_lines_end_with_a_problem_where_nobody_foresaw_what_happens(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    break_after_a_thousand(desk, monkeypatch, ZeroDivisionError("a secret"))
    _, said = await lines_of(desk, CODES)
    last = said[-1]
    assert (len(said), last["problem"]["type"], last["answered"]) == (1002, "urn:ecert:problem:internal", 1000)
    assert last["problem"]["instance"].removeprefix("urn:uuid:") in caplog.text
    assert "secret" not in caplog.text + json.dumps(said)


async def test_where_the_database_is_away_from_the_first_line_the_answer_is_a_problem(desk: Desk) -> None:
    desk.cabinet.away = True
    status, (said,) = await lines_of(desk, CODES)
    assert (status, said["type"]) == (503, "urn:ecert:problem:database_away")


async def test_a_batch_of_another_kind_or_larger_than_allowed_is_refused(desk: Desk) -> None:
    assert (await desk.client.post(BATCH, content="x", headers={"content-type": "text/csv"})).status_code == 415
    headers = {"content-type": "application/json"}
    assert (await desk.client.post(BATCH, content=b" " * (17 << 20), headers=headers)).status_code == 413


async def test_junk_in_a_batch_is_refused_before_it_is_read_and_in_a_line_it_is_that_lines_answer(desk: Desk) -> None:
    junk = "[" + "{}," * MOST_OF_BATCH + "{}]"
    headers = {"content-type": "application/json"}
    answer = await desk.client.post(BATCH, content='{"verifications":' + junk + "}", headers=headers)
    assert (answer.status_code, answer.json()["errors"]) == (413, [{"place": "body", "why": "it has too many members"}])
    flaws = await desk.client.post(BATCH, json={"verifications": [dict.fromkeys("abcdefghijkl", 1)] * 1000})
    assert (flaws.status_code, [each["place"] for each in flaws.json()["errors"]]) == (422, ["body"])
    line = '{"expect":{"a":[' + "1," * MOST_MEMBERS + "1]}}"
    status, (first, second, _) = await lines_of(desk, line + "\n" + json.dumps({"code": "2" * 32}))
    assert (status, first["problem"]["status"], places(first)) == (200, 413, ["line"])
    assert (second["line"], second["result"]) == (2, "UNKNOWN")


async def test_while_a_batch_is_read_others_have_their_turn() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(other())
    body = json.dumps({**OCCASION, "verifications": [{"code": "2" * 32}] * 1000})
    assert len(await read_batch(body.encode(), 600)) == 1000
    beside.cancel()
    assert turns >= 1000 // AT_ONCE


async def test_what_callers_do_is_counted_by_kind_and_wants_its_scope(desk: Desk) -> None:
    await desk.ask(certificate="x")
    await desk.ask(lookup=LOOKUP)
    await desk.client.post(BATCH, json={**OCCASION, "verifications": [{"code": "2" * 32}] * 3})
    assert desk.door.spent == [Act.VERIFICATION, Act.LOOK_UP, *[Act.BATCH_ITEM] * 3]
    desk.door.who = Caller(name="issuer", scopes=frozenset({Scope.ISSUE}))
    assert (await desk.ask(certificate="x"))["http"] == 403
    desk.door.who = ANYBODY
    assert (await desk.client.post(BATCH, json={"verifications": [{"certificate": "x"}]})).status_code == 401


async def test_a_certificate_that_is_too_long_is_malformed_also_as_an_object(desk: Desk) -> None:
    file = json.loads(desk.shelf.files[0])
    for longer in (
        {**file, "payload": "A" * (MAX_SIZE + 1)},
        {**file, "header": {**file["header"], "disclosures": ["A" * (MAX_SIZE + 1)]}},
        {**file, "header": {**file["header"], "ecert": {"path": ["A" * (MAX_SIZE + 1)]}}},
    ):
        said = await desk.ask(certificate=longer)
        assert (said["result"], said["reasons"]) == ("INVALID", ["malformed"])
    assert (await desk.ask(certificate={**file, "colour": "red"}))["reasons"] == ["malformed"]
