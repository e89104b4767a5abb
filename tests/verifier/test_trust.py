"""The trust file and the facts file: made from the chain, signed by roots, published, and enough to verify offline."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner
from typer.testing import Result as Ran

from ecert.demands import Demands
from ecert.facts import Status
from ecert.parsing import parse
from ecert.status_list import encode
from ecert.status_token import StatusToken, sign_status_token
from ecert.suite import SigningKey
from ecert.types import TypeCatalogue
from ecert.verdict import Result
from store.database import Database
from tests.local_chain import LocalChain
from tests.verifier.test_answering import Door
from tests.verifier.town import AGENCY, Town, found_town
from verifier.cli import build
from verifier.errors import Refused
from verifier.keys.service_keys import ServiceKey, ServiceKeys
from verifier.ledger_view import LedgerView
from verifier.publishing.trust_folder import TrustFolder, read_trust_file
from verifier.services.answering import Answering
from verifier.services.offline import OfflineFiles, open_offline
from verifier.services.status_order import Action
from verifier.services.verification import Asked
from verifier.services.verifying import Verifying
from verifier.settings import load_settings
from verifier.web import Served, public_app

YEAR = 31_536_000
STRANGER = SigningKey.from_secret(77)
OLD_ENOUGH = Asked(demands=Demands(max_age=YEAR))


def write_list(
    bureau: Bureau, path: Path, uri: str, statuses: dict[int, Status], *, iat: int, key: SigningKey | None = None
) -> Path:
    """Write a status list as the service would have published it then."""
    settings = load_settings(bureau.town.folder, {})
    keys = ServiceKeys(settings.keys_dir, settings.passwords_file)
    token = StatusToken(uri=uri, status_list=encode(statuses), iat=iat, exp=iat + 3600, ttl=60)
    known = keys.open(ServiceKey.STATUS, keys.published(ServiceKey.STATUS).keys[0].kid)
    path.write_text(sign_status_token(token, key or known), "ascii")
    return path


def ecert(*arguments: str) -> Ran:
    return CliRunner().invoke(build(arguments), list(arguments), env={"ECERT_TRUST_ROOTS": ""})


@dataclass(kw_only=True)
class Bureau:
    """A town whose bureau has three roots, of which two must sign."""

    town: Town
    roots: Path

    @property
    def folder(self) -> TrustFolder:
        return TrustFolder(self.town.folder / "trust")

    @property
    def fingerprint(self) -> str:
        return read_trust_file(self.folder.trust).trust.roots.fingerprint

    def trust(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        ran = self.town.command("trust", *arguments, "--json")
        assert ran.exit_code == code, ran.output
        said: dict[str, Any] = json.loads(ran.stdout)
        return said

    def export(self, *arguments: str, code: int = 0) -> dict[str, Any]:
        return self.trust("export", *arguments, code=code)

    def sign(self, *names: str) -> None:
        for name in names:
            self.trust(
                "sign", "--key", str(self.roots / f"{name}.pem"), "--password-file", str(self.roots / "password")
            )

    def publish(self, code: int = 0) -> dict[str, Any]:
        return self.trust("publish", code=code)

    def issue_all(self, *arguments: str) -> dict[str, Any]:
        self.export(*arguments)
        self.sign("a", "b")
        return self.publish()

    def public(self, *names: str) -> list[str]:
        return [argument for name in names for argument in ("--root", str(self.roots / f"{name}.pem.jwk"))]

    def verify(self, serial: int, *, at: int | None = None, facts: bool = True) -> tuple[Result, list[str]]:
        now = self.town.now() if at is None else at
        files = OfflineFiles(trust=self.folder.trust, facts=self.folder.facts if facts else None)
        offline = open_offline(files, self.fingerprint, clock=lambda: now)
        verdict = offline.verify(self.town.certificates()[serial].read_bytes(), OLD_ENOUGH).verdict
        return verdict.result, [str(reason) for reason in verdict.reasons]


@pytest.fixture(scope="module", name="issued")
def issued_(chain: LocalChain, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A town that has issued, with roots; nothing is exported yet."""
    folder = tmp_path_factory.mktemp("town")
    town = found_town(chain, folder)
    assert town.command("keys", "init").exit_code == 0
    town.issue(1, 2, 3)
    town.change(Action.REVOKE, 1)
    roots = tmp_path_factory.mktemp("roots")
    (roots / "password").write_text("of a test\n")
    (roots / "password").chmod(0o600)
    for name in ("a", "b", "c", "d"):
        made = ecert("trust", "root", str(roots / f"{name}.pem"), "--password-file", str(roots / "password"))
        assert made.exit_code == 0, made.output
    return Bureau(town=town, roots=roots)


