"""A certificate that was issued after the checkpoint proves its anchor itself, on a chain that validators seal."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ecert.carried_evidence import with_evidence
from ecert.demands import Demands
from ecert.parsing import parse
from ecert.suite import SigningKey
from ecert.trust import Trust, Validators
from ecert.trust_file import TrustFile
from ecert.verdict import Result
from tests.faults.validators import SealedChain, sealed_beside
from tests.local_chain import LocalChain
from tests.verifier.test_trust import YEAR, Bureau, ecert
from tests.verifier.town import found_town
from verifier.publishing.trust_folder import read_trust_file, write_trust_file
from verifier.services.offline import OfflineFiles, open_offline
from verifier.services.verification import Asked, Verification

BEFORE, AFTER = 0, 3
"""Serials: anchored before the checkpoint, and after it."""
ROOT = SigningKey.from_secret(88)


@pytest.fixture(scope="module")
def sealed(chain: LocalChain) -> Iterator[SealedChain]:
    with sealed_beside(chain.url) as sealed:
        yield sealed


@pytest.fixture(scope="module")
def bureau(chain: LocalChain, sealed: SealedChain, tmp_path_factory: pytest.TempPathFactory) -> Bureau:
    """A town on the sealed chain that issued before and after its checkpoint, and gave the later ones evidence."""
    coated = copy.copy(chain)
    coated.url = sealed.url
    town = found_town(coated, tmp_path_factory.mktemp("town"))
    assert town.command("keys", "init").exit_code == 0
    town.issue(1, 2, 3)
    roots = tmp_path_factory.mktemp("roots")
    (roots / "password").write_text("of a test\n")
    (roots / "password").chmod(0o600)
    for name in ("a", "b"):
        made = ecert("trust", "root", str(roots / f"{name}.pem"), "--password-file", str(roots / "password"))
        assert made.exit_code == 0, made.output
    bureau = Bureau(town=town, roots=roots)
    bureau.issue_all(*bureau.public("a", "b"), "--threshold", "2")
    town.issue(4, 5, 6)
    given = town.command("evidence", str(town.folder / "certificates"), "--json")
    assert given.exit_code == 0, given.output
    return bureau


def judged(
    bureau: Bureau, presented: bytes, folder: Path, trust: Trust | None = None, *, facts: bool = True
) -> Verification:
    """Judge offline, an hour later, by the published trust file, or by another one that a root of the test's signed."""
    path, roots = bureau.folder.trust, bureau.fingerprint
    if trust is not None:
        path = folder / "trust.json"
        own = replace(trust, roots=replace(trust.roots, threshold=1, keys=(ROOT.public_key,)))
        write_trust_file(path, TrustFile.unsigned(own).signed_by(ROOT))
        roots = own.roots.fingerprint
    files = OfflineFiles(trust=path, facts=bureau.folder.facts if facts else None)
    now = bureau.town.now() + 3600
    return open_offline(files, roots, clock=lambda: now).verify(presented, Asked(demands=Demands(max_age=YEAR)))


def told(verification: Verification) -> tuple[Result, list[str], object]:
    verdict = verification.verdict
    return verdict.result, [str(reason) for reason in verdict.reasons], verdict.notes.get("evidence")


def changed(trust: Trust, validators: tuple[Validators, ...]) -> Trust:
    (ledger,) = trust.ledgers
    return replace(trust, ledgers=(replace(ledger, validators=validators),))


def test_the_trust_file_names_who_seals_from_the_checkpoint_on(bureau: Bureau, sealed: SealedChain) -> None:
    (ledger,) = read_trust_file(bureau.folder.trust).trust.ledgers
    addresses = frozenset(key.public_key.to_canonical_address() for key in sealed.validators)
    assert ledger.validators == (Validators(from_block=ledger.checkpoint.block + 1, addresses=addresses),)


@pytest.mark.parametrize("facts", [True, False])
def test_its_evidence_makes_it_as_good_as_one_from_before(bureau: Bureau, tmp_path: Path, *, facts: bool) -> None:
    presented = bureau.town.certificates()[AFTER].read_bytes()
    assert told(judged(bureau, presented, tmp_path, facts=facts)) == (Result.VALID, [], None)


def test_without_it_nobody_knows_of_its_batch(bureau: Bureau, tmp_path: Path) -> None:
    whole = json.loads(bureau.town.certificates()[AFTER].read_bytes())
    del whole["header"]["ecert"]["evidence"]
    verdict = judged(bureau, json.dumps(whole).encode(), tmp_path).verdict
    assert verdict.result is not Result.VALID
    assert "not_anchored" in verdict.reasons


def test_from_before_the_checkpoint_it_is_not_looked_at_where_the_facts_say_it(bureau: Bureau, tmp_path: Path) -> None:
    presented = bureau.town.certificates()[BEFORE].read_bytes()
    assert told(judged(bureau, presented, tmp_path)) == (Result.VALID, [], None)
    result, reasons, note = told(judged(bureau, presented, tmp_path, facts=False))
    assert (result, reasons) == (Result.UNKNOWN, ["proof_missing"])
    assert "and the checkpoint is block" in str(note)


def test_evidence_of_another_batch_proves_nothing_of_this_one(bureau: Bureau, tmp_path: Path) -> None:
    files = bureau.town.certificates()
    other = parse(files[BEFORE].read_bytes()).evidence
    assert other is not None
    result, _, note = told(judged(bureau, with_evidence(files[AFTER].read_bytes(), dict(other)), tmp_path))
    assert result is not Result.VALID
    assert "and the checkpoint is block" in str(note)
    bureau_first = replace(read_trust_file(bureau.folder.trust).trust.ledgers[0].checkpoint, block=0)
    trust = read_trust_file(bureau.folder.trust).trust
    (ledger,) = trust.ledgers
    early = replace(ledger, checkpoint=bureau_first, validators=(replace(ledger.validators[0], from_block=1),))
    mixed = with_evidence(files[AFTER].read_bytes(), dict(other))
    result, _, note = told(judged(bureau, mixed, tmp_path, replace(trust, ledgers=(early,)), facts=False))
    assert result is not Result.VALID
    assert str(note).startswith("it is of the batch")


def test_seals_of_others_than_the_trusted_prove_nothing(bureau: Bureau, tmp_path: Path) -> None:
    presented = bureau.town.certificates()[AFTER].read_bytes()
    trust = read_trust_file(bureau.folder.trust).trust
    strangers = Validators(from_block=1, addresses=frozenset(bytes([each]) * 20 for each in range(4)))
    later = replace(trust.ledgers[0].validators[0], from_block=10**6)
    for validators, reason in (((strangers,), "too_few_seals"), ((later,), "too_few_validators"), ((), "too_few_")):
        result, _, note = told(judged(bureau, presented, tmp_path, changed(trust, validators)))
        assert result is not Result.VALID
        assert str(note).startswith(reason)


def test_what_is_no_evidence_is_said_to_be_none(bureau: Bureau, tmp_path: Path) -> None:
    presented = with_evidence(bureau.town.certificates()[AFTER].read_bytes(), {"header": "AA"})
    result, _, note = told(judged(bureau, presented, tmp_path))
    assert result is not Result.VALID
    assert "header.ecert.evidence" in str(note)
    (tmp_path / "x.ecert.json").write_bytes(presented)
    files = ["--trust", str(bureau.folder.trust), "--facts", str(bureau.folder.facts), "--roots", bureau.fingerprint]
    ran = ecert("verify", str(tmp_path / "x.ecert.json"), "--offline", *files, "--max-age", str(YEAR))
    assert "the evidence in the file proves nothing: header.ecert.evidence" in ran.stdout
