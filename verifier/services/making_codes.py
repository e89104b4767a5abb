"""Making codes for stored certificates: at the office, which alone has the field key that opens them.

A code is shown once, to whoever asked for it, and kept nowhere. Where nobody knows whether one was made, or it is lost,
it is replaced: the one before then opens nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from ecert.codes import RANDOM_DIGITS, Code, sealed_by
from ecert.sealing import NONCE_SIZE
from store import batches, certificates, codes
from store.database import Connection, Database
from store.errors import WriteRefused
from store.states import BatchState
from verifier.errors import Refused
from verifier.keys.field_key import FieldKeys

_HAS_ONE = "certificate {serial} of {agency} has a code, which is not kept here; replace it where it is lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeDesk:
    """Where codes are made for certificates of one ledger."""

    database: Database
    ledger: str
    fields: FieldKeys

    def make(self, agency: str, serial: int, *, now: int) -> Code:
        """Make the first code of a certificate.

        Raises:
            Refused: there is no such certificate, its batch is not closed, or it has a code.
            CannotOpen, KeyringError: what is stored does not open.
            StoreError: the database does not answer.
        """
        return self._make(agency, serial, now, replace=False)

    def replace(self, agency: str, serial: int, *, now: int) -> Code:
        """Make a code in place of the one before, if there is one, which then opens nothing; raises as `make`."""
        return self._make(agency, serial, now, replace=True)

    def _make(self, agency: str, serial: int, now: int, *, replace: bool) -> Code:
        code = Code.make(secrets.randbelow(10**RANDOM_DIGITS))
        try:
            with self.database.begin() as connection:
                content = self._content(connection, agency, serial)
                if replace:
                    codes.void(connection, self.ledger, agency, serial, now=now)
                elif codes.has_open(connection, self.ledger, agency, serial):
                    raise Refused(_HAS_ONE.format(serial=serial, agency=agency))
                wrapped = sealed_by(code).seal(content, nonce=secrets.token_bytes(NONCE_SIZE), place=code.name())
                codes.add(connection, self.ledger, agency, serial, name=code.name(), wrapped=wrapped, now=now)
        except WriteRefused as error:
            raise Refused(_HAS_ONE.format(serial=serial, agency=agency)) from error
        return code

    def _content(self, connection: Connection, agency: str, serial: int) -> bytes:
        record = certificates.read(connection, self.ledger, agency, serial)
        if record is None or batches.read(connection, record.batch).state is not BatchState.CLOSED:
            raise Refused(f"{agency} has issued no certificate {serial}")
        return self.fields.compact(record)
