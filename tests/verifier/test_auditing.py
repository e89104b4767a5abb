"""Auditing: what was edited, swapped, cut off or taken away is found and named, and nothing else is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text
from typer.testing import CliRunner, Result

from ecert.suite import SigningKey
from store.database import Database
from store.verifications import all_shipped
from tests.ecert.cases import NOW
from tests.tables import give_tables
from tests.verifier import recorder
from tests.verifier.recorder import OCCASION, TAX, keep, key_sets, made_keys, malformed, verification
from verifier.cli import build
from verifier.keys.receipt_key import Answerer, published_receipt_keys, receipt_key
from verifier.keys.service_keys import ServiceKey, ServiceKeys
from verifier.record.auditing import Audit, Auditor
from verifier.record.closing import CLOSED, DROPPED, read_closing, write_signed
from verifier.record.journal import Limits
from verifier.record.segments import RecordFolder, Segment
from verifier.record.shipping import Shipping

ROOT_FOLDER = Path(__file__).parents[2]
THEN = 1_500_000_000
"""When the record was kept, in 2017."""
begin = partial(recorder.begin, clock=lambda: THEN)
Lines = list[bytes]


class Archive:
    """A data directory with a record of three closed segments and one that is open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder / 'ecert.sqlite'}"
        give_tables(self.url)
        self.keys: ServiceKeys = made_keys(folder)
        for _ in range(3):
            recording = begin(folder, self.keys)
            keep(recording, 4)
            recording.close()
        self.recording = begin(folder, self.keys)
        keep(self.recording, 3)
        self.recording.keep(TAX, OCCASION, [verification(), malformed()], batch=True)
        keep(self.recording, 1)
        self.segments = next(iter(self.record.segments().values()))

    @property
    def record(self) -> RecordFolder:
        return RecordFolder(self.folder / "record")

    def ship(self) -> None:
        with Database.open(self.url) as database:
            assert Shipping(self.recording, database).look()

    def go_on(self) -> None:
        """Start the service twice, and let it record and copy each time."""
        for _ in range(2):
            with Database.open(self.url) as database:
                with database.read() as connection:
                    copied = all_shipped(connection)
                recording = begin(self.folder, self.keys, copied=copied)
                keep(recording)
                assert Shipping(recording, database).look(orphans=True)
            recording.close()

    def audit(self) -> Audit:
        return Auditor(self.record, key_sets(self.keys)).audit()

    def edit(self, number: int, change: Callable[[Lines], Lines]) -> None:
        path = self.record.lines(self.segments[number - 1])
        path.write_bytes(b"\n".join(change(path.read_bytes().split(b"\n"))))

    def command(self, *arguments: str) -> Result:
        command = [*arguments, "--data", str(self.folder)]
        return CliRunner().invoke(build(command), command)

    def flaws(self) -> list[tuple[int, int | None]]:
        """Segment and line of every flaw that `ecert audit verify` names."""
        answer = self.command("audit", "verify", "--json")
        flaws = json.loads(answer.stdout)["flaws"]
        assert answer.exit_code == (1 if flaws else 0), answer.output
        return [(int(flaw["file"].partition(".")[0][-6:]), flaw["line"]) for flaw in flaws]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def at(line: int, change: Callable[[bytes], bytes]) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[: line - 1], change(lines[line - 1]), *lines[line:]]


def swapped(first: int, second: int) -> Callable[[Lines], Lines]:
    def change(lines: Lines) -> Lines:
        lines[first - 1], lines[second - 1] = lines[second - 1], lines[first - 1]
        return lines

    return change


def without(first: int, last: int) -> Callable[[Lines], Lines]:
    return lambda lines: lines[: first - 1] + lines[last:]


def test_a_record_that_nobody_touched_has_no_flaw(archive: Archive) -> None:
    archive.ship()
    found = archive.audit()
    assert found.flaws == []
    assert (found.segments, found.verifications, found.open) == (4, 17, [str(archive.segments[3])])
    assert archive.flaws() == []
    archive.recording.close()
    assert archive.audit().open == []


