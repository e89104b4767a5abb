"""New keys for what is stored, beside a running service, killed at any moment: nothing is lost, all is still found."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from ecert import base64url
from ecert.parsing import parse
from store import certificates, key_uses, lookups
from store.database import Connection
from store.engine import make_engine
from store.errors import KeyUseMoved
from store.key_uses import KeyUse, Use
from store.records import CertificateRecord
from tests import forks
from tests.verifier import swept
from tests.verifier.office import AGENCY, LEDGER, City, make_city
from tests.verifier.registry import TITLE, holder_of, issue_titles, look_up, sample
from verifier.faults import KeyringError, RowsRefused
from verifier.services import sweeping as room
from verifier.services.at_rest import AtRest
from verifier.services.progress import Stage
from verifier.services.sweeping import Sweeping
from verifier.services.table_issuance import TableOutcome

ROWS = sample(20)
OF_CERTIFICATES = (Use.FIELD, Use.INDEX)


@pytest.fixture(name="city")
def city_(tmp_path: Path, database_url: str) -> Iterator[City]:
    city = make_city(tmp_path / "city", database_url)
    with city.database:
        issue_titles(city, ROWS[:12])
        yield city


def keys_of(city: City) -> Path:
    return city.office.keyring.folder


def work(city: City, pause: Callable[[], None] = lambda: None) -> Sweeping:
    return Sweeping(city.database, keys_of(city), pause=pause)


def records(city: City) -> list[CertificateRecord]:
    with city.database.read() as connection:
        found = (certificates.read(connection, LEDGER, AGENCY, serial) for serial in range(12))
        return [record for record in found if record is not None]


def uses(city: City) -> dict[Use, KeyUse]:
    with city.database.read() as connection:
        return key_uses.read(connection)


def all_found(city: City, count: int = 12) -> None:
    for serial, row in enumerate(ROWS[:count]):
        for by, value in (("number", row["title_number"]), ("holder", holder_of(row))):
            (found,) = look_up(city, TITLE, by, value).certificates
            assert parse(found.compact).serial == found.serial == serial


def indexes_of(city: City, table: str) -> set[bytes]:
    column = {"lookups": '"index"', "certificates": "number_index"}[table]
    with city.database.read() as connection:
        return {bytes(one) for one in connection.execute(text(f"SELECT {column} FROM {table}")).scalars()}  # noqa: S608


def write(url: str, statement: str) -> None:
    engine = make_engine(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        assert connection.execute(text(statement)).rowcount > 0
    engine.dispose()


def test_what_was_sealed_before_is_neither_in_sqlites_file_nor_in_the_log_beside_it(tmp_path: Path) -> None:
    city = make_city(tmp_path)
    with city.database:
        issue_titles(city, ROWS[:12])
        before = nonces(city)
        assert nonces_written(tmp_path, before) == before
        work(city).rotate(Use.FIELD)
        assert nonces_written(tmp_path, before) == set()
        assert nonces_written(tmp_path, nonces(city)) == nonces(city) != before


def nonces(city: City) -> set[bytes]:
    """Give what each sealed text begins with: short enough to lie in one page, and never the same twice."""
    return {record.disclosures[1:13] for record in records(city)}


def nonces_written(folder: Path, wanted: set[bytes]) -> set[bytes]:
    written = b"".join(path.read_bytes() for path in folder.glob("ecert.sqlite*"))
    return {nonce for nonce in wanted if nonce in written}


def test_after_a_rotation_every_row_is_sealed_with_the_new_key(city: City) -> None:
    before = records(city)
    done = work(city).rotate(Use.FIELD)
    assert (done.number, done.taken_over, done.passed_over) == (2, 12, [])
    assert {record.disclosures[0] for record in before} == {1}
    assert {record.disclosures[0] for record in records(city)} == {2}
    assert uses(city)[Use.FIELD] == KeyUse(use=Use.FIELD, current=2, former=None, swept=None)
    all_found(city)


def test_a_key_that_nothing_needs_is_thrown_away_and_no_other(city: City) -> None:
    assert work(city).retire(Use.FIELD).gone == ()
    work(city).rotate(Use.FIELD)
    assert (keys_of(city) / "service" / "field-1.key").exists()
    done = work(city).retire(Use.FIELD)
    assert (done.gone, done.needed) == ((1,), ())
    assert sorted(path.name for path in (keys_of(city) / "service").iterdir()) == ["field-2.key", "index-1.key"]
    all_found(city)
    issue_titles(city, ROWS[12:15])


def test_a_key_that_a_row_needs_is_kept(city: City, database_url: str) -> None:
    work(city).rotate(Use.FIELD)
    sealed = AtRest.open(city.database, keys_of(city)).fields.seal(
        "a", number=1, ledger=LEDGER, agency=AGENCY, serial=3
    )
    write(database_url, f"UPDATE certificates SET disclosures = {literal(database_url, sealed)} WHERE serial = 3")  # noqa: S608
    done = work(city).retire(Use.FIELD)
    assert (done.gone, done.needed) == ((), (1,))


def literal(url: str, value: bytes) -> str:
    return f"x'{value.hex()}'" if url.startswith("sqlite") else rf"'\x{value.hex()}'"


def test_after_a_rotation_everything_is_found_under_the_new_key_alone(city: City) -> None:
    before = {table: indexes_of(city, table) for table in ("lookups", "certificates")}
    done = work(city).rotate(Use.INDEX)
    assert (done.number, done.taken_over) == (2, 12)
    for table, found in before.items():
        after = indexes_of(city, table)
        assert len(after) == len(found)
        assert not after & found
    all_found(city)
    assert work(city).retire(Use.INDEX).gone == (1,)
    all_found(city)


def test_while_it_lasts_certificates_are_found_and_numbers_taken_under_both_keys(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PIECE", 5)
    refused: list[int] = []

    def look() -> None:
        all_found(city)
        with pytest.raises(RowsRefused) as caught:
            issue_titles(city, [ROWS[0], ROWS[11]])
        refused.append(caught.value.count)

    work(city, look).rotate(Use.INDEX)
    assert refused == [2, 2, 2]


def test_what_is_issued_while_a_key_is_rotated_is_found(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PIECE", 5)
    rows = iter(ROWS[12:15])

    def issue_one() -> None:
        for row in rows:
            issue_titles(city, [row])
            return

    for use in OF_CERTIFICATES:
        rows = iter(ROWS[12:15]) if use is Use.FIELD else iter(ROWS[15:18])
        work(city, issue_one).rotate(use)
    all_found(city, 18)
    assert work(city).retire(Use.FIELD).gone == (1,)
    assert work(city).retire(Use.INDEX).gone == (1,)
    all_found(city, 18)


@pytest.mark.parametrize("use", OF_CERTIFICATES)
def test_a_writer_with_the_old_key_takes_the_new_one(city: City, use: Use) -> None:
    """The rotation falls between the signing of a row and its writing."""
    rotated: list[int] = []

    def rotate(stage: Stage, done: int) -> None:
        del done
        if stage is Stage.CHECK and not rotated:
            rotated.append(work(city).rotate(use).number)

    keys = AtRest.open(city.database, keys_of(city))
    assert issue_during(city, rotate).complete
    assert rotated == [2]
    with city.database.begin() as connection, pytest.raises(KeyUseMoved):
        keys.assure(connection)
    assert work(city).retire(use).gone == (1,)
    all_found(city, 15)


def issue_during(city: City, at_reach: Callable[[Stage, int], None]) -> TableOutcome:
    city.notes.at_reach = at_reach
    outcome = issue_titles(city, ROWS[12:15])
    city.notes.at_reach = lambda _stage, _done: None
    return outcome


def test_a_writer_takes_the_new_key_at_the_very_write(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    real, rotated = AtRest.assure, []

    def rotate_first(keys: AtRest, connection: Connection) -> None:
        if not rotated:
            rotated.append(keys.field)
            raise KeyUseMoved(Use.FIELD)
        real(keys, connection)

    monkeypatch.setattr(AtRest, "assure", rotate_first)
    assert issue_titles(city, ROWS[12:15]).complete
    assert rotated == [1]
    all_found(city, 15)


@pytest.mark.parametrize("use", OF_CERTIFICATES)
def test_a_second_rotation_beside_the_first_does_its_part_and_nothing_twice(
    city: City, use: Use, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "PIECE", 5)
    others: list[int] = []

    def other() -> None:
        if not others:
            others.append(work(city).rotate(use).number)

    assert work(city, other).rotate(use).number == 2
    assert others == [2]
    assert uses(city)[use].current == 2
    all_found(city)


def test_indexes_that_are_lost_or_never_were_are_made_again(city: City, database_url: str) -> None:
    write(database_url, "DELETE FROM lookups")
    write(database_url, "UPDATE certificates SET number_index = NULL WHERE serial = 3")
    assert look_up(city, TITLE, "number", ROWS[0]["title_number"]).certificates == ()
    done = work(city).reindex()
    assert (done.number, done.taken_over) == (1, 12)
    all_found(city)
    with pytest.raises(RowsRefused):
        issue_titles(city, [ROWS[3]])


def test_with_a_lost_index_key_everything_is_indexed_under_a_new_one(city: City) -> None:
    (keys_of(city) / "service" / "index-1.key").unlink()
    with pytest.raises(KeyringError):
        issue_titles(city, ROWS[12:15])
    assert work(city).rotate(Use.INDEX).taken_over == 12
    all_found(city)
    issue_titles(city, ROWS[12:15])


def test_a_row_that_does_not_open_is_passed_over_and_named(city: City, database_url: str) -> None:
    write(database_url, f"UPDATE certificates SET disclosures = {literal(database_url, b'xyz')} WHERE serial = 3")  # noqa: S608
    assert work(city).rotate(Use.FIELD).passed_over == [(AGENCY, 3)]
    done = work(city).rotate(Use.INDEX)
    assert (done.taken_over, done.passed_over) == (11, [(AGENCY, 3)])
    with city.database.read() as connection:
        kept = lookups.of_batch(connection, records(city)[3].batch)
    assert len(kept) == 12


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("what", ["field", "index", "reindex"])
def test_killed_again_and_again_it_goes_on_and_loses_nothing(
    city: City, database_url: str, what: str, when: str
) -> None:
    """12 rows in pieces of 2: killed at the write that names the key, at the first piece, and in the midst."""
    before = [AtRest.open(city.database, keys_of(city)).fields.open(record) for record in records(city)]
    for number in (1, 2, 3):
        assert forks.run(swept.main, city.folder, database_url, what, number, when) == -signal.SIGKILL
        all_found(city)
    sweep = work(city)
    done = sweep.reindex() if what == "reindex" else sweep.rotate(Use(what))
    assert done.number <= 2
    assert done.taken_over < 12 or when == "before"
    all_found(city)
    for use in OF_CERTIFICATES:
        sweep.retire(use)
        assert uses(city)[use].former is None
    assert [AtRest.open(city.database, keys_of(city)).fields.open(record) for record in records(city)] == before
    all_found(city)
    assert swept.PIECE == 2


def test_rows_from_before_are_sealed_by_the_first_rotation(city: City, database_url: str) -> None:
    fields = AtRest.open(city.database, keys_of(city)).fields
    shown = [fields.open(record) for record in records(city)]
    with city.database.begin() as connection:
        for serial, text_ in enumerate(shown):
            connection.execute(
                text("UPDATE certificates SET disclosures = :open WHERE serial = :serial"),
                {"open": b"\0" + text_.encode(), "serial": serial},
            )
    all_found(city)
    work(city).rotate(Use.FIELD)
    assert {record.disclosures[0] for record in records(city)} == {2}
    assert [fields.open(record) for record in records(city)] == shown
    city.database.close()
    if database_url.startswith("sqlite"):
        stolen = b"".join(path.read_bytes() for path in city.folder.glob("ecert.sqlite*"))
        assert not [each for each in shown for one in each.split("~") if one.encode() in stolen]


def test_a_stolen_database_tells_no_name_and_no_number(tmp_path: Path) -> None:
    city = make_city(tmp_path / "city")
    with city.database:
        issue_titles(city, sample(200))
    stolen = b"".join(path.read_bytes() for path in city.folder.glob("ecert.sqlite*"))
    said = {value for row in sample(200) for value in re.findall(r"[^\s\",:{}\[\]]{4,}", " ".join(row.values()))}
    private = {value for value in said if value not in {"name", "id_type", "id_number", "share"}}
    assert len(private) > 500
    assert [value for value in private if value.encode() in stolen] == []
    decoded = b"".join(_decoded(word) for word in re.findall(rb"[A-Za-z0-9_-]{40,}", stolen))
    assert [value for value in private if value.encode() in decoded] == []
    assert b'"serial":' in decoded


def _decoded(word: bytes) -> bytes:
    whole = word[: len(word) // 4 * 4]
    try:
        return base64url.decode_ascii(whole)
    except base64url.NotBase64Url:
        return b""
