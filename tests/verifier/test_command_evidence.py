"""`ecert evidence`: on a chain that validators seal, files get what proves them; on any other, nobody does."""

from __future__ import annotations

import copy
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from chain.anchor_evidence import AnchorEvidence, prove
from ecert.carried_evidence import with_evidence
from ecert.parsing import parse
from ecert.presenting import present
from ecert.verdict import Outcome
from store.database import Database
from tests.faults.validators import SealedChain, sealed_beside
from tests.local_chain import LocalChain
from tests.verifier.town import AGENCY, Town, found_town
from verifier.services.verifying import open_verifying

FIRST, SECOND = (1, 2, 3), (4, 5)
"""Rows of two tables, so of two batches; their serials are one less."""


@pytest.fixture(scope="module")
def sealed(chain: LocalChain) -> Iterator[SealedChain]:
    with sealed_beside(chain.url) as sealed:
        yield sealed


@pytest.fixture(scope="module")
def issued(chain: LocalChain, sealed: SealedChain, tmp_path_factory: pytest.TempPathFactory) -> Town:
    """A town on the sealed chain that has issued."""
    coated = copy.copy(chain)
    coated.url = sealed.url
    town = found_town(coated, tmp_path_factory.mktemp("town"))
    for numbers in (FIRST, SECOND):
        assert town.issue(*numbers).complete
    return town


@pytest.fixture
def town(issued: Town, sealed: SealedChain, tmp_path: Path) -> Iterator[Town]:
    sealed.asked.clear()
    yield issued.copy(tmp_path / "town")
    sealed.sealers = list(sealed.validators)


def evidence(town: Town, *arguments: object) -> Result:
    return town.command("evidence", *map(str, arguments))


def told(ran: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.stdout.splitlines()]


def states(ran: Result) -> list[str]:
    return [one["state"] for one in told(ran)]


def carried(path: Path) -> AnchorEvidence:
    return AnchorEvidence.from_json(dict(parse(path.read_bytes()).evidence or {}))


def everything(town: Town) -> Path:
    return town.folder / "certificates"


def test_every_file_gets_what_proves_its_batch_and_stays_the_same_certificate(town: Town, sealed: SealedChain) -> None:
    before = {serial: path.read_bytes() for serial, path in town.certificates().items()}
    ran = evidence(town, everything(town), "--json")
    assert (ran.exit_code, states(ran)) == (0, ["added"] * 5), ran.output
    validators = frozenset(key.public_key.to_canonical_address() for key in sealed.validators)
    for serial, path in town.certificates().items():
        proved = prove(
            carried(path),
            validators=validators,
            after=0,
            ledger=town.deployment.ledger,
            instance=town.deployment.ledger_instance,
        )
        first, count = (0, 3) if serial < 3 else (3, 2)
        assert (proved.event.agency, proved.event.first_serial, proved.event.count) == (AGENCY, first, count)
        assert path.read_bytes() == with_evidence(before[serial], carried(path).to_json())
        assert town.command("verify", str(path), "--max-age", "86400").stdout.startswith("VALID")


def test_files_of_one_batch_share_what_is_asked_of_the_node(town: Town, sealed: SealedChain) -> None:
    assert evidence(town, everything(town)).exit_code == 0
    assert sealed.asked.count("eth_getTransactionReceipt") == 2


def test_what_has_good_evidence_stays_as_it_is_and_bad_evidence_is_replaced(town: Town) -> None:
    paths = town.certificates()
    assert evidence(town, everything(town)).exit_code == 0
    good = {path: path.read_bytes() for path in paths.values()}
    times = {path: path.stat().st_mtime_ns for path in paths.values()}
    paths[1].write_bytes(with_evidence(paths[1].read_bytes(), carried(paths[4]).to_json()))
    paths[2].write_bytes(with_evidence(paths[2].read_bytes(), {"header": "AA"}))
    ran = evidence(town, everything(town), "--json")
    assert (ran.exit_code, states(ran)) == (0, ["there", "added", "added", "there", "there"])
    assert {path: path.read_bytes() for path in paths.values()} == good
    assert {path: path.stat().st_mtime_ns for path in (paths[0], paths[3])} == {
        path: times[path] for path in (paths[0], paths[3])
    }


