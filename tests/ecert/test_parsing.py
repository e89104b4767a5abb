import json
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert import base64url, strict_json
from ecert.certificate import Certificate
from ecert.errors import MalformedCertificate
from ecert.parsing import MAX_DISCLOSURES, MAX_NESTING, MAX_SIZE, parse, parse_value
from tests.ecert.making import (
    FORGED,
    GONE,
    GOOD_CLAIMS,
    GOOD_DISCLOSURES,
    HOLDER,
    ISSUER,
    KEY,
    LEDGER,
    SALT,
    Forged,
    digest_of,
    disclosure,
    filed,
    signed,
)

DIGEST = "A" * 43
URI = GOOD_CLAIMS["status"]["status_list"]["uri"]


def refused(data: bytes) -> str:
    """Give the place that a refusal names."""
    with pytest.raises(MalformedCertificate) as caught:
        parse(data)
    assert caught.value.why
    return caught.value.place


def nested(depth: int) -> str:
    return "[" * depth + "]" * depth


def raw_disclosure(text: str | bytes) -> str:
    return base64url.encode(text.encode() if isinstance(text, str) else text)


TWO_LINES_AND_NONE = tuple(
    raw_disclosure(text) for text in (f'["{SALT}","a","x"]\n["{SALT}","b","y"]', f'["{SALT}","c","z')
)
ONE_LINE_IN_TWO = tuple(raw_disclosure(text) for text in (f'["{SALT}","a","x', '"]'))
"""Disclosures that are none, and would be as many good ones if they were read as one text."""


def test_a_good_certificate_is_read_whole_in_both_forms() -> None:
    for data in (FORGED.file(), FORGED.compact()):
        certificate = parse(data)
        assert certificate.signed == FORGED.jwt().encode()
        assert certificate.kid == KEY.kid
        assert certificate.iss == ISSUER
        assert (certificate.serial, certificate.version, certificate.supersedes) == (5, 1, ())
        assert (certificate.iat, certificate.nbf, certificate.exp) == (1_790_000_000, 1_782_835_200, 1_814_371_200)
        assert (certificate.legacy, certificate.cnf, certificate.status_uri) == (False, None, URI)
        assert sorted(certificate.slots) == ["document", "identifier", "use"]
        assert {each.digest for each in certificate.disclosures} == set(certificate.digests)
        assert {each.name: each.value for each in certificate.disclosures} == dict.fromkeys(certificate.slots)
        assert (certificate.key_binding, certificate.evidence) == (None, None)
    assert parse(FORGED.file()).path == ()
    assert parse(FORGED.compact()).path is None


def test_white_space_and_order_of_the_file_mean_nothing() -> None:
    whole = json.loads(filed())
    assert parse(b" \n" + json.dumps(dict(reversed(whole.items())), indent=2).encode()) == parse(filed())


@pytest.mark.parametrize("text", [FORGED.file().decode(), FORGED.compact().decode()])
@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8-sig", "UTF-8 with BOM"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
def test_a_file_that_an_editor_saved_in_another_encoding_is_refused_by_the_name_of_that(
    text: str, encoding: str, named: str
) -> None:
    with pytest.raises(MalformedCertificate) as caught:
        parse(text.encode(encoding))
    assert caught.value.place == "certificate"
    assert caught.value.why == f"saved as {named}: it must be UTF-8 without a byte order mark"


@pytest.mark.parametrize(
    ("claims", "of"),
    [
        ({"exp": GONE}, {"exp": None}),
        ({"legacy": True}, {"legacy": True}),
        ({"supersedes": [3, 1], "version": 2}, {"supersedes": (3, 1), "version": 2}),
        ({"supersedes": [0]}, {"supersedes": (0,), "version": 1}),
        ({"cnf": {"jwk": HOLDER.jwk}}, {"cnf": {"jwk": HOLDER.jwk}}),
        ({"nbf": -1_000_000_800, "exp": GONE}, {"nbf": -1_000_000_800}),
        ({"nbf": 900, "exp": 1800, "iat": 0}, {"nbf": 900, "exp": 1800, "iat": 0}),
        ({"vct": "urn:ecert:type:lake:fishing:1"}, {"vct": "urn:ecert:type:lake:fishing:1"}),
    ],
)
def test_what_is_optional_is_read_where_it_stands(claims: dict[str, Any], of: dict[str, Any]) -> None:
    certificate = parse(FORGED.but(claims=claims).file())
    assert {name: getattr(certificate, name) for name in of} == of


