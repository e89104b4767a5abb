"""`ecert organisation`, `ecert client` and `ecert account`, as a person or a script types them."""

from __future__ import annotations

import json
import stat
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from store import accounts
from store.database import Database
from tests.tables import give_tables
from verifier.access.client_secrets import matches
from verifier.access.meter import day_of
from verifier.callers import Act
from verifier.cli import build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    give_tables(f"sqlite:///{tmp_path / 'ecert.sqlite'}")
    done(tmp_path, "organisation", "add", "TAX", "The tax office")
    done(tmp_path, "organisation", "office", "add", "TAX", "7", "Counter 7")
    done(tmp_path, "organisation", "add", "REGISTRY", "不动产登记中心", "--agency", "REGISTRY-1")
    return tmp_path


def ecert(folder: Path, *words: str) -> Result:
    return CliRunner().invoke(build(list(words)), [*words, "--data", str(folder)], catch_exceptions=False)


def done(folder: Path, *words: str) -> dict[str, Any]:
    result = ecert(folder, *words, "--json")
    assert result.exit_code == 0, result.output
    value: dict[str, Any] = json.loads(result.stdout)
    return value


def refused(folder: Path, *words: str) -> str:
    result = ecert(folder, *words)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    return result.output


def test_organisations_are_added_renamed_and_listed(folder: Path) -> None:
    done(folder, "organisation", "rename", "TAX", "City tax office")
    done(folder, "organisation", "office", "rename", "TAX", "7", "Counter seven")
    assert done(folder, "organisation", "list") == {
        "organisations": [
            {"code": "REGISTRY", "name": "不动产登记中心", "agency": "REGISTRY-1", "offices": []},
            {
                "code": "TAX",
                "name": "City tax office",
                "agency": None,
                "offices": [{"code": "7", "name": "Counter seven"}],
            },
        ]
    }
    assert "relies only" in ecert(folder, "organisation", "list").output
    assert "already" in refused(folder, "organisation", "add", "TAX", "x")
    assert "already" in refused(folder, "organisation", "office", "add", "TAX", "7", "x")
    assert "no code" in refused(folder, "organisation", "add", "a b", "x")
    assert "one line" in refused(folder, "organisation", "add", "B", " ")
    assert "no organisation" in refused(folder, "organisation", "rename", "NONE", "x")
    assert "no organisation" in refused(folder, "organisation", "office", "add", "NONE", "1", "x")
    assert "no office" in refused(folder, "organisation", "office", "rename", "TAX", "8", "x")


def test_a_client_gets_its_secret_once_and_a_second_for_the_change(folder: Path) -> None:
    asked = ("client", "add", "tax-city", "--organisation", "TAX", "--office", "7", "--scope", "verify")
    made = done(
        folder, *asked, "--matter", "deed-tax-home", "--ground", "duty", "--per-minute", "6000", "--per-day", "9"
    )
    (listed,) = done(folder, "client", "list")["clients"]
    assert (listed["defaults"], listed["per_minute"]) == ({"matter": "deed-tax-home", "ground": "duty"}, 6000)
    assert made["secret"] not in json.dumps(listed)
    with Database.open(f"sqlite:///{folder / 'ecert.sqlite'}") as database, database.read() as connection:
        digest = connection.exec_driver_sql("SELECT hash FROM client_secrets").scalar_one()
    assert matches(made["secret"], [bytes(digest)])
    second = done(folder, "client", "secret", "add", "tax-city")
    assert second["secret"] != made["secret"]
    assert "retire one" in refused(folder, "client", "secret", "add", "tax-city")
    done(folder, "client", "secret", "retire", "tax-city", str(made["secret_number"]), "--in-days", "3")
    assert "until" in ecert(folder, "client", "list").output
    done(folder, "client", "secret", "retire", "tax-city", str(made["secret_number"]))
    done(folder, "client", "secret", "add", "tax-city")
    assert "no secret" in refused(folder, "client", "secret", "retire", "tax-city", "99")