def test_other_seals_of_the_same_block_are_good_evidence_too(
    town: Town, chain: LocalChain, sealed: SealedChain
) -> None:
    path = town.certificates()[0]
    with sealed_beside(chain.url) as other:
        other.sealers = other.validators[1:]
        settings = town.folder / "ecert.toml"
        settings.write_text(settings.read_text().replace(sealed.url, other.url))
        assert evidence(town, path).exit_code == 0
        settings.write_text(settings.read_text().replace(other.url, sealed.url))
    assert states(evidence(town, path, "--json")) == ["there"]


def test_neither_fsck_nor_handing_out_again_minds_evidence(town: Town) -> None:
    assert evidence(town, everything(town)).exit_code == 0
    with_it = {path: path.read_bytes() for path in town.certificates().values()}
    assert town.fsck() == []
    lost = town.certificates()[0]
    lost.unlink()
    assert town.issue(*FIRST).complete
    assert parse(lost.read_bytes()).evidence is None
    assert {path: path.read_bytes() for path in with_it if path != lost} == {
        path: content for path, content in with_it.items() if path != lost
    }
    changed = town.certificates()[1]
    changed.write_bytes(present(changed.read_bytes(), ["holder_name"]))
    assert [one["kind"] for one in town.fsck()] == ["file_altered"]


def test_a_file_keeps_who_may_read_it_and_a_link_leads_to_it(town: Town, tmp_path: Path) -> None:
    path = town.certificates()[0]
    path.chmod(0o640)
    link = tmp_path / "link.ecert.json"
    link.symlink_to(path)
    before = os.umask(0o000)
    try:
        assert evidence(town, link).exit_code == 0
    finally:
        os.umask(before)
    assert (link.is_symlink(), stat.S_IMODE(path.stat().st_mode)) == (True, 0o640)
    assert carried(path).proof


def test_a_copy_that_shows_less_gets_it_too_and_a_compact_form_has_no_place_for_it(town: Town, tmp_path: Path) -> None:
    whole = town.certificates()[0].read_bytes()
    shown, compact = tmp_path / "shown.ecert.json", tmp_path / "compact"
    shown.write_bytes(present(whole, ["holder_name"]))
    certificate = parse(whole)
    compact.write_text("~".join([certificate.signed.decode(), *(one.encoded for one in certificate.disclosures), ""]))
    ran = evidence(town, shown, compact, "--json")
    assert (ran.exit_code, states(ran)) == (2, ["added", "failed"])
    assert "compact form" in told(ran)[1]["error"]
    assert "紧凑格式" in told(ran)[1]["error_zh"]
    assert carried(shown).proof


def test_what_is_not_on_the_ledger_gets_none_and_keeps_back_no_other(town: Town, tmp_path: Path) -> None:
    good = town.certificates()[0]
    forged, junk, missing = (tmp_path / name for name in ("forged.ecert.json", "junk.ecert.json", "missing"))
    whole = json.loads(good.read_bytes())
    whole["header"]["ecert"]["path"][0] = "A" * 43
    forged.write_text(json.dumps(whole))
    junk.write_text("junk")
    ran = evidence(town, missing, forged, junk, good, "--json")
    found = {Path(one["file"]).name: one for one in told(ran)}
    assert (ran.exit_code, [one["state"] for one in found.values()]) == (
        1,
        ["failed", "not_anchored", "not_anchored", "added"],
    )
    assert "not_in_batch" in found[forged.name]["error"]
    assert found[junk.name]["error"].startswith("it is no certificate")
    assert found["missing"]["error_zh"] == "无法读取：文件不存在"
    assert (forged.read_text(), junk.read_text()) == (json.dumps(whole), "junk")
    assert evidence(town, missing).exit_code == 2


def test_what_is_not_settled_is_not_given_any(town: Town) -> None:
    path = town.certificates()[4]
    town.damage("UPDATE cursors SET settled_block = 1")
    with Database.open(town.url) as database:
        checks = open_verifying(database, town.deployment.names).verify(path.read_bytes()).verdict.checks
    assert checks[6].outcome is Outcome.UNKNOWN
    ran = evidence(town, path, "--json")
    assert (ran.exit_code, states(ran)) == (2, ["failed"])
    assert "not_settled" in told(ran)[0]["error"]
    assert parse(path.read_bytes()).evidence is None


