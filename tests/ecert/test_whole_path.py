"""From a row to a verdict through every part; and nothing that is done to the bytes on the way makes them VALID."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecert import base64url, key_binding
from ecert.certificate import Issuer
from ecert.demands import Challenge, Demands
from ecert.draft import lint
from ecert.errors import MalformedCertificate
from ecert.events import AgencyAccredited, AgencyRegistered, BatchAnchored, KeyAdded, Place
from ecert.facts import AsOf
from ecert.issuing import SignedCertificate, sign
from ecert.judging import judge, judge_malformed
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import Tree
from ecert.parsing import parse
from ecert.suite import SigningKey, sign_jws
from ecert.types import TypeCatalogue
from ecert.verdict import Result, Verdict
from tests.ecert.cases import AGENCY, HOLDER_KEY, KEY, LEDGER, NOW, OTHER_KEY, SIGNED, TITLE, VALUES

TYPES = TypeCatalogue.bundled()
ROW = {
    **VALUES,
    "address": "武汉市江岸区一元路1号",
    "right_kind": "国有建设用地使用权/房屋所有权",
    "right_nature": "出让/市场化商品房",
    "use": "城镇住宅用地/住宅",
    "registration_office": "武汉市自然资源和城乡建设局",
}
CHALLENGE = Challenge(nonce="n", audience="a")
SERIALS = range(7, 12)
ISSUER = Issuer(ledger=LEDGER, agency=AGENCY)


def issued(serial: int, key: SigningKey = KEY, issuer: Issuer = ISSUER) -> SignedCertificate:
    linted = lint(TITLE, ROW, valid_from="2026-07-01", valid_until="2096-06-30")
    salts = b"".join(sha256(f"{serial} {name}".encode()).digest()[:16] for name in TITLE.slots)
    return sign(
        linted,
        serial=serial,
        iat=SIGNED,
        issuer=issuer,
        status_base="https://city.example",
        key=key,
        salts=salts,
        cnf={"jwk": HOLDER_KEY.jwk},
    )


SIGNED_ONES = [issued(serial) for serial in SERIALS]
TREE = Tree([each.leaf for each in SIGNED_ONES])
FILES = [each.file(TREE.path(index)) for index, each in enumerate(SIGNED_ONES)]
GOOD = FILES[2]
AS_OF = AsOf(chain="eip155:31337", block=9, hash=bytes(32), time=NOW - 5)


def place(block: int) -> Place:
    return Place(block=block, time=SIGNED - 100 + 50 * block, sequence=block)


COPY = LedgerCopy.empty(LEDGER, AS_OF).advance(
    [
        AgencyRegistered(place=place(1), agency=AGENCY, name="Registry", admin=bytes(20)),
        AgencyAccredited(place=place(1), agency=AGENCY, certificate_type=TITLE.vct_hash, since=0, until=None),
        KeyAdded(place=place(1), agency=AGENCY, kid=KEY.kid, suite=1, public_key=KEY.public_key, added=place(1).time),
        BatchAnchored(
            place=place(4),
            agency=AGENCY,
            certificate_type=TITLE.vct_hash,
            suite=1,
            root=TREE.root,
            first_serial=SERIALS[0],
            count=len(SERIALS),
        ),
    ],
    AS_OF,
    9,
)


def verify(data: bytes, demands: Demands | None = None) -> Verdict:
    """Judge bytes as the service does."""
    try:
        certificate = parse(data)
    except MalformedCertificate as error:
        return judge_malformed(error, as_of=COPY.as_of, now=NOW)
    return judge(
        certificate,
        COPY.facts(certificate),
        demands=demands or Demands(),
        now=NOW,
        certificate_type=TYPES.by_vct(certificate.vct),
    )


@pytest.mark.parametrize("data", FILES)
def test_every_certificate_of_a_batch_is_valid(data: bytes) -> None:
    verdict = verify(data)
    assert (verdict.result, verdict.reasons) == (Result.VALID, ())


def test_the_compact_form_has_no_path() -> None:
    assert verify(SIGNED_ONES[2].compact().encode()).reasons == ("proof_missing",)


@dataclass
class File:
    """A certificate file, taken apart."""

    data: Any

    @classmethod
    def good(cls) -> File:
        return cls(json.loads(GOOD))

    @property
    def header(self) -> Any:
        return self.data["header"]

    @property
    def path(self) -> list[str]:
        found: list[str] = self.header["ecert"]["path"]
        return found

    def resigned(self, key: SigningKey = OTHER_KEY, **claims: Any) -> None:
        payload = json.loads(base64url.decode(self.data["payload"])) | claims
        header = json.loads(base64url.decode(self.data["protected"]))
        parts = sign_jws(key, header, payload).split(".")
        self.data["protected"], self.data["payload"], self.data["signature"] = parts

    def bytes(self) -> bytes:
        return json.dumps(self.data).encode()


def swap_disclosures_of_another(file: File) -> None:
    file.header["disclosures"] = json.loads(FILES[3])["header"]["disclosures"]


def swap_path(file: File) -> None:
    file.header["ecert"]["path"] = json.loads(FILES[3])["header"]["ecert"]["path"]


def add_a_second_disclosure(file: File) -> None:
    file.header["disclosures"].append(json.loads(FILES[3])["header"]["disclosures"][0])


def repeat_a_disclosure(file: File) -> None:
    file.header["disclosures"].append(file.header["disclosures"][0])


def rename_a_disclosure(file: File) -> None:
    salt, _, value = json.loads(base64url.decode(file.header["disclosures"][0]))
    renamed = json.dumps([salt, "term", value]).encode()
    file.header["disclosures"][0] = base64url.encode(renamed)


ATTACKS: list[Callable[[File], object]] = [
    swap_disclosures_of_another,
    swap_path,
    add_a_second_disclosure,
    repeat_a_disclosure,
    rename_a_disclosure,
    lambda file: file.path.pop(),
    lambda file: file.path.append(file.path[0]),
    lambda file: file.path.reverse(),
    lambda file: file.path.clear(),
    lambda file: file.resigned(),
    lambda file: file.resigned(KEY, version=1, exp=None),
    lambda file: file.resigned(KEY, nbf=SIGNED - SIGNED % 900),
    lambda file: file.resigned(KEY, serial=SERIALS[3]),
    lambda file: file.resigned(KEY, serial=99),
    lambda file: file.resigned(KEY, vct="urn:ecert:type:11100000MB0143028R001"),
    lambda file: file.resigned(KEY, iss=f"{LEDGER}/12420100MB9A00030T"),
    lambda file: file.resigned(KEY, iss=f"eip155:31337:0x{'00' * 20}/{AGENCY}"),
    lambda file: file.resigned(KEY, status={"status_list": {"idx": 9, "uri": "https://else.example/status"}}),
    lambda file: file.data.update(json.loads(FILES[3]) | {"header": file.header}),
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_gives_valid(attack: Callable[[File], object]) -> None:
    file = File.good()
    assert verify(file.bytes()).result is Result.VALID
    attack(file)
    assert verify(file.bytes()).result is Result.INVALID


@pytest.mark.parametrize(
    "forged",
    [
        issued(9, key=OTHER_KEY),
        issued(9, issuer=Issuer(ledger=LEDGER, agency="12420100MB9A00030T")),
        issued(9, issuer=Issuer(ledger=f"eip155:31337:0x{'00' * 20}", agency=AGENCY)),
        issued(9, issuer=Issuer(ledger=LEDGER.replace("31337", "1"), agency=AGENCY)),
        issued(99),
    ],
)
def test_no_certificate_of_elsewhere_is_valid(forged: SignedCertificate) -> None:
    assert verify(forged.file(TREE.path(2))).result is Result.INVALID


def test_a_key_binding_that_is_demanded_must_be_there_and_of_this_presentation() -> None:
    demands = Demands(key_binding=CHALLENGE)
    file = File.good()
    assert verify(file.bytes(), demands).result is Result.INVALID
    binding = key_binding.create(SIGNED_ONES[2].compact(), CHALLENGE, iat=NOW, key=HOLDER_KEY)
    file.header["kb_jwt"] = binding
    assert verify(file.bytes(), demands).result is Result.VALID
    file.header["disclosures"] = [each for each in file.header["disclosures"] if b'"address"' not in _plain(each)]
    assert verify(file.bytes(), demands).reasons == ("holder_not_proved",)
    assert verify(file.bytes()).result is Result.VALID


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 7))
def test_no_flipped_bit_gives_another_valid_certificate(at: int, bit: int) -> None:
    """A bit can only make it invalid, or change what carries no meaning: then it is the same certificate."""
    flipped = bytearray(GOOD)
    flipped[at] ^= 1 << bit
    verdict = verify(bytes(flipped))
    if verdict.result is Result.VALID:
        assert parse(bytes(flipped)) == parse(GOOD)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=8), st.integers(0, 8))
def test_no_spliced_bytes_give_another_valid_certificate(at: int, inserted: bytes, cut: int) -> None:
    spliced = GOOD[:at] + inserted + GOOD[at + cut :]
    if verify(spliced).result is Result.VALID:
        assert parse(spliced) == parse(GOOD)


def _plain(disclosure: str) -> bytes:
    return base64url.decode(disclosure)
