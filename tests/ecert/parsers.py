"""Every parser of the format as a target for random bytes: what it may raise, and good bytes to begin with.

A target takes any bytes. It returns where they were read, or refused as they should be; whatever else it raises, and
any blow-up of memory or time, is a fault. Where a parser only sees bytes that are wrapped or signed, so does its
target: the bytes are what stands inside. `scripts/fuzz --parsers` lets a coverage-guided fuzzer loose on them.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import resources
from io import BytesIO
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import CertificateBuilder, Name, NameAttribute
from cryptography.x509.oid import NameOID

from ecert import base64url, key_binding, strict_json
from ecert.agency import parse_issuer
from ecert.certificate import Certificate
from ecert.certificate_chain import key_of_first
from ecert.demands import Challenge, Demands, Holder
from ecert.documents import hash_document
from ecert.draft import lint
from ecert.errors import EcertError, LintError, MalformedCertificate, MalformedError, NotBase64Url, UntrustedToken
from ecert.facts import Status
from ecert.facts_json import facts_from_json, facts_to_json
from ecert.forms import write_compact
from ecert.judging import judge
from ecert.jwks import KeySet, PublishedKey
from ecert.parsing import parse
from ecert.presenting import present
from ecert.receipt import TYP as RECEIPT
from ecert.receipt import Judged, Receipt, certificate_name, check_receipt, sign_receipt, told
from ecert.status_list import encode
from ecert.status_token import TYP as STATUS_LIST
from ecert.status_token import StatusToken, check_status_token, sign_status_token
from ecert.suite import SigningKey, from_jwk
from ecert.types import TypeCatalogue, bundled_types, parse_type
from tests.ecert.making import TITLE_ROW
from tests.ecert.specimens import HOLDER_KEY, NOW, SIGNED, world
from verifier.faults import RowsRefused
from verifier.tables.columns import COMMON, Column
from verifier.tables.rows import Table
from verifier.tables.survey import survey

SECRET = SigningKey.from_secret(31)
KEYS = KeySet(keys=(PublishedKey(public_key=SECRET.public_key, since=0),))
SERVICE = "https://check.example"
LIST_URI = "https://city.example/status/0"
CHALLENGE = Challenge(nonce="n", audience="a")
TITLE = bundled_types()["real-estate-title"]
COLUMNS = (*(Column(name=each.name, zh=each.zh, needed=each.required) for each in TITLE.fields), *COMMON)
_TYPES = TypeCatalogue.bundled()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser:
    """A target: `read` raises one of `refusals`, or nothing. `seeds` are good bytes."""

    read: Callable[[bytes], object]
    refusals: tuple[type[Exception], ...]
    seeds: Callable[[], Sequence[bytes]]

    def take(self, data: bytes) -> None:
        """Read any bytes, or see them refused as they should be."""
        with suppress(*self.refusals):
            self.read(data)


def _json(data: bytes) -> Any:
    return strict_json.loads(data.decode("utf-8", "replace"), "json")


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _certificate(data: bytes) -> None:
    """What is a certificate can be judged, asked anything, and shown in part."""
    certificate = parse(data)
    demands = Demands(
        expect={each.name: each.value for each in certificate.disclosures},
        holder=Holder(id="42010620000229008X", name="李明"),
        key_binding=CHALLENGE,
    )
    judge(
        certificate,
        world().ledger.facts(certificate),
        documents=[bytes(32)],
        demands=demands,
        now=NOW,
        certificate_type=_TYPES.by_vct(certificate.vct),
    )
    kept = certificate.disclosures[1:]
    copy = parse(present(data, [each.name for each in kept]))
    if copy != replace(certificate, disclosures=kept, key_binding=None):
        raise AssertionError("a copy that shows less says something else")


def _files() -> list[bytes]:
    return [each.file for each in world().specimens[::5]]


def _compact_ones() -> list[bytes]:
    return [each.signed.compact().encode() for each in world().specimens[::5]]


def _inside(part: int) -> tuple[Callable[[bytes], None], Callable[[], list[bytes]]]:
    """Make a target of what stands, in base64url, in one part of a JWT (0, 1), or in the one disclosure (3)."""
    first = world().specimens[0].signed

    def read(data: bytes) -> None:
        parts = [*first.jwt.split("."), first.disclosures[0]]
        parts[part] = base64url.encode(data)
        _certificate(write_compact(".".join(parts[:3]), parts[3:]).encode())

    def seeds() -> list[bytes]:
        if part < 2:
            return [base64url.decode(each.signed.jwt.split(".")[part]) for each in world().specimens[::5]]
        return [base64url.decode(each) for each in first.disclosures]

    return read, seeds


def _token(typ: str, data: bytes) -> str:
    """Sign any bytes as the payload of a token, as a thief of the service's key could."""
    header = _dumped({"alg": "ES256", "kid": base64url.encode(SECRET.kid), "typ": typ})
    message = f"{base64url.encode(header)}.{base64url.encode(data)}"
    return f"{message}.{base64url.encode(SECRET.sign(message.encode()))}"


