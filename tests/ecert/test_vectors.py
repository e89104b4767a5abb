"""Our code run on `tests/vectors/`, from the JSON alone, as any other implementation would; and the making of it."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from ecert import base64url
from ecert.checks.rules import CHECKS
from ecert.demands import Challenge, Demands, Holder
from ecert.errors import EcertError, MalformedCertificate, MalformedError, MalformedToken
from ecert.facts import Status
from ecert.facts_json import facts_from_json
from ecert.gbt36906 import result_number
from ecert.judging import judge, judge_malformed
from ecert.jwks import KeySet
from ecert.members import Members
from ecert.merkle import Tree, leaf_hash, verify_inclusion
from ecert.parsing import parse
from ecert.receipt import check_receipt
from ecert.status_list import decode, encode
from ecert.status_token import check_status_token
from ecert.types import CertificateType, parse_type
from ecert.verdict import BESIDE_CHECKS, Reason, Verdict, verdict_to_json

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "tests" / "vectors"
Vector = dict[str, Any]


def load(name: str) -> list[Vector]:
    vectors: list[Vector] = json.loads((VECTORS / name).read_text("utf-8"))["vectors"]
    return vectors


def of_certificates() -> Iterator[Vector]:
    for path in sorted((VECTORS / "certificates").glob("*.json")):
        yield from load(f"certificates/{path.name}")


CERTIFICATES = list(of_certificates())
TYPES: dict[str, CertificateType] = {
    slug: parse_type(json.dumps(whole), slug)
    for slug, whole in json.loads((VECTORS / "types.json").read_text()).items()
}


def presented(vector: Vector) -> bytes:
    return b"".join(
        (piece["text"].encode() if "text" in piece else b64decode(piece["base64"])) * piece.get("times", 1)
        for piece in vector["presented"]
    )


def demands(said: Vector) -> Demands:
    return Demands(
        expect=said["expect"],
        must_compare=frozenset(said["must_compare"]),
        holder=None if said["holder"] is None else Holder(**said["holder"]),
        key_binding=None if said["key_binding"] is None else Challenge(**said["key_binding"]),
        max_age=said["max_age"],
        max_status_age=said.get("max_status_age"),
    )


def judged(vector: Vector) -> Verdict:
    asked = demands(vector["demands"])
    facts = None if vector["facts"] is None else facts_from_json(vector["facts"])
    try:
        certificate = parse(presented(vector))
    except MalformedCertificate as error:
        as_of = None if facts is None else facts.as_of
        return judge_malformed(error, as_of=as_of, at=vector["at"], now=vector["now"], demands=asked)
    assert facts is not None
    return judge(
        certificate,
        facts,
        documents=[base64url.decode(digest) for digest in vector["documents"]],
        demands=asked,
        at=vector["at"],
        now=vector["now"],
        certificate_type=None if vector["type"] is None else TYPES[vector["type"]],
    )


def as_in_vectors(verdict: Verdict) -> Vector:
    whole: Vector = verdict_to_json(verdict)
    checks = []
    for check in whole["checks"]:
        check["detail"].pop("why" if check["number"] == 1 else "", None)
        if check["outcome"] != "pass":
            checks.append({name: said for name, said in check.items() if said not in ([], {})})
    return {**whole, "checks": checks}


@pytest.mark.parametrize("vector", CERTIFICATES, ids=[vector["name"] for vector in CERTIFICATES])
def test_the_verdict_is_that_of_the_vector(vector: Vector) -> None:
    verdict = judged(vector)
    assert as_in_vectors(verdict) == vector["verdict"]
    assert result_number(verdict) == vector["gbt36906"]


def test_the_vectors_have_every_reason_on_both_sides() -> None:
    given = {reason for vector in CERTIFICATES for reason in vector["verdict"]["reasons"]}
    nearly = {vector["nearly"] for vector in CERTIFICATES if "nearly" in vector}
    assert given == set(Reason) - BESIDE_CHECKS
    assert nearly == set(Reason) - BESIDE_CHECKS
    assert all(vector["nearly"] not in vector["verdict"]["reasons"] for vector in CERTIFICATES if "nearly" in vector)


def test_the_vectors_have_every_outcome_that_a_check_can_have() -> None:
    found = {
        (check["number"], check["outcome"], reason)
        for vector in CERTIFICATES
        for check in vector["verdict"]["checks"]
        for reason in check.get("reasons", ())
    }
    for rule in CHECKS:
        assert {(rule.number, "fail", reason) for reason in rule.fail} <= found
        assert {(rule.number, "unknown", reason) for reason in (*rule.unknown, *rule.softened)} <= found


def test_names_are_names() -> None:
    names = [vector["name"] for vector in CERTIFICATES]
    assert len(set(names)) == len(names)


def refusal(check: Any) -> str | None:
    try:
        check()
    except MalformedError:
        return "malformed"
    except EcertError:
        return "untrusted"
    return None


@pytest.mark.parametrize("vector", load("receipts.json"), ids=lambda vector: vector["name"])
def test_receipts(vector: Vector) -> None:
    keys = KeySet.from_json(vector["keys"])
    assert refusal(lambda: check_receipt(vector["token"], keys, iss=vector["iss"])) == vector["refused"]
    if vector["refused"] is None:
        receipt, said = check_receipt(vector["token"], keys, iss=vector["iss"]), vector["payload"]
        assert (receipt.jti, receipt.iat, receipt.batch) == (said["jti"], said["iat"], "verdicts" in said)
        assert [each.sd_hash for each in receipt.judged] == [each["sd_hash"] for each in said.get("verdicts", [said])]


@pytest.mark.parametrize("vector", load("status_lists.json"), ids=lambda vector: vector["name"])
def test_status_lists(vector: Vector) -> None:
    if vector["kind"] == "list":
        made = encode({int(serial): Status[status.upper()] for serial, status in vector["statuses"].items()})
        read = decode(Members(vector["status_list"], "status_list", MalformedToken))
        assert read.packed == made.packed
        assert {index: read.status(int(index)) for index in vector["entries"]} == vector["entries"]
    else:
        keys = KeySet.from_json(vector["keys"])
        found = refusal(lambda: check_status_token(vector["token"], keys, uri=vector["uri"], now=vector["now"]))
        assert found == vector["refused"]


@pytest.mark.parametrize("vector", load("trees.json"), ids=lambda vector: f"{vector['count']}-leaves")
def test_trees(vector: Vector) -> None:
    leaves = [leaf_hash(f"leaf {index}".encode()) for index in range(vector["count"])]
    tree, root = Tree(leaves), base64url.decode(vector["root"])
    assert tree.root == root
    for index, nodes in vector["paths"].items():
        path = tuple(base64url.decode(node) for node in nodes)
        assert tree.path(int(index)) == path
        assert verify_inclusion(leaves[int(index)], int(index), vector["count"], path, root)
    for proof in vector["refused"]:
        path = tuple(base64url.decode(node) for node in proof["path"])
        assert not verify_inclusion(leaves[proof["leaf"]], proof["index"], proof["count"], path, root)


def test_the_leaves_are_what_the_readme_says() -> None:
    assert leaf_hash(b"leaf 0") == sha256(b"\0leaf 0").digest()


def test_made_again_every_file_is_the_same() -> None:
    made = subprocess.run(
        [sys.executable, "scripts/make_vectors", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (made.returncode, made.stderr) == (0, "")
