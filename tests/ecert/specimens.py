"""Certificates as their agencies issued and anchored them, with the ledger that says so: what mutations begin with.

Two agencies, six types, a certificate that replaces another one, withdrawn ones, holders' keys; and a rehearsal of the
same ledger, with the same name, agencies, keys and serials, which anchored other certificates.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from ecert import base64url, strict_json
from ecert.certificate import Certificate, Issuer, Value
from ecert.draft import lint
from ecert.events import (
    AgencyAccredited,
    AgencyRegistered,
    BatchAnchored,
    CertificateSuperseded,
    Event,
    KeyAdded,
    Place,
    StatusChanged,
)
from ecert.facts import AsOf
from ecert.issuing import SignedCertificate, salt_bytes, sign
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import Tree
from ecert.parsing import parse
from ecert.suite import SUITE, SigningKey
from ecert.types import CertificateType, Form, Kind, bundled_types
from tests.ecert.making import row_for

LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
AGENCY = "11420100MB9A000148"
OTHER_AGENCY = "REGISTRY-2"
NOW = 1_790_000_000
SIGNED = NOW - 100_000
BASE = "https://city.example"
KEYS: Mapping[str, SigningKey] = {AGENCY: SigningKey.from_secret(21), OTHER_AGENCY: SigningKey.from_secret(22)}
HOLDER_KEY = SigningKey.from_secret(23)
STRANGERS_KEY = SigningKey.from_secret(24)
IN_BATCH = 7
SLUGS = (
    "real-estate-title",
    "marriage-certificate",
    "business-licence",
    "medical-e-bill",
    "food-business-permit",
    "health-certificate",
)
REVOKED, SUSPENDED, REPLACED, REPLACING = 1, 2, 3, 4
"""Places within the first batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Specimen:
    """One issued certificate, its file taken apart. `good`: nobody withdrew it. `contents`: of its disclosures."""

    signed: SignedCertificate
    file: bytes
    certificate: Certificate
    certificate_type: CertificateType
    whole: Mapping[str, Any]
    protected: Mapping[str, Any]
    payload: Mapping[str, Any]
    contents: tuple[tuple[str, str, Value], ...]
    good: bool

    @property
    def key(self) -> SigningKey:
        """The key of the agency that issued it."""
        return KEYS[self.certificate.iss.agency]


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Everything issued, and what its ledger says. `anchored`: what each good certificate's signature covers."""

    specimens: tuple[Specimen, ...]
    rehearsed: tuple[Specimen, ...]
    ledger: LedgerCopy
    rehearsal: LedgerCopy

    @property
    def good(self) -> tuple[Specimen, ...]:
        """Those that are VALID."""
        return tuple(specimen for specimen in self.specimens if specimen.good)


@cache
def world() -> World:
    """Issue and anchor everything, always the same."""
    batches = [(AGENCY, bundled_types()[slug]) for slug in SLUGS]
    batches.append((OTHER_AGENCY, bundled_types()[SLUGS[0]]))
    as_of = AsOf(chain="eip155:31337", block=90, hash=bytes(32), time=NOW - 5)
    made = {}
    for name in ("real", "rehearsal"):
        specimens: list[Specimen] = []
        events = _registered()
        for number, (agency, certificate_type) in enumerate(batches):
            issued, tree = _batch(name, agency, certificate_type, number * IN_BATCH)
            events.append(_anchored(agency, certificate_type, tree, number))
            specimens.extend(_specimen(each, tree, index, certificate_type) for index, each in enumerate(issued))
        copy = LedgerCopy.empty(LEDGER, as_of).advance([*events, *_withdrawals()], as_of, as_of.block)
        made[name] = (tuple(specimens), copy)
    return World(
        specimens=made["real"][0],
        ledger=made["real"][1],
        rehearsed=made["rehearsal"][0],
        rehearsal=made["rehearsal"][1],
    )


def _batch(
    salt: str, agency: str, certificate_type: CertificateType, first_serial: int
) -> tuple[list[SignedCertificate], Tree]:
    issued = []
    for index in range(IN_BATCH):
        row = row_for(certificate_type)
        number = certificate_type.field(certificate_type.number)
        if number is not None and number.kind is Kind.TEXT and number.form in {None, Form.NUMBER}:
            row[number.name] = f"{number.zh} {salt} {first_serial + index}"
        linted = lint(certificate_type, row, valid_from="2026-07-01", valid_until="2096-06-30")
        replaces = first_serial == 0 and index == REPLACING
        issued.append(
            sign(
                linted,
                serial=first_serial + index,
                iat=SIGNED,
                issuer=Issuer(ledger=LEDGER, agency=agency),
                status_base=BASE,
                key=KEYS[agency],
                salts=_salts(f"{salt} {agency} {first_serial + index}", salt_bytes(certificate_type)),
                version=2 if replaces else 1,
                supersedes=(REPLACED,) if replaces else (),
                cnf={"jwk": HOLDER_KEY.jwk} if index % 2 else None,
            )
        )
    return issued, Tree([each.leaf for each in issued])


def _salts(of: str, count: int) -> bytes:
    return b"".join(sha256(f"{of} {part}".encode()).digest() for part in range(count // 32 + 1))[:count]


def _specimen(signed: SignedCertificate, tree: Tree, index: int, certificate_type: CertificateType) -> Specimen:
    file = signed.file(tree.path(index))
    protected, payload, _ = signed.jwt.split(".")
    return Specimen(
        signed=signed,
        file=file,
        certificate=parse(file),
        certificate_type=certificate_type,
        whole=json.loads(file),
        protected=json.loads(base64url.decode(protected)),
        payload=json.loads(base64url.decode(payload)),
        contents=tuple(tuple(json.loads(base64url.decode(each))) for each in signed.disclosures),
        good=signed.serial not in {REVOKED, SUSPENDED, REPLACED},
    )


def _place(sequence: int) -> Place:
    return Place(block=sequence, time=SIGNED + 30 + sequence, sequence=sequence)


def _registered() -> list[Event]:
    events: list[Event] = []
    for agency, key in KEYS.items():
        events += [
            AgencyRegistered(place=_place(1), agency=agency, name=agency, admin=bytes(20)),
            KeyAdded(
                place=_place(1), agency=agency, kid=key.kid, suite=SUITE, public_key=key.public_key, added=SIGNED - 100
            ),
        ]
        events += [
            AgencyAccredited(
                place=_place(1),
                agency=agency,
                certificate_type=bundled_types()[slug].vct_hash,
                since=SIGNED - 100,
                until=None,
            )
            for slug in SLUGS
        ]
    return events


def _anchored(agency: str, certificate_type: CertificateType, tree: Tree, number: int) -> BatchAnchored:
    return BatchAnchored(
        place=_place(2 + number),
        agency=agency,
        certificate_type=certificate_type.vct_hash,
        suite=SUITE,
        root=tree.root,
        first_serial=number * IN_BATCH,
        count=IN_BATCH,
    )


def _withdrawals() -> Sequence[Event]:
    return [
        StatusChanged(place=_place(30), agency=AGENCY, status=1, serials=(REVOKED,)),
        StatusChanged(place=_place(31), agency=AGENCY, status=2, serials=(SUSPENDED,)),
        CertificateSuperseded(place=_place(32), agency=AGENCY, old=REPLACED, successors=(REPLACING,)),
    ]


def shown(certificate: Certificate) -> frozenset[tuple[str, str]]:
    """Give what a certificate discloses: names, and values as canonical JSON."""
    return frozenset((each.name, strict_json.canonical(each.value)) for each in certificate.disclosures)
