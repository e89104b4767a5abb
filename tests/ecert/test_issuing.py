import json
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert import base64url, suite
from ecert.certificate import Issuer
from ecert.draft import lint
from ecert.errors import LintError, MalformedAgency, MalformedKey, UnfitToSign
from ecert.issuing import SignedCertificate, salt_bytes, split_compact
from ecert.merkle import Tree, leaf_hash, verify_inclusion
from ecert.parsing import parse
from ecert.types import TypeCatalogue
from tests.ecert.making import BASE, HOLDER, ISSUER, KEY, TITLE, TITLE_ROW, filed, linted, random_salts, row_for, signed


def part(certificate: SignedCertificate, index: int) -> Any:
    return json.loads(base64url.decode(certificate.jwt.split(".")[index]))


def test_the_signed_part_is_just_what_the_format_says() -> None:
    certificate = signed(linted(valid_until="2027-06-30"))
    assert part(certificate, 0) == {"alg": "ES256", "kid": base64url.encode(KEY.kid), "typ": "dc+sd-jwt"}
    claims = part(certificate, 1)
    digests, slots = claims.pop("fields"), claims.pop("slots")
    assert claims == {
        "ecert": 1,
        "iss": str(ISSUER),
        "vct": TITLE.vct,
        "serial": 131_075,
        "version": 1,
        "iat": 1_790_000_000,
        "nbf": 1_782_835_200,
        "exp": 1_814_371_200,
        "status": {
            "status_list": {
                "idx": 3,
                "uri": f"{BASE}/status/31337/0x5fbdb2315678afecb367f032d93f642f64180aa3/11420100MB9A000148/1",
            }
        },
        "_sd_alg": "sha-256",
    }
    assert sorted(slots) == sorted(TITLE.slots)
    assert digests.keys() == {"_sd"}
    assert digests["_sd"] == sorted(digests["_sd"])


def test_every_slot_has_one_disclosure_with_its_name_and_digest() -> None:
    certificate = signed()
    claims = part(certificate, 1)
    named = dict(zip(claims["fields"]["_sd"], claims["slots"], strict=True))
    assert len(certificate.disclosures) == 16
    for disclosure, slot in zip(certificate.disclosures, TITLE.slots, strict=True):
        salt, name, _ = json.loads(base64url.decode(disclosure))
        assert name == slot == named[base64url.encode(sha256(disclosure.encode()).digest())]
        assert len(base64url.decode(salt)) == 16


def test_what_is_optional_stands_there_only_where_there_is_some() -> None:
    old = signed(linted({**TITLE_ROW, "use": ""}, valid_from="2010-01-01"), supersedes=(9, 7), version=2)
    claims = part(old, 1)
    assert claims["legacy"] is True
    assert claims["supersedes"] == [7, 9]
    assert "exp" not in claims
    bound = part(signed(cnf={"jwk": HOLDER.jwk}), 1)
    assert bound["cnf"] == {"jwk": HOLDER.jwk}
    assert not {"legacy", "supersedes"} & bound.keys()


def test_the_leaf_is_the_signed_part_and_the_key_s_signature_verifies() -> None:
    certificate = signed()
    assert certificate.leaf == leaf_hash(certificate.jwt.encode())
    assert suite.verify_jws(KEY.public_key, certificate.jwt.encode())


def test_the_same_arguments_give_the_same_certificate() -> None:
    assert signed() == signed()
    assert signed().jwt != signed(salts=bytes(256)).jwt


@pytest.mark.parametrize("change", [{"serial": 131_076}, {"iat": 1}, {"status_base": "https://else.example"}])
def test_other_arguments_another_certificate(change: dict[str, Any]) -> None:
    assert signed(**change).leaf != signed().leaf