def test_a_client_is_stopped_and_let_in_again(folder: Path) -> None:
    done(folder, "client", "add", "tax-city", "--organisation", "TAX", "--scope", "verify")
    assert "disabled" in ecert(folder, "client", "disable", "tax-city").output
    assert "already" in ecert(folder, "client", "disable", "tax-city").output
    assert "DISABLED" in ecert(folder, "client", "list").output
    done(folder, "client", "enable", "tax-city")
    assert done(folder, "client", "scopes", "tax-city", "--scope", "audit")["scopes"] == ["audit"]
    assert "only relies" in refused(folder, "client", "scopes", "tax-city", "--scope", "issue")
    assert "no client" in refused(folder, "client", "disable", "nobody")
    assert "no client" in refused(folder, "client", "secret", "add", "nobody")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("Big", "--organisation", "TAX", "--scope", "verify"), "no name"),
        (("a", "--organisation", "NONE", "--scope", "verify"), "ecert organisation add NONE"),
        (("a", "--organisation", "TAX", "--office", "8", "--scope", "verify"), "ecert organisation office add TAX 8"),
        (("a", "--organisation", "TAX", "--scope", "issue"), "only relies"),
        (("a", "--organisation", "REGISTRY", "--scope", "admin"), "people alone"),
    ],
)
def test_a_client_that_cannot_be_is_refused_with_what_to_do(words: tuple[str, ...], said: str, folder: Path) -> None:
    assert said in refused(folder, "client", "add", *words).replace("\n", " ")


@pytest.mark.parametrize(
    "words", [("client", "add", "a", "--scope", "verify"), ("account", "add", "a", "--role", "clerk")]
)
def test_a_default_that_no_matter_s_file_has_is_refused_with_those_that_there_are(
    words: tuple[str, ...], folder: Path
) -> None:
    asked = (*words, "--organisation", "TAX", "--matter")
    said = refused(folder, *asked, "deed-tax")
    assert "--matter deed-tax: there is no such matter; known are contractor-check, deed-tax-home, " in said
    assert done(folder, words[0], "list") == {f"{words[0]}s": []}
    own_matter(folder, "our-own")
    assert done(folder, *asked, "our-own")["state"] == "done"


def own_matter(folder: Path, code: str) -> None:
    bundled = resources.files("verifier") / "matter_files" / "deed-tax-home.json"
    (folder / "matters").mkdir()
    own = json.dumps(json.loads(bundled.read_text("utf-8")) | {"code": code})
    (folder / "matters" / "own.json").write_text(own, encoding="utf-8")


def test_clients_and_accounts_share_their_names(folder: Path) -> None:
    done(folder, "client", "add", "one", "--organisation", "TAX", "--scope", "verify")
    assert "already" in refused(folder, "account", "add", "one", "--organisation", "TAX", "--role", "clerk")
    done(folder, "account", "add", "two", "--organisation", "TAX", "--role", "clerk")
    assert "already" in refused(folder, "client", "add", "two", "--organisation", "TAX", "--scope", "verify")


def test_usage_is_told_by_day_and_kind(folder: Path) -> None:
    from store import usage  # noqa: PLC0415
    from store.usage import Used  # noqa: PLC0415
    from verifier.clock import seconds_now  # noqa: PLC0415

    counts = {Used(client="tax-city", day=day_of(seconds_now()), kind=Act.VERIFICATION): 1234}
    with Database.open(f"sqlite:///{folder / 'ecert.sqlite'}") as database, database.begin() as connection:
        usage.add(connection, counts)
    (row,) = done(folder, "client", "usage")["usage"]
    assert (row["client"], row["kind"], row["count"]) == ("tax-city", "verification", 1234)
    assert "1,234" in ecert(folder, "client", "usage", "tax-city").output
    assert done(folder, "client", "usage", "other")["usage"] == []


def test_an_account_is_made_with_a_password_that_is_good_once(folder: Path) -> None:
    made = done(folder, "account", "add", "first", "--organisation", "TAX", "--role", "bureau")
    assert len(made["one_time_password"]) == 16
    with Database.open(f"sqlite:///{folder / 'ecert.sqlite'}") as database, database.read() as connection:
        known = accounts.read(connection, "first")
    assert known is not None
    assert known.one_time
    assert str(known.password).startswith("$argon2id$")
    again = done(folder, "account", "password", "first")
    assert again["one_time_password"] != made["one_time_password"]
    done(folder, "account", "disable", "first")
    assert "DISABLED" in ecert(folder, "account", "list").output
    done(folder, "account", "enable", "first")
    (listed,) = done(folder, "account", "list")["accounts"]
    assert listed["roles"] == ["bureau"]
    assert "argon2" not in json.dumps(listed)
    assert (
        done(folder, "account", "add", "second", "--organisation", "TAX", "--role", "clerk", "--subject", "s")[
            "one_time_password"
        ]
        is None
    )
    assert "no account" in refused(folder, "account", "disable", "nobody")
    assert "only relies" in refused(folder, "account", "add", "third", "--organisation", "TAX", "--role", "issuer")


