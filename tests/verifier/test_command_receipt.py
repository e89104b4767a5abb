"""`ecert receipt check` and `ecert keys`."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from tests.ecert.cases import NOW
from tests.verifier.recorder import ISS, OCCASION, TAX, begin, keep, made_keys, malformed, verification
from verifier.cli import build
from verifier.keys.service_keys import ServiceKey
from verifier.record.reading import all_entries
from verifier.services.verification import Verification


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a receipt, a batch's receipt in a JSON answer, and the keys."""
    keys = made_keys(tmp_path)
    recording = begin(tmp_path, keys)
    (tmp_path / "receipt.jws").write_text(keep(recording)[0].receipt + "\n", encoding="ascii")
    batch = recording.keep(TAX, OCCASION, [verification(), malformed()], batch=True)
    (tmp_path / "answer.json").write_text(json.dumps({"id": batch.id, "receipt": batch.receipt}), encoding="utf-8")
    recording.close()
    (tmp_path / "jwks.json").write_bytes(keys.list_file(ServiceKey.RECEIPT_API).read_bytes())
    (tmp_path / "other.json").write_bytes(keys.list_file(ServiceKey.RECEIPT_OFFICE).read_bytes())
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(build(arguments), arguments)


def check(folder: Path, file: str, jwks: str = "jwks.json", *options: str) -> Result:
    return run("receipt", "check", str(folder / file), "--jwks", str(folder / jwks), *options)


def test_a_good_receipt_says_what_it_says(folder: Path) -> None:
    answer = check(folder, "receipt.jws")
    assert answer.exit_code == 0
    assert answer.stdout.splitlines()[0].startswith("good: receipt ")
    assert answer.stdout.splitlines()[1].startswith("VALID: eip155:31337:")
    assert check(folder, "receipt.jws", "jwks.json", "--iss", ISS).exit_code == 0


def test_a_json_answer_is_taken_too_and_a_batch_lists_its_verdicts(folder: Path) -> None:
    said = json.loads(check(folder, "answer.json", "jwks.json", "--json").stdout)
    assert said["good"] is True
    assert [each["result"] for each in said["verdicts"]] == ["VALID", "INVALID"]
    assert "INVALID (malformed): no certificate" in check(folder, "answer.json").stdout


