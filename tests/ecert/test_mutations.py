"""Some thousands of the attacks of `scripts/fuzz`, every kind of them; and proof that a false accept would be found."""

from __future__ import annotations

import pytest

from ecert.checks import anchoring
from ecert.checks.rules import PASSED
from tests.ecert.attacking import Finding, attack
from tests.ecert.mutations import MUTATIONS
from tests.ecert.specimens import world

SEED = 4
EACH = 75
HARMLESS = {"evidence_that_is_none", "fewer_disclosures", "holders_proof_as_it_should_be"}


def attacks(mutation: str, count: int = EACH) -> list[Finding]:
    """Make attacks of one kind, as `scripts/fuzz` numbers them."""
    first = list(MUTATIONS).index(mutation)
    return [attack(SEED, first + turn * len(MUTATIONS), MUTATIONS) for turn in range(count)]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_no_attack_is_accepted_or_raises(mutation: str) -> None:
    findings = attacks(mutation)
    assert {finding.mutation for finding in findings} == {mutation}
    assert [finding for finding in findings if finding.failure is not None] == []


@pytest.mark.parametrize("mutation", sorted(HARMLESS))
def test_what_is_no_attack_stays_valid(mutation: str) -> None:
    assert "VALID" in {finding.outcome for finding in attacks(mutation)}


def test_an_attack_can_be_made_again() -> None:
    assert attack(SEED, 1234, MUTATIONS) == attack(SEED, 1234, MUTATIONS)
    assert attack(SEED, 1234, MUTATIONS).data != attack(SEED + 1, 1234, MUTATIONS).data


def test_certificates_of_a_rehearsal_are_right_there_alone() -> None:
    assert len(world().rehearsed) == len(world().specimens)
    assert not {each.signed.leaf for each in world().rehearsed} & {each.signed.leaf for each in world().specimens}


def test_a_verifier_that_looks_for_no_place_in_the_batch_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchoring, "verify_inclusion", lambda *_: True)
    assert any("nobody anchored" in str(finding.failure) for finding in attacks("other_digests"))
    assert any("nobody anchored" in str(finding.failure) for finding in attacks("other_half_of_the_signature"))


def test_a_verifier_that_checks_no_field_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecert.judging.check_6_fields", lambda _: PASSED[6])
    assert any("did not sign" in str(finding.failure) for finding in attacks("one_swapped_disclosure"))


def test_a_verifier_that_asks_for_no_proof_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ecert.key_binding.flaw", lambda *_: None)
    assert any("holder did not sign" in str(finding.failure) for finding in attacks("holders_proof_stripped"))


def test_an_exception_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(anchoring, "verify_inclusion", lambda *_: 1 // 0)
    finding = next(each for each in attacks("flipped_bits") + attacks("shuffled_path") if each.outcome == "raised")
    assert "ZeroDivisionError" in str(finding.failure)