def _payload(token: str) -> bytes:
    return base64url.decode(token.split(".")[1])


def _receipt() -> str:
    specimen = world().specimens[0]
    verdict = judge(
        specimen.certificate,
        world().ledger.facts(specimen.certificate),
        now=NOW,
        certificate_type=specimen.certificate_type,
    )
    judged = Judged(
        certificate=certificate_name(specimen.certificate),
        sd_hash=key_binding.sd_hash(specimen.certificate),
        verdict=told(verdict),
        compared=("holders",),
    )
    receipt = Receipt(iss=SERVICE, jti="1", iat=NOW, judged=(judged,), matter="marriage", audit={"at": 1})
    return sign_receipt(receipt, SECRET)


def _status_token() -> str:
    status_list = encode({5: Status.REVOKED, 9: Status.SUSPENDED})
    return sign_status_token(StatusToken(uri=LIST_URI, status_list=status_list, iat=SIGNED, exp=NOW + 1, ttl=1), SECRET)


def _holder_bound() -> Certificate:
    return next(each.certificate for each in world().specimens if each.certificate.cnf is not None)


def _binding() -> bytes:
    return key_binding.create("x~", CHALLENGE, iat=NOW, key=HOLDER_KEY).encode()


def _facts(data: bytes) -> None:
    facts = facts_from_json(_json(data))
    if facts_from_json(facts_to_json(facts)) != facts:
        raise AssertionError("facts that were written are others")


def _facts_seeds() -> list[bytes]:
    return [_dumped(facts_to_json(world().ledger.facts(each.certificate))) for each in world().specimens[:7]]


def _rows(data: bytes) -> None:
    file = BytesIO(data)
    for _ in Table(file, survey(file, "t.csv"), COLUMNS).rows():
        pass


def _rows_seeds() -> list[bytes]:
    names = [column.name for column in COLUMNS]
    chinese = ";".join(column.zh for column in COLUMNS)
    quoted = "\t".join(f'"{name}"' for name in names)
    return [
        f"{','.join(names)}\r\n{','.join(names)}\r\n".encode(),
        f"sep=;\n{chinese}\n".encode("gb18030"),
        f'\ufeff{quoted}\n"a ""b""\n"\t2\n'.encode(),
    ]


def _strict_json(data: bytes) -> None:
    value = _json(data)
    if strict_json.loads(strict_json.canonical(value), "again") != value:
        raise AssertionError("JSON that was written is another")


def _base64url(data: bytes) -> None:
    if base64url.encode(base64url.decode(data.decode("latin-1"))).encode() != data:
        raise AssertionError("two texts for the same bytes")


def _lint(data: bytes) -> None:
    row = _json(data)
    if isinstance(row, dict):
        first, last = row.pop("valid_from", "2026-07-01"), row.pop("valid_until", None)
        if isinstance(first, str) and isinstance(last, str | None):
            lint(TITLE, row, valid_from=first, valid_until=last, identifier=str(row.pop("identifier", "")))


def _types_seeds() -> list[bytes]:
    folder = resources.files("ecert") / "certificate_types"
    return [(folder / f"{slug}.json").read_bytes() for slug in list(bundled_types())[:5]]


