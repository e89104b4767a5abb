"""The trust file and the facts file where somebody lies, hurries or is late: nothing is believed for it."""

from __future__ import annotations

import asyncio
import fcntl
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ecert.demands import Demands
from ecert.facts import Status
from ecert.parsing import parse
from ecert.trust_file import TrustFile
from ecert.types import TypeCatalogue
from ecert.verdict import Result
from store.database import Database
from tests.verifier.test_answering import Door
from tests.verifier.test_trust import OLD_ENOUGH, YEAR, Bureau, bureau, ecert, issued_, published, write_list
from verifier.ledger_view import LedgerView
from verifier.publishing.trust_folder import read_trust_file, write_trust_file
from verifier.services.answering import Answering
from verifier.services.offline import OfflineFiles, open_offline
from verifier.services.verification import Asked
from verifier.services.verifying import Verifying
from verifier.web import Served, public_app

__all__ = ["bureau", "issued_", "published"]

ROOTS = ("--threshold", "2")


class TestAtTheBureau:
    def first(self, bureau: Bureau) -> None:
        bureau.issue_all(*bureau.public("a", "b", "c"), *ROOTS)

    @pytest.mark.parametrize("command", ["export", "publish"])
    def test_one_at_a_time_makes_or_publishes(self, bureau: Bureau, command: str) -> None:
        bureau.export(*bureau.public("a", "b"), *ROOTS)
        bureau.sign("a", "b")
        before = bureau.folder.next_trust.read_bytes()
        with (bureau.town.folder / "trust" / "lock").open("a+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            named = (*bureau.public("a", "b"), *ROOTS) if command == "export" else ()
            assert "is running" in bureau.trust(command, *named, code=2)["message"]
        assert bureau.folder.next_trust.read_bytes() == before
        assert bureau.publish()["version"] == 1

    def test_an_export_that_is_refused_leaves_what_is_being_signed(self, bureau: Bureau) -> None:
        bureau.export(*bureau.public("a", "b"), *ROOTS)
        bureau.sign("a")
        bureau.town.damage("UPDATE events SET head = zeroblob(32)")
        assert "ecert fsck" in bureau.export(*bureau.public("a", "b"), *ROOTS, code=2)["message"]
        assert {path.name for path in bureau.folder.next_trust.parent.iterdir()} == {"trust.json", "facts.bin"}
        bureau.sign("b")
        assert bureau.publish()["version"] == 1

    @pytest.mark.parametrize("column", ["hash = zeroblob(32)", "time = time - 1"])
    def test_a_checkpoint_of_another_block_than_the_service_s_is_not_exported(
        self, bureau: Bureau, column: str
    ) -> None:
        for table in ("blocks", "cursors"):
            bureau.town.damage(f"UPDATE {table} SET {column}")  # noqa: S608
        said = bureau.export(*bureau.public("a", "b"), *ROOTS, code=2)
        assert "ecert fsck" in said["message"]
        assert not bureau.folder.next_trust.exists()

    def test_of_a_chain_with_two_histories_nothing_is_exported(self, bureau: Bureau) -> None:
        bureau.town.damage("UPDATE cursors SET contested = 5")
        assert "two histories" in bureau.export(*bureau.public("a", "b"), *ROOTS, code=2)["message"]
        assert not bureau.folder.next_trust.exists()

    def test_one_that_has_expired_is_not_published(self, bureau: Bureau) -> None:
        bureau.export(*bureau.public("a", "b"), *ROOTS)
        trust = read_trust_file(bureau.folder.next_trust).trust
        write_trust_file(bureau.folder.next_trust, TrustFile.unsigned(replace(trust, iat=1, exp=2)))
        bureau.sign("a", "b")
        assert "expired" in bureau.publish(code=2)["message"]
        assert not bureau.folder.trust.exists()

    def test_agencies_that_the_events_do_not_make_are_not_published(self, bureau: Bureau) -> None:
        bureau.export(*bureau.public("a", "b"), *ROOTS)
        trust = read_trust_file(bureau.folder.next_trust).trust
        (ledger,) = trust.ledgers
        (agency,) = ledger.agencies
        forged = replace(trust, ledgers=(replace(ledger, agencies=(replace(agency, keys={}),)),))
        write_trust_file(bureau.folder.next_trust, TrustFile.unsigned(forged))
        path, facts = str(bureau.folder.next_trust), str(bureau.folder.next_facts)
        assert ecert("trust", "check", path, "--facts", facts).exit_code == 2
        bureau.sign("a", "b")
        assert "agencies" in bureau.publish(code=2)["message"]

    def test_a_holder_sees_what_to_compare_with_a_node(self, bureau: Bureau) -> None:
        bureau.export(*bureau.public("a", "b"), *ROOTS)
        (ledger,) = read_trust_file(bureau.folder.next_trust).trust.ledgers
        at = ledger.checkpoint
        shown = ecert("trust", "check", str(bureau.folder.next_trust)).stdout
        for value in (at.hash, at.registry.head, at.ledger.head):
            assert f"0x{value.hex()}" in shown

    def test_whoever_signed_without_being_a_root_of_the_file_is_told_too(self, bureau: Bureau) -> None:
        self.first(bureau)
        bureau.export(*bureau.public("c", "d"), *ROOTS)
        said = bureau.trust(
            "sign", "--key", str(bureau.roots / "a.pem"), "--password-file", str(bureau.roots / "password")
        )
        assert said["roots"]["signed"] == []
        assert len(said["others_signed"]) == 1


class TestAtTheCounter:
    def judged(
        self, published: Bureau, lists: list[Path], *, now: int, at: int | None = None
    ) -> tuple[Result, list[str]]:
        presented = published.town.certificates()[0].read_bytes()
        files = OfflineFiles(trust=published.folder.trust, facts=published.folder.facts, status_lists=lists)
        asked = Asked(demands=Demands(max_age=YEAR), at=at)
        verdict = open_offline(files, published.fingerprint, clock=lambda: now).verify(presented, asked).verdict
        return verdict.result, [str(reason) for reason in verdict.reasons]

    def test_of_two_status_lists_the_newer_counts_in_whatever_order_they_are_named(
        self, published: Bureau, tmp_path: Path
    ) -> None:
        now = published.town.now() + 1000
        uri = parse(published.town.certificates()[0].read_bytes()).status_uri
        old = write_list(published, tmp_path / "old.jwt", uri, {}, iat=now - 500)
        new = write_list(published, tmp_path / "new.jwt", uri, {0: Status.REVOKED}, iat=now - 5)
        for lists in ([old, new], [new, old]):
            assert self.judged(published, lists, now=now) == (Result.INVALID, ["revoked"])

    @pytest.mark.parametrize("status", [Status.REVOKED, Status.SUSPENDED])
    def test_of_a_time_after_the_checkpoint_facts_say_nothing_where_a_list_has_withdrawn_it_since(
        self, published: Bureau, tmp_path: Path, status: Status
    ) -> None:
        now = published.town.now() + 1000
        uri = parse(published.town.certificates()[0].read_bytes()).status_uri
        path = write_list(published, tmp_path / "list.jwt", uri, {0: status}, iat=now - 5)
        as_of = read_trust_file(published.folder.trust).trust.ledgers[0].checkpoint.time
        assert self.judged(published, [path], now=now, at=as_of + 100) == (Result.UNKNOWN, ["stale_ledger"])
        assert self.judged(published, [path], now=now, at=as_of) == (Result.VALID, [])

    def test_a_trust_file_of_a_time_to_come_says_nothing(self, published: Bureau) -> None:
        trust = read_trust_file(published.folder.trust).trust
        as_of = trust.ledgers[0].checkpoint.time
        later = TrustFile.unsigned(replace(trust, iat=as_of + 5000, exp=as_of + 9000))
        files = OfflineFiles(trust=published.folder.trust, facts=published.folder.facts)
        offline = open_offline(files, published.fingerprint, clock=lambda: as_of + 100)
        verdict = (
            replace(offline, trust=later.trust)
            .verify(published.town.certificates()[0].read_bytes(), OLD_ENOUGH)
            .verdict
        )
        assert (verdict.result, list(verdict.reasons)) == (Result.UNKNOWN, ["clock_wrong"])

    def test_what_is_expired_is_not_relied_on(self, published: Bureau, tmp_path: Path) -> None:
        trust = read_trust_file(published.folder.trust).trust
        path = tmp_path / "old.json"
        write_trust_file(path, TrustFile.unsigned(replace(trust, iat=1, exp=2)))
        for name in ("a", "b"):
            key = ["--key", str(published.roots / f"{name}.pem"), "--password-file", str(published.roots / "password")]
            assert ecert("trust", "sign", str(path), *key).exit_code == 0
        assert ecert("trust", "check", str(path)).exit_code == 0
        relied = ecert("trust", "check", str(path), "--roots", published.fingerprint)
        assert relied.exit_code == 2
        assert "expired" in relied.stderr

    @pytest.mark.parametrize("lang", ["en", "zh"])
    def test_a_demand_is_never_passed_over(self, published: Bureau, lang: str) -> None:
        named = ["verify", str(published.town.certificates()[0]), "--data", str(published.town.folder), "--lang", lang]
        ran = ecert(*named, "--max-status-age", "60")
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert "--trust" in ran.stderr
        ran = ecert(*named, "--url", "http://127.0.0.1:1", "--trust", str(published.folder.trust), "--max-age", "60")
        assert (ran.exit_code, ran.stdout) == (2, "")
        assert "--url" in ran.stderr

    def test_what_a_stranger_wrote_moves_nothing_on_the_terminal(self, tmp_path: Path) -> None:
        hostile = tmp_path / "trust.json"
        hostile.write_text(json.dumps({"\x1b[2K\rVALID  title\n": "a\u0301"}), "utf-8")
        ran = ecert("verify", "x", "--trust", str(hostile), "--max-age", "60", "--roots", "A" * 43)
        assert ran.exit_code == 2
        for mark in ("\x1b", "\r", "\nVALID"):
            assert mark not in ran.stderr
        ran = ecert("trust", "check", str(hostile))
        assert "\x1b" not in ran.stderr

    @pytest.mark.parametrize("wrong", ["roots", "facts", "trust", "list"])
    def test_what_cannot_be_relied_on_is_said_in_chinese_too(
        self, published: Bureau, tmp_path: Path, wrong: str
    ) -> None:
        nothing = tmp_path / "nothing"
        nothing.write_bytes(b"nothing")
        named: dict[str, Any] = {"--trust": published.folder.trust, "--facts": published.folder.facts}
        named |= {"--roots": published.fingerprint, "--max-age": 600}
        options = {"roots": "--roots", "facts": "--facts", "trust": "--trust", "list": "--status-list"}
        named[options[wrong]] = "A" * 43 if wrong == "roots" else nothing
        given = [str(part) for pair in named.items() for part in pair]
        ran = ecert("verify", str(published.town.certificates()[0]), *given, "--lang", "zh")
        assert ran.exit_code == 2
        assert any("\u4e00" <= character <= "\u9fff" for character in ran.stderr)


async def test_a_file_that_is_replaced_while_it_is_fetched_is_the_old_one_to_its_end(
    published: Bureau, tmp_path: Path
) -> None:
    bureau = Bureau(town=published.town.copy(tmp_path / "town"), roots=published.roots)
    before = bureau.folder.facts.read_bytes()
    with Database.open(bureau.town.url) as database:
        view = LedgerView(database, bureau.town.deployment.names)
        answering = Answering(verifying=Verifying(view=view, types=TypeCatalogue.bundled()), matters={})
        app = public_app(Served(view=view, answering=answering, gate=Door(), trust=bureau.folder))
        fetched: list[bytes] = []

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()  # the caller only listens
            raise AssertionError

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                new = bureau.folder.facts.with_name("new")
                new.write_bytes(b"another, which is longer" * 1000)
                new.replace(bureau.folder.facts)
            else:
                fetched.append(message["body"])

        scope = {"type": "http", "method": "GET", "path": "/.well-known/ecert-facts.bin", "query_string": b""}
        more: dict[str, Any] = {"headers": [], "http_version": "1.1", "scheme": "http", "server": ("service", 80)}
        await app(scope | more | {"raw_path": scope["path"].encode(), "client": ("127.0.0.1", 1)}, receive, send)  # type: ignore[attr-defined]
    assert b"".join(fetched) == before
