"""The bureau and the agencies administer the registry from the command line, on a real chain."""

from __future__ import annotations

import asyncio
import fcntl
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from chain.deploying import deploy
from chain.errors import CallReverted
from chain.indexer import Indexer
from chain.node import Node
from chain.signer import KeyFileSigner
from ecert.suite import SigningKey
from store.database import Database
from tests.local_chain import LocalChain
from tests.tables import give_tables
from verifier.cli import build
from verifier.errors import Refused
from verifier.keys.keyring import Keyring
from verifier.refusals import SENTENCES, say
from verifier.services.agencies import make_keys
from verifier.times import moment, shown

CODE = "HOUSING-1"
TITLE = "real-estate-title"


@dataclass(kw_only=True)
class Bureau:
    """A data directory with a deployment on a chain, and keys that open quickly."""

    chain: LocalChain
    folder: Path

    def run(self, *arguments: str) -> Result:
        command = ["agency", *arguments, "--data", str(self.folder)]
        return CliRunner().invoke(build(command), command)

    def done(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def sign(self, *arguments: str) -> str:
        return self.done(*arguments, "--password-file", str(self.folder / "password"))

    def refused(self, *arguments: str) -> str:
        result = self.run(*arguments, "--password-file", str(self.folder / "password"))
        assert result.exit_code == 2, result.output
        return result.stderr

    def shown(self, code: str = CODE) -> dict[str, Any]:
        shown: dict[str, Any] = json.loads(self.done("show", code, "--json"))
        return shown

    def key(self, *place: str) -> str:
        signer = KeyFileSigner.create(self.folder.joinpath("keys", *place), "secret", work=2)
        address = "0x" + signer.address.hex()
        self.chain.rpc("hardhat_setBalance", address, hex(10**20))
        return address

    def admitted(self) -> str:
        make_keys(Keyring(self.folder / "keys", self.folder / "keys" / "passwords"), CODE, work=2)
        admin = self.key(CODE, "admin.json")
        self.sign("add", CODE, "--name", "Housing", "--type", TITLE)
        return admin


@pytest.fixture(name="bureau")
def bureau_(chain: LocalChain, tmp_path: Path) -> Bureau:
    return found_bureau(chain, tmp_path)


def found_bureau(chain: LocalChain, tmp_path: Path, *, admin_delay: int = 0) -> Bureau:
    bureau = Bureau(chain=chain, folder=tmp_path)
    bureau.key("bureau.json")
    (tmp_path / "password").write_text("secret\n")
    (tmp_path / "password").chmod(0o600)
    (tmp_path / "ecert.toml").write_text(f'node_urls = ["{chain.url}"]\nstatus_base = "https://status.example"\n')
    signer = KeyFileSigner(tmp_path / "keys" / "bureau.json", "secret")

    async def found() -> None:
        node = Node(chain.url)
        (await deploy(node, signer, admin_delay=admin_delay)).save(tmp_path / "deployment.json")
        await node.close()

    asyncio.run(found())
    return bureau


def test_three_commands_set_an_agency_up(bureau: Bureau) -> None:
    admin_password = bureau.folder / "admin-password"
    said = bureau.run(
        *("add", CODE, "--name", "Housing", "--type", TITLE, "--type", "home-sales-contract"),
        *("--make-keys", "--admin-password-file", str(admin_password)),
        *("--password-file", str(bureau.folder / "password")),
    )
    assert said.exit_code == 0, said.output
    assert "admitted (settled, block" in said.stdout
    folder = bureau.folder / "keys" / CODE
    assert {path.name for path in folder.iterdir()} == {
        "admin.json",
        "anchor.address",
        "anchor.json",
        "certificate.pem",
        "status.address",
        "status.json",
    }
    admin = json.loads((folder / "admin.json").read_text())["address"].removeprefix("0x").lower()
    bureau.chain.rpc("hardhat_setBalance", "0x" + admin, hex(10**20))
    bureau.done("key", "add", CODE, "--password-file", str(admin_password))
    bureau.done("operator", "set", CODE, "--password-file", str(admin_password))
    found = bureau.shown()
    assert [one["address"] for one in found["admins"]] == ["0x" + admin]
    assert [one["type"] for one in found["accreditations"]] == [TITLE, "home-sales-contract"]
    assert [one["purposes"] for one in found["operators"]] == [["anchor"], ["status"]]
    assert len(found["keys"]) == 1


def test_commands_again_do_no_harm(bureau: Bureau) -> None:
    bureau.admitted()
    bureau.sign("add", CODE, "--name", "Housing", "--type", TITLE)
    assert "nothing to do, it was so before" in bureau.sign("add", CODE, "--name", "Housing")
    bureau.sign("suspend", CODE)
    bureau.sign("suspend", CODE)
    assert bureau.shown()["suspended"] is True


def test_an_agency_is_suspended_reinstated_doubted_and_trusted_again(bureau: Bureau) -> None:
    bureau.admitted()
    bureau.sign("suspend", CODE)
    assert "SUSPENDED" in bureau.done("list")
    bureau.sign("reinstate", CODE)
    assert "active" in bureau.done("list")
    bureau.sign("doubt", CODE, "--since", "2026-01-02T03:04", "--zone", "+00:00")
    assert bureau.shown()["doubt_since"] == 1767323040
    assert "IN DOUBT" in bureau.done("show", CODE)
    assert "in doubt since 2026-01-02T11:04:00+08:00: lift the doubt first" in bureau.refused("reinstate", CODE)
    assert "can only move earlier" in bureau.refused("doubt", CODE, "--since", "2026-02-01")
    bureau.sign("lift-doubt", CODE)
    bureau.sign("reinstate", CODE)
    assert (bureau.shown()["suspended"], bureau.shown()["doubt_since"]) == (False, None)


def test_accreditations_have_a_first_and_a_last_day(bureau: Bureau) -> None:
    bureau.admitted()
    bureau.sign("accredit", CODE, "business-licence", "--since", "2026-01-01", "--until", "2040-12-31")
    found = {one["type"]: one for one in bureau.shown()["accreditations"]}["business-licence"]
    assert shown(found["since"]) == "2026-01-01T00:00:00+08:00"
    assert shown(found["until"]) == "2041-01-01T00:00:00+08:00"
    bureau.sign("unaccredit", CODE, "business-licence")
    found = {one["type"]: one for one in bureau.shown()["accreditations"]}["business-licence"]
    assert found["until"] < found["since"] + 2**31
    assert "is empty or over" in bureau.refused("accredit", CODE, TITLE, "--until", "2001-01-01")


def test_keys_are_added_retired_and_revoked(bureau: Bureau) -> None:
    bureau.admitted()
    bureau.sign("key", "add", CODE)
    other = SigningKey.generate()
    (bureau.folder / "other.jwk").write_text(json.dumps(other.jwk))
    bureau.sign("key", "add", CODE, "--jwk", str(bureau.folder / "other.jwk"))
    own = next(one["kid"] for one in bureau.shown()["keys"] if one["kid"] != other.kid.hex())
    bureau.sign("key", "retire", CODE, own)
    bureau.sign("key", "revoke", CODE, "0x" + other.kid.hex(), "--since", "2026-03-01")
    keys = {one["kid"]: one for one in bureau.shown()["keys"]}
    assert keys[own]["retired"] is not None
    assert keys[other.kid.hex()]["compromised_since"] == moment("2026-03-01")
    assert "COMPROMISED since 2026-03-01" in bureau.done("show", CODE)
    assert "make another key" in bureau.refused("key", "add", CODE)
    assert "can only move earlier" in bureau.refused("key", "revoke", CODE, other.kid.hex(), "--since", "2026-04-01")
    assert "has no key" in bureau.refused("key", "retire", CODE, "ab" * 32)
    assert "is later than the chain's time" in bureau.refused("key", "revoke", CODE, own, "--since", "2100-01-01")


def test_operators_are_set_and_removed(bureau: Bureau) -> None:
    bureau.admitted()
    address = "0x" + "ab" * 20
    bureau.sign("operator", "set", CODE, address, "--purpose", "anchor", "--purpose", "status", "--until", "2041-01-01")
    found = bureau.shown()["operators"]
    assert [(one["address"], one["purposes"]) for one in found] == [(address, ["anchor", "status"])]
    bureau.sign("operator", "remove", CODE, address)
    assert bureau.shown()["operators"] == []
    assert "--purpose" in bureau.refused("operator", "set", CODE, address)


def test_from_when_a_new_key_or_operator_counts_is_said(chain: LocalChain, tmp_path: Path) -> None:
    bureau = found_bureau(chain, tmp_path, admin_delay=3600)
    bureau.admitted()
    said = bureau.sign("key", "add", CODE)
    (key,) = bureau.shown()["keys"]
    due = f"{CODE}: this does not count yet, but from {shown(key['since'])}"
    assert due in said
    assert due in bureau.sign("key", "add", CODE)  # the same again changes nothing
    said = bureau.sign("operator", "set", CODE)
    latest = max(one["since"] for one in bureau.shown()["operators"])
    assert f"does not count yet, but from {shown(latest)}" in said
    bureau.chain.rpc("evm_increaseTime", 4000)
    bureau.chain.mine(1)
    assert "count yet" not in bureau.sign("key", "add", CODE)
    assert "count yet" not in bureau.sign("operator", "set", CODE)
    assert json.loads(bureau.sign("key", "add", CODE, "--json"))["counts_from"] is None


def test_an_admin_is_replaced(bureau: Bureau) -> None:
    bureau.admitted()
    new = "0x" + "cd" * 20
    bureau.sign("admin", CODE, new)
    assert [one["address"] for one in bureau.shown()["admins"]][-1] == new
    assert "does not administer" in bureau.refused("key", "add", CODE)


def test_our_copy_of_the_ledger_is_read_where_there_is_one(bureau: Bureau) -> None:
    bureau.admitted()
    url = f"sqlite:///{bureau.folder / 'ecert.sqlite'}"
    give_tables(url)
    from_chain = bureau.shown()

    async def index(database: Database) -> None:
        from chain.deployment import Deployment  # noqa: PLC0415  # beside its only use

        node = Node(bureau.chain.url)
        indexer = Indexer(
            database,
            node,
            Deployment.load(bureau.folder / "deployment.json"),
            clock=lambda: time.time() + 1_000_000,
        )
        while await indexer.step():
            pass
        await node.close()

    with Database.open(url) as database:
        asyncio.run(index(database))
    assert bureau.shown() == from_chain


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("suspend", "NOBODY"), "NOBODY is not registered"),
        (("suspend", "no body"), "not 1 to 32 characters"),
        (("accredit", CODE, "tile"), "there is no certificate type 'tile'"),
        (("accredit", CODE, TITLE, "--since", "yesterday"), "is no time"),
        (("accredit", CODE, TITLE, "--since", "2026-02-30"), "is no time"),
        (("admin", CODE, "0x12"), "is no address"),
        (("admin", CODE, "0x" + "00" * 20), "is no address that anybody could have"),
        (("key", "retire", CODE, "abc"), "is no key id"),
        (("key", "add", CODE, "--jwk", "nothing.jwk"), "is no public key"),
        (("suspend", CODE, "--key", "nothing.json"), "there is no key file nothing.json"),
        (("add", "NEW-1", "--name", "x"), "--admin ADDRESS"),
        (("add", "NEW-1", "--name", "", "--admin", "0x" + "ab" * 20), "has 1 to 256 bytes, this one has 0"),
    ],
)
def test_what_is_wrong_is_said(bureau: Bureau, arguments: tuple[str, ...], words: str) -> None:
    bureau.admitted()
    assert words in bureau.refused(*arguments)