@pytest.fixture
def bureau(issued: Bureau, tmp_path: Path) -> Bureau:
    """The same with a data directory of the test's own."""
    return Bureau(town=issued.town.copy(tmp_path / "town"), roots=issued.roots)


@pytest.fixture(scope="module")
def published(issued: Bureau, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """The same, and its first trust file is published."""
    bureau = Bureau(town=issued.town.copy(tmp_path_factory.mktemp("published")), roots=issued.roots)
    bureau.issue_all(*bureau.public("a", "b", "c"), "--threshold", "2")
    return bureau


class TestMaking:
    def test_it_says_what_the_service_knows(self, published: Bureau) -> None:
        trust = read_trust_file(published.folder.trust).trust
        (ledger,) = trust.ledgers
        assert ledger.name == published.town.deployment.name
        assert trust.status_bases == ("https://status.example",)
        assert (len(trust.receipt_keys.keys), len(trust.status_keys.keys)) == (2, 1)
        assert [agency.code for agency in ledger.agencies] == [AGENCY]
        assert ledger.validators == ()

    def test_it_is_not_published_before_enough_roots_have_signed(self, bureau: Bureau) -> None:
        said = bureau.export(*bureau.public("a", "b", "c"), "--threshold", "2")
        assert said["roots"]["signed"] == []
        for sign in ((), ("a",), ("a",), ("d",)):
            bureau.sign(*sign)
            assert "2 must" in bureau.publish(code=2)["message"]
            assert not bureau.folder.trust.exists()
        bureau.sign("c")
        assert bureau.publish()["roots"]["threshold"] == 2
        assert bureau.folder.trust.exists()
        assert bureau.folder.facts.exists()
        assert not bureau.folder.next_trust.exists()

    def test_the_next_version_follows_and_goes_on_from_the_facts_that_are_there(self, bureau: Bureau) -> None:
        first = bureau.issue_all(*bureau.public("a", "b", "c"), "--threshold", "2")
        bureau.town.change(Action.SUSPEND, 2)
        second = bureau.issue_all()
        assert (second["version"], second["previous"]) == (2, first["hash"])
        assert second["ledgers"][0]["block"] > first["ledgers"][0]["block"]
        assert bureau.verify(2) == (Result.INVALID, ["suspended"])

    def test_a_facts_file_that_is_broken_is_made_from_the_chain_again(self, bureau: Bureau) -> None:
        bureau.issue_all(*bureau.public("a", "b", "c"), "--threshold", "2")
        whole = bureau.folder.facts.read_bytes()
        for broken in (b"", whole[:-20]):
            bureau.folder.facts.write_bytes(broken)
            bureau.issue_all()
            assert bureau.verify(0) == (Result.VALID, [])
        bureau.folder.facts.unlink()
        bureau.issue_all()
        assert bureau.verify(0) == (Result.VALID, [])

    def test_new_roots_need_the_signatures_of_the_old(self, bureau: Bureau) -> None:
        bureau.issue_all(*bureau.public("a", "b", "c"), "--threshold", "2")
        before = bureau.folder.trust.read_bytes()
        bureau.export(*bureau.public("c", "d"), "--threshold", "2")
        bureau.sign("c", "d")
        assert "version 1's roots" in bureau.publish(code=2)["message"]
        assert bureau.folder.trust.read_bytes() == before
        bureau.sign("a")
        assert bureau.publish()["version"] == 2
        old = bureau.town.folder / "old.json"
        old.write_bytes(before)
        assert ecert("trust", "check", str(bureau.folder.trust), "--after", str(old)).exit_code == 0
        assert ecert("trust", "check", str(old), "--after", str(bureau.folder.trust)).exit_code == 2

    def test_killed_in_the_middle_of_publishing_it_is_published_by_the_same_again(self, bureau: Bureau) -> None:
        bureau.export(*bureau.public("a", "b"), "--threshold", "2")
        bureau.sign("a", "b")
        bureau.folder.next_facts.replace(bureau.folder.facts)  # as far as it came
        bureau.publish()
        assert bureau.verify(0) == (Result.VALID, [])

    @pytest.mark.parametrize("arguments", [(), ("--threshold", "1")])
    def test_whose_signatures_it_needs_must_be_said_once(self, bureau: Bureau, arguments: tuple[str, ...]) -> None:
        assert "--root" in bureau.export(*arguments, code=2)["message"]

    @pytest.mark.parametrize("threshold", ["3", None])
    def test_a_threshold_that_cannot_be_is_refused(self, bureau: Bureau, threshold: str | None) -> None:
        how_many = () if threshold is None else ("--threshold", threshold)
        assert "--threshold, 1 to 2" in bureau.export(*bureau.public("a", "b"), *how_many, code=2)["message"]

    def test_a_root_s_key_is_never_written_over(self, bureau: Bureau) -> None:
        key = bureau.roots / "a.pem"
        before = key.read_bytes()
        ran = ecert("trust", "root", str(key), "--password-file", str(bureau.roots / "password"))
        assert (ran.exit_code, key.read_bytes()) == (2, before)
        assert key.stat().st_mode & 0o077 == 0

    def test_a_root_whose_public_part_is_lost_gives_it_again(self, bureau: Bureau, tmp_path: Path) -> None:
        key, public = tmp_path / "key.pem", tmp_path / "key.pem.jwk"
        key.write_bytes((bureau.roots / "a.pem").read_bytes())
        key.chmod(0o600)
        ran = ecert("trust", "root", str(key), "--password-file", str(bureau.roots / "password"))
        assert ran.exit_code == 0, ran.output
        assert public.read_text() == (bureau.roots / "a.pem.jwk").read_text()

    def test_events_that_the_service_has_read_otherwise_are_not_exported(self, bureau: Bureau) -> None:
        bureau.town.damage("UPDATE events SET head = zeroblob(32)")
        said = bureau.export(*bureau.public("a", "b"), "--threshold", "2", code=2)
        assert "ecert fsck" in said["message"]
        assert not bureau.folder.next_trust.exists()

    def test_a_service_that_is_behind_what_is_published_waits(self, bureau: Bureau) -> None:
        bureau.issue_all(*bureau.public("a", "b"), "--threshold", "2")
        bureau.town.damage("UPDATE cursors SET settled_block = settled_block - 1")
        assert "wait until the indexer has caught up" in bureau.export(code=2)["message"]


class TestVerifyingOffline:
    def test_it_judges_as_the_service_does(self, published: Bureau) -> None:
        assert published.verify(0) == (Result.VALID, [])
        assert published.verify(1) == (Result.INVALID, ["revoked"])

    def test_without_the_facts_file_no_batch_is_known(self, published: Bureau) -> None:
        assert published.verify(0, facts=False) == (Result.UNKNOWN, ["proof_missing"])

    def test_once_it_has_expired_everything_is_unknown(self, published: Bureau) -> None:
        end = read_trust_file(published.folder.trust).trust.exp
        assert published.verify(0, at=end - 1) == (Result.VALID, [])
        for serial in (0, 1):
            assert published.verify(serial, at=end) == (Result.UNKNOWN, ["trust_expired"])

    def test_facts_that_are_older_than_the_relying_party_lets_them_be_are_stale(self, published: Bureau) -> None:
        files = OfflineFiles(trust=published.folder.trust, facts=published.folder.facts)
        offline = open_offline(files, published.fingerprint, clock=lambda: published.town.now() + 100)
        presented = published.town.certificates()[0].read_bytes()
        verdict = offline.verify(presented, Asked(demands=Demands(max_age=60))).verdict
        assert (verdict.result, verdict.reasons) == (Result.UNKNOWN, ("stale_ledger",))

    def test_the_command_needs_no_service_no_node_and_no_data_directory(
        self, published: Bureau, tmp_path: Path
    ) -> None:
        for name, path in (("trust.json", published.folder.trust), ("facts.bin", published.folder.facts)):
            (tmp_path / name).write_bytes(path.read_bytes())
        paths = {serial: tmp_path / f"{serial}.ecert.json" for serial in (0, 1)}
        for serial, path in paths.items():
            path.write_bytes(published.town.certificates()[serial].read_bytes())
        at_hand = ["--offline", "--trust", str(tmp_path / "trust.json"), "--facts", str(tmp_path / "facts.bin")]
        at_hand += ["--max-age", str(YEAR), "--json"]
        ran = ecert("verify", str(paths[1]), *at_hand, "--roots", published.fingerprint)
        assert ran.exit_code == 1, ran.output
        assert json.loads(ran.stdout)["reasons"][0] == "revoked"

    def test_nobody_s_trust_file_is_believed_unless_its_roots_are_pinned(self, published: Bureau) -> None:
        named = [str(published.town.certificates()[0]), "--offline", "--trust", str(published.folder.trust)]
        named += ["--facts", str(published.folder.facts), "--max-age", "600"]
        unpinned = ecert("verify", *named)
        assert (unpinned.exit_code, unpinned.stdout) == (2, "")
        assert published.fingerprint in unpinned.stderr
        other = ecert("verify", *named, "--roots", "A" * 43)
        assert (other.exit_code, other.stdout) == (2, "")

    def test_a_later_status_list_says_what_holds_now(self, published: Bureau, tmp_path: Path) -> None:
        now = published.town.now() + 10
        presented = published.town.certificates()[0].read_bytes()
        uri = parse(presented).status_uri

        def judged(statuses: dict[int, Status], *, iat: int, at: int | None = None) -> tuple[Result, list[str]]:
            path = write_list(published, tmp_path / "list.jwt", uri, statuses, iat=iat)
            files = OfflineFiles(trust=published.folder.trust, facts=published.folder.facts, status_lists=[path])
            asked = Asked(demands=Demands(max_age=YEAR, max_status_age=20), at=at)
            verdict = open_offline(files, published.fingerprint, clock=lambda: now).verify(presented, asked).verdict
            return verdict.result, [str(reason) for reason in verdict.reasons]

        assert judged({}, iat=now - 1) == (Result.VALID, [])
        assert judged({0: Status.REVOKED}, iat=now - 1) == (Result.INVALID, ["revoked"])
        assert judged({0: Status.SUSPENDED}, iat=now - 1) == (Result.INVALID, ["suspended"])
        assert judged({1: Status.REVOKED}, iat=now - 1) == (Result.VALID, [])
        as_of = read_trust_file(published.folder.trust).trust.ledgers[0].checkpoint.time
        assert "revoked" not in judged({0: Status.REVOKED}, iat=as_of)[1]  # the facts are as new

    @pytest.mark.parametrize("wrong", ["signature", "expired", "cut off", "not ASCII"])
    def test_a_status_list_that_cannot_be_relied_on_is_refused(
        self, published: Bureau, tmp_path: Path, wrong: str
    ) -> None:
        now = published.town.now()
        path = write_list(published, tmp_path / "list.jwt", "https://status.example/x", {}, iat=now, key=STRANGER)
        if wrong != "signature":
            write_list(published, path, "https://status.example/x", {}, iat=now - (7200 if wrong == "expired" else 0))
        if wrong == "cut off":
            path.write_bytes(path.read_bytes()[:-9])
        if wrong == "not ASCII":
            path.write_bytes(b"\xff")
        files = OfflineFiles(trust=published.folder.trust, facts=published.folder.facts, status_lists=[path])
        with pytest.raises(Refused, match="no status list"):
            open_offline(files, published.fingerprint, clock=lambda: now)

    @pytest.mark.parametrize("left_out", ["--trust", "--max-age"])
    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_what_is_left_out_is_asked_for(self, published: Bureau, left_out: str, lang: str) -> None:
        options = {"--trust": str(published.folder.trust), "--max-age": "600", "--roots": published.fingerprint}
        given = [part for name, value in options.items() if name != left_out for part in (name, value)]
        ran = ecert("verify", str(published.town.certificates()[0]), "--offline", *given, "--lang", lang)
        assert ran.exit_code == 2
        assert left_out in ran.stderr

    @pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 10_000])
    def test_what_is_no_trust_file_is_refused(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "trust.json").write_bytes(content)
        ran = ecert("trust", "check", str(tmp_path / "trust.json"), "--json")
        assert ran.exit_code == 2
        assert "no trust file" in json.loads(ran.stdout)["message"]

    def test_a_check_says_whether_it_was_compared_with_anything(self, published: Bureau) -> None:
        check = ["trust", "check", str(published.folder.trust), "--facts", str(published.folder.facts)]
        assert "no roots that you trust" in ecert(*check).stdout
        good = ecert(*check, "--roots", published.fingerprint, "--json")
        assert json.loads(good.stdout)["relied_on"] is True
        assert ecert(*check, "--roots", "A" * 43).exit_code == 2


