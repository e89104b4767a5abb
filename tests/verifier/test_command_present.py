"""`ecert present`: a copy that shows only chosen fields, and what it will not do."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner
from typer.testing import Result as Ran

from ecert.parsing import parse
from tests.ecert.making import filed, signed
from verifier.cli import COMMANDS, build


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "title.ecert.json"
    path.write_bytes(filed())
    return path


def present(*arguments: object) -> Ran:
    everything = ["present", *map(str, arguments)]
    return CliRunner().invoke(build(everything), everything)


def shown(path: Path) -> set[str]:
    return {each.name for each in parse(path.read_bytes()).disclosures}


def test_it_is_one_of_the_commands() -> None:
    assert COMMANDS["present"] == "verifier.commands.present"


def test_the_copy_shows_only_what_was_chosen_and_lies_beside_the_original(file: Path) -> None:
    ran = present(file, "--show", "use, area_m2", "--show", "title_number")
    copy = file.with_name("title.shown.ecert.json")
    assert ran.exit_code == 0
    assert shown(copy) == {"use", "area_m2", "title_number"}
    assert parse(copy.read_bytes()).signed == parse(file.read_bytes()).signed
    assert parse(copy.read_bytes()).path == parse(file.read_bytes()).path
    assert str(copy) in ran.stdout


def test_a_compact_form_stays_one(tmp_path: Path) -> None:
    compact = tmp_path / "title.txt"
    compact.write_text(signed().compact())
    out = tmp_path / "copy"
    assert present(compact, "--show", "use", "--out", out).exit_code == 0
    assert out.read_text().startswith(f"{signed().jwt}~")
    assert shown(out) == {"use"}
    assert present(compact, "--show", "use").exit_code == 0
    assert shown(tmp_path / "title.shown.txt") == {"use"}


def test_json_says_what_is_shown_and_what_is_withheld(file: Path) -> None:
    ran = present(file, "--show", "use", "--json")
    said = json.loads(ran.stdout)
    assert (said["state"], said["file"], said["shown"]) == ("done", str(file), ["use"])
    assert set(said["shown"]) | set(said["withheld"]) == shown(file)
    assert shown(Path(said["out"])) == {"use"}
    assert "title_number" in said["essential_withheld"]
    assert "address" not in said["essential_withheld"]


def test_a_copy_without_essential_fields_is_written_with_a_word_about_it(file: Path) -> None:
    ran = present(file, "--show", "use")
    assert ran.exit_code == 0
    assert "without area_m2, holders" in ran.stderr
    everything = ",".join(shown(file))
    assert present(file, "--show", everything, "--out", file.with_name("all")).stderr == ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("title_nubmer", "did you mean title_number or"),
        ("xyz", "there are title_number, holders"),
    ],
)
def test_a_name_that_is_no_field_is_refused_with_those_that_look_like_it(file: Path, name: str, words: str) -> None:
    ran = present(file, "--show", f"use,{name}", "--json")
    assert ran.exit_code == 2
    assert words in ran.stderr
    assert json.loads(ran.stdout) == {"state": "stopped", "message": ran.stderr.removeprefix("ecert: ").strip()}
    assert not file.with_name("title.shown.ecert.json").exists()


def test_a_field_that_a_copy_withholds_cannot_be_shown_again(file: Path) -> None:
    present(file, "--show", "use")
    ran = present(file.with_name("title.shown.ecert.json"), "--show", "address")
    assert ran.exit_code == 2
    assert "address is withheld in this copy already" in ran.stderr


@pytest.mark.parametrize("show", ["", " , "])
def test_a_copy_of_no_field_is_not_meant(file: Path, show: str) -> None:
    ran = present(file, "--show", show)
    assert ran.exit_code == 2
    assert "no field is named" in ran.stderr
    assert not file.with_name("title.shown.ecert.json").exists()


def test_nothing_is_written_over_without_force(file: Path) -> None:
    out = file.with_name("copy.ecert.json")
    out.write_text("precious")
    refused = present(file, "--show", "use", "--out", out)
    assert (refused.exit_code, out.read_text()) == (2, "precious")
    assert "--force" in refused.stderr
    assert present(file, "--show", "use", "--out", out, "--force").exit_code == 0
    assert shown(out) == {"use"}


def test_the_original_is_never_written_over(file: Path) -> None:
    ran = present(file, "--show", "use", "--out", file, "--force")
    assert (ran.exit_code, file.read_bytes()) == (2, filed())
    assert "is the original" in ran.stderr


def test_what_cannot_be_read_or_written_or_is_no_certificate_is_said(file: Path, tmp_path: Path) -> None:
    missing = present(tmp_path / "missing", "--show", "use")
    assert (missing.exit_code, "cannot be read" in missing.stderr) == (2, True)
    nowhere = present(file, "--show", "use", "--out", tmp_path / "no" / "folder")
    assert (nowhere.exit_code, "cannot be written" in nowhere.stderr) == (2, True)
    (tmp_path / "junk").write_text("junk")
    junk = present(tmp_path / "junk", "--show", "use")
    assert (junk.exit_code, junk.stderr.startswith(f"ecert: {tmp_path / 'junk'} is no certificate: ")) == (2, True)