@pytest.mark.parametrize(
    ("claims", "place"),
    [
        ({"ecert": GONE}, "ecert"),
        ({"ecert": 2}, "ecert"),
        ({"ecert": True}, "ecert"),
        ({"ecert": "1"}, "ecert"),
        ({"iss": 5}, "iss"),
        ({"iss": str(ISSUER).replace("0x5f", "0x5F")}, "iss"),
        ({"iss": f"{LEDGER}/11420100MB9A000149"}, "iss"),
        ({"iss": f"{LEDGER}/agency"}, "iss"),
        ({"iss": f"{LEDGER}/{'A' * 100}"}, "iss"),
        ({"vct": None}, "vct"),
        ({"vct": "urn:ecert:type:"}, "vct"),
        ({"serial": GONE}, "serial"),
        ({"serial": -1}, "serial"),
        ({"serial": "5"}, "serial"),
        ({"serial": True}, "serial"),
        ({"version": 0}, "version"),
        ({"version": 2}, "version"),
        ({"supersedes": []}, "supersedes"),
        ({"supersedes": 4}, "supersedes"),
        ({"supersedes": [4, "3"]}, "supersedes[1]"),
        ({"supersedes": [-4]}, "supersedes[0]"),
        ({"supersedes": [4, 4]}, "supersedes"),
        ({"supersedes": [5]}, "supersedes"),
        ({"iat": -1}, "iat"),
        ({"iat": 253_402_387_201}, "iat"),
        ({"nbf": GONE}, "nbf"),
        ({"nbf": "2026-07-01"}, "nbf"),
        ({"nbf": -62_135_684_100}, "nbf"),
        ({"nbf": 1_782_835_227}, "nbf"),
        ({"exp": 1_814_371_227}, "exp"),
        ({"exp": 1_782_835_200}, "exp"),
        ({"exp": 253_402_388_100}, "exp"),
        ({"exp": None}, "exp"),
        ({"legacy": False}, "legacy"),
        ({"legacy": 1}, "legacy"),
        ({"status": GONE}, "status"),
        ({"status": "valid"}, "status"),
        ({"status": {"status_list": {"idx": 5, "uri": URI}, "more": 1}}, "status"),
        ({"status": {"status_list": [5, URI]}}, "status.status_list"),
        ({"status": {"status_list": {"idx": 5}}}, "status.status_list"),
        ({"status": {"status_list": {"idx": 6, "uri": URI}}}, "status.status_list.idx"),
        ({"status": {"status_list": {"idx": "5", "uri": URI}}}, "status.status_list.idx"),
        ({"serial": 1, "status": {"status_list": {"idx": True, "uri": URI}}}, "status.status_list.idx"),
        ({"status": {"status_list": {"idx": 5, "uri": URI[:-1] + "1"}}}, "status.status_list.uri"),
        ({"status": {"status_list": {"idx": 5, "uri": URI.replace("/31337/", "/1/")}}}, "status.status_list.uri"),
        ({"status": {"status_list": {"idx": 5, "uri": URI.replace("https", "file")}}}, "status.status_list.uri"),
        ({"status": {"status_list": {"idx": 5, "uri": 5}}}, "status.status_list.uri"),
        ({"cnf": "key"}, "cnf"),
        ({"cnf": {"jwk": HOLDER.jwk, "kid": "x"}}, "cnf"),
        ({"cnf": {"jwk": {**HOLDER.jwk, "d": "x"}}}, "cnf.jwk"),
        ({"cnf": {"jwk": {**HOLDER.jwk, "crv": "P-384"}}}, "cnf.jwk.crv"),
        ({"_sd_alg": "sha-512"}, "_sd_alg"),
        ({"_sd_alg": GONE}, "_sd_alg"),
        ({"slots": {}}, "slots"),
        ({"slots": []}, "slots"),
        ({"slots": ["document", "identifier", 5]}, "slots"),
        ({"slots": ["document", "identifier", "Use"]}, "slots"),
        ({"slots": ["document", "identifier,use"]}, "slots"),
        ({"slots": ["document", "identifier", "use", "use"]}, "slots"),
        ({"slots": ["document", "use"]}, "slots"),
        ({"slots": ["identifier"]}, "slots"),
        ({"slots": ["document", "identifier", *(f"f{i}" for i in range(255))]}, "slots"),
        ({"slots": ["document", "identifier"]}, "fields._sd"),
        ({"fields": []}, "fields"),
        ({"fields": {"_sd": [], "use": 1}}, "fields"),
        ({"fields": {"_sd": DIGEST}}, "fields._sd"),
        ({"fields": {"_sd": [DIGEST, DIGEST]}}, "fields._sd"),
        ({"fields": {"_sd": [DIGEST, DIGEST, 5]}}, "fields._sd"),
        ({"fields": {"_sd": [DIGEST, DIGEST, DIGEST]}}, "fields._sd"),
        ({"fields": {"_sd": [DIGEST, "C" + "A" * 42, "B" + "A" * 42]}}, "fields._sd"),
        ({"fields": {"_sd": [DIGEST, "A" * 42 + "B", "B" + "A" * 42]}}, "fields._sd[1]"),
        ({"fields": {"_sd": [DIGEST, "B" * 42, "C" + "A" * 42]}}, "fields._sd[1]"),
        ({"sub": "somebody"}, "sub"),
        ({"nationality": None}, "nationality"),
        ({"_sd": [DIGEST]}, "_sd"),
    ],
)
def test_a_claim_that_is_not_of_the_format_is_refused_with_its_place(claims: dict[str, Any], place: str) -> None:
    assert refused(FORGED.but(claims=claims).file()) == f"payload.{place}"
    assert refused(FORGED.but(claims=claims).compact()) == f"payload.{place}"


