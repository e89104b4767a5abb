"""All keys that write to the chain lie in a signing service: contracts, an agency, certificates, with no key file."""

from __future__ import annotations

import asyncio
import fcntl
import json
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import Result
from typer.testing import CliRunner

from chain.signer import KeyFileSigner, LocalSigner
from tests.chain.test_remote_signer import SigningService
from tests.local_chain import LocalChain
from tests.verifier.test_issuing import HEADER, row
from tests.verifier.test_workers import get, running, service_url
from verifier.cli import build
from verifier.faults import KeyringError
from verifier.keys.keyring import Keyring, LedgerKey
from verifier.keys.ledger_keys import create_ledger_key
from verifier.keys.remote_keys import RemoteKeys

CODE = "HEALTH-7"
NAMES = ("bureau", "admin", "anchor", "status")
SECRET = "s3cret-of-the-provider"


@pytest.fixture(scope="module")
def keys(chain: LocalChain) -> dict[str, LocalSigner]:
    found = {name: LocalSigner.generate() for name in NAMES}
    for each in found.values():
        chain.rpc("hardhat_setBalance", address(each), hex(10**21))
    return found


@pytest.fixture(scope="module")
def service(keys: dict[str, LocalSigner]) -> Iterator[SigningService]:
    """A service on a loop of its own, for commands that run one themselves."""
    service, started, ended = SigningService(*keys.values()), Future[None](), threading.Event()

    async def serve() -> None:
        await service.start()
        started.set_result(None)
        await asyncio.to_thread(ended.wait)
        await service.stop()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.result(30)
    yield service
    ended.set()
    thread.join()


def address(key: LocalSigner) -> str:
    return "0x" + key.address.hex()


@dataclass(kw_only=True)
class Place:
    """A data directory that names the service and its keys."""

    folder: Path
    keys: dict[str, LocalSigner]

    def run(self, *arguments: str) -> Result:
        command = [*arguments, "--data", str(self.folder)]
        result = CliRunner().invoke(build(command), command)
        assert SECRET not in result.output
        return result

    def done(self, *arguments: str) -> str:
        result = self.run(*arguments)
        assert result.exit_code == 0, result.output
        return result.stdout

    def by(self, name: str) -> tuple[str, str]:
        return "--key", address(self.keys[name])

    def ledger_files(self) -> list[str]:
        return [path.name for path in self.folder.rglob("*.json") if '"crypto"' in path.read_text("utf-8").lower()]


@pytest.fixture(name="place")
def place_(chain: LocalChain, tmp_path: Path, service: SigningService, keys: dict[str, LocalSigner]) -> Place:
    named = json.dumps([address(each).upper().replace("0X", "0x") for each in keys.values()])
    (tmp_path / "ecert.toml").write_text(
        f'node_urls = ["{chain.url}"]\nstatus_base = "https://status.example"\nmax_age = 86400\nport = 0\n'
        f'office_port = 0\nsigner_url = "{service.url}/?key={SECRET}"\nsigner_keys = {named}\n'
    )
    return Place(folder=tmp_path, keys=keys)


def figure(address: str, name: str) -> float:
    lines = get(address, "/metrics")[1].decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(f"{name} "))