def test_many_accounts_come_from_a_file_and_their_passwords_go_to_one(folder: Path) -> None:
    file, passwords = folder / "people.csv", folder / "passwords.csv"
    file.write_text(
        "\ufeffname,organisation,office,roles,matter,ground,subject\r\n"
        "clerk-1,TAX,7,clerk,deed-tax-home,duty,\r\n"
        "\r\n"
        "boss@registry,REGISTRY,,agency-admin issuer,,,sub-9\r\n",
        encoding="utf-8",
    )
    made = done(folder, "account", "import", str(file), "--passwords", str(passwords))
    assert made["accounts"] == 2
    lines = passwords.read_text("utf-8").splitlines()
    assert lines[0] == "name,one_time_password"
    assert len(lines) == 2
    assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
    found = {each["name"]: each for each in done(folder, "account", "list")["accounts"]}
    assert found["clerk-1"]["defaults"] == {"matter": "deed-tax-home", "ground": "duty"}
    assert found["boss@registry"]["roles"] == ["agency-admin", "issuer"]


def test_a_file_with_a_fault_lets_nobody_in(folder: Path) -> None:
    file, passwords = folder / "people.csv", folder / "passwords.csv"
    file.write_text(
        "name,organisation,office,roles,matter,ground,subject\n"
        "good,TAX,7,clerk,,,\n"
        'Bad Name,NONE,,"clerk\n",deed-tax,why,\n'
        "good,TAX,8,king,,,s\n"
        "other,TAX,,issuer,,,s\n",
        encoding="utf-8",
    )
    result = ecert(folder, "account", "import", str(file), "--passwords", str(passwords), "--json")
    assert result.exit_code == 2
    faults = [(each["line"], each["field"], each["reason"]) for each in json.loads(result.stdout)["faults"]]
    assert faults == [
        (3, "name", "no_name"),
        (3, "organisation", "no_organisation"),
        (3, "matter", "no_matter"),
        (3, "ground", "no_ground"),
        (5, "name", "name_taken"),
        (5, "office", "no_office"),
        (5, "roles", "no_role"),
        (6, "subject", "subject_taken"),
        (6, "roles", "no_agency"),
    ]
    assert not passwords.exists()
    assert done(folder, "account", "list")["accounts"] == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"name,organisation,roles\n\xff", "people.csv:2: this is not UTF-8"),
        (b"name,organisation,rolls\n", "rolls: no such column"),
        (b"name,organisation\n", "roles: the column is missing"),
        (b"name,organisation,roles,name\n", "name: the column is there twice"),
        (b"name,organisation,roles\na,TAX\n", "people.csv:2: 2 cells where 3 are due"),
        (b'name,organisation,roles\n"a,TAX,clerk\n', "this is not CSV"),
        (b"", "the column is missing"),
    ],
)
def test_what_is_no_such_file_is_refused_with_the_place(content: bytes, said: str, folder: Path) -> None:
    file = folder / "people.csv"
    file.write_bytes(content)
    assert said in refused(folder, "account", "import", str(file), "--passwords", str(folder / "passwords.csv"))


def test_passwords_are_never_written_over_a_file_that_is_there(folder: Path) -> None:
    file, passwords = folder / "people.csv", folder / "passwords.csv"
    file.write_text("name,organisation,roles\na,TAX,clerk\n", encoding="utf-8")
    passwords.write_text("mine", encoding="utf-8")
    assert "there already" in refused(folder, "account", "import", str(file), "--passwords", str(passwords))
    assert passwords.read_text("utf-8") == "mine"
    assert done(folder, "account", "list")["accounts"] == []
