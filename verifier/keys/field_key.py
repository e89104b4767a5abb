"""The field keys: what certificates disclose is sealed with them before it goes into the database.

A sealed text is one byte, the number of its key, then nonce and ciphertext of AES-256-GCM, bound to ledger, agency,
serial and number. Number 0 is no key: the text lies open, as rows from before do until they are sealed. Whoever has a
field key and the database reads the register; the public process is not given these files and never imports this.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Self

from ecert.errors import SealBroken
from ecert.issuing import SignedCertificate
from ecert.sealing import NONCE_SIZE, Sealer
from store.records import CertificateRecord
from verifier.faults import CannotOpen
from verifier.keys.key_file import SERVICE
from verifier.keys.numbered_keys import NumberedKeys

OPEN = 0
"""The number of texts that lie open."""


class FieldKeys:
    """Seals and opens what certificates disclose: their disclosures, joined by `~`."""

    def __init__(self, folder: Path) -> None:
        self.keys = NumberedKeys(folder, "field")
        self._sealers: dict[int, Sealer] = {}

    @classmethod
    def under(cls, keys_dir: Path) -> Self:
        """Give the field keys of the service whose keys are in a folder."""
        return cls(keys_dir / SERVICE)

    def seal(self, disclosures: str, *, number: int, ledger: str, agency: str, serial: int) -> bytes:
        """Seal the disclosures of one certificate with the key of a number."""
        nonce = os.urandom(NONCE_SIZE)
        place = _place(ledger, agency, serial, number)
        return bytes((number,)) + self._sealer(number).seal(disclosures.encode("ascii"), nonce=nonce, place=place)

    def open(self, record: CertificateRecord) -> str:
        """Open the disclosures of a stored certificate.

        Raises:
            CannotOpen: they were changed or moved, or sealed with another key of this number.
            KeyringError: their key is not here.
        """
        sealed = bytes(record.disclosures)
        number = sealed[0] if sealed else OPEN
        try:
            if number == OPEN:
                return sealed[1:].decode("ascii")
            place = _place(record.ledger, record.agency, record.serial, number)
            return self._sealer(number).open(sealed[1:], place=place).decode("ascii")
        except (SealBroken, UnicodeDecodeError) as error:
            raise CannotOpen(record.agency, record.serial) from error

    def signed(self, record: CertificateRecord) -> SignedCertificate:
        """Open a stored certificate as it was signed."""
        shown = self.open(record)
        disclosures = tuple(shown.split("~")) if shown else ()
        return SignedCertificate(jwt=record.jwt, disclosures=disclosures, leaf=record.leaf, serial=record.serial)

    def compact(self, record: CertificateRecord) -> bytes:
        """Open a stored certificate in its compact form."""
        shown = self.open(record)
        return f"{record.jwt}~{shown}~".encode() if shown else f"{record.jwt}~".encode()

    def seal_code(self, code: str, *, number: int, agency: str, serial: int) -> bytes:
        """Seal the digits of a certificate's code, for a request that may be repeated, with the key of a number."""
        place = _place_of_code(agency, serial, number)
        return bytes((number,)) + self._sealer(number).seal(code.encode(), nonce=os.urandom(NONCE_SIZE), place=place)

    def open_code(self, sealed: bytes, *, agency: str, serial: int) -> str:
        """Open what `seal_code` sealed; raises as `open`."""
        number = sealed[0] if sealed else OPEN
        try:
            place = _place_of_code(agency, serial, number)
            return self._sealer(number).open(sealed[1:], place=place).decode()
        except (SealBroken, UnicodeDecodeError) as error:
            raise CannotOpen(agency, serial) from error

    def _sealer(self, number: int) -> Sealer:
        found = self._sealers.get(number)
        if found is None:
            found = self._sealers[number] = Sealer(self.keys.key(number))
        return found


def _place(ledger: str, agency: str, serial: int, number: int) -> bytes:
    return f"{ledger}\0{agency}\0{serial}\0{number}".encode()


def _place_of_code(agency: str, serial: int, number: int) -> bytes:
    return f"code\0{agency}\0{serial}\0{number}".encode()
