"""The made-up world of the vectors: keys, an agency, rows, times, a batch, and the facts about it.

Nothing here is random and nobody in it exists: salts and filler leaves are hashes of their names, keys are small
numbers, ids are built to have right check characters.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ecert import base64url, strict_json
from ecert.certificate import Issuer, Value
from ecert.draft import lint
from ecert.facts import Accreditation, AsOf, BatchFacts, Facts, KeyFacts, Status, StatusFacts
from ecert.issuing import SignedCertificate, salt_bytes, sign
from ecert.merkle import Tree, leaf_hash
from ecert.suite import SigningKey
from ecert.types import CertificateType, bundled_types, vct_hash

CHAIN = "eip155:31337"
LEDGER = f"{CHAIN}:0x5fbdb2315678afecb367f032d93f642f64180aa3"
OTHER_LEDGER = f"{CHAIN}:0x0000000000000000000000000000000000000001"
AGENCY = "11420100MB9A000148"
ISSUER = Issuer(ledger=LEDGER, agency=AGENCY)
BASE = "https://status.example"

SECRETS = {"agency": 1001, "agency's other": 1002, "holder": 1003, "receipts": 1004, "status lists": 1005}
"""The private numbers of all keys, so that anybody can make the same signatures."""
KEY, OTHER_KEY, HOLDER_KEY, RECEIPT_KEY, LIST_KEY = (SigningKey.from_secret(number) for number in SECRETS.values())

SIGNED = 1_784_520_000
ANCHORED = SIGNED + 120
NOW = SIGNED + 1_000_000
FACTS_TIME = NOW - 30
BLOCK = 4_200
FIRST = 1_000
COUNT = 5
SERIAL = 1_002

HEALTH = bundled_types()["health-certificate"]
TITLE = bundled_types()["real-estate-title"]
MARRIAGE = bundled_types()["marriage-certificate"]
TYPES = {each.slug: each for each in (HEALTH, TITLE, MARRIAGE)}
HOLDER_ID = "420102199003071232"
OTHER_ID = "42010620000229008X"
ROWS: Mapping[str, Mapping[str, Value]] = {
    HEALTH.slug: {
        "holder_name": "李明",
        "holder_id": HOLDER_ID,
        "certificate_number": "鄂A-2026-000017",
        "work_category": "食品从业人员",
        "examined_by": "江岸区示例体检中心",
    },
    TITLE.slug: {
        "title_number": "鄂(2026)武汉市江岸不动产权第0012345号",
        "holders": [
            {"name": "李明", "id_type": "111", "id_number": HOLDER_ID, "share": "1/2"},
            {"name": "Ana Pérez", "id_type": "414", "id_number": "X1234567", "share": "1/2"},
        ],
        "ownership_form": "按份共有",
        "address": "武汉市江岸区中山大道1号",
        "unit_number": "420103001002GB00017F00030045",
        "right_kind": "国有建设用地使用权/房屋所有权",
        "right_nature": "出让/商品房",
        "use": "城镇住宅用地/住宅",
        "area_m2": "89.50",
        "registration_office": "武汉市江岸区登记机构",
        "registration_date": "2026-07-01",
    },
    MARRIAGE.slug: {
        "certificate_number": "鄂江1999字第0042号",
        "party_a_name": "李明",
        "party_b_name": "王芳",
        "registration_date": "1999-05-20",
        "registration_office": "江岸区示例登记处",
    },
}
VALID_FROM = {HEALTH.slug: "2026-07-20", TITLE.slug: "2026-07-01", MARRIAGE.slug: "1999-05-20"}
DOCUMENT = b"%PDF-1.7 an example of an original document\n"


def salts(certificate_type: CertificateType, name: str = "") -> bytes:
    """Give a salt for every slot: the first 16 bytes of the SHA-256 of "salt " and the slot's name (and `name`)."""
    drawn = b"".join(sha256(f"salt {slot}{name}".encode()).digest()[:16] for slot in certificate_type.slots)
    if len(drawn) != salt_bytes(certificate_type):
        raise AssertionError
    return drawn


def issue(
    certificate_type: CertificateType = HEALTH,
    row: Mapping[str, Value] | None = None,
    *,
    serial: int = SERIAL,
    key: SigningKey = KEY,
    issuer: Issuer = ISSUER,
    drafted: Mapping[str, Any] | None = None,
    **signing: Any,  # noqa: ANN401 - handed on
) -> SignedCertificate:
    """Lint and sign a row; `drafted` goes to the lint, `signing` to the signature."""
    whole = {**ROWS[certificate_type.slug], **(row or {})}
    dates: dict[str, Any] = {"valid_from": VALID_FROM[certificate_type.slug], **(drafted or {})}
    if certificate_type is HEALTH and "valid_until" not in dates:
        dates["valid_until"] = "2027-07-19"
    return sign(
        lint(certificate_type, whole, **dates),
        serial=serial,
        iat=signing.pop("iat", SIGNED),
        issuer=issuer,
        status_base=BASE,
        key=key,
        salts=salts(certificate_type),
        **signing,
    )


