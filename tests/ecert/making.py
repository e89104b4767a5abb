"""Rows that lint, certificates made from them, and certificates whose every part can be spoiled before signing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from ecert import base64url, strict_json
from ecert.certificate import Issuer, Value
from ecert.draft import LintedCertificate, lint
from ecert.fields import Field, Form, Kind, ListOf
from ecert.issuing import SignedCertificate, salt_bytes, sign
from ecert.merkle import Tree
from ecert.suite import SigningKey
from ecert.types import CertificateType, bundled_types

LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
ISSUER = Issuer(ledger=LEDGER, agency="11420100MB9A000148")
BASE = "https://status.example/base"
KEY = SigningKey.from_secret(7)
HOLDER = SigningKey.from_secret(8)
TITLE = bundled_types()["real-estate-title"]
TITLE_ROW: Mapping[str, Value] = {
    "title_number": "鄂 ( 2026 ) 武汉市江岸不动产权第 0012345 号",
    "holders": '[{"name": "李明", "id_type": "111", "id_number": "42010620000229008x", "share": "1/1"}]',
    "ownership_form": "单独所有",
    "address": "武汉市江岸区中山大道1号",
    "unit_number": "420103 001002 GB00017 F00030045",
    "right_kind": "国有建设用地使用权/房屋所有权",
    "right_nature": "出让/商品房",
    "use": "城镇住宅用地/住宅",
    "area_m2": "84.10",
    "term": "",
    "other": None,
    "remarks": 'said "so"\nin two lines',
    "registration_office": "武汉市江岸区登记机构",
    "registration_date": "2026年7月1日",
}
_NUMBERS = {
    Form.NUMBER: "420102202600000001",
    Form.PROPERTY_UNIT: "420103001002GB00017F00030045",
    Form.FOOD_PERMIT: "JY24201030000011",
    Form.TAXPAYER_ID: "420102199003071232",
    Form.IDENTIFIER: "1.2.156.3005.2.11100000MB03271699001.11420100MB9A000148.2026110000001.001.P",
}
_VALUES: dict[Kind, Value] = {
    Kind.DATE: "2026-07-01",
    Kind.INTEGER: "12",
    Kind.DECIMAL: "4041185.12",
    Kind.CITIZEN_ID: "420102199003071232",
    Kind.USCC: "91420103MA9K000796",
}


def value_for(each: Field) -> Value:
    """Give a good value for a field of any kind."""
    if each.kind is Kind.LIST:
        return (
            [{"name": "李明", "id_number": "420102199003071232"}] if each.of is ListOf.PEOPLE else [{"item": "检查费"}]
        )
    if each.kind is Kind.TEXT:
        return "文字" if each.form is None else _NUMBERS[each.form]
    return _VALUES[each.kind]


def row_for(certificate_type: CertificateType) -> dict[str, Value]:
    """Give a good row of any type."""
    return {each.name: value_for(each) for each in certificate_type.fields}


def linted(row: Mapping[str, Value] = TITLE_ROW, **arguments: Any) -> LintedCertificate:
    return lint(TITLE, row, **{"valid_from": "2026-07-01", **arguments})


def signed(of: LintedCertificate | None = None, **arguments: Any) -> SignedCertificate:
    given: dict[str, Any] = {
        "serial": 131_075,
        "iat": 1_790_000_000,
        "issuer": ISSUER,
        "status_base": BASE,
        "key": KEY,
        "salts": bytes(range(256)),
    }
    return sign(of or linted(), **{**given, **arguments})


def salts(count: int) -> bytes:
    """Give salts that are not random, all different."""
    return sha256(b"salts").digest() * (count // 32) + bytes(count % 32)


def filed(certificate: SignedCertificate | None = None) -> bytes:
    """Write the file of a certificate that stands second in a batch of three."""
    certificate = certificate or signed()
    return certificate.file(Tree([bytes(32), certificate.leaf, bytes(32)]).path(1))


GOOD_HEADER: Mapping[str, Any] = {"alg": "ES256", "kid": base64url.encode(KEY.kid), "typ": "dc+sd-jwt"}
GOOD_CLAIMS: Mapping[str, Any] = {
    "ecert": 1,
    "iss": str(ISSUER),
    "vct": TITLE.vct,
    "serial": 5,
    "version": 1,
    "iat": 1_790_000_000,
    "nbf": 1_782_835_200,
    "exp": 1_814_371_200,
    "status": {
        "status_list": {"idx": 5, "uri": f"{BASE}/status/31337/{LEDGER.split(':')[2]}/{ISSUER.agency}/0"},
    },
    "_sd_alg": "sha-256",
}
SALT = "AAAAAAAAAAAAAAAAAAAAAA"
GONE = object()
"""Put in the place of a member, it takes the member away."""


def disclosure(*content: Value) -> str:
    return base64url.encode(strict_json.canonical(list(content)).encode())


def digest_of(text: str) -> str:
    return base64url.encode(sha256(text.encode()).digest())


GOOD_DISCLOSURES = tuple(disclosure(SALT, name, None) for name in ("document", "identifier", "use"))


def _with(whole: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in {**whole, **changes}.items() if value is not GONE}


@dataclass(frozen=True, kw_only=True)
class Forged:
    """A certificate that can be spoiled in every place and is then signed; as bytes, in either form."""

    header: Mapping[str, Any] = field(default_factory=dict)
    claims: Mapping[str, Any] = field(default_factory=dict)
    disclosures: tuple[Any, ...] = GOOD_DISCLOSURES
    whole: Mapping[str, Any] = field(default_factory=dict)
    unsigned: Mapping[str, Any] = field(default_factory=dict)
    ecert: Mapping[str, Any] = field(default_factory=dict)
    header_text: str | None = None
    payload_text: str | None = None

    def but(self, **parts: Any) -> Forged:
        return replace(self, **parts)

    def jwt(self) -> str:
        names = {
            digest_of(text): name
            for text, name in zip(GOOD_DISCLOSURES, ("document", "identifier", "use"), strict=True)
        }
        digests = sorted(names)
        slots = {"slots": [names[each] for each in digests], "fields": {"_sd": digests}}
        claims = _with({**GOOD_CLAIMS, **slots}, self.claims)
        header = self.header_text or strict_json.canonical(_with(GOOD_HEADER, self.header))
        payload = self.payload_text or strict_json.canonical(claims)
        message = f"{base64url.encode(header.encode())}.{base64url.encode(payload.encode())}"
        return f"{message}.{base64url.encode(KEY.sign(message.encode()))}"

    def compact(self) -> bytes:
        return "~".join([self.jwt(), *self.disclosures, ""]).encode()

    def file(self) -> bytes:
        protected, payload, signature = self.jwt().split(".")
        ecert = _with({"path": []}, self.ecert)
        header = _with({"disclosures": list(self.disclosures), "ecert": ecert}, self.unsigned)
        parts = {"protected": protected, "payload": payload, "signature": signature, "header": header}
        return strict_json.canonical(_with(parts, self.whole)).encode()


FORGED = Forged()


def random_salts(certificate_type: CertificateType) -> bytes:
    return salts(salt_bytes(certificate_type))
