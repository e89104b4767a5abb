"""Agencies' certificate keys, and which addresses write for an agency.

Under `keys/` in the data directory, all readable by their owner alone:

- `<agency>/certificate.pem`: encrypted PKCS 8, signs certificates. Who steals it and its password can sign what looks
  like the agency's, but cannot anchor it: without the ledger key nothing of it is ever VALID.
- `service/`: the service's own keys, each opened in a module of its own beside this one.
- `passwords`: TOML, a table for each agency with `certificate` and `ledger`. Can live elsewhere (a setting), and each
  process may be given a file with only those that it needs.

The ledger keys themselves are opened in `verifier.keys.ledger_keys`, by the sender and nobody else.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path

from ecert.agency import check_agency
from ecert.errors import MalformedAgency, MalformedKey
from ecert.suite import SigningKey
from verifier.faults import KeyringError
from verifier.keys.key_file import read_key_file
from verifier.keys.passwords_file import PasswordsFile
from verifier.keys.secret_files import SecretFileExists, write_secret

ADDRESS_BYTES = 20


class LedgerKey(StrEnum):
    """The kinds of ledger key, by what it may do; also the name of its file."""

    ANCHOR = "anchor"
    STATUS = "status"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyPasswords:
    """What opens one agency's keys; a process that does not need one is not given it."""

    certificate: str | None = None
    ledger: str | None = None


