"""Recording: lines and receipts agree, nothing is answered before it is durable, and what dies is recognised."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import KeySet as JoseKeySet

from ecert import base64url
from ecert.demands import NO_DEMANDS
from ecert.receipt import check_receipt, stated_hash
from ecert.verdict import Result
from tests.ecert.cases import NOW
from tests.verifier.recorder import (
    ISS,
    OCCASION,
    SECRETS,
    STATED,
    TAX,
    begin,
    keep,
    key_sets,
    lines,
    made_keys,
    malformed,
    verification,
)
from verifier.callers import ANYBODY, Caller, Occasion
from verifier.errors import Refused
from verifier.faults import KeyringError
from verifier.keys.receipt_key import Answerer
from verifier.keys.service_keys import ServiceKey, ServiceKeys
from verifier.problems import Code, RequestRefused
from verifier.record.closing import CLOSED, check_closing, extent_of
from verifier.record.journal import MEND_SECONDS, Limits
from verifier.record.lines import START, chained
from verifier.record.recording import Recording
from verifier.record.segments import Segment

ROOT_FOLDER = Path(__file__).parents[2]


@pytest.fixture
def keys(tmp_path: Path) -> ServiceKeys:
    return made_keys(tmp_path)


@pytest.fixture
def recording(tmp_path: Path, keys: ServiceKeys) -> Recording:
    return begin(tmp_path, keys)


def closings(folder: Path, keys: ServiceKeys) -> dict[str, Any]:
    found = {}
    for path in sorted((folder / "record").glob("*.closed")):
        segment = Segment.named(path.stem)
        assert segment is not None
        closing = check_closing(path.read_text("ascii").strip(), CLOSED, key_sets(keys)[segment.process], segment)
        found[path.stem] = closing.extent
    return found


def test_a_verification_has_a_line_and_its_receipt_the_next(tmp_path: Path, recording: Recording) -> None:
    (kept,) = keep(recording)
    recording.close()
    header, line, signed = lines(tmp_path)
    assert (header["kind"], header["process"], header["number"], header["previous"]) == ("segment", "api", 1, None)
    assert header["segment"] == str(kept.place.segment)
    assert line == {
        "kind": "verification",
        "id": kept.id,
        "time": NOW,
        "caller": "tax-system",
        "relying_party": "tax",
        "office": "jiangan",
        "operator": "clerk-7",
        "matter": "deed-tax-home",
        "case": "（2026）税字第17号",
        "ground": "duty",
        "result": "VALID",
        "as_of": line["as_of"],
        "certificates": line["certificates"],
    }
    assert set(line["as_of"]) == {"chain", "block", "hash", "time"}
    (judged,) = line["certificates"]
    assert set(judged["certificate"]) == {"iss", "vct", "serial"}
    assert sorted(judged["compared"]) == ["area_m2", "holder"]
    assert signed == {"kind": "receipt", "id": kept.id, "receipt": kept.receipt}


def test_the_receipt_names_segment_position_and_hash_of_its_line(
    tmp_path: Path, keys: ServiceKeys, recording: Recording
) -> None:
    kept = keep(recording, 3)[2]
    recording.close()
    receipt = check_receipt(kept.receipt, key_sets(keys)["api"], iss=ISS)
    assert receipt.audit == kept.place.to_json()
    assert kept.place.position == 5
    content = (tmp_path / "record" / f"{kept.place.segment}.jsonl").read_bytes().splitlines()
    last = START
    for line in content[: kept.place.position + 1]:
        last = chained(last, line)
    assert last == kept.place.hash
    assert json.loads(content[kept.place.position])["id"] == kept.id == receipt.jti


def test_what_was_stated_can_be_proved_with_the_salt_and_with_it_alone(keys: ServiceKeys, recording: Recording) -> None:
    kept = keep(recording)[0]
    assert kept.salt is not None
    judged = check_receipt(kept.receipt, key_sets(keys)["api"], iss=ISS).judged[0]
    assert judged.stated == stated_hash(STATED, base64url.decode(kept.salt))
    assert judged.sd_hash == "s" * 43
    recording.close()


def test_where_nothing_was_stated_there_is_no_salt(keys: ServiceKeys, recording: Recording) -> None:
    kept = recording.keep(ANYBODY, Occasion(), [verification(NO_DEMANDS)])
    receipt = check_receipt(kept.receipt, key_sets(keys)["api"], iss=ISS)
    assert kept.salt is None
    assert receipt.judged[0].stated is None
    assert (receipt.relying_party, receipt.matter, receipt.operator) == (None, None, None)
    recording.close()


def test_no_value_of_any_field_stands_in_the_record(tmp_path: Path, recording: Recording) -> None:
    keep(recording, 2)
    recording.close()
    everything = json.dumps(lines(tmp_path), ensure_ascii=False)
    for part in everything.split('"'):
        if part.count(".") == 2:
            everything += base64url.decode(part.split(".")[1]).decode()
    assert '"sd_hash"' in everything
    assert not [secret for secret in SECRETS if secret in everything]


def test_a_batch_has_one_line_one_receipt_and_the_gravest_result(
    tmp_path: Path, keys: ServiceKeys, recording: Recording
) -> None:
    kept = recording.keep(TAX, OCCASION, [verification(), malformed(), verification()], batch=True)
    recording.close()
    _, line, _ = lines(tmp_path)
    receipt = check_receipt(kept.receipt, key_sets(keys)["api"], iss=ISS)
    assert (line["batch"], line["result"], line["id"]) == (True, "INVALID", kept.id)
    assert [each["result"] for each in line["certificates"]] == ["VALID", "INVALID", "VALID"]
    assert line["certificates"][1]["certificate"] is None
    assert [each.verdict["result"] for each in receipt.judged] == ["VALID", "INVALID", "VALID"]
    assert receipt.batch


def test_a_persons_own_name_goes_before_the_operator_that_a_call_names(tmp_path: Path, recording: Recording) -> None:
    recording.keep(TAX, Occasion(operator="somebody-else"), [verification()])
    recording.keep(Caller(name="tax-system"), Occasion(operator="clerk-9"), [verification()])
    recording.close()
    assert [line["operator"] for line in lines(tmp_path) if line["kind"] == "verification"] == ["clerk-7", "clerk-9"]


def test_any_jose_library_reads_the_receipt(keys: ServiceKeys, recording: Recording) -> None:
    kept = keep(recording)[0]
    recording.close()
    published = JoseKeySet.import_key_set(keys.published(ServiceKey.RECEIPT_API).to_json())  # type: ignore[arg-type]
    read = jws.deserialize_compact(kept.receipt, published, algorithms=["ES256"])
    payload = json.loads(read.payload)
    assert (payload["jti"], payload["result"], payload["iss"]) == (kept.id, Result.VALID, ISS)


def test_receipts_from_before_and_after_a_rotation_are_good(tmp_path: Path, keys: ServiceKeys) -> None:
    clock = [NOW]
    recording = begin(tmp_path, keys, clock=lambda: clock[0])
    before = keep(recording)[0]
    keys.rotate(ServiceKey.RECEIPT_API, NOW + 10)
    clock[0] = NOW + 10
    after = keep(recording)[0]
    recording.close()
    headers = [json.loads(base64url.decode(kept.receipt.split(".")[0])) for kept in (before, after)]
    assert headers[0]["kid"] != headers[1]["kid"]
    for kept in (before, after):
        assert check_receipt(kept.receipt, key_sets(keys)["api"], iss=ISS).jti == kept.id


async def test_many_at_once_share_groups_and_each_is_durable_when_told(tmp_path: Path, recording: Recording) -> None:
    async def one() -> str:
        kept = recording.keep(TAX, OCCASION, [verification()])
        await recording.durable(kept)
        await recording.durable(kept)
        path = tmp_path / "record" / f"{kept.place.segment}.jsonl"
        assert kept.id.encode() in path.read_bytes()
        return kept.id

    ids = await asyncio.gather(*(one() for _ in range(100)))
    assert [line["id"] for line in lines(tmp_path) if line["kind"] == "verification"] == ids
    recording.close()


async def test_a_client_that_left_does_not_disturb_the_others(recording: Recording) -> None:
    kept = [recording.keep(TAX, OCCASION, [verification()]) for _ in range(2)]
    waiting = [asyncio.create_task(recording.durable(each)) for each in kept]
    waiting[0].cancel()
    await waiting[1]
    recording.close()


def test_a_segment_ends_by_size_and_the_next_names_it(tmp_path: Path, keys: ServiceKeys) -> None:
    recording = begin(tmp_path, keys, limits=Limits(bytes=12_000))
    keep(recording, 12)
    recording.tend()
    recording.close()
    headers = [line for line in lines(tmp_path) if line["kind"] == "segment"]
    assert [header["number"] for header in headers] == list(range(1, len(headers) + 1))
    assert len(headers) > 2
    ends = closings(tmp_path, keys)
    for before, header in pairwise(headers):
        extent = ends[before["segment"]]
        assert header["previous"] == {"segment": before["segment"], "hash": base64url.encode(extent.hash)}
    assert set(ends) == {header["segment"] for header in headers}


def test_a_segment_ends_by_age_even_where_nothing_comes(tmp_path: Path, keys: ServiceKeys) -> None:
    clock = [NOW]
    recording = begin(tmp_path, keys, limits=Limits(seconds=60), clock=lambda: clock[0])
    keep(recording)
    recording.tend()
    assert closings(tmp_path, keys) == {}
    clock[0] += 60
    recording.tend()
    assert len(closings(tmp_path, keys)) == 1
    keep(recording)
    recording.close()
    assert len(closings(tmp_path, keys)) == 2


def test_a_process_that_records_nothing_leaves_no_segment(tmp_path: Path, keys: ServiceKeys) -> None:
    begin(tmp_path, keys).close()
    assert list((tmp_path / "record").glob("*-*-*")) == []


def test_the_next_process_goes_on_with_the_lineage_in_a_segment_of_its_own(tmp_path: Path, keys: ServiceKeys) -> None:
    for _ in range(3):
        recording = begin(tmp_path, keys)
        keep(recording)
        recording.close()
    headers = [line for line in lines(tmp_path) if line["kind"] == "segment"]
    assert [header["number"] for header in headers] == [1, 2, 3]
    assert headers[2]["previous"]["segment"] == headers[1]["segment"]


def test_processes_at_once_have_lineages_of_their_own(tmp_path: Path, keys: ServiceKeys) -> None:
    many = [begin(tmp_path, keys), begin(tmp_path, keys), begin(tmp_path, keys, process=Answerer.OFFICE)]
    for recording in many:
        keep(recording)
        recording.close()
    lineages = {line["segment"].rpartition("-")[0] for line in lines(tmp_path) if line["kind"] == "segment"}
    assert sorted(name.partition("-")[0] for name in lineages) == ["api", "api", "office"]
    assert len(closings(tmp_path, keys)) == 3


@pytest.mark.parametrize(("moment", "whole"), [("appended", 5), ("torn", 6), ("written", 7), ("synced", 7)])
def test_a_process_killed_at_any_moment_loses_nothing_that_it_answered(
    moment: str, whole: int, tmp_path: Path, keys: ServiceKeys
) -> None:
    command = [sys.executable, "-m", "tests.verifier.recorder", str(tmp_path), moment]
    with subprocess.Popen(command, cwd=ROOT_FOLDER, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        answered = [process.stdout.readline().strip() for _ in range(2)]
        assert process.stdout.readline() == "here\n"
        process.kill()
    (path,) = (tmp_path / "record").glob("*.jsonl")
    left = path.read_bytes()
    recording = begin(tmp_path, keys)
    (extent,) = closings(tmp_path, keys).values()
    assert extent == extent_of(left)
    assert (extent.lines, extent.torn > 0) == (whole, moment == "torn")
    assert path.read_bytes() == left
    keep(recording)
    recording.close()
    ids = [line["id"] for line in map(json.loads, left.splitlines()[:whole]) if line["kind"] == "receipt"]
    assert ids[:2] == answered
    assert len(closings(tmp_path, keys)) == 2


def test_a_process_without_its_key_does_not_begin(tmp_path: Path) -> None:
    nothing = ServiceKeys(tmp_path, tmp_path / "passwords")
    with pytest.raises(KeyringError, match="ecert keys init"):
        begin(tmp_path, nothing)


def test_where_no_key_signs_nothing_is_recorded_or_answered(
    tmp_path: Path, keys: ServiceKeys, caplog: pytest.LogCaptureFixture
) -> None:
    clock = [NOW]
    recording = begin(tmp_path, keys, clock=lambda: clock[0])
    clock[0] = -1  # before any key was made
    for _ in range(2):
        with pytest.raises(RequestRefused) as refused:
            recording.keep(TAX, OCCASION, [verification()])
    assert refused.value.code is Code.NOT_RECORDED
    assert not recording.writable
    (said,) = (each.getMessage() for each in caplog.records)
    assert "nothing is answered: no receipt-api key signs now: is the clock right?" in said
    clock[0] = NOW
    assert recording.writable
    (kept,) = keep(recording)
    recording.close()
    assert [line["id"] for line in lines(tmp_path) if line["kind"] == "receipt"] == [kept.id]


def test_a_folder_that_cannot_be_written_is_said_at_the_start(tmp_path: Path, keys: ServiceKeys) -> None:
    (tmp_path / "record").write_text("a file", encoding="utf-8")
    with pytest.raises(Refused, match="the record cannot be written"):
        begin(tmp_path, keys)


def test_a_disk_that_is_full_answers_nothing_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.verifier.test_recording", str(tmp_path)], cwd=ROOT_FOLDER, check=False
    )
    assert done.returncode == 0


def fill_the_disk(folder: Path) -> None:
    """Record up to the largest size that a file may have here, beyond it, and again when files may be larger."""
    keys = made_keys(folder)
    recording = begin(folder, keys)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    answered = [kept.id for kept in keep(recording, 3)]
    (path,) = (folder / "record").glob("*.jsonl")
    room = path.stat().st_size + 5000
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    refused = 0
    for _ in range(30):
        try:
            answered += [kept.id for kept in keep(recording)]
        except RequestRefused as error:
            assert error.code is Code.NOT_RECORDED  # noqa: PT017
            refused += 1
    assert refused > 20
    for _ in range(3):
        time.sleep(MEND_SECONDS)
        assert not recording.writable  # it has tried again, and there is no room yet
    assert path.stat().st_size <= room
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    while True:
        try:
            answered += [kept.id for kept in keep(recording)]
            break
        except RequestRefused:
            continue
    recording.close()
    found = lines(folder)
    assert [line["id"] for line in found if line["kind"] == "receipt"] == answered
    for line in found:
        if line["kind"] == "receipt":
            check_receipt(line["receipt"], key_sets(keys)["api"], iss=ISS)
    ((extent),) = closings(folder, keys).values()
    assert (extent.lines, extent.torn) == (len(found), 0)


if __name__ == "__main__":
    fill_the_disk(Path(sys.argv[1]))