def test_a_block_that_was_not_kept_or_is_another_gives_none(town: Town) -> None:
    path = town.certificates()[0]
    town.damage("UPDATE blocks SET hash = zeroblob(32)")
    refused = evidence(town, path)
    assert (refused.exit_code, "another block" in refused.stderr) == (2, True)
    town.damage("DELETE FROM blocks")
    assert "ecert fsck" in told(evidence(town, path, "--json"))[0]["error"]


def test_a_block_that_too_few_sealed_gives_none(town: Town, chain: LocalChain, sealed: SealedChain) -> None:
    with sealed_beside(chain.url) as liar:
        liar.sealers = liar.validators[:2]
        settings = town.folder / "ecert.toml"
        settings.write_text(settings.read_text().replace(sealed.url, liar.url))
        ran = evidence(town, everything(town), "--json")
    assert (ran.exit_code, set(states(ran))) == (2, {"failed"})
    assert "2 of 4 have, and it takes 3" in told(ran)[0]["error"]


def test_words_say_what_became_of_each_file_and_of_all(town: Town) -> None:
    paths = [town.certificates()[serial] for serial in (0, 3)]
    ran = evidence(town, *paths)
    assert ran.stdout.splitlines() == [
        f"ADDED  {paths[0]}",
        f"ADDED  {paths[1]}",
        "2 files: 2 ADDED, 0 THERE, 0 NOT ANCHORED, 0 FAILED",
    ]
    ran = evidence(town, "--lang", "zh", *paths, "missing")
    assert ran.stdout.splitlines()[-1] == "共 3 个文件：0 已写入，2 已有，0 未上链，1 未完成"
    assert "  无法读取：文件不存在" in ran.stdout.splitlines()


def test_of_many_only_those_without_are_told(town: Town, tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(30):
        shutil.copy(town.certificates()[number % 5], many / f"{number:02}.ecert.json")
    (many / "99.ecert.json").write_text("junk")
    ran = evidence(town, many)
    assert ran.exit_code == 1
    assert ran.stdout.splitlines()[0] == f"NOT ANCHORED  {many / '99.ecert.json'}"
    assert ran.stdout.splitlines()[-1] == "31 files: 30 ADDED, 0 THERE, 1 NOT ANCHORED, 0 FAILED"


def test_a_folder_that_cannot_be_written_keeps_back_no_other(
    town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs tests as root can write everywhere, so the disk is full in one folder."""
    elsewhere = tmp_path / "full" / "0.ecert.json"
    elsewhere.parent.mkdir()
    shutil.copy(town.certificates()[0], elsewhere)
    replace = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.parent == elsewhere.parent:
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    ran = evidence(town, elsewhere, town.certificates()[1], "--json")
    assert (ran.exit_code, states(ran)) == (2, ["failed", "added"])
    assert told(ran)[0]["error_zh"] == "无法写入：磁盘已满"
    assert [path.name for path in elsewhere.parent.iterdir()] == ["0.ecert.json"]
    assert parse(elsewhere.read_bytes()).evidence is None


def test_on_a_network_without_validators_nobody_gets_any(chain: LocalChain, tmp_path: Path) -> None:
    town = found_town(chain, tmp_path)
    assert town.issue(1).complete
    path = town.certificates()[0]
    before = path.read_bytes()
    ran = evidence(town, path)
    assert (ran.exit_code, ran.stdout) == (2, "")
    assert "its blocks are not sealed by validators (QBFT)" in ran.stderr
    assert "没有验证者（QBFT）印章" in evidence(town, "--lang", "zh", path).stderr
    assert path.read_bytes() == before


def test_another_chain_is_not_asked(town: Town, sealed: SealedChain) -> None:
    with LocalChain() as other:
        settings = town.folder / "ecert.toml"
        settings.write_text(settings.read_text().replace(sealed.url, other.url))
        ran = evidence(town, town.certificates()[0])
    assert ran.exit_code == 2
    assert "not the one that this database belongs to" in ran.stderr
