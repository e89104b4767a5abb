"""Evidence in a certificate's file is beside what is signed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ecert.carried_evidence import differs_in_evidence_alone, with_evidence
from ecert.errors import MalformedCertificate
from ecert.parsing import MAX_SIZE, parse
from tests.ecert.making import filed, signed

EVIDENCE: dict[str, Any] = {"header": "AAAA", "receipt": {"index": 1, "log": 0, "proof": ["AA"]}}


def test_a_file_with_evidence_is_the_same_certificate() -> None:
    file = with_evidence(filed(), EVIDENCE)
    before, after = parse(filed()), parse(file)
    assert after.evidence == EVIDENCE
    assert (after.signed, after.path, after.disclosures) == (before.signed, before.path, before.disclosures)
    assert with_evidence(file, {"header": "BB"}) == with_evidence(filed(), {"header": "BB"})


def test_the_holder_s_proof_stays() -> None:
    whole = json.loads(filed())
    whole["header"]["kb_jwt"] = "AAAA.AAAA.AAAA"
    assert parse(with_evidence(json.dumps(whole).encode(), EVIDENCE)).key_binding == "AAAA.AAAA.AAAA"


def test_the_compact_form_and_what_is_no_certificate_have_no_place_for_it() -> None:
    for nothing in (signed().compact().encode(), b"junk", b""):
        with pytest.raises(MalformedCertificate):
            with_evidence(nothing, EVIDENCE)
    with pytest.raises(MalformedCertificate, match="with its evidence"):
        with_evidence(filed(), {"header": "A" * MAX_SIZE})


def test_evidence_is_looked_past_and_nothing_else_is() -> None:
    file = with_evidence(filed(), EVIDENCE)
    assert differs_in_evidence_alone(filed(), filed())
    assert differs_in_evidence_alone(file, filed())
    assert not differs_in_evidence_alone(filed(), file)
    other = json.loads(file)
    other["header"]["disclosures"].pop()
    for changed in (file + b" ", json.dumps(other).encode(), b"", b"junk", signed().compact().encode()):
        assert not differs_in_evidence_alone(changed, filed())
    assert not differs_in_evidence_alone(file, signed().compact().encode())