def leaves(leaf: bytes, serial: int = SERIAL) -> list[bytes]:
    """Give the leaves of the batch: hashes of "filler" and their serial, and `leaf` at its place."""
    every = [leaf_hash(f"filler {FIRST + place}".encode()) for place in range(COUNT)]
    every[serial - FIRST] = leaf
    return every


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two nodes to the one above them."""
    return sha256(b"\x01" + left + right).digest()


def path_of(signed: SignedCertificate) -> tuple[bytes, ...]:
    """Give the inclusion path of a certificate in its batch."""
    return Tree(leaves(signed.leaf, signed.serial)).path(signed.serial - FIRST)


def file_of(signed: SignedCertificate, **parts: Any) -> bytes:  # noqa: ANN401 - handed on
    """Write a certificate's file with its path (`path` and `evidence` may be given)."""
    return signed.file(parts.pop("path") if "path" in parts else path_of(signed), **parts)


def facts_of(leaf: bytes, certificate_type: CertificateType = HEALTH, *, serial: int = SERIAL) -> Facts:
    """Give facts under which a certificate with that leaf is VALID."""
    return Facts(
        as_of=AsOf(chain=CHAIN, block=BLOCK + 90_000, hash=sha256(b"block").digest(), time=FACTS_TIME),
        ledger=LEDGER,
        agency_known=True,
        key=KeyFacts(kid=KEY.kid, suite=1, public_key=KEY.public_key, added=ANCHORED - 500_000),
        accreditations=(Accreditation(since=ANCHORED - 400_000, until=None),),
        batch=BatchFacts(
            certificate_type=vct_hash(certificate_type.vct),
            suite=1,
            root=Tree(leaves(leaf, serial)).root,
            first_serial=FIRST,
            count=COUNT,
            anchored=ANCHORED,
            block=BLOCK,
        ),
    )


def with_key(facts: Facts, **parts: Any) -> Facts:  # noqa: ANN401 - handed on
    """Change the facts about the key."""
    if facts.key is None:
        raise AssertionError
    return replace(facts, key=replace(facts.key, **parts))


def with_batch(facts: Facts, **parts: Any) -> Facts:  # noqa: ANN401 - handed on
    """Change the facts about the batch."""
    if facts.batch is None:
        raise AssertionError
    return replace(facts, batch=replace(facts.batch, **parts))


def with_time(facts: Facts, time: int) -> Facts:
    """Let the facts be of a block of that time."""
    return replace(facts, as_of=replace(facts.as_of, time=time))


def changed(status: Status, time: int, **parts: Any) -> StatusFacts:  # noqa: ANN401 - handed on
    """Give a status change at that time."""
    return StatusFacts(status=status, time=time, block=BLOCK + (time - ANCHORED) // 10, **parts)


def x5c_of(key: SigningKey = KEY) -> str:
    """Write an X.509 certificate of a key, signed by the key itself, as the header's `x5c` has it."""
    number = next(number for number in SECRETS.values() if SigningKey.from_secret(number).kid == key.kid)
    private = ec.derive_private_key(number, ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "example")])
    made = x509.CertificateBuilder(
        issuer_name=name,
        subject_name=name,
        public_key=private.public_key(),
        serial_number=1,
        not_valid_before=datetime(2026, 1, 1, tzinfo=UTC),
        not_valid_after=datetime(2036, 1, 1, tzinfo=UTC),
    ).sign(private, SHA256(), ecdsa_deterministic=True)
    return b64encode(made.public_bytes(Encoding.DER)).decode()


def json_part(value: Value | str) -> str:
    """Write a header, payload or disclosure: a value as RFC 8785, a text as it stands; in base64url."""
    text = value if isinstance(value, str) else strict_json.canonical(value)
    return base64url.encode(text.encode())


def sign_parts(header: Value | str, payload: Value | str, key: SigningKey = KEY) -> str:
    """Sign a header and a payload, whatever they say."""
    message = f"{json_part(header)}.{json_part(payload)}"
    return f"{message}.{base64url.encode(key.sign(message.encode()))}"


def claims_of(signed: SignedCertificate) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read header and payload of a certificate back, to change and sign them anew."""
    header, payload = (strict_json.loads(base64url.decode(part).decode(), "part") for part in signed.jwt.split(".")[:2])
    if not isinstance(header, dict) or not isinstance(payload, dict):
        raise TypeError
    return header, payload


def forged(signed: SignedCertificate, jwt: str, disclosures: Sequence[str] | None = None) -> SignedCertificate:
    """Give a certificate with another JWT or other disclosures."""
    shown = signed.disclosures if disclosures is None else tuple(disclosures)
    return SignedCertificate(jwt=jwt, disclosures=shown, leaf=leaf_hash(jwt.encode()), serial=signed.serial)


def reclaimed(signed: SignedCertificate, change: Callable[[dict[str, Any]], None]) -> SignedCertificate:
    """Change the claims of a certificate in place and sign it anew."""
    header, payload = claims_of(signed)
    change(payload)
    return forged(signed, sign_parts(header, payload))