class TestServing:
    @pytest.fixture
    def client(self, published: Bureau) -> Iterator[httpx.AsyncClient]:
        with Database.open(published.town.url) as database:
            view = LedgerView(database, published.town.deployment.names)
            answering = Answering(verifying=Verifying(view=view, types=TypeCatalogue.bundled()), matters={})
            app = public_app(Served(view=view, answering=answering, gate=Door(), trust=published.folder))
            yield httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://service.example")

    @pytest.mark.parametrize("name", ["ecert-trust.json", "ecert-facts.bin"])
    async def test_anybody_may_fetch_them_and_keep_them(
        self, published: Bureau, client: httpx.AsyncClient, name: str
    ) -> None:
        path = published.folder.trust if name.endswith("json") else published.folder.facts
        answer = await client.get(f"/.well-known/{name}")
        assert (answer.status_code, answer.content) == (200, path.read_bytes())
        again = await client.get(f"/.well-known/{name}", headers={"if-none-match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        head = await client.head(f"/.well-known/{name}")
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])

    async def test_a_facts_file_that_broke_off_can_be_gone_on_with(
        self, published: Bureau, client: httpx.AsyncClient
    ) -> None:
        whole = published.folder.facts.read_bytes()
        answer = await client.get("/.well-known/ecert-facts.bin", headers={"range": "bytes=100-"})
        assert (answer.status_code, answer.content) == (206, whole[100:])

    @pytest.mark.parametrize("said", ["lines=1-2", "bytes", "bytes=9-3", "bytes=--5", "bytes=1_0-2_0", "bytes=0-1,5-6"])
    async def test_a_range_that_says_nothing_is_passed_over(
        self, published: Bureau, client: httpx.AsyncClient, said: str
    ) -> None:
        answer = await client.get("/.well-known/ecert-facts.bin", headers={"range": said})
        assert (answer.status_code, answer.content) == (200, published.folder.facts.read_bytes())

    async def test_where_none_is_published_that_is_said(self, published: Bureau, client: httpx.AsyncClient) -> None:
        kept = {path: path.read_bytes() for path in (published.folder.trust, published.folder.facts)}
        for path in kept:
            path.unlink()
        try:
            for name in ("ecert-trust.json", "ecert-facts.bin"):
                answer = await client.get(f"/.well-known/{name}")
                assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        finally:
            for path, content in kept.items():
                path.write_bytes(content)


def test_certificates_of_a_ledger_and_of_the_one_before_are_verified_offline(bureau: Bureau) -> None:
    bureau.issue_all(*bureau.public("a", "b"), "--threshold", "2")
    bureau.town = bureau.town.succeeded()
    bureau.town.step()
    bureau.town.issue(4, 5, 6)
    second = bureau.issue_all()
    assert [each["ledger"] for each in second["ledgers"]] == list(bureau.town.deployment.names)
    newest = max(bureau.town.certificates())
    assert [bureau.verify(serial) for serial in (0, 1, newest)] == [
        (Result.VALID, []),
        (Result.INVALID, ["revoked"]),
        (Result.VALID, []),
    ]