@pytest.mark.parametrize(
    "change",
    [
        {"serial": -1},
        {"serial": 2**53},
        {"iat": -1},
        {"iat": 2**60},
        {"version": 0},
        {"version": 2},
        {"version": 2**53, "supersedes": (1,)},
        {"supersedes": (1, 1)},
        {"supersedes": (131_075,)},
        {"supersedes": (-1,)},
        {"supersedes": (2**53,)},
        {"supersedes": tuple(range(257))},
        {"salts": bytes(255)},
        {"salts": bytes(272)},
        {"status_base": "https://x/"},
        {"cnf": {"jwk": HOLDER.jwk, "kid": "x"}},
        {"issuer": Issuer(ledger="eip155:1:0x" + "0" * 40 + "/A", agency="B")},
    ],
)
def test_what_cannot_be_a_certificate_is_not_signed(change: dict[str, Any]) -> None:
    with pytest.raises((UnfitToSign, MalformedAgency)):
        signed(**change)


def test_a_holder_s_private_key_is_not_signed_into_a_certificate() -> None:
    with pytest.raises(MalformedKey):
        signed(cnf={"jwk": {**HOLDER.jwk, "d": "x"}})


def test_a_stored_certificate_is_taken_apart_again() -> None:
    certificate = signed()
    assert split_compact(certificate.compact(), certificate.serial) == certificate


def test_the_file_is_flattened_json_in_its_canonical_order() -> None:
    certificate = signed()
    path = Tree([certificate.leaf, bytes(32)]).path(0)
    whole = json.loads(certificate.file(path, {"block": "ü"}))
    assert f"{whole['protected']}.{whole['payload']}.{whole['signature']}" == certificate.jwt
    assert whole["header"] == {
        "disclosures": list(certificate.disclosures),
        "ecert": {"path": [base64url.encode(bytes(32))], "evidence": {"block": "ü"}},
    }
    assert (
        certificate.file(path, {"block": "ü"})
        == json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    assert json.loads(certificate.file(()))["header"]["ecert"] == {"path": []}


@pytest.mark.parametrize("certificate_type", list(TypeCatalogue.bundled()), ids=lambda each: each.slug)
def test_a_certificate_of_every_type_goes_from_row_to_file_and_back(certificate_type: Any) -> None:
    row = row_for(certificate_type)
    draft = lint(certificate_type, row, valid_from="2026-07-01", valid_until="2036-06-30")
    certificate = signed(draft, salts=random_salts(certificate_type))
    read = parse(filed(certificate))
    assert tuple(each.value for each in read.disclosures) == draft.values
    assert (read.nbf, read.exp, read.vct, read.serial) == (draft.nbf, draft.exp, certificate_type.vct, 131_075)
    assert read.path is not None
    root = Tree([bytes(32), certificate.leaf, bytes(32)]).root
    assert verify_inclusion(leaf_hash(read.signed), 1, 3, read.path, root)


@given(
    remarks=st.text(max_size=60),
    serial=st.integers(min_value=0, max_value=2**53 - 1),
    iat=st.integers(min_value=0, max_value=2**37),
    days=st.dates(min_value=date(1890, 1, 1), max_value=date(2210, 1, 1)),
    salts=st.binary(min_size=256, max_size=256),
)
@settings(deadline=None)
def test_whatever_lints_is_read_back_the_same(remarks: str, serial: int, iat: int, days: Any, salts: bytes) -> None:
    try:
        draft = linted({**TITLE_ROW, "remarks": remarks}, valid_from=days.isoformat(), valid_until="2200-12-31")
    except LintError:
        return
    certificate = signed(draft, serial=serial, iat=iat, salts=salts)
    compact, file = parse(certificate.compact().encode()), parse(filed(certificate))
    assert compact.disclosures == file.disclosures
    assert compact.signed == file.signed == certificate.jwt.encode()
    assert tuple(each.value for each in file.disclosures) == draft.values
    assert {each.digest for each in file.disclosures} == set(file.digests)
    assert (file.serial, file.iat, file.nbf, file.exp) == (serial, iat, draft.nbf, draft.exp)
    assert compact.path is None
    assert salt_bytes(draft.certificate_type) == len(salts)