class Keyring:
    """The keys in a folder; every method reads the file when asked and keeps nothing."""

    def __init__(self, folder: Path, passwords_file: Path) -> None:
        self.folder = folder
        self._passwords = PasswordsFile(passwords_file)

    def agencies(self) -> tuple[str, ...]:
        """Name the agencies that have a folder of keys here; what is no code, such as `lost+found`, is none."""
        if not self.folder.is_dir():
            return ()
        return tuple(sorted(path.name for path in self.folder.iterdir() if path.is_dir() and _is_code(path.name)))

    def _meant(self, agency: str) -> str:
        """Ask for the agency that may be meant, where this one has no folder and another is called nearly so."""
        try:
            here = () if self._agency_folder(agency).is_dir() else self.agencies()
        except OSError:  # who may not look into the folder is told nothing
            here = ()
        near = get_close_matches(agency, here, n=1)
        return f"; did you mean {near[0]}?" if near else ""

    def create_certificate_key(self, agency: str, password: str) -> SigningKey:
        """Make an agency's first certificate key; one that is there is never replaced."""
        key = SigningKey.generate()
        path = self._certificate_file(agency)
        try:
            write_secret(path, key.to_pem(password.encode()))
        except SecretFileExists as error:
            raise KeyringError(f"{path} is there already; a key is never overwritten") from error
        except OSError as error:
            raise KeyringError(f"{path} cannot be written: {error.strerror}") from error
        return key

    def certificate_key(self, agency: str) -> SigningKey:
        """Open an agency's certificate key.

        Raises:
            KeyringError: no such key, no password or a wrong one, or the file lies open to others.
        """
        path = self._certificate_file(agency)
        pem = read_key_file(path, f"{agency} has no certificate key here{self._meant(agency)}")
        password = self.passwords(agency).certificate
        if password is None:
            raise KeyringError(f"{self._passwords.path} has no password for the certificate key of {agency}")
        try:
            return SigningKey.from_pem(pem, password.encode())
        except MalformedKey as error:
            raise KeyringError(f"{path} cannot be opened: {error.why}") from error

    def address(self, agency: str, purpose: LedgerKey) -> bytes:
        """Give the 20-byte address of a ledger key of an agency, which its file tells without a password.

        Where the key file is not here, or not for us, the file of its address beside it tells: the office knows whose
        key will write, and cannot open it.
        """
        path, known = self.ledger_file(agency, purpose), self.address_file(agency, purpose)
        if known.exists() and not os.access(path, os.R_OK):
            return _address(read_key_file(known, "").decode("ascii", "replace").strip(), known)
        text = read_key_file(path, f"{agency} has no ledger key for this ({purpose}){self._meant(agency)}")
        try:
            return _address(json.loads(text)["address"], path)
        except (ValueError, KeyError, TypeError) as error:
            raise KeyringError(f"{path} is no key file") from error

    def write_address(self, agency: str, purpose: LedgerKey) -> None:
        """Write the address of a ledger key down beside it, for processes that are not given the key; once."""
        path = self.address_file(agency, purpose)
        try:
            write_secret(path, f"0x{self.address(agency, purpose).hex()}\n".encode())
        except SecretFileExists:
            return
        except OSError as error:
            raise KeyringError(f"{path} cannot be written: {error.strerror}") from error

    def name_address(self, agency: str, purpose: LedgerKey, address: bytes) -> None:
        """Write down the address of a ledger key that a signing service keeps, for processes that ask whose it is.

        Raises:
            KeyringError: another key for this is here, or it cannot be written.
        """
        places = [self.ledger_file(agency, purpose), self.address_file(agency, purpose)]
        there = [place for place in places if place.exists()]
        if there and self.address(agency, purpose) != address:
            named = " and ".join(map(str, there))
            raise KeyringError(f"{agency} has another key for this ({purpose}): move {named} away first")
        if there:
            return
        try:
            write_secret(places[1], f"0x{address.hex()}\n".encode())
        except (OSError, SecretFileExists) as error:
            raise KeyringError(f"{places[1]} cannot be written") from error

    def address_file(self, agency: str, purpose: LedgerKey) -> Path:
        """Say where the address of a ledger key is written down. Who changes it can hold an agency's calls up."""
        return self._agency_folder(agency) / f"{purpose}.address"

    def ledger_file(self, agency: str, purpose: LedgerKey) -> Path:
        """Say where the key file of an agency's ledger key is."""
        return self._agency_folder(agency) / f"{purpose}.json"

    def passwords(self, agency: str) -> AgencyPasswords:
        """Read an agency's passwords, as far as this process was given them."""
        return _passwords(self._passwords.tables().get(agency, {}), self._passwords.path, agency)

    def add_passwords(self, agency: str) -> AgencyPasswords:
        """Make up passwords for a new agency and write them down; those that are there are kept."""
        if self._passwords.path.exists() and (known := self.passwords(agency)) != AgencyPasswords():
            return known
        certificate, ledger = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._passwords.add(f'"{check_agency(agency)}"', {"certificate": certificate, "ledger": ledger})
        return AgencyPasswords(certificate=certificate, ledger=ledger)

    def _certificate_file(self, agency: str) -> Path:
        return self._agency_folder(agency) / "certificate.pem"

    def _agency_folder(self, agency: str) -> Path:
        try:
            return self.folder / check_agency(agency)
        except MalformedAgency as error:
            raise KeyringError(f"{agency!r} is no agency code: {error.why}") from error


def _is_code(name: str) -> bool:
    try:
        return check_agency(name) == name
    except MalformedAgency:
        return False


def _address(text: str, path: Path) -> bytes:
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except (ValueError, AttributeError) as error:
        raise KeyringError(f"{path} is no key file") from error
    if len(address) != ADDRESS_BYTES:
        raise KeyringError(f"{path} is no key file")
    return address


def _passwords(table: object, path: Path, agency: str) -> AgencyPasswords:
    if not isinstance(table, Mapping) or any(not isinstance(value, str) for value in table.values()):
        raise KeyringError(f"{path} is not right: [{agency}] must hold passwords as text")
    unknown = set(table) - {"certificate", "ledger"}
    if unknown:
        raise KeyringError(f"{path} is not right: [{agency}] has {', '.join(sorted(unknown))}")
    return AgencyPasswords(certificate=table.get("certificate"), ledger=table.get("ledger"))