@pytest.mark.parametrize(
    ("header", "place"),
    [
        ({"alg": "none"}, "protected.alg"),
        ({"alg": "HS256"}, "protected.alg"),
        ({"alg": "ES384"}, "protected.alg"),
        ({"alg": None}, "protected.alg"),
        ({"alg": GONE}, "protected.alg"),
        ({"typ": "JWT"}, "protected.typ"),
        ({"typ": GONE}, "protected.typ"),
        ({"kid": 5}, "protected.kid"),
        ({"kid": "A" * 42}, "protected.kid[0]"),
        ({"crit": ["exp"]}, "protected.crit"),
        ({"jwk": KEY.jwk}, "protected.jwk"),
        ({"jku": "https://x.example/keys"}, "protected.jku"),
        ({"x5c": []}, "protected.x5c"),
        ({"x5c": "MII"}, "protected.x5c"),
        ({"x5c": ["MII", 5]}, "protected.x5c[1]"),
        ({"x5c": ["MII"]}, "protected.x5c[0]"),
        ({"x5c": ["AAAA"]}, "protected.x5c[0]"),
        ({"x5c": ["é"]}, "protected.x5c[0]"),
    ],
)
def test_a_header_that_is_not_of_the_format_is_refused_with_its_place(header: dict[str, Any], place: str) -> None:
    assert refused(FORGED.but(header=header).file()) == place


