"""A certificate as it was presented: parsed once, whole, within the limits of section 2; not yet judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

Value = str | int | bool | None | list["Value"] | dict[str, "Value"]
"""What a field can hold: JSON without floating-point numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """`iss`: the ledger's CAIP-10 name (lower case) and the agency's code on it."""

    ledger: str
    agency: str

    def __str__(self) -> str:
        """Give `<ledger>/<agency code>`."""
        return f"{self.ledger}/{self.agency}"


class Disclosure(NamedTuple):
    """One field that is shown: the base64url text as presented, its SHA-256 digest, and what it says.

    A tuple, since a certificate has some sixteen of them and a frozen dataclass takes many times as long to make.
    """

    encoded: str
    digest: bytes
    salt: str
    name: str
    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """The signed part (claims by their registered names), the disclosures, and what travels outside the signature.

    `signed` is the ASCII of the issuer-signed JWT, `header.payload.signature`. `slots` and `digests` are parallel.
    `path` is None in the compact form. Times are seconds; `exp` is None where the certificate has no end.
    """

    signed: bytes
    suite: int
    kid: bytes
    x5c: tuple[str, ...]
    iss: Issuer
    vct: str
    serial: int
    version: int
    supersedes: tuple[int, ...]
    iat: int
    nbf: int
    exp: int | None
    legacy: bool
    status_uri: str
    cnf: Mapping[str, Value] | None
    slots: tuple[str, ...]
    digests: tuple[bytes, ...]
    disclosures: tuple[Disclosure, ...]
    path: tuple[bytes, ...] | None
    key_binding: str | None
    evidence: Mapping[str, Value] | None
