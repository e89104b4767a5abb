"""`ecert verify`: verdicts in words or JSON, exit codes, and one bad file that stops nobody else."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner
from typer.testing import Result as Ran

from ecert.facts import Status
from ecert.verdict import Result
from tests.tables import give_tables
from tests.verifier.shelf import BAD_FILES, DEPLOYMENT, Shelf, stock
from verifier.cli import COMMANDS, build
from verifier.commands.verify import exit_code


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    shelf = stock(tmp_path_factory.mktemp("shelf"))
    shelf.change(2, Status.REVOKED)
    return shelf


@pytest.fixture
def files(tmp_path: Path, shelf: Shelf) -> list[str]:
    paths = [tmp_path / f"{index}.ecert.json" for index in range(3)]
    for path, content in zip(paths, shelf.files, strict=True):
        path.write_bytes(content)
    return [str(path) for path in paths]


def ecert(*arguments: str, data: Path | None = None) -> Ran:
    everything = [*arguments, *(["--data", str(data)] if data else [])]
    return CliRunner().invoke(build(everything), everything)


def verify(shelf: Shelf, *arguments: str) -> Ran:
    return ecert("verify", *arguments, data=shelf.folder)


def objects(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_valid_file_is_told_in_words_and_exits_0(shelf: Shelf, files: list[str]) -> None:
    ran = verify(shelf, files[0])
    assert ran.exit_code == 0
    assert ran.stdout.startswith(f"VALID  {files[0]}")


def test_an_invalid_file_says_why_and_what_to_do_and_exits_1(shelf: Shelf, files: list[str]) -> None:
    ran = verify(shelf, files[2])
    assert ran.exit_code == 1
    assert "revoked: The agency revoked this certificate on" in ran.stdout
    assert "Do not accept it" in ran.stdout
    assert "发证机构已于" in verify(shelf, files[2], "--lang", "zh").stdout


def test_json_is_one_object_a_file_and_nothing_else(shelf: Shelf, files: list[str]) -> None:
    ran = verify(shelf, "--json", *files)
    said = objects(ran)
    assert [one["file"] for one in said] == files
    assert [one["result"] for one in said] == ["VALID", "VALID", "INVALID"]
    for one in said:
        assert {"file", "result", "reasons", "checks", "as_of"} <= set(one)
    assert ran.exit_code == 1


def test_a_folder_and_a_pattern_stand_for_what_they_hold(shelf: Shelf, files: list[str], tmp_path: Path) -> None:
    (tmp_path / "other.txt").write_text("not asked about")
    assert [one["file"] for one in objects(verify(shelf, "--json", str(tmp_path)))] == files
    assert [one["file"] for one in objects(verify(shelf, "--json", str(tmp_path / "[01].*")))] == files[:2]


def test_a_folder_or_pattern_without_certificates_is_an_error(shelf: Shelf, tmp_path: Path) -> None:
    (said,) = objects(ran := verify(shelf, "--json", str(tmp_path)))
    assert (said["result"], ran.exit_code) == ("UNKNOWN", 2)
    assert "no certificate files" in said["error"]
    assert objects(verify(shelf, "--json", str(tmp_path / "*.json")))[0]["error"]


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_bad_file_gets_its_verdict_and_the_others_theirs(
    kind: str, shelf: Shelf, files: list[str], tmp_path: Path
) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(BAD_FILES[kind](shelf.files[0]))
    ran = verify(shelf, "--json", str(bad), files[0])
    first, second = objects(ran)
    assert (first["result"], first["reasons"]) == ("INVALID", ["malformed"])
    assert first["checks"][0]["detail"]["place"]
    assert second["result"] == "VALID"
    assert ran.exit_code == 1


def test_a_file_that_an_editor_saved_in_another_encoding_is_told_by_that(shelf: Shelf, tmp_path: Path) -> None:
    bad = tmp_path / "bad"
    bad.write_bytes(BAD_FILES["wrong encoding"](shelf.files[0]))
    said = verify(shelf, str(bad)).output
    assert "    certificate: saved as UTF-16: it must be UTF-8 without a byte order mark\n" in said


def test_nothing_in_a_file_or_its_name_moves_or_hides_what_the_terminal_shows(shelf: Shelf, tmp_path: Path) -> None:
    bad = tmp_path / "a\x1b[8m\n.ecert.json"
    bad.write_text(json.dumps({"\r\x1b[1A\x1b[2KVALID  good.ecert.json\x9b8m\u202e" + "x" * 999: "\ud800"}))
    said = verify(shelf, str(bad)).output
    assert said.startswith("INVALID  ")
    assert said.replace("\n", "").isprintable()
    assert max(map(len, said.splitlines())) < 300


def test_a_file_of_1_gb_is_not_read(shelf: Shelf, tmp_path: Path) -> None:
    large = tmp_path / "large.ecert.json"
    with large.open("wb") as file:
        file.truncate(1024**3)
    (said,) = objects(verify(shelf, "--json", str(large)))
    assert (said["result"], said["reasons"]) == ("INVALID", ["malformed"])


def test_what_cannot_be_read_is_an_error_and_the_others_go_on(shelf: Shelf, files: list[str], tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    missing = str(tmp_path / "missing.ecert.json")
    ran = verify(shelf, "--json", missing, str(pipe), files[0])
    said = objects(ran)
    assert [one["result"] for one in said] == ["UNKNOWN", "UNKNOWN", "VALID"]
    assert "No such file" in said[0]["error"]
    assert "not a file" in said[1]["error"]
    assert ran.exit_code == 2


def test_what_goes_wrong_is_told_in_chinese_where_that_is_asked_for(
    shelf: Shelf, files: list[str], tmp_path: Path
) -> None:
    pipe, bad, none = tmp_path / "pipe", tmp_path / "bad.ecert.json", tmp_path / "none"
    os.mkfifo(pipe)
    none.mkdir()
    bad.write_bytes(b"\xff")
    ran = verify(shelf, "--lang", "zh", "missing.ecert.json", str(pipe), str(none), str(bad))
    assert "  无法读取：文件不存在\n" in ran.stdout
    assert "  无法读取：不是普通文件\n" in ran.stdout
    assert "  此处没有找到证照文件（*.ecert.json）\n" in ran.stdout
    assert "技术细节（英文）：" in ran.stdout
    for wrong in (["--at", "x"], ["--expect", "x"], ["--holder-name", "x"], ["--document", "none.pdf"]):
        refused = verify(shelf, "--lang", "zh", files[0], *wrong)
        assert (refused.exit_code, refused.stderr.isascii()) == (2, False), refused.stderr
    away = ecert("verify", "--lang", "zh", "--url", "http://127.0.0.1:9", files[0])
    assert "服务未应答：连接被拒绝" in away.stdout


def test_invalid_goes_before_unknown_and_that_before_valid() -> None:
    assert exit_code([]) == 0
    assert exit_code([Result.VALID]) == 0
    assert exit_code([Result.VALID, Result.UNKNOWN]) == 2
    assert exit_code([Result.UNKNOWN, Result.INVALID, Result.VALID]) == 1


def test_statements_are_compared(shelf: Shelf, files: list[str]) -> None:
    right = ("--expect", "legal_representative=张三", "--holder-id", "91420111MAB3PRHM8E")
    assert verify(shelf, files[0], *right).exit_code == 0
    ran = verify(shelf, files[0], "--expect", "legal_representative=李四")
    assert ran.exit_code == 1
    assert "field_mismatch" in ran.stdout
    assert "李四" not in ran.stdout


def test_a_holder_who_differs_is_named_in_the_language_of_the_rest(shelf: Shelf, files: list[str]) -> None:
    other = ("--holder-id", "91420111MAB3PRHM8F", "--expect", "legal_representative=李四")
    said = verify(shelf, files[0], *other, "--lang", "zh").stdout
    assert "“法定代表人”、“持证人”" in said
    assert '"holder"' in verify(shelf, files[0], *other, "--lang", "en").stdout


def test_a_statement_about_no_field_is_named_with_the_one_that_may_be_meant(shelf: Shelf, files: list[str]) -> None:
    ran = verify(shelf, files[0], "--expect", "legal_representativ=张三")
    assert ran.exit_code == 2
    told = "legal_representativ: this type of certificate has no such field; did you mean legal_representative?"
    assert told in ran.stdout
    assert "该类证照没有这个字段" in verify(shelf, files[0], "--expect", "colour=red", "--lang", "zh").stdout


def test_chinese_is_written_without_spaces_between_sentences_and_counts_in_chinese(
    shelf: Shelf, files: list[str]
) -> None:
    said = verify(shelf, *files, "--lang", "zh").stdout
    assert "撤销该证照。不予受理" in said
    assert said.splitlines()[-1] == "共 3 个文件：2 有效，1 无效，0 无法判定"
    assert verify(shelf, *files).stdout.splitlines()[-1] == "3 files: 2 VALID, 1 INVALID, 0 UNKNOWN"


def test_an_old_copy_is_unknown_unless_its_age_is_accepted(tmp_path: Path, shelf: Shelf) -> None:
    (tmp_path / "old").mkdir()
    old = stock(tmp_path / "old", now=shelf.now - 3600)
    file = tmp_path / "of-old.ecert.json"
    file.write_bytes(old.files[0])
    assert verify(old, str(file)).exit_code == 2
    assert verify(old, str(file), "--max-age", "7200").exit_code == 0


def test_a_document_that_came_along_is_hashed(shelf: Shelf, files: list[str], tmp_path: Path) -> None:
    scan = tmp_path / "scan.pdf"
    scan.write_bytes(b"%PDF-1.7")
    ran = verify(shelf, files[0], "--document", str(scan))
    assert ran.exit_code == 2
    assert "document_unknown" in ran.stdout
    assert "cannot be read" in verify(shelf, files[0], "--document", str(tmp_path / "none.pdf")).stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--expect", "area"), "NAME=VALUE"),
        (("--expect", "a=1", "--expect", "a=2"), "twice"),
        (("--expect", "people:=[1"), "people"),
        (("--holder-name", "张三"), "--holder-id"),
        (("--at", "yesterday"), "--at"),
        (("--at", "20260503"), "--at"),
    ],
)
def test_options_that_make_no_sense_are_refused_before_anything_is_read(
    options: tuple[str, ...], said: str, shelf: Shelf, files: list[str]
) -> None:
    ran = verify(shelf, files[0], *options)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert said in ran.stderr


def test_a_day_can_be_asked_about(shelf: Shelf, files: list[str]) -> None:
    (said,) = objects(verify(shelf, "--json", files[0], "--at", "2019-05-03"))
    assert said["at"] == 1_556_812_800
    assert "not_yet_valid" in said["reasons"]


def test_without_a_ledger_copy_the_command_says_what_to_start(files: list[str], tmp_path: Path) -> None:
    DEPLOYMENT.save(tmp_path / "deployment.json")
    ran = ecert("verify", files[0], data=tmp_path)
    assert ran.exit_code == 2
    assert "ecert migrate" in ran.stderr
    give_tables(f"sqlite:///{tmp_path / 'ecert.sqlite'}")
    ran = ecert("verify", files[0], data=tmp_path)
    assert ran.exit_code == 2
    assert "ecert serve" in ran.stderr


class Service(BaseHTTPRequestHandler):
    """Answers whatever it was told to, and keeps what it was asked."""

    status = 200
    answer = b"{}"
    asked: list[bytes] = []  # noqa: RUF012 - shared on purpose

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(self.status)
        self.send_header("content-length", str(len(self.answer)))
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - the library's own name
        """Say nothing."""


@pytest.fixture
def service() -> Iterator[str]:
    Service.asked.clear()
    server = HTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_running_service_can_be_asked_instead(
    service: str, shelf: Shelf, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    verdict: dict[str, object] = {"result": "VALID", "reasons": [], "checks": [], "as_of": None}
    monkeypatch.setattr(Service, "status", 200)
    monkeypatch.setattr(Service, "answer", json.dumps(verdict).encode())
    ran = ecert("verify", "--url", service, "--json", files[0], "--expect", "area=98.44", "--at", "5")
    assert objects(ran) == [{"file": files[0], **verdict}]
    assert shelf.files[0] in Service.asked[0]
    assert b'{"area": "98.44"}' in Service.asked[0]


def test_a_service_that_answers_otherwise_or_not_at_all_is_an_error(
    service: str, files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Service, "status", 503)
    monkeypatch.setattr(Service, "answer", b'{"detail": "Nothing can be judged yet"}')
    (said,) = objects(ran := ecert("verify", "--url", service, "--json", files[0]))
    assert (said["result"], ran.exit_code) == ("UNKNOWN", 2)
    assert "503: Nothing can be judged yet" in said["error"]
    monkeypatch.setattr(Service, "answer", b"<html>")
    (said,) = objects(ecert("verify", "--url", service, "--json", files[0]))
    assert said["error"] == "the service answered 503: that is no verdict: is this the address of the service?"
    assert "did not answer" in objects(ecert("verify", "--url", "http://127.0.0.1:9", "--json", files[0]))[0]["error"]
    assert "no http(s) address" in ecert("verify", "--url", "ftp://x", files[0]).stderr


def test_what_is_too_large_is_not_sent_to_a_service(service: str, tmp_path: Path) -> None:
    large = tmp_path / "large.ecert.json"
    with large.open("wb") as file:
        file.truncate(1024**3)
    (said,) = objects(ecert("verify", "--url", service, "--json", str(large)))
    assert (said["result"], said["as_of"]) == ("INVALID", None)
    assert Service.asked == []


def test_many_files_are_summed_up(shelf: Shelf, tmp_path: Path) -> None:
    for index in range(25):
        (tmp_path / f"{index:02}.ecert.json").write_bytes(shelf.files[index % 3])
    ran = verify(shelf, str(tmp_path))
    assert "25 files: 17 VALID, 8 INVALID, 0 UNKNOWN" in ran.stdout
    assert "VALID  " + str(tmp_path / "00.ecert.json") not in ran.stdout.splitlines()


WITHOUT_DATA = {("present",), ("receipt", "check"), ("matter", "check"), ("trust", "root"), ("trust", "check")}
"""Commands that need no data directory."""


def commands(group: TyperGroup, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command by its words, those of groups included."""
    for name, command in group.commands.items():
        yield (*above, name)
        if isinstance(command, TyperGroup):
            yield from commands(command, (*above, name))


def test_every_command_has_help() -> None:
    whole = get_command(build([]))
    assert isinstance(whole, TyperGroup)
    found = list(commands(whole))
    assert {words[0] for words in found} == set(COMMANDS)
    assert ecert("--help").exit_code == 0
    for words in found:
        ran = ecert(*words, "--help")
        assert ran.exit_code == 0, words
        is_group = any(other[:-1] == words for other in found)
        assert is_group or "--data" in ran.stdout or words in WITHOUT_DATA, words


def test_help_breaks_where_the_terminal_ends_and_not_where_the_source_did(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    (paragraph,) = [line for line in ecert("issue", "--help").stdout.splitlines() if "Every row is checked" in line]
    assert "(*.results.csv)" in paragraph


def test_migrate_can_be_repeated(tmp_path: Path) -> None:
    assert "from version none" in ecert("migrate", data=tmp_path).stdout
    assert "already" in ecert("migrate", data=tmp_path).stdout
