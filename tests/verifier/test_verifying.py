"""The verifying service: bytes in, a verdict out, whatever the bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecert.demands import Demands, Holder
from ecert.facts import Status
from ecert.suite import SigningKey
from ecert.types import TypeCatalogue
from ecert.verdict import Reason, Result
from store import batches, certificates
from store.database import Connection, Database
from store.records import BatchRecord
from tests.verifier.shelf import AGENCY_NAME, BAD_FILES, DAY, LEDGER, Shelf, signed, stock
from verifier.errors import NotReady
from verifier.ledger_view import LedgerView
from verifier.services.paths import Paths
from verifier.services.verification import Asked
from verifier.services.verifying import Verifying, open_verifying


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return stock(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="module")
def database(shelf: Shelf) -> Iterator[Database]:
    with shelf.open() as database:
        yield database


@pytest.fixture(scope="module")
def verifying(database: Database) -> Verifying:
    return open_verifying(database)


def test_a_certificate_on_the_ledger_is_valid(shelf: Shelf, verifying: Verifying) -> None:
    verification = verifying.verify(shelf.files[0])
    assert verification.verdict.result is Result.VALID
    assert verification.agency_name == AGENCY_NAME
    assert verification.certificate_type is not None


def test_the_answer_as_json_names_the_certificate_and_shows_no_field(shelf: Shelf, verifying: Verifying) -> None:
    said = verifying.verify(shelf.files[1]).to_json()
    text = json.dumps(said, ensure_ascii=False)
    assert said["result"] == "VALID"
    assert said["certificate"]["serial"] == 1
    assert said["certificate"]["iss"] == f"{LEDGER}/MARKET-1"
    assert said["as_of"]["chain"] == "eip155:31337"
    assert [check["number"] for check in said["checks"]] == list(range(1, 15))
    assert "示例" not in text
    assert "张三" not in text


def test_every_answer_has_an_id_of_its_own(shelf: Shelf, verifying: Verifying) -> None:
    assert verifying.verify(shelf.files[0]).id != verifying.verify(shelf.files[0]).id


@pytest.mark.parametrize("kind", BAD_FILES)
def test_what_is_no_certificate_is_malformed_with_its_place(kind: str, shelf: Shelf, verifying: Verifying) -> None:
    verification = verifying.verify(BAD_FILES[kind](shelf.files[0]))
    assert verification.verdict.result is Result.INVALID
    assert verification.verdict.reasons == (Reason.MALFORMED,)
    assert verification.verdict.checks[0].detail["place"]
    assert verification.verdict.checks[0].detail["why"]
    assert verification.certificate is None


@given(st.binary(max_size=300))
def test_no_bytes_break_it(verifying: Verifying, presented: bytes) -> None:
    assert verifying.verify(presented).verdict.result is Result.INVALID


def test_a_forged_signature_a_withdrawn_one_and_one_never_anchored_are_told_apart(tmp_path: Path) -> None:
    shelf = stock(tmp_path)
    forged = signed(0, iat=shelf.now - 90 * DAY, key=SigningKey.from_secret(8))
    unknown = signed(77, iat=shelf.now - 90 * DAY)
    shelf.change(2, Status.REVOKED)
    with shelf.open() as database:
        verifying = open_verifying(database)
        assert Reason.UNKNOWN_KEY in verifying.verify(forged.file([])).verdict.reasons
        assert Reason.NOT_ANCHORED in verifying.verify(unknown.file([])).verdict.reasons
        assert verifying.verify(shelf.files[2]).verdict.reasons == (Reason.REVOKED,)


def test_an_old_copy_gives_unknown_never_valid(tmp_path: Path) -> None:
    shelf = stock(tmp_path)
    with shelf.open() as database:
        view = LedgerView(database)
        view.refresh()
        late = Verifying(view=view, types=TypeCatalogue.bundled(), clock=lambda: shelf.now + 3600)
        assert late.verify(shelf.files[0]).verdict.reasons == (Reason.STALE_LEDGER,)
        patient = Asked(demands=Demands(max_age=7200))
        assert late.verify(shelf.files[0], patient).verdict.result is Result.VALID


def test_statements_documents_and_the_time_asked_about_reach_the_judge(shelf: Shelf, verifying: Verifying) -> None:
    wrong = Asked(demands=Demands(expect={"legal_representative": "李四"}))
    assert verifying.verify(shelf.files[0], wrong).verdict.reasons == (Reason.FIELD_MISMATCH,)
    holder = Asked(demands=Demands(holder=Holder(id="91420111MAB3PRHM8E")))
    assert verifying.verify(shelf.files[0], holder).verdict.result is Result.VALID
    early = Asked(at=shelf.now - 99 * 365 * DAY)
    assert Reason.NOT_YET_VALID in verifying.verify(shelf.files[0], early).verdict.reasons
    attached = Asked(documents=(bytes(32),))
    assert verifying.verify(shelf.files[0], attached).verdict.reasons == (Reason.DOCUMENT_UNKNOWN,)


def test_before_the_ledger_was_read_nothing_is_judged_but_what_is_no_certificate(
    shelf: Shelf, database: Database
) -> None:
    verifying = Verifying(view=LedgerView(database), types=TypeCatalogue.bundled())
    with pytest.raises(NotReady):
        verifying.verify(shelf.files[0])
    malformed = verifying.verify(b"junk").verdict
    assert (malformed.result, malformed.as_of) == (Result.INVALID, None)


class Leaves:
    """The store's batches, with leaves of our choosing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, leaves: tuple[bytes, ...]) -> None:
        self.asked = 0
        self._leaves = leaves
        monkeypatch.setattr(batches, "covering", self._covering)
        monkeypatch.setattr(batches, "leaves", self._read)
        monkeypatch.setattr(certificates, "leaves", self._between)

    def _covering(self, _: Connection, ledger: str, agency: str, serial: int) -> BatchRecord:
        return replace(EMPTY_BATCH, ledger=ledger, agency=agency, first_serial=serial)

    def _read(self, _: Connection, __: int) -> tuple[bytes, ...]:
        self.asked += 1
        return self._leaves

    def _between(self, _: Connection, __: str, ___: str, serials: range) -> tuple[bytes, ...]:
        self.asked += 1
        return self._leaves[serials.start : serials.stop]