def test_where_there_is_nothing_to_check_nothing_is_called_good(archive: Archive, tmp_path: Path) -> None:
    (empty := tmp_path / "empty").mkdir()
    for folder in (empty, tmp_path / "mistyped"):
        answer = archive.command("audit", "verify", str(folder))
        assert (answer.exit_code, answer.stdout) == (2, "")
        assert f"no segment of a record in {folder}: nothing was checked" in answer.stderr


@pytest.mark.parametrize("segment", [2, 4])
@pytest.mark.parametrize(
    ("change", "line"),
    [
        (at(4, lambda line: line.replace(b"clerk-7", b"clerk-8")), 5),
        (at(4, lambda line: line + b" "), 5),
        (at(4, lambda _: b"not JSON"), 4),
        (at(5, lambda line: line.replace(b'"kind"', b' "kind"')), 5),
        (at(5, lambda line: line[:-20] + b"A" * 18 + line[-2:]), 5),
        (at(1, lambda line: line.replace(b'"time":1', b'"time":2')), 3),
        (swapped(2, 4), 3),
        (swapped(3, 5), 3),
        (lambda lines: [*lines[:1], *lines[3:5], *lines[1:3], *lines[5:]], 3),
        (without(4, 5), 5),
        (without(4, 4), 4),
        (without(5, 5), 5),
        (lambda lines: [*lines[:3], *lines[1:3], *lines[3:]], 5),
    ],
)
def test_a_line_that_was_changed_is_named(
    archive: Archive, segment: int, change: Callable[[Lines], Lines], line: int
) -> None:
    archive.edit(segment, change)
    found = archive.flaws()
    assert found[0] == (segment, line)
    assert {number for number, _ in found} == {segment}


def test_one_flaw_is_told_once_where_one_line_was_edited(archive: Archive) -> None:
    archive.edit(4, at(4, lambda line: line.replace(b"clerk-7", b"clerk-8")))
    assert archive.flaws() == [(4, 5)]
    assert "line 4, or the one before it, is not as it was written" in archive.command("audit", "verify").stdout


def test_the_end_of_a_closed_segment_cannot_be_cut_off(archive: Archive) -> None:
    archive.edit(2, lambda lines: [*lines[:7], b""])
    assert archive.flaws() == [(2, 7)]
    archive.edit(2, lambda lines: [*lines[:7], b"{half a line"])
    assert (2, 7) in archive.flaws()


def test_the_end_of_an_open_segment_is_missed_where_the_database_or_a_closing_knows_it(archive: Archive) -> None:
    archive.ship()
    archive.edit(4, lambda lines: [*lines[:9], b""])
    assert archive.flaws() == [(4, 9)]


def test_an_edit_of_what_no_receipt_covers_is_found_by_what_was_copied(archive: Archive) -> None:
    archive.ship()
    last = -2
    archive.edit(4, lambda lines: [*lines[:last], lines[last].replace(b'"receipt":"', b'"receipt": "'), b""])
    assert archive.flaws() == [(4, 11)]


def test_lines_added_at_the_end_of_a_closed_segment_are_found(archive: Archive) -> None:
    archive.edit(2, lambda lines: [*lines[:-1], b'{"kind":"verification","id":"x"}', b""])
    assert archive.flaws() == [(2, 10)]


@pytest.mark.parametrize("what", [("lines",), ("lines", "closing")])
def test_a_missing_segment_is_named(archive: Archive, what: tuple[str, ...]) -> None:
    for each in what:
        getattr(archive.record, each)(archive.segments[1]).unlink()
    assert archive.flaws() == [(2, None)]


def test_missing_segments_are_named_together_and_the_first_ones_too(archive: Archive) -> None:
    for segment in archive.segments[:2]:
        archive.record.lines(segment).unlink()
        archive.record.closing(segment).unlink()
    assert archive.flaws() == [(1, None)]
    assert f"and so are all up to {archive.segments[1]}" in archive.command("audit", "verify").stdout


def test_a_lineage_that_is_gone_is_missed_where_it_was_copied(archive: Archive) -> None:
    archive.ship()
    archive.recording.close()
    for path in archive.record.path.iterdir():
        path.unlink()
    assert sorted(archive.flaws()) == [(1, None), (2, None), (3, None), (4, None)]


def test_newer_segments_that_are_gone_are_missed_where_they_were_copied(archive: Archive) -> None:
    archive.ship()
    archive.record.lines(archive.segments[3]).unlink()
    assert archive.flaws() == [(4, None)]