def _authorities_seeds() -> list[bytes]:
    """Make X.509 certificates in DER: of an agency's key, and of a key that is no elliptic-curve key."""
    name = Name([NameAttribute(NameOID.COMMON_NAME, "登记机构")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    authority = Ed25519PrivateKey.from_private_bytes(bytes(32))
    keys = (ec.derive_private_key(21, ec.SECP256R1()).public_key(), authority.public_key())
    made = [CertificateBuilder(name, name, key, 1, day, day).sign(authority, None) for key in keys]
    return [each.public_bytes(Encoding.DER) for each in made]


_HEADER, _CLAIMS, _DISCLOSURE = _inside(0), _inside(1), _inside(3)
_MALFORMED = (MalformedError,)
_TOKEN = (MalformedError, UntrustedToken)

PARSERS: dict[str, Parser] = {
    "certificate": Parser(read=_certificate, refusals=(MalformedCertificate,), seeds=_files),
    "compact": Parser(read=_certificate, refusals=(MalformedCertificate,), seeds=_compact_ones),
    "header": Parser(read=_HEADER[0], refusals=(MalformedCertificate,), seeds=_HEADER[1]),
    "claims": Parser(read=_CLAIMS[0], refusals=(MalformedCertificate,), seeds=_CLAIMS[1]),
    "disclosure": Parser(read=_DISCLOSURE[0], refusals=(MalformedCertificate,), seeds=_DISCLOSURE[1]),
    "x5c": Parser(
        read=lambda data: key_of_first([b64encode(data).decode()]), refusals=_MALFORMED, seeds=_authorities_seeds
    ),
    "type_file": Parser(
        read=lambda data: parse_type(data.decode("utf-8", "replace"), "type.json"),
        refusals=_MALFORMED,
        seeds=_types_seeds,
    ),
    "row": Parser(read=_lint, refusals=(LintError, MalformedError), seeds=lambda: [_dumped(dict(TITLE_ROW))]),
    "rows": Parser(read=_rows, refusals=(RowsRefused,), seeds=_rows_seeds),
    "receipt": Parser(
        read=lambda data: check_receipt(_token(RECEIPT, data), KEYS, iss=SERVICE),
        refusals=_TOKEN,
        seeds=lambda: [_payload(_receipt())],
    ),
    "token": Parser(
        read=lambda data: check_receipt(data.decode("utf-8", "replace"), KEYS, iss=SERVICE),
        refusals=_TOKEN,
        seeds=lambda: [_receipt().encode()],
    ),
    "status_list": Parser(
        read=lambda data: check_status_token(_token(STATUS_LIST, data), KEYS, uri=LIST_URI, now=NOW),
        refusals=_TOKEN,
        seeds=lambda: [_payload(_status_token())],
    ),
    "jwks": Parser(
        read=lambda data: KeySet.from_json(_json(data)), refusals=_MALFORMED, seeds=lambda: [_dumped(KEYS.to_json())]
    ),
    "jwk": Parser(
        read=lambda data: from_jwk(_json(data), "jwk"), refusals=_MALFORMED, seeds=lambda: [_dumped(SECRET.jwk)]
    ),
    "key_binding": Parser(
        read=lambda data: key_binding.flaw(
            replace(_holder_bound(), key_binding=data.decode("utf-8", "replace")), CHALLENGE, NOW
        ),
        refusals=(),
        seeds=lambda: [_binding()],
    ),
    "facts": Parser(read=_facts, refusals=_MALFORMED, seeds=_facts_seeds),
    "issuer": Parser(
        read=lambda data: parse_issuer(data.decode("utf-8", "replace")),
        refusals=_MALFORMED,
        seeds=lambda: [str(world().specimens[0].certificate.iss).encode()],
    ),
    "strict_json": Parser(read=_strict_json, refusals=_MALFORMED, seeds=lambda: [b'{"a":[1,"\\u00e9",null,true]}']),
    "base64url": Parser(read=_base64url, refusals=(NotBase64Url,), seeds=lambda: [b"AQIDBA", b"-_8"]),
    "document": Parser(
        read=lambda data: hash_document(BytesIO(data)), refusals=(EcertError,), seeds=lambda: [b"%PDF-1.7\n", b"PK\3\4"]
    ),
}
"""Every parser by name."""