def test_from_contracts_to_a_valid_certificate_without_a_key_file(place: Place, service: SigningService) -> None:
    place.done("deploy", *place.by("bureau"), "--admin-delay", "0")
    ledger_keys = [f"--{name}-key={address(place.keys[name])}" for name in ("anchor", "status")]
    admitting = ("add", CODE, "--name", "Health", "--type", "health-certificate", *ledger_keys, "--make-keys")
    for _ in range(2):
        place.done("agency", *admitting, "--admin", address(place.keys["admin"]), *place.by("bureau"))
    place.done("agency", "key", "add", CODE, *place.by("admin"))
    place.done("agency", "operator", "set", CODE, *place.by("admin"))
    place.done("migrate")
    table = place.folder / "table.csv"
    table.write_text("\n".join([HEADER, row(1), row(2), ""]), encoding="utf-8")
    with running(place.folder, "serve") as program:
        public = service_url(program)
        office = (place.folder / "office.url").read_text("ascii").strip()
        service.down = True
        issue = ("issue", str(table), "--type", "health-certificate", "--agency", CODE, "--json")
        place.done(*issue, "--no-wait")
        program.until(lambda: figure(office, "ecert_calls_held_up") == 1, "the call that waits in the figures")
        assert "the signer at http://127.0.0.1" in program.said()
        stopped = place.run(*issue, "--timeout", "3")
        assert stopped.exit_code != 0
        assert "the signer at http://127.0.0.1" in stopped.stderr
        service.down = False
        issued = json.loads(place.done(*issue, "--timeout", "120"))
        assert issued["handed_out"] == 2
        program.until(lambda: figure(office, "ecert_calls_held_up") == 0, "nothing that waits")
        file = next(place.folder.rglob("0.ecert.json"))
        place.done("status", "revoke", CODE, "1", "--timeout", "120", "--json")
        asked = json.dumps({"certificate": json.loads(file.read_bytes())})
        assert verdict(public, asked) == "VALID"
        assert SECRET not in program.said()
    assert place.ledger_files() == []


def verdict(public: str, asked: str) -> Any:
    answer = httpx.post(f"{public}/v1/verifications", content=asked, headers={"content-type": "application/json"})
    return answer.json()["result"]


def test_a_key_that_lies_in_a_file_as_well_is_refused_at_the_start(place: Place) -> None:
    keyring = Keyring(place.folder / "keys", place.folder / "keys" / "passwords")
    keyring.add_passwords(CODE)
    here = create_ledger_key(keyring, CODE, LedgerKey.ANCHOR, work=2)
    text = (place.folder / "ecert.toml").read_text().replace("signer_keys = [", f'signer_keys = ["{address(here)}", ')
    (place.folder / "ecert.toml").write_text(text)
    for command in (["deploy", *place.by("bureau")], ["sender"]):
        refused = place.run(*command)
        assert refused.exit_code not in {0, 1}
        said = refused.stderr + str(refused.exception or "")
        assert "anchor.json: a key that signer_keys names as well. Move the file away, or take its" in said


def test_a_key_that_the_settings_do_not_name_is_refused(place: Place) -> None:
    refused = place.run("deploy", "--key", "0x" + "ab" * 20)
    assert refused.exit_code == 2
    assert "is not among signer_keys" in refused.stderr


def test_a_key_that_another_command_works_with_is_left_to_that(place: Place) -> None:
    lock = place.folder / "keys" / f"{address(place.keys['bureau'])}.lock"
    lock.parent.mkdir()
    with lock.open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        refused = place.run("deploy", *place.by("bureau"))
    assert refused.exit_code == 2
    assert "another command is working with" in refused.stderr


def test_a_service_that_is_away_stops_a_command_which_goes_on_later(place: Place, service: SigningService) -> None:
    service.down = True
    stopped = place.run("deploy", *place.by("bureau"))
    assert (stopped.exit_code, "the signer at http://127.0.0.1" in stopped.stderr) == (2, True)
    service.down = False
    place.done("deploy", *place.by("bureau"))


def test_the_address_of_another_key_is_not_written_over(place: Place) -> None:
    keyring = Keyring(place.folder / "keys", place.folder / "keys" / "passwords")
    keyring.name_address(CODE, LedgerKey.ANCHOR, bytes(20))
    keyring.name_address(CODE, LedgerKey.ANCHOR, bytes(20))
    assert keyring.address(CODE, LedgerKey.ANCHOR) == bytes(20)
    with pytest.raises(KeyringError, match=r"move .*anchor\.address away first"):
        keyring.name_address(CODE, LedgerKey.ANCHOR, b"\1" * 20)


def test_without_a_service_key_files_are_as_they_were(tmp_path: Path) -> None:
    KeyFileSigner.create(tmp_path / "bureau.json", "x", work=2)
    (tmp_path / "other.json").write_text("[]")
    assert RemoteKeys.of(None, (), tmp_path).signers() == []