def test_a_segment_under_another_name_is_found(archive: Archive) -> None:
    first, second = archive.segments[:2]
    archive.record.lines(second).write_bytes(archive.record.lines(first).read_bytes())
    assert (2, 1) in archive.flaws()


def test_a_closing_that_is_gone_or_forged_is_found(archive: Archive) -> None:
    path = archive.record.closing(archive.segments[1])
    closing = read_closing(path)
    path.unlink()
    assert archive.flaws() == [(2, None)]
    write_signed(path, CLOSED, closing, SigningKey.generate())
    assert archive.flaws() == [(2, None)]
    path.write_text("rubbish", encoding="ascii")
    assert archive.flaws() == [(2, None)]
    path.write_text(archive.record.closing(archive.segments[0]).read_text("ascii"), encoding="ascii")
    assert archive.flaws()[0] == (2, None)


def test_a_forged_line_needs_the_receipt_key(archive: Archive) -> None:
    other = archive.folder / "other"
    other.mkdir()
    forger = begin(other, made_keys(other))
    keep(forger, 4)
    forger.close()
    (forged,) = (other / "record").glob("*.jsonl")
    archive.record.lines(archive.segments[1]).write_bytes(forged.read_bytes())
    assert len(archive.flaws()) > 4


def test_a_torn_line_that_a_killed_process_left_is_no_flaw(tmp_path: Path) -> None:
    keys = made_keys(tmp_path)
    command = [sys.executable, "-m", "tests.verifier.recorder", str(tmp_path), "torn"]
    with subprocess.Popen(command, cwd=ROOT_FOLDER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        while process.stdout.readline() != "here\n":
            pass
        process.kill()
    folder = RecordFolder(tmp_path / "record")
    assert Auditor(folder, key_sets(keys)).audit().flaws == []
    recording = begin(tmp_path, keys)
    keep(recording)
    recording.close()
    assert Auditor(folder, key_sets(keys)).audit().flaws == []


def test_records_from_before_and_after_a_rotation_are_good(archive: Archive) -> None:
    archive.keys.rotate(ServiceKey.RECEIPT_API, THEN + 10)
    archive.recording.close()
    recording = begin(archive.folder, archive.keys, clock=lambda: THEN + 1000)
    keep(recording, 2)
    recording.close()
    assert archive.flaws() == []


def test_the_record_can_be_audited_without_database_and_service(archive: Archive) -> None:
    (archive.folder / "ecert.sqlite").unlink()
    answer = archive.command("audit", "verify", str(archive.folder / "record"))
    assert answer.exit_code == 0
    answer = archive.command("audit", "verify")
    assert answer.exit_code == 0
    assert "is not compared with it" in answer.stderr


def test_an_auditor_needs_the_record_and_the_published_keys_alone(archive: Archive, tmp_path: Path) -> None:
    archive.recording.close()
    (auditor := tmp_path / "auditor").mkdir()
    record, jwks, other = auditor / "record", auditor / "jwks.json", auditor / "other.json"
    archive.record.path.rename(record)
    jwks.write_text(json.dumps(published_receipt_keys(archive.keys).to_json()), "utf-8")
    other.write_text(json.dumps(archive.keys.published(ServiceKey.STATUS).to_json()), "utf-8")

    def verified(*arguments: str) -> Result:
        command = ["audit", "verify", str(record), *arguments]
        return CliRunner().invoke(build(command), command, env={"ECERT_DATA": str(auditor / "no such folder")})

    good = verified("--jwks", str(jwks))
    assert (good.exit_code, "0 flaws" in good.stdout) == (0, True)
    assert verified("--jwks", str(other)).exit_code == 1
    for missing in (verified(), verified("--jwks", str(auditor / "nothing"))):
        assert (missing.exit_code, missing.stdout) == (2, "")


def test_an_export_that_ends_before_it_begins_is_refused(archive: Archive) -> None:
    answer = archive.command("audit", "export", "--from", "2026-12-01", "--to", "2026-11-01")
    assert (answer.exit_code, answer.stdout) == (2, "")
    assert "--to must be later than --from" in answer.stderr


def test_the_record_is_exported_by_time(archive: Archive) -> None:
    for since, until, count in ((None, None, 17), ("2100-01-01", None, 0), (None, "2100-01-01", 17)):
        options = [*(["--from", since] if since else []), *(["--to", until] if until else [])]
        answer = archive.command("audit", "export", *options)
        lines = [json.loads(line) for line in answer.stdout.splitlines()]
        assert (answer.exit_code, len(lines)) == (0, count)
    answer = archive.command("audit", "export")
    first = json.loads(answer.stdout.splitlines()[0])
    assert set(first) == {"record", "receipt", "audit"}
    assert first["audit"]["segment"] == str(archive.segments[0])


def drop(archive: Archive, before: str = "2018-01-01") -> list[str]:
    answer = archive.command("audit", "drop", "--before", before, "--json")
    assert answer.exit_code == 0, answer.output
    dropped: list[str] = json.loads(answer.stdout)["dropped"]
    return dropped


def test_whole_segments_are_dropped_and_say_so(archive: Archive) -> None:
    archive.ship()
    assert drop(archive, "2000-01-01") == []
    assert drop(archive) == [str(segment) for segment in archive.segments[:3]]
    assert drop(archive) == []
    answer = json.loads(archive.command("audit", "verify", "--json").stdout)
    assert answer["flaws"] == []
    assert answer["dropped"] == [str(segment) for segment in archive.segments[:3]]
    assert answer["verifications"] == 5
    with Database.open(archive.url) as database, database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM verifications").scalar() == 5


def test_the_service_goes_on_after_everything_closed_was_dropped(archive: Archive) -> None:
    archive.recording.close()
    archive.recording = begin(archive.folder, archive.keys)
    archive.ship()
    assert len(drop(archive)) == 4
    keep(archive.recording, 2)
    archive.ship()
    archive.recording.close()
    assert archive.flaws() == []
    again = begin(archive.folder, archive.keys)
    keep(again)
    again.close()
    assert archive.flaws() == []


def test_what_is_not_copied_is_not_dropped(archive: Archive) -> None:
    assert drop(archive) == []
    assert archive.flaws() == []


@pytest.mark.parametrize("left", ["tombstone", "copies", "lines"])
def test_a_dropping_that_was_cut_off_is_finished_by_the_next(archive: Archive, left: str) -> None:
    archive.ship()
    segment = archive.segments[0]
    closing = archive.record.closing(segment).read_bytes()
    lines = archive.record.lines(segment).read_bytes()
    assert str(segment) in drop(archive)
    if left in {"tombstone", "copies"}:
        archive.record.lines(segment).write_bytes(lines)
    archive.record.closing(segment).write_bytes(closing)
    assert archive.flaws() == []
    assert drop(archive) == [str(segment)]
    assert not archive.record.closing(segment).exists()
    assert not archive.record.lines(segment).exists()
    assert archive.flaws() == []


def test_a_tombstone_needs_the_receipt_key(archive: Archive) -> None:
    segment: Segment = archive.segments[1]
    closing = read_closing(archive.record.closing(segment))
    write_signed(archive.record.tombstone(segment), DROPPED, closing, SigningKey.generate())
    archive.record.lines(segment).unlink()
    archive.record.closing(segment).unlink()
    assert archive.flaws() == [(2, None)]


def test_segments_of_both_kinds_of_process_are_dropped_under_their_own_keys(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    office = begin(tmp_path, archive.keys, process=Answerer.OFFICE, limits=Limits(bytes=5000))
    keep(office, 3)
    office.tend()
    with Database.open(archive.url) as database:
        assert Shipping(office, database).look()
    dropped = drop(archive)
    assert dropped
    assert {name.partition("-")[0] for name in dropped} == {"office"}
    office.close()
    assert archive.flaws() == []


def test_an_end_that_was_cut_off_is_missed_still_when_the_service_has_gone_on(archive: Archive) -> None:
    archive.ship()
    archive.recording.close()
    archive.record.closing(archive.segments[3]).unlink()
    archive.edit(4, lambda lines: [*lines[:9], b""])
    archive.go_on()
    assert (4, 9) in archive.flaws()


def test_segments_that_were_taken_away_are_missed_still_when_the_service_has_gone_on(archive: Archive) -> None:
    archive.ship()
    archive.recording.close()
    archive.record.lines(archive.segments[3]).unlink()
    archive.record.closing(archive.segments[3]).unlink()
    archive.go_on()
    assert (4, None) in archive.flaws()


def test_what_is_not_as_it_was_closed_is_not_dropped(archive: Archive) -> None:
    archive.ship()
    archive.edit(2, lambda lines: [*lines[:7], b""])
    answer = archive.command("audit", "drop", "--before", "2018-01-01")
    assert answer.exit_code == 1
    assert f"kept {archive.segments[1]}: its lines are not what it was closed with" in answer.stdout
    assert archive.flaws() == [(2, 7)]


def test_a_closing_without_the_receipt_key_has_nothing_dropped(archive: Archive) -> None:
    archive.ship()
    path = archive.record.closing(archive.segments[1])
    write_signed(path, CLOSED, replace(read_closing(path), time=0), SigningKey.generate())
    answer = archive.command("audit", "drop", "--before", "2000-01-01", "--json")
    assert (answer.exit_code, list(json.loads(answer.stdout)["kept"])) == (1, [str(archive.segments[1])])
    assert archive.record.lines(archive.segments[1]).exists()


def test_a_tombstone_says_what_the_closing_inside_it_says(archive: Archive) -> None:
    archive.ship()
    drop(archive)
    path = archive.record.tombstone(archive.segments[1])
    key = receipt_key(archive.keys, Answerer.API).at(NOW)
    said = read_closing(path, DROPPED)
    write_signed(path, DROPPED, replace(said, extent=replace(said.extent, lines=3)), key)
    assert archive.flaws()[0] == (2, None)


def test_a_verification_that_was_put_at_the_end_without_a_receipt_counts_as_none(archive: Archive) -> None:
    archive.edit(4, lambda lines: [*lines[:-1], b'{"kind":"verification","id":"x"}', b""])
    found = archive.audit()
    assert (found.flaws, found.verifications) == ([], 17)


def test_segments_that_ended_and_are_not_closed_yet_are_no_flaw(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    running = begin(tmp_path, archive.keys, limits=Limits(bytes=4096))
    keep(running, 4)
    running._journal.close()  # it is killed before it looks at what has ended
    running.lineage.release()
    found = archive.audit()
    assert found.flaws == []
    assert len(found.open) > 2
    again = begin(tmp_path, archive.keys)
    keep(again)
    again.close()
    assert archive.audit().flaws == []


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("DELETE FROM verifications WHERE id = :id", 4),
        ("UPDATE verifications SET record = replace(record, 'VALID', 'INVALID') WHERE id = :id", 4),
        ("UPDATE verifications SET \"case\" = 'another' WHERE id = :id", 4),
        ("UPDATE verifications SET receipt = '' WHERE id = :id", 4),
        ("UPDATE verifications SET position = 4 WHERE id = :id", 4),
        ("UPDATE verifications SET segment = 'api-00000000-000002' WHERE id = :id", None),
    ],
)
def test_a_copy_that_was_hidden_changed_or_made_up_is_named(archive: Archive, change: str, line: int | None) -> None:
    archive.ship()
    assert archive.flaws() == []
    said = json.loads(archive.record.lines(archive.segments[1]).read_bytes().split(b"\n")[3])
    with Database.open(archive.url) as database, database.begin() as connection:
        assert connection.execute(text(change), {"id": said["id"]}).rowcount == 1
    assert archive.flaws()[0] == (2, line)
    assert archive.command("audit", "verify", str(archive.record.path)).exit_code == 0


def test_what_no_copy_is_due_of_yet_is_no_flaw(archive: Archive) -> None:
    archive.ship()
    keep(archive.recording, 2)
    archive.recording.close()
    archive.recording = begin(archive.folder, archive.keys)
    keep(archive.recording, 2)
    assert archive.flaws() == []


def test_nothing_is_dropped_before_a_day_that_is_still_to_come(archive: Archive) -> None:
    archive.ship()
    answer = archive.command("audit", "drop", "--before", "2200-01-01")
    assert (answer.exit_code, "lies in the future: nothing was dropped" in answer.stderr) == (2, True)
    assert archive.flaws() == []
    assert json.loads(archive.command("audit", "verify", "--json").stdout)["dropped"] == []