def certified(private: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    """Write a certificate of a key, signed by some authority, as `x5c` has it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=private.public_key(),
        serial_number=1,
        not_valid_before=day,
        not_valid_after=day,
    )
    made = builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256())
    return b64encode(made.public_bytes(Encoding.DER)).decode()


def test_a_certificate_chain_begins_with_the_key_of_kid() -> None:
    own = load_pem_private_key(KEY.to_pem(None), None)
    assert isinstance(own, ec.EllipticCurvePrivateKey)
    chain = [certified(own), "anything"]
    assert parse(FORGED.but(header={"x5c": chain}).file()).x5c == tuple(chain)
    long = [certified(own), "A" * 5000]
    assert parse(FORGED.but(header={"x5c": long}).file()).x5c == tuple(long)
    for other in (ec.SECP256R1(), ec.SECP384R1()):
        chain = [certified(ec.generate_private_key(other))]
        assert refused(FORGED.but(header={"x5c": chain}).file()) == "protected.x5c[0]"
    chain = [certified(ed25519.Ed25519PrivateKey.generate())]
    assert refused(FORGED.but(header={"x5c": chain}).file()) == "protected.x5c[0]"


@pytest.mark.parametrize(
    ("parts", "place"),
    [
        ({"whole": {"more": 1}}, "more"),
        ({"whole": {"signatures": []}}, "signatures"),
        ({"whole": {"payload": GONE}}, "payload"),
        ({"whole": {"payload": 5}}, "payload"),
        ({"whole": {"payload": ""}}, "payload"),
        ({"whole": {"payload": "e30="}}, "payload"),
        ({"whole": {"payload": base64url.encode(b"[]")}}, "payload"),
        ({"whole": {"payload": base64url.encode(b"{}")}}, None),
        ({"whole": {"payload": base64url.encode(b"\xff")}}, "payload"),
        ({"whole": {"protected": None}}, "protected"),
        ({"whole": {"protected": base64url.encode(b"{")}}, "protected"),
        ({"whole": {"protected": base64url.encode(b"5")}}, "protected"),
        ({"whole": {"signature": []}}, "signature"),
        ({"whole": {"signature": ""}}, "signature"),
        ({"whole": {"signature": "A" * 84}}, "signature"),
        ({"whole": {"signature": "A" * 85 + "B"}}, "signature"),
        ({"whole": {"header": []}}, "header"),
        ({"whole": {"header": GONE}}, "header"),
        ({"unsigned": {"disclosures": GONE}}, "header.disclosures"),
        ({"unsigned": {"disclosures": "all"}}, "header.disclosures"),
        ({"unsigned": {"more": 1}}, "header.more"),
        ({"unsigned": {"kb_jwt": 5}}, "header.kb_jwt"),
        ({"unsigned": {"kb_jwt": "AAAA.AAAA"}}, "header.kb_jwt"),
        ({"unsigned": {"kb_jwt": "AAAA..AAAA"}}, "header.kb_jwt"),
        ({"unsigned": {"kb_jwt": "AAAA.AAAA.AAAA="}}, "header.kb_jwt"),
        ({"unsigned": {"ecert": 1}}, "header.ecert"),
        ({"unsigned": {"ecert": GONE}}, "header.ecert"),
        ({"ecert": {"path": GONE}}, "header.ecert.path"),
        ({"ecert": {"path": DIGEST}}, "header.ecert.path"),
        ({"ecert": {"path": [DIGEST] * 21}}, "header.ecert.path"),
        ({"ecert": {"path": [DIGEST, DIGEST, DIGEST, "A"]}}, "header.ecert.path[3]"),
        ({"ecert": {"path": [DIGEST, 5]}}, "header.ecert.path"),
        ({"ecert": {"first_serial": 5}}, "header.ecert.first_serial"),
        ({"ecert": {"evidence": "0x"}}, "header.ecert.evidence"),
        ({"ecert": {"evidence": None}}, "header.ecert.evidence"),
        ({"disclosures": (5,)}, "disclosures[0]"),
        ({"disclosures": (GOOD_DISCLOSURES[0], "")}, "disclosures[1]"),
        ({"disclosures": (GOOD_DISCLOSURES[0] + "=",)}, "disclosures[0]"),
        ({"disclosures": (GOOD_DISCLOSURES[0] + "é",)}, "disclosures[0]"),
        ({"disclosures": ("~".join(GOOD_DISCLOSURES[:2]),)}, "disclosures[0]"),
        ({"disclosures": (GOOD_DISCLOSURES[0], "~".join(GOOD_DISCLOSURES[1:]))}, "disclosures[1]"),
        ({"disclosures": (GOOD_DISCLOSURES[0], GOOD_DISCLOSURES[0])}, "disclosures[1]"),
        ({"disclosures": (*GOOD_DISCLOSURES, disclosure(SALT, "use", "other"))}, "disclosures[3]"),
        ({"disclosures": (disclosure(SALT, None),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(SALT, "a", None, None),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(SALT[:-1], "a", None),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(SALT[:-1] + "B", "a", None),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(5, "a", None),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(SALT, 5, None),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(SALT, "_sd", None),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(SALT, "a", {"_sd": []}),)}, "disclosures[0]"),
        ({"disclosures": (disclosure(SALT, "a", [{"...": DIGEST}]),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure('{"a":1}'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(b"\xff"),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(b'["\xed\xa0\x80"]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a",1.5]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a",1e999999999]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a",NaN]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a",{"9" * 5000}]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a","\\ud800"]'),)}, "disclosures[0][2]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a","e\u0301"]'),)}, "disclosures[0][2]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a",{{"b":1,"b":2}}]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a","x"],["{SALT}","b","y"]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a","x"]\n["{SALT}","b","y"]'),)}, "disclosures[0]"),
        ({"disclosures": (raw_disclosure(f'["{SALT}","a","x\ny"]'),)}, "disclosures[0]"),
        ({"disclosures": TWO_LINES_AND_NONE}, "disclosures[0]"),
        ({"disclosures": ONE_LINE_IN_TWO}, "disclosures[0]"),
        ({"header_text": '{"alg":"ES256","alg":"ES256"}'}, "protected"),
        ({"payload_text": '{"exp":1,"exp":1}'}, "payload"),
        ({"payload_text": '{"exp":1.0}'}, "payload"),
        ({"payload_text": "{}"}, None),
    ],
)
def test_a_file_that_is_not_of_the_format_is_refused_with_the_place(parts: dict[str, Any], place: str | None) -> None:
    found = refused(FORGED.but(**parts).file())
    assert found == place or (place is None and found.startswith("payload."))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"{}",
        b"[]",
        b"null",
        b"\xef\xbb\xbf{}",
        b"\xff\xfe{\x00}\x00",
        b"a.b.c",
        b"a~b",
        b"a.b~",
        b"a.b.c.d~",
        b"~",
        FORGED.jwt().encode(),
        FORGED.compact() + b"\n",
        b" " + FORGED.compact(),
        FORGED.compact() + b"AAAA.AAAA",
        FORGED.compact().replace(b"~", b"~~", 1),
        FORGED.file()[:-1],
        FORGED.file() + b"x",
        FORGED.file() * 2,
        FORGED.file().replace(b'"payload":', b'"payload":"","payload":', 1),
        FORGED.file().decode().encode("utf-16"),
        b"1" * 100_000,
        b'{"a":' + b"9" * 200_000 + b"}",
        b'{"a":1e99999999999999999999}',
        b'{"a":"\\ud800"}',
        b"[" * MAX_SIZE,
        b'{"a":' * 50_000,
        b'{"' + b"\\" * 200_000,
        b'{"a":"' + b'\\"' * 100_000,
    ],
)
def test_other_bytes_are_no_certificate(data: bytes) -> None:
    refused(data)


def padded(size: int) -> bytes:
    data = filed()
    return data + b" " * (size - len(data))


def test_a_certificate_has_at_most_256_kib() -> None:
    assert parse(padded(MAX_SIZE))
    assert refused(padded(MAX_SIZE + 1)) == "certificate"


def many(count: int) -> Forged:
    texts = tuple(disclosure(SALT, f"f{number}", None) for number in range(count))
    return FORGED.but(disclosures=texts)


def test_a_certificate_has_at_most_256_disclosures() -> None:
    for write in (Forged.file, Forged.compact):
        assert len(parse(write(many(MAX_DISCLOSURES))).disclosures) == 256
        assert refused(write(many(MAX_DISCLOSURES + 1))) == "disclosures"


def test_a_path_has_at_most_20_nodes() -> None:
    path = parse(FORGED.but(ecert={"path": [DIGEST] * 20}).file()).path
    assert path == (bytes(32),) * 20


def test_nothing_is_nested_deeper_than_16() -> None:
    good = raw_disclosure(f'["{SALT}","a",{nested(MAX_NESTING - 1)}]')
    assert parse(FORGED.but(disclosures=(good,)).file())
    deep = raw_disclosure(f'["{SALT}","a",{nested(MAX_NESTING)}]')
    assert refused(FORGED.but(disclosures=(deep,)).file()) == "disclosures[0]"
    evidence = json.loads('{"a":' * 12 + "1" + "}" * 12)
    assert parse(FORGED.but(ecert={"evidence": evidence}).file()).evidence == evidence
    assert refused(FORGED.but(ecert={"evidence": {"a": {"a": evidence}}}).file()) == "certificate"


def test_slots_are_at_most_256() -> None:
    names = ["document", "identifier", *(f"f{number}" for number in range(254))]
    digests = sorted(digest_of(name) for name in names)
    certificate = parse(FORGED.but(claims={"slots": names, "fields": {"_sd": digests}}).file())
    assert len(certificate.slots) == 256


def test_a_disclosure_of_no_slot_comes_through_to_be_judged() -> None:
    strange = disclosure(SALT, "colour", "red")
    swapped = disclosure(SALT, "use", "other")
    for text in (strange, swapped):
        certificate = parse(FORGED.but(disclosures=(text,)).file())
        assert certificate.disclosures[0].digest not in certificate.digests


def test_a_certificate_may_show_nothing() -> None:
    assert parse(FORGED.but(disclosures=()).file()).disclosures == ()
    assert parse(FORGED.but(disclosures=()).compact()).disclosures == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (f'["{SALT}","use",""]', ""),
        (f'["{SALT}","use","null"]', "null"),
        (f'["{SALT}", "use", "with spaces"]', "with spaces"),
        (f'\n["{SALT}",\n"use",null]\n', None),
        (f'["{SALT}","use","\\u00e9\\n"]', "é\n"),
        (f'["{SALT}","use","é"]', "é"),
        (f'["{SALT}","use",-3]', -3),
        (f'["{SALT}","use",[true,{{"a":null}}]]', [True, {"a": None}]),
    ],
)
def test_a_disclosure_is_read_however_its_json_is_written(text: str, value: Any) -> None:
    shown = parse(FORGED.but(disclosures=(GOOD_DISCLOSURES[0], raw_disclosure(text))).file()).disclosures
    assert [each.value for each in shown] == [None, value]
    assert [each.name for each in shown] == ["document", "use"]
    assert shown[1].salt == SALT
    assert shown[1].encoded == raw_disclosure(text)


def test_a_key_binding_travels_along_unjudged() -> None:
    bound = "AAAA.AAAA.AAAA"
    assert parse(FORGED.but(unsigned={"kb_jwt": bound}).file()).key_binding == bound
    assert parse(FORGED.compact() + bound.encode()).key_binding == bound


def test_what_is_not_ascii_in_a_compact_form_is_refused() -> None:
    assert refused(FORGED.compact() + "é".encode()) == "kb_jwt"
    assert refused("é.b.c~".encode()) == "protected"


GOOD_FILE = filed()
GOOD_COMPACT = signed().compact().encode()


def read(data: bytes) -> Certificate | None:
    try:
        return parse(data)
    except MalformedCertificate:
        return None


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_for_any_bytes_only_our_own_error_is_raised(data: bytes) -> None:
    read(data)


@given(st.sampled_from([GOOD_FILE, GOOD_COMPACT]), st.data())
@settings(deadline=None, max_examples=300)
def test_a_certificate_changed_anywhere_is_refused_or_no_longer_the_same(good: bytes, data: st.DataObject) -> None:
    place = data.draw(st.integers(min_value=0, max_value=len(good) - 1))
    piece = data.draw(st.binary(max_size=3))
    changed = good[:place] + piece + good[place + data.draw(st.integers(min_value=0, max_value=3)) :]
    certificate = read(changed)
    if certificate is not None and b"".join(changed.split()) != b"".join(good.split()):
        assert certificate != parse(good)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(min_value=-5, max_value=5) | st.text(max_size=5) | st.just(DIGEST),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["header", "payload", "_sd", "jwk", "status_list", "idx", "uri"]), inner)
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from([*GOOD_CLAIMS, "slots", "fields", "cnf", "supersedes", "legacy"]), JSON, max_size=3
    ),
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "x5c"]), JSON, max_size=2),
    st.dictionaries(st.sampled_from(["disclosures", "ecert", "kb_jwt"]), JSON, max_size=2),
    st.lists(JSON, max_size=4).map(lambda content: raw_disclosure(json.dumps(content))),
)
@settings(deadline=None)
def test_whatever_stands_in_any_place_only_our_own_error_is_raised(
    claims: dict[str, Any], header: dict[str, Any], unsigned: dict[str, Any], shown: str
) -> None:
    read(FORGED.but(claims=claims, header=header, unsigned=unsigned, disclosures=(shown,)).file())


def test_the_canonical_writer_and_the_reader_agree() -> None:
    assert strict_json.loads(FORGED.file().decode(), "x") == json.loads(FORGED.file())


def test_a_file_form_that_stood_in_a_larger_text_is_read_like_one_of_its_own() -> None:
    file = filed()
    assert parse_value(json.loads(file)) == parse(file)
    with pytest.raises(MalformedCertificate) as caught:
        parse_value(["not", "an", "object"])
    assert caught.value.place == "certificate"
