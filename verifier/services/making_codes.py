"""Making codes for stored certificates: at the office, which alone has the field key that opens them.

A code is shown once, to whoever asked for it, and kept nowhere. Where nobody knows whether one was made, or it is lost,
it is replaced: the one before then opens nothing. A system that asks under an `Idempotency-Key` may ask the same again
for a day; so long the code is kept, sealed with the field key, which opens its certificate anyway.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ecert import base64url
from ecert.codes import RANDOM_DIGITS, Code, sealed_by
from ecert.sealing import NONCE_SIZE
from store import batches, certificates, codes
from store.database import Connection, Database
from store.errors import WriteRefused
from store.idempotency import Attempt
from store.records import CertificateRecord
from store.states import BatchState
from verifier.errors import Refused
from verifier.faults import CannotOpen, KeyringError
from verifier.keys.field_key import FieldKeys
from verifier.problems import Code as Problem
from verifier.problems import RequestRefused
from verifier.services.issuance import CREATED, Told

_HAS_ONE = "certificate {serial} of {agency} has a code, which is not kept here; replace it where it is lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDesk:
    """Where codes are made for certificates of a ledger and of those that it follows, the newest first."""

    database: Database
    ledgers: Sequence[str]
    fields: FieldKeys

    def make(self, agency: str, serial: int, *, now: int) -> Code:
        """Make the first code of a certificate.

        Raises:
            Refused: there is no such certificate, its batch is not closed, or it has a code.
            CannotOpen, KeyringError: what is stored does not open.
            StoreError: the database does not answer.
        """
        with self._writing(agency, serial) as (connection, record):
            if codes.has_open(connection, record.ledger, agency, serial):
                raise Refused(_HAS_ONE.format(serial=serial, agency=agency))
            return self._put(connection, record, now)

    def replace(self, agency: str, serial: int, *, now: int) -> Code:
        """Make a code in place of the one before, if there is one, which then opens nothing; raises as `make`."""
        with self._writing(agency, serial) as (connection, record):
            return self._put(connection, record, now)

    def replace_once(self, agency: str, serial: int, attempt: Attempt | None, *, now: int) -> Told:
        """Do so for a request, and give what is kept for a repeat of it; `shown` makes the answer of that.

        Raises:
            RequestRefused: the same request is being carried out by another attempt; and as `make`.
        """
        with self._writing(agency, serial) as (connection, record):
            code = self._put(connection, record, now)
            number = self.fields.keys.newest()
            sealed = self.fields.seal_code(code.printed(), number=number, agency=agency, serial=serial)
            said = {"agency": agency, "serial": serial, "sealed": base64url.encode(sealed)}
            kept = Told(status=CREATED, said=said)
            kept.keep(connection, attempt)
        return kept

    def shown(self, kept: Told) -> Told:
        """Give the answer, with the code.

        Raises:
            RequestRefused: the field key was changed and thrown away since; the code is lost.
        """
        agency, serial = str(kept.said["agency"]), int(str(kept.said["serial"]))
        try:
            code = self.fields.open_code(base64url.decode(str(kept.said["sealed"])), agency=agency, serial=serial)
        except (CannotOpen, KeyringError) as error:
            raise RequestRefused(
                Problem.CONFLICT, "The code was made and cannot be shown again: make another under another key."
            ) from error
        return replace(kept, said={"agency": agency, "serial": serial, "code": code})

    @contextmanager
    def _writing(self, agency: str, serial: int) -> Iterator[tuple[Connection, CertificateRecord]]:
        """Hold a certificate of a closed batch until the transaction ends."""
        try:
            with self.database.begin() as connection:
                found = (certificates.read(connection, ledger, agency, serial) for ledger in self.ledgers)
                record = next(filter(None, found), None)
                if record is not None:
                    codes.hold(connection, record.ledger, agency, serial)
                if record is None or batches.read(connection, record.batch).state is not BatchState.CLOSED:
                    raise Refused(f"{agency} has issued no certificate {serial}")
                yield connection, record
        except WriteRefused as error:
            raise Refused(_HAS_ONE.format(serial=serial, agency=agency)) from error

    def _put(self, connection: Connection, record: CertificateRecord, now: int) -> Code:
        """Put a new code in the place of the one that opens, if any does."""
        code = Code.make(secrets.randbelow(10**RANDOM_DIGITS))
        place = record.ledger, record.agency, record.serial
        content = self.fields.compact(record)
        codes.void(connection, *place, now=now)
        wrapped = sealed_by(code).seal(content, nonce=secrets.token_bytes(NONCE_SIZE), place=code.name())
        codes.add(connection, *place, name=code.name(), wrapped=wrapped, now=now)
        return code