EMPTY_BATCH = BatchRecord(
    id=1,
    ledger=LEDGER,
    agency="MARKET-1",
    certificate_type=bytes(32),
    job=None,
    state="closed",  # type: ignore[arg-type]
    first_serial=0,
    capacity=3,
    count=3,
    root=None,
    call=None,
    call_state=None,
    waiting_reason=None,
    error=None,
    created_at=0,
    handed_out_at=None,
    void_reason=None,
)


def fresh(database: Database) -> Verifying:
    view = LedgerView(database)
    view.refresh()
    return Verifying(view=view, types=TypeCatalogue.bundled(), paths=Paths(database))


def test_a_compact_form_gets_its_path_from_the_leaves_that_the_service_keeps(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves = Leaves(monkeypatch, tuple(certificate.leaf for certificate in shelf.certificates))
    verifying = fresh(database)
    for certificate in shelf.certificates:
        assert verifying.verify(certificate.compact().encode()).verdict.result is Result.VALID
    assert leaves.asked == 2  # all of them once, since no hashes of subtrees were kept, and those of the one subtree


def test_a_compact_form_whose_batch_is_not_here_lacks_its_proof(shelf: Shelf, database: Database) -> None:
    verdict = fresh(database).verify(shelf.certificates[0].compact().encode()).verdict
    assert verdict.reasons == (Reason.PROOF_MISSING,)


def test_wrong_leaves_in_the_database_never_condemn_a_certificate(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    Leaves(monkeypatch, (bytes(32), bytes(32), bytes(32)))
    verdict = fresh(database).verify(shelf.certificates[0].compact().encode()).verdict
    assert (verdict.result, verdict.reasons) == (Result.UNKNOWN, (Reason.PROOF_MISSING,))
