"""`ecert issue` and `ecert status`, as a person or a script types them."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from chain.deployment import Deployment
from ecert.types import bundled_types
from tests.verifier.office import AGENCY, DEPLOYMENT, LEDGER, City, make_city
from tests.verifier.test_issuing import citizen_id, nothing_stored, row, table
from verifier.cli import build

EVERY = 0.02
"""Seconds between two steps of the ledger."""


@pytest.fixture(name="city")
def city_(tmp_path: Path) -> Iterator[City]:
    city = make_city(tmp_path / "city", now=int(time.time()))
    (city.folder / "ecert.toml").write_text('status_base = "https://status.example"\n', encoding="utf-8")
    DEPLOYMENT.save(city.folder / "deployment.json")
    with city.database:
        yield city


def ecert(city: City, *arguments: str | Path) -> Result:
    words = [str(each) for each in arguments]
    return CliRunner().invoke(build(words), [*words, "--data", str(city.folder)])


def answer(result: Result) -> dict[str, Any]:
    value = json.loads(result.stdout)
    assert isinstance(value, dict)
    return value


def issue(city: City, file: Path, *options: str | Path, slug: str = "health-certificate") -> Result:
    return ecert(city, "issue", file, "--type", slug, "--agency", AGENCY, *options)


def test_a_table_is_issued(city: City) -> None:
    with city.served(EVERY):
        result = issue(city, table(city, [row(1), row(2)]))
    assert result.exit_code == 0, result.output
    assert "2 certificates in 1 batch, 2 handed out, 0 rows passed over" in result.stdout
    assert len(city.files()) == 2


def test_with_json_stdout_holds_one_object_and_nothing_else(city: City) -> None:
    with city.served(EVERY):
        result = issue(city, table(city, [row(1), row(2)]), "--json", "--out", city.folder / "elsewhere")
    said = answer(result)
    assert (said["state"], said["rows"], said["issued"], said["handed_out"]) == ("done", 2, 2, 2)
    assert Path(said["results"]).is_relative_to(city.folder / "elsewhere" / AGENCY)


def test_a_bad_row_ends_with_2_and_names_file_line_and_field(city: City) -> None:
    rows = [row(n) for n in range(3)]
    rows[1] = row(1, holder_id=citizen_id(1)[:-1] + "?")
    file = table(city, rows)
    result = issue(city, file)
    assert result.exit_code == 2
    assert "health.csv:3: holder_id: " in result.stderr
    assert "nothing of this file was stored" in result.stderr
    assert result.stdout == ""
    said = answer(issue(city, file, "--json"))
    assert said["state"] == "refused"
    assert said["faults_in_all"] == 1
    assert {name: said["faults"][0][name] for name in ("file", "line", "field")} == {
        "file": "health.csv",
        "line": 3,
        "field": "holder_id",
    }
    assert nothing_stored(city)


def test_a_dry_run_says_what_would_be(city: City) -> None:
    result = issue(city, table(city, [row(1), row(2, holder_name="")]), "--dry-run", "--skip-bad", "--json")
    assert result.exit_code == 0
    assert {name: answer(result)[name] for name in ("state", "rows", "bad", "job")} == {
        "state": "checked",
        "rows": 1,
        "bad": 1,
        "job": None,
    }


def test_an_unknown_type_names_those_there_are(city: City) -> None:
    result = issue(city, table(city, [row(1)]), slug="health")
    assert result.exit_code == 2
    assert all(slug in result.stderr for slug in bundled_types())


@pytest.mark.parametrize("name", ["健康证明", "urn", "HEALTH-certificate", "english"])
def test_a_type_may_be_named_by_any_of_its_names(city: City, name: str) -> None:
    known = bundled_types()["health-certificate"]
    slug = {"健康证明": known.zh, "urn": known.vct, "english": known.en}.get(name, name)
    assert issue(city, table(city, [row(1)]), "--dry-run", slug=slug).exit_code == 0


def test_the_same_table_again_says_when_it_was_issued_and_what_is_kept_back(city: City) -> None:
    file = table(city, [row(n) for n in range(5)])
    with city.served(EVERY):
        assert "issued already" not in issue(city, file, "--batch-size", "3").stdout
        refused = ecert(city, "status", "revoke", AGENCY, "1", "--reason", "lost\u202e")
        assert (refused.exit_code, "--reason: one line of text is due" in refused.stderr) == (2, True)
        assert ecert(city, "status", "revoke", AGENCY, "1").exit_code == 0
        assert ecert(city, "status", "suspend", AGENCY, "2-3").exit_code == 0
        result = issue(city, file)
    assert result.exit_code == 0
    assert "issued already on 20" in result.stdout
    assert "5 certificates in 2 batches, 2 handed out (1 revoked, 2 suspended: not handed out)" in result.stdout


def test_what_is_not_out_yet_is_said_to_wait(city: City) -> None:
    result = issue(city, table(city, [row(1)]), "--no-wait")
    assert "1 certificate in 1 batch, 0 handed out (1 waiting for the ledger: not handed out)" in result.stdout


def test_a_folder_that_cannot_be_written_ends_with_2_and_one_line(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = table(city, [row(1)])
    for command in (("issue", file, "--type", "health-certificate", "--agency", AGENCY), ("reissue",)):
        result = ecert(city, *command, "--out", "/proc/nope")
        assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
        assert "files cannot be written in /proc/nope" in result.stderr
    assert nothing_stored(city)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / "full"))

    with city.served(EVERY), monkeypatch.context() as patched:
        patched.setattr("verifier.services.handing_out.write_files", full)
        result = issue(city, file, "--json")
    assert result.exit_code == 2
    assert f"{tmp_path / 'full'}: No space left on device; nothing is lost. Run the same command" in result.stderr
    assert answer(result)["state"] == "stopped"
    with city.served(EVERY):
        assert issue(city, file).exit_code == 0


def test_an_agency_without_keys_is_told_so(city: City) -> None:
    file = table(city, [row(1)])
    result = ecert(city, "issue", file, "--type", "health-certificate", "--agency", "TAX-1")
    assert result.exit_code == 2
    assert "TAX-1 has no certificate key here" in result.stderr


def test_when_nobody_serves_the_waiting_ends_and_the_same_command_goes_on(city: City) -> None:
    file = table(city, [row(1)])
    result = issue(city, file, "--timeout", "0.3", "--json")
    assert result.exit_code == 2
    assert answer(result)["state"] == "stopped"
    assert "nothing is lost" in result.stderr
    result = issue(city, file, "--no-wait", "--json")
    assert (result.exit_code, answer(result)["state"]) == (0, "waiting")
    with city.served(EVERY):
        assert issue(city, file).exit_code == 0
    assert len(city.files()) == 1


def test_an_interruption_says_how_to_go_on(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    file = table(city, [row(1)])
    with monkeypatch.context() as patched:
        patched.setattr("time.sleep", interrupt)
        result = issue(city, file, "--json")
    assert result.exit_code == 2
    assert answer(result)["state"] == "interrupted"
    assert "nothing is lost. Run the same command again" in result.stderr
    with city.served(EVERY):
        assert issue(city, file).exit_code == 0


class TestStatus:
    """`ecert status`."""

    @pytest.fixture(autouse=True)
    def _issued(self, city: City) -> Iterator[None]:
        with city.served(EVERY):
            assert issue(city, table(city, [row(n) for n in range(6)])).exit_code == 0
            yield

    def test_serials_and_ranges(self, city: City) -> None:
        result = ecert(city, "status", "suspend", AGENCY, "1", "3-5", "--reason", "lost", "--json")
        assert result.exit_code == 0, result.output
        said = answer(result)
        assert (said["state"], said["changed"], said["already"]) == ("done", [1, 3, 4, 5], [])
        assert {call["state"] for call in said["calls"]} == {"settled"}
        result = ecert(city, "status", "reinstate", AGENCY, "3-5")
        assert result.stdout == "3 reinstated (settled on the ledger)\n"
        again = ecert(city, "status", "reinstate", AGENCY, "1", "3-5")
        assert again.stdout == "1 reinstated (settled on the ledger), 3 were in force before\n"
        assert ecert(city, "status", "reinstate", AGENCY, "1").stdout == "1 was in force before\n"

    def test_certificate_files(self, city: City) -> None:
        files = city.files()
        assert answer(ecert(city, "status", "revoke", files[2], "--json"))["changed"] == [2]
        assert answer(ecert(city, "status", "revoke", AGENCY, files[4], "--json"))["changed"] == [4]

    def test_a_number(self, city: City) -> None:
        words = ("--number", "420111201700000003", "--type", "health-certificate", "--json")
        assert answer(ecert(city, "status", "revoke", AGENCY, *words))["changed"] == [3]

    @pytest.mark.parametrize(
        ("words", "why"),
        [
            ((AGENCY,), "no certificate is named"),
            ((AGENCY, "x"), "'x' is no serial"),
            ((AGENCY, "5-3"), "5-3 is no range"),
            ((AGENCY, "0-100000"), "is no range of at most"),
            ((AGENCY, "6"), "serial 6 of HOUSING-1 is not on the ledger"),
            ((AGENCY, "--number", "5"), "--number needs --type"),
            ((AGENCY, "--number", "5", "--type", "x"), "no certificate type 'x'"),
            (("TAX-1", "1"), "TAX-1 has no ledger key"),
            (("x/y", "1"), "no agency code"),
        ],
    )
    def test_what_cannot_be_meant_is_refused(self, city: City, words: tuple[str, ...], why: str) -> None:
        result = ecert(city, "status", "revoke", *words)
        assert result.exit_code == 2
        assert why in result.stderr

    def test_a_file_of_another_agency_or_ledger_is_refused(self, city: City, tmp_path: Path) -> None:
        result = ecert(city, "status", "revoke", "TAX-1", city.files()[0])
        assert "several agencies" in result.stderr
        broken = tmp_path / "broken.ecert.json"
        broken.write_bytes(b"{}")
        assert ecert(city, "status", "revoke", broken).exit_code == 2
        deployment = Deployment.load(city.folder / "deployment.json")
        assert deployment.name == LEDGER
        (city.folder / "deployment.json").write_text(
            (city.folder / "deployment.json").read_text().replace("01", "02", 1), encoding="utf-8"
        )
        assert ecert(city, "status", "revoke", city.files()[0]).exit_code == 2


def in_chinese(text: str) -> bool:
    """Tell whether every line has Chinese and no English sentence in it."""
    lines = [line for line in text.splitlines() if line]
    return bool(lines) and not [
        line for line in lines if not re.search("[\u4e00-\u9fff]", line) or re.search("[a-z]+ [a-z]+ [a-z]+", line)
    ]


def test_in_chinese_a_table_is_issued(city: City) -> None:
    file = table(city, [row(1), row(2), row(3, holder_name="")])
    with city.served(EVERY):
        checked = issue(city, file, "--dry-run", "--skip-bad", "--lang", "zh")
        first = issue(city, file, "--skip-bad", "--lang", "zh")
        assert ecert(city, "status", "revoke", AGENCY, "1").exit_code == 0
        again = issue(city, file, "--skip-bad", "--lang", "zh")
    assert "2 行可以签发，1 行不能；未保存任何内容" in checked.stdout
    assert "health.csv:4: holder_name: 为必填项，未填写" in checked.stderr
    assert "已签发 2 份证照，共 1 批；已发放 2 份；略过 1 行" in first.stdout
    assert "已于 20" in again.stdout
    assert "已发放 1 份（未发放：1 份：发证机构已撤销该证照）" in again.stdout
    for ran in (checked, first, again):
        assert ran.exit_code == 0
        assert in_chinese(ran.stdout)
        assert in_chinese(ran.stderr)


def test_in_chinese_a_table_is_refused_and_json_stays_for_programs(city: City) -> None:
    file = table(city, [row(n, holder_name="") for n in range(25)])
    refused = issue(city, file, "--lang", "zh")
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "……另有 5 处错误" in refused.stderr
    assert "ecert: 未保存该文件的任何内容" in refused.stderr
    assert in_chinese(refused.stderr)
    assert answer(issue(city, file, "--lang", "zh", "--json")) == answer(issue(city, file, "--json"))


def test_in_chinese_it_is_said_why_nothing_is_issued(city: City) -> None:
    file = table(city, [row(1)])
    for options, said in [
        (("--timeout", "0"), "等待账本：0 秒内未完成；没有任何内容丢失"),
        (("--out", "/dev/null/x"), "无法在 /dev/null/x/"),
        (("--documents", "/nowhere"), "/nowhere 不是文件夹"),
    ]:
        ran = issue(city, file, *options, "--lang", "zh")
        assert ran.exit_code == 2
        assert said in ran.stderr
        assert in_chinese(ran.stderr)
    unknown = issue(city, file, "--lang", "zh", slug="health")
    assert "没有证照类型“health”；可用：" in unknown.stderr