def test_the_agency_that_is_not_there_is_not_shown(bureau: Bureau) -> None:
    assert "NOBODY is not registered" in bureau.run("show", "NOBODY").stderr


def test_a_stranger_may_not_do_the_bureaus_work(bureau: Bureau) -> None:
    admin = bureau.admitted()
    said = bureau.refused("suspend", CODE, "--key", str(bureau.folder / "keys" / CODE / "admin.json"))
    assert f"the key {admin} does not have the role for this" in said


def test_a_wrong_password_is_said(bureau: Bureau) -> None:
    bureau.admitted()
    (bureau.folder / "password").write_text("wrong")
    assert "the password is wrong" in bureau.refused("suspend", CODE)


def test_a_password_that_others_can_read_is_refused(bureau: Bureau) -> None:
    bureau.admitted()
    (bureau.folder / "password").chmod(0o644)
    assert "chmod 600" in bureau.refused("suspend", CODE)


def test_without_a_terminal_a_password_file_is_asked_for(bureau: Bureau) -> None:
    bureau.admitted()
    assert "Give --password-file" in bureau.run("suspend", CODE).stderr


def test_two_commands_with_one_key_do_not_disturb_each_other(bureau: Bureau) -> None:
    bureau.admitted()
    with (bureau.folder / "keys" / "bureau.json").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert "another command is working" in bureau.refused("suspend", CODE)


def test_an_answer_in_json_has_the_transactions(bureau: Bureau) -> None:
    bureau.admitted()
    answer = json.loads(bureau.sign("suspend", CODE, "--json", "--no-wait"))
    assert (answer["state"], answer["settled"], len(answer["transactions"])) == ("done", False, 1)


def test_a_refusal_without_a_sentence_is_said_as_it_is() -> None:
    assert say(CallReverted("Odd", {"value": 1})) == "the contract refused: Odd(value=1)"
    assert say(CallReverted("InvalidPurposes")) == "the contract refused: InvalidPurposes"
    assert all("{" in sentence for sentence in SENTENCES.values())


def test_times_are_read_in_their_zone() -> None:
    assert moment("2026-01-01", "+00:00") - moment("2026-01-01", "+08:00") == 8 * 3600
    assert moment("2026-01-01T08:00+08:00", "+05:00") == moment("2026-01-01", "+00:00")
    assert moment("2026-01-01T00:00", "-03:30") == moment("2026-01-01", "-03:30")
    assert moment("2026-01-01", whole_day=True) == moment("2026-01-02")
    assert shown(None) == "never"
    assert shown(2**63) == str(2**63)
    with pytest.raises(Refused):
        moment("2026-01-01", "+25:77")
