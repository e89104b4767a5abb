"""Names on a ledger: agency codes, the ledger's own name, issuers, and what follows from them.

An agency's code is 1-32 characters of `A-Z 0-9 -`; one of 18 characters that is built like a Chinese social credit
code must be one, both check characters right. On the ledger it is its ASCII bytes, left-aligned in 32 bytes.
A ledger is named by CAIP-10 in lower case, an issuer is `<ledger>/<agency code>` (design section 1).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ecert import check_digits
from ecert.certificate import Issuer
from ecert.errors import MalformedAgency

STATUS_LIST_SIZE = 131_072
_NAMES_KEPT = 4096
_WORD_SIZE = 32
_MAX_CHAIN_ID = 2**64 - 1
_CODE = re.compile(r"[A-Z0-9-]{1,32}")
_LIKE_SOCIAL_CREDIT = re.compile(r"[0-9A-Z]{2}[0-9]{6}[0-9A-Z]{10}")
_LEDGER = re.compile(r"eip155:(0|[1-9][0-9]{0,19}):(0x[0-9a-f]{40})")
_MAX_ISSUER = 128
_MAX_BASE = 512
_BASE = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+(?:/[A-Za-z0-9._~%-]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """A ledger contract: the chain's id and the contract's 20-byte address."""

    chain_id: int
    address: bytes

    def __str__(self) -> str:
        """Give the CAIP-10 name, lower case."""
        return f"eip155:{self.chain_id}:0x{self.address.hex()}"


def check_agency(code: str) -> str:
    """Give the code back if it is one; else raise `MalformedAgency`."""
    if not _CODE.fullmatch(code):
        raise MalformedAgency("agency", "not 1 to 32 characters of A-Z, 0-9 and -")
    if _LIKE_SOCIAL_CREDIT.fullmatch(code) and check_digits.social_credit_code(code) is not None:
        raise MalformedAgency("agency", "a social credit code with a wrong character")
    return code


def to_bytes32(code: str) -> bytes:
    """Write an agency's code as the ledger has it."""
    return check_agency(code).encode("ascii").ljust(_WORD_SIZE, b"\0")


def from_bytes32(word: bytes) -> str:
    """Read an agency's code from the ledger; `MalformedAgency` for anything that `to_bytes32` does not write."""
    if len(word) != _WORD_SIZE:
        raise MalformedAgency("agency", "not 32 bytes")
    return check_agency(word.rstrip(b"\0").decode("latin-1"))


def ledger_name(chain_id: int, address: bytes | str) -> str:
    """Name a ledger by CAIP-10; the address is 20 bytes or `0x` text in any case."""
    text = address.lower() if isinstance(address, str) else f"0x{address.hex()}"
    return str(parse_ledger(f"eip155:{chain_id}:{text}"))


def parse_ledger(text: str) -> Ledger:
    """Read a ledger's CAIP-10 name; upper case, other namespaces and leading zeros are `MalformedAgency`."""
    match = _LEDGER.fullmatch(text)
    if match is None or int(match[1]) > _MAX_CHAIN_ID:
        raise MalformedAgency("ledger", "not eip155:<chain id>:0x<40 digits of lower case>")
    return Ledger(chain_id=int(match[1]), address=bytes.fromhex(match[2][2:]))


def parse_issuer(text: str) -> Issuer:
    """Read `<ledger>/<agency code>`."""
    if len(text) > _MAX_ISSUER:
        raise MalformedAgency("issuer", "too long")
    return _parse_issuer(text)


@lru_cache(_NAMES_KEPT)
def _parse_issuer(text: str) -> Issuer:
    ledger, _, code = text.partition("/")
    return Issuer(ledger=str(parse_ledger(ledger)), agency=check_agency(code))


def status_place(issuer: Issuer, serial: int) -> str:
    """Compute what follows the base address in the URI of the status list that a serial is in."""
    return f"{_status_folder(issuer.ledger, issuer.agency)}/{serial // STATUS_LIST_SIZE}"


@lru_cache(_NAMES_KEPT)
def _status_folder(ledger: str, agency: str) -> str:
    _, chain_id, address = ledger.split(":")
    return f"/status/{chain_id}/{address}/{agency}"


def status_uri(base: str, issuer: Issuer, serial: int) -> str:
    """Write the whole URI of a serial's status list."""
    return base + status_place(issuer, serial)


def is_status_base(base: str) -> bool:
    """Tell whether a text can stand before `/status/...`: http or https, a host, plain path segments, no more."""
    return len(base) <= _MAX_BASE and _BASE.fullmatch(base) is not None