def test_a_receipt_of_another_key_service_or_content_is_not_good(folder: Path) -> None:
    assert check(folder, "receipt.jws", "other.json").exit_code == 1
    assert check(folder, "receipt.jws", "jwks.json", "--iss", "https://other.example").exit_code == 1
    token = (folder / "receipt.jws").read_text("ascii").strip()
    (folder / "bad.jws").write_text(token[:-10] + "A" * 8 + token[-2:], encoding="ascii")
    answer = check(folder, "bad.jws", "jwks.json", "--json")
    assert (answer.exit_code, json.loads(answer.stdout)["good"]) == (1, False)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("result",), "VALID"),
        (("reasons",), ["revoked"]),
        (("as_of", "block"), 1),
        (("certificate", "serial"), 99),
        (("id",), "another"),
    ],
)
def test_an_answer_that_was_changed_around_its_receipt_is_not_good(
    folder: Path, place: tuple[str, ...], value: object
) -> None:
    recording = begin(folder, made_keys(folder))
    asked = malformed() if place == ("result",) else verification()
    kept = recording.keep(TAX, OCCASION, [asked])
    recording.close()
    answer = {**asked.to_json(), "id": kept.id, "receipt": kept.receipt}
    (folder / "whole.json").write_text(json.dumps(answer), encoding="utf-8")
    assert check(folder, "whole.json").exit_code == 0
    changed = json.loads(json.dumps(answer))
    at = changed
    for name in place[:-1]:
        at = at[name]
    at[place[-1]] = value
    (folder / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    found = check(folder, "changed.json")
    assert found.exit_code == 1
    assert ".".join(place[:1]) in found.stdout


def test_a_batch_s_answer_is_compared_result_by_result(folder: Path) -> None:
    recording = begin(folder, made_keys(folder))
    asked = [verification(), malformed()]
    kept = recording.keep(TAX, OCCASION, asked, batch=True)
    recording.close()
    answer = {"id": kept.id, "receipt": kept.receipt, "results": [each.to_json() for each in asked]}
    (folder / "whole.json").write_text(json.dumps(answer), encoding="utf-8")
    assert check(folder, "whole.json").exit_code == 0
    answer["results"][1]["result"] = "VALID"
    (folder / "changed.json").write_text(json.dumps(answer), encoding="utf-8")
    assert "results[1].result" in check(folder, "changed.json").stdout
    for wrong in (answer["results"][:1], [1, 2], "ab"):
        (folder / "changed.json").write_text(json.dumps({**answer, "results": wrong}), encoding="utf-8")
        assert check(folder, "changed.json").exit_code == 1


def test_it_is_good_still_after_a_rotation(folder: Path) -> None:
    assert run("keys", "rotate", "receipt-api", "--data", str(folder)).exit_code == 0
    (folder / "jwks.json").write_bytes((folder / "keys" / "service" / "receipt-api.jwks.json").read_bytes())
    assert check(folder, "receipt.jws").exit_code == 0


@pytest.mark.parametrize("content", ["{", "{}", '{"receipt": 5}'])
def test_a_file_without_a_receipt_is_an_error(folder: Path, content: str) -> None:
    (folder / "bad").write_text(content, encoding="utf-8")
    assert check(folder, "bad").exit_code == 2


def test_a_file_that_is_no_receipt_is_not_good_and_one_that_is_not_there_an_error(folder: Path) -> None:
    assert check(folder, "jwks.json").exit_code == 2
    (folder / "text").write_text("hello", encoding="utf-8")
    assert check(folder, "text").exit_code == 1
    assert check(folder, "nothing").exit_code == 2
    assert check(folder, "receipt.jws", "nothing").exit_code == 2
    assert check(folder, "receipt.jws", "receipt.jws").exit_code == 2


@pytest.fixture
def served(folder: Path) -> Iterator[str]:
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_keys_are_fetched_from_an_address(folder: Path, served: str) -> None:
    file = str(folder / "receipt.jws")
    assert run("receipt", "check", file, "--jwks", f"{served}/jwks.json").exit_code == 0
    answer = run("receipt", "check", file, "--jwks", f"{served}/nothing.json")
    assert (answer.exit_code, answer.stderr.endswith("did not give the keys: it answered 404\n")) == (2, True)
    away = run("receipt", "check", file, "--jwks", "http://127.0.0.1:9/jwks.json")
    assert (away.exit_code, away.stderr.endswith("did not give the keys: it cannot be reached\n")) == (2, True)


def test_keys_that_are_no_text_are_no_list_of_keys(folder: Path) -> None:
    (folder / "packed").write_bytes(b"PK\xff")
    answer = check(folder, "receipt.jws", "packed")
    assert (answer.exit_code, answer.stderr.endswith("packed is no list of keys: it is not UTF-8\n")) == (2, True)


def test_keys_are_made_shown_and_rotated(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    made = json.loads(run("keys", "init", "--json", *data).stdout)["made"]
    assert set(made) == set(ServiceKey)
    assert run("keys", "init", *data).stdout == "every service key is there already\n"
    new = json.loads(run("keys", "rotate", "status", "--json", *data).stdout)
    shown = json.loads(run("keys", "show", "--json", *data).stdout)
    assert shown["status"]["keys"][0]["kid"] == new["kid"]
    assert len(shown["status"]["keys"]) == 2
    assert f"status {new['kid']} from" in run("keys", "show", *data).stdout
    assert run("keys", "rotate", "another", *data).exit_code == 2


def test_keys_that_are_not_there_cannot_be_rotated(tmp_path: Path) -> None:
    answer = run("keys", "rotate", "status", "--data", str(tmp_path))
    assert (answer.exit_code, "ecert keys init" in answer.stderr) == (2, True)


def answer_of(folder: Path, asked: Verification, **more: object) -> dict[str, Any]:
    """An answer as `GET /v1/verifications/{id}` gives it, which has the line of the record, too."""
    recording = begin(folder, made_keys(folder))
    kept = recording.keep(TAX, OCCASION, [asked])
    recording.close()
    (entry,) = (
        entry for entry, _ in all_entries(recording.lineage.folder, None, None) if entry.receipt == kept.receipt
    )
    record = json.loads(entry.line)
    return {"id": kept.id, "record": record, "receipt": kept.receipt, "audit": entry.place.to_json(), **more}


def test_a_line_of_the_record_says_what_its_receipt_says(folder: Path) -> None:
    good = answer_of(folder, verification())
    (folder / "good.json").write_text(json.dumps(good), encoding="utf-8")
    said = check(folder, "good.json")
    assert said.exit_code == 0
    assert "the receipt says nothing of: record: caller, record: settled_block" in said.stdout
    changes: list[tuple[str, Any]] = [
        ("result", "INVALID"),
        ("matter", "another"),
        ("case", "another"),
        ("time", NOW + 1),
        ("operator", None),
        ("certificates", []),
        ("more", 1),
        ("caller", "\ud800"),
        ("caller", 1 << 70),
    ]
    for name, value in changes:
        changed = {**good, "record": {**good["record"], name: value}}
        (folder / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
        assert "says otherwise than the receipt: record" in check(folder, "changed.json").stdout
    moved = {**good, "audit": {**good["audit"], "position": 7}}
    (folder / "changed.json").write_text(json.dumps(moved), encoding="utf-8")
    assert "says otherwise than the receipt: audit" in check(folder, "changed.json").stdout


@pytest.mark.parametrize(
    ("more", "other"),
    [
        ({"certificate": None}, "certificate"),
        ({"certificate": "REGISTRY 7"}, "certificate"),
        ({"certificate": {"serial": 1002.0}}, "certificate.serial"),
        ({"matter": "another"}, "matter"),
        ({"nonce": "another"}, "nonce"),
        ({"compared": []}, "compared"),
        ({"results": []}, "results"),
        ({"relying_party": "bank"}, "relying_party"),
    ],
)
def test_no_member_around_a_receipt_may_say_otherwise(folder: Path, more: dict[str, Any], other: str) -> None:
    asked = verification()
    changed = {**asked.to_json(), **answer_of(folder, asked), **more}
    (folder / "changed.json").write_text(json.dumps(changed), encoding="utf-8")
    said = check(folder, "changed.json")
    assert said.exit_code == 1
    assert f"says otherwise than the receipt: {other} (receipt " in said.stdout


def test_what_is_no_certificate_has_none_around_its_receipt(folder: Path) -> None:
    changed = {**malformed().to_json(), **answer_of(folder, malformed())}
    (folder / "good.json").write_text(json.dumps({**changed, "certificate": None}), encoding="utf-8")
    assert check(folder, "good.json").exit_code == 0
    (folder / "changed.json").write_text(json.dumps({**changed, "certificate": {"serial": 1}}), encoding="utf-8")
    assert "receipt: certificate" in check(folder, "changed.json").stdout


def test_a_single_answer_cannot_be_put_around_the_receipt_of_a_batch(folder: Path) -> None:
    answer = json.loads((folder / "answer.json").read_text("utf-8"))
    (folder / "changed.json").write_text(json.dumps({**answer, "result": "VALID"}), encoding="utf-8")
    assert "receipt: result" in check(folder, "changed.json").stdout


def test_an_answer_that_says_a_thing_twice_is_not_good(folder: Path) -> None:
    asked = verification()
    text = json.dumps({**asked.to_json(), **answer_of(folder, asked)})
    (folder / "twice.json").write_text('{"result":"INVALID",' + text[1:], encoding="utf-8")
    said = check(folder, "twice.json")
    assert (said.exit_code, "appears twice" in said.stdout) == (1, True)


def test_what_of_an_answer_no_receipt_proves_is_named(folder: Path) -> None:
    asked = verification()
    answer = {**asked.to_json(), **answer_of(folder, asked), "values": {"price_cny": "1"}}
    (folder / "whole.json").write_text(json.dumps(answer), encoding="utf-8")
    found = json.loads(check(folder, "whole.json", "jwks.json", "--json").stdout)
    assert found["good"] is True
    assert {"values", "certificate.type", "record: caller"} <= set(found["unproved"])
    assert not {"result", "certificate", "certificate.serial", "receipt"} & set(found["unproved"])


def test_every_line_of_an_export_is_checked(folder: Path) -> None:
    exported = run("audit", "export", "--data", str(folder)).stdout
    assert len(exported.splitlines()) == 2
    (folder / "export.ndjson").write_text("\ufeff" + exported, encoding="utf-8")
    assert check(folder, "export.ndjson").exit_code == 0
    (folder / "changed.ndjson").write_text(exported.replace('"VALID"', '"UNKNOWN"', 1), encoding="utf-8")
    said = check(folder, "changed.ndjson", "jwks.json", "--json")
    assert said.exit_code == 1
    assert [json.loads(line)["good"] for line in said.stdout.splitlines()] == [False, True]


@pytest.fixture
def answered(folder: Path) -> list[dict[str, Any]]:
    """An answer to seven lines: two groups, in each of which one was refused, and a third of which all were."""
    recording = begin(folder, made_keys(folder))
    said: list[dict[str, Any]] = []
    for asked in ([verification(), malformed()], [verification()]):
        kept = recording.keep(TAX, OCCASION, asked, batch=True)
        first = len([each for each in said if "line" in each]) + 1
        entries = [*(each.to_json() for each in asked), {"problem": {"status": 422}}]
        said += [{"line": number, **entry} for number, entry in enumerate(entries, first)]
        said.append({"lines": [first, first + len(asked)], "id": kept.id, "receipt": kept.receipt})
    recording.close()
    return [*said, {"line": 6, "problem": {"status": 422}}, {"lines": [6, 6]}, {"problem": {}, "answered": 6}]


def check_lines(folder: Path, said: list[dict[str, Any]], *options: str) -> Result:
    (folder / "lines.ndjson").write_text("".join(f"{json.dumps(each)}\n" for each in said), encoding="utf-8")
    return check(folder, "lines.ndjson", "jwks.json", *options)


def test_every_verdict_of_an_answer_to_lines_is_held_against_its_receipt(
    folder: Path, answered: list[dict[str, Any]]
) -> None:
    good = check_lines(folder, answered)
    assert good.exit_code == 0
    begun = " ".join(line.partition(" ")[0] for line in good.stdout.splitlines())
    assert begun == "good: line line the good: line the"
    assert "line 4: VALID: eip155:31337:" in good.stdout
    told = [json.loads(line) for line in check_lines(folder, answered, "--json").stdout.splitlines()]
    assert [(each["lines"], [one["line"] for one in each["verdicts"]]) for each in told] == [
        ([1, 3], [1, 2]),
        ([4, 5], [4]),
    ]
    assert {"line", "certificate.type"} <= set(told[0]["unproved"])


def test_a_line_that_says_otherwise_than_the_receipt_is_named(folder: Path, answered: list[dict[str, Any]]) -> None:
    first, second = json.loads(json.dumps(answered[:2]))
    first["certificate"]["serial"] = 99
    said = check_lines(folder, [first, {**second, "result": "VALID"}, *answered[2:]])
    assert said.exit_code == 1
    bad, good, *_ = said.stdout.splitlines()
    assert "says otherwise than the receipt: line 1: certificate.serial; line 2: result (receipt " in bad
    assert good.startswith("good: ")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (lambda said: said[1:], "lines (not each line from [1, 3] is there"),
        (lambda said: [said[1], said[0], *said[2:]], "lines (not each line from [1, 3] is there"),
        (lambda said: [said[0], said[2], *said[3:]], "lines (1 verdicts in lines 1 to 3, 2 in it)"),
        (lambda said: [said[0], {**said[1], "problem": {}}, *said[2:]], "lines (1 verdicts in lines 1 to 3, 2 in it)"),
        (lambda said: [*said[:3], {**said[3], "lines": [1, 2]}, *said[4:]], "lines (not each line from [1, 2]"),
        (lambda said: [{**said[0], "line": "1"}, *said[1:]], "lines (not each line from [1, 3]"),
        (lambda said: [*said[:3], {**said[3], "id": "x"}, *said[4:]], "the receipt: id"),
        (lambda said: [{**said[0], "certificate": 5}, *said[1:]], "line 1: certificate"),
        (lambda said: [*said, {**said[0], "line": 7}], "line 7: no receipt is there for it"),
        (lambda said: [*said[:7], {**said[0], "line": 6}, *said[8:]], "line 6: no receipt is there for it"),
        (lambda said: [*said[:3], *said[4:]], "lines (not each line from [4, 5]"),
    ],
)
def test_no_line_can_be_added_taken_away_or_moved(
    folder: Path,
    answered: list[dict[str, Any]],
    changed: Callable[[list[dict[str, Any]]], list[dict[str, Any]]],
    why: str,
) -> None:
    said = check_lines(folder, changed(answered))
    assert (said.exit_code, why in said.stdout) == (1, True)


def test_receipts_alone_of_an_answer_to_lines_are_checked_and_lines_without_any_are_an_error(
    folder: Path, answered: list[dict[str, Any]]
) -> None:
    assert check_lines(folder, [each for each in answered if "receipt" in each]).exit_code == 0
    assert check_lines(folder, answered[7:]).exit_code == 2
    assert check_lines(folder, answered[-1:]).exit_code == 2


def test_what_is_put_into_a_result_of_a_batch_is_not_taken_for_proved(folder: Path) -> None:
    recording = begin(folder, made_keys(folder))
    asked = [verification(), malformed()]
    kept = recording.keep(TAX, OCCASION, asked, batch=True)
    recording.close()
    results = [{**each.to_json(), "case": "another"} for each in asked]
    (folder / "whole.json").write_text(json.dumps({"receipt": kept.receipt, "results": results}), encoding="utf-8")
    assert "results[0].case" in json.loads(check(folder, "whole.json", "jwks.json", "--json").stdout)["unproved"]
