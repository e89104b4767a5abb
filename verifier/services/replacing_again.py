"""What certificates that are issued again replace: the same as what the ledger refused would have replaced.

Their supersessions were forgotten when their batch became void, so they are written down anew, with the new serials.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ecert.parsing import parse
from store import certificates, supersessions
from store.database import Connection
from store.records import CertificateRecord, NewCertificate
from verifier.faults import IssuingStopped
from verifier.keys.keyring import LedgerKey
from verifier.services.issuance import why_not
from verifier.services.office import NO_COPY_HERE, Office
from verifier.services.status import pending_statuses


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedAgain:
    """A certificate under its new serial, and the serials of those that it replaces."""

    row: NewCertificate
    serial: int
    supersedes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplacingAgain:
    """The replacements of one agency's certificates of one type."""

    office: Office
    agency: str
    certificate_type: bytes

    def hindered(self, due: Mapping[int, CertificateRecord]) -> dict[int, str]:
        """Say of the refused certificates that cannot replace what they name why not, by their serials.

        Raises:
            IssuingStopped: there is no copy of the ledger to tell by.
        """
        named = {record.serial: _supersedes(record) for record in due.values()}
        replacing = {serial: olds for serial, olds in named.items() if olds}
        if not replacing:
            return {}
        ledger = self.office.ledger
        with self.office.database.read() as connection:
            pending = pending_statuses(connection, self.office.ledgers, self.agency)
            olds = {old for each in replacing.values() for old in each}
            known = supersessions.of_olds(connection, ledger, self.agency, olds)
        copies = self.office.copies()  # read after the calls: those that are through since are in it
        if copies is None:
            raise IssuingStopped(NO_COPY_HERE)
        found: dict[int, str] = {}
        for serial, each in replacing.items():
            for old in each:
                why = why_not(self.agency, old, copies, pending, known.get(old))
                if why is not None:
                    found[serial] = f"it replaces serial {old}: {why}"
        return found

    def write_down(self, connection: Connection, group: Sequence[IssuedAgain]) -> None:
        """Write down what certificates replace, in the transaction that stores them, before it does.

        What gives its number to its successor gives it up here.

        Raises:
            WriteRefused: something else replaces one of the old ones by now.
            KeyringError: whose key would say so on the ledger is not known here.
        """
        replacing = [one for one in group if one.supersedes]
        if not replacing:
            return
        ledger, sender = self.office.ledger, self.office.keyring.address(self.agency, LedgerKey.STATUS)
        numbers = {index for one in replacing for index in _indexes(one.row)}
        taken = certificates.taken(connection, ledger, self.agency, self.certificate_type, numbers)
        for one in replacing:
            holders = {taken[index] for index in _indexes(one.row) if index in taken}
            for old in one.supersedes:
                supersessions.add(
                    connection,
                    ledger,
                    self.agency,
                    old=old,
                    serial=one.serial,
                    sender=sender,
                    gives_up=old in holders,
                )


def _supersedes(record: CertificateRecord) -> tuple[int, ...]:
    """Give what a certificate says that it replaces: in its signed part, which needs no key to read."""
    return parse(f"{record.jwt}~".encode("ascii")).supersedes


def _indexes(row: NewCertificate) -> tuple[bytes, ...]:
    return tuple(index for index in (row.number_index, row.former_index) if index is not None)
