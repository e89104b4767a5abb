"""Codes: 32 digits that a person types or a hand scanner reads, and that open one stored certificate.

`1`, 29 random digits, 2 check digits (ISO 7064 MOD 97-10). The 96 bits are the only secret: from them HKDF-SHA-256
(RFC 5869) makes the name under which the certificate is kept and the key that it is sealed under, so that whoever has
all that is kept opens nothing, and whoever has the code needs nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ecert.check_digits import mod_97_10
from ecert.errors import MalformedCode
from ecert.normal_forms import normalise_number
from ecert.sealing import KEY_SIZE, Sealer

RANDOM_DIGITS = 29
DIGITS = 32
NAME_SIZE = 32
_MAX_TYPED = 200
_GROUP = 4
_FORM = re.compile(r"1[0-9]{31}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A good code: `digits` are its 32 digits. Whoever knows them has the certificate; never log one."""

    digits: str

    @classmethod
    def make(cls, number: int) -> Self:
        """Make a code of a random number below 10^29."""
        body = f"1{number:0{RANDOM_DIGITS}d}"
        return cls.read(body + mod_97_10(body))

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a code as people write it, with spaces, hyphens or full-width digits.

        Raises:
            MalformedCode: it is none; `why` says whether its form or its check digits are wrong.
        """
        number = normalise_number(text) if len(text) <= _MAX_TYPED else ""
        if not _FORM.fullmatch(number):
            raise MalformedCode("code", f"not {DIGITS} digits of which the first is 1")
        if mod_97_10(number[:-2]) != number[-2:]:
            raise MalformedCode("code", "its check digits are wrong: a digit was mistyped or left out")
        return cls(digits=number)

    def printed(self) -> str:
        """Write it for people, in groups of four."""
        return " ".join(self.digits[at : at + _GROUP] for at in range(0, DIGITS, _GROUP))

    def name(self) -> bytes:
        """Give the 32 bytes under which what it opens is kept; they tell nothing of the code."""
        return self._derived(b"ecert code name", NAME_SIZE)

    def key(self) -> bytes:
        """Give the key that what it opens is sealed under."""
        return self._derived(b"ecert code key", KEY_SIZE)

    def __repr__(self) -> str:
        """Show nothing of it."""
        return "Code(...)"

    def _derived(self, what: bytes, size: int) -> bytes:
        return HKDF(algorithm=SHA256(), length=size, salt=None, info=what).derive(self.digits.encode("ascii"))


def sealed_by(code: Code) -> Sealer:
    """Give what seals and opens a code's certificate; the place is the code's name."""
    return Sealer(code.key())
