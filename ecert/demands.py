"""What a relying party states about a certificate, and what it demands before it will rely on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ecert.certificate import Value

DEFAULT_MAX_AGE = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """The person or organisation that the certificate must be of: the id number, and the name where it is stated."""

    id: str
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What the holder must sign with the key of `cnf`: the relying party's nonce, and who the relying party is."""

    nonce: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """Statements to compare and demands to meet; by default nothing is stated and the facts may be 600 seconds old.

    `expect`: stated values by field. `must_compare`: fields that must have been stated, `holder` among them.
    `holder`: compared with the places that the type names. `key_binding`: the holder must prove possession.
    `max_age`: the facts must be younger than this many seconds, by block time. `max_status_age`: and what is known of
    the status, be it of the facts or of a status list, younger than this (None: than `max_age`).
    """

    expect: Mapping[str, Value] = field(default_factory=dict)
    must_compare: frozenset[str] = frozenset()
    holder: Holder | None = None
    key_binding: Challenge | None = None
    max_age: int = DEFAULT_MAX_AGE
    max_status_age: int | None = None


NO_DEMANDS = Demands()
