"""Finding stored certificates by what they say, across agencies: for an applicant who brings nothing but an id card.

Whatever became of a certificate since, it is found: a revoked one must be judged revoked and never be "not found".
What is found here is not judged yet, and whoever may change the database can hide a certificate or lead to another one:
whoever asks compares the value that was asked for with what the certificate says.

Opens field and index keys: not for the public process.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ecert.certificate_type import CertificateType
from ecert.errors import UnreadableValue
from ecert.types import TypeCatalogue
from store import certificates, completeness, key_uses
from store.database import Connection, Database
from store.engine import translated
from store.key_uses import KeyUse, Use
from store.records import CertificateRecord
from verifier.keys.field_key import FieldKeys
from verifier.keys.index_key import IndexKeys, lookup_index
from verifier.problems import Code, Flaw, RequestRefused
from verifier.services.found import Found, FoundCertificate
from verifier.services.lookup_values import HOLDER, NUMBER, Places, asked_document

MOST = 100
"""Certificates that one look-up finds at most; nobody chooses from more."""


class Finding:
    """Finds certificates of a ledger and of those that it follows. Safe to use from several threads."""

    def __init__(self, database: Database, ledgers: Collection[str], keys_dir: Path, types: TypeCatalogue) -> None:
        self._database = database
        self._ledgers = ledgers
        self._types = types
        self._fields = FieldKeys.under(keys_dir)
        self._indexes = IndexKeys.under(keys_dir)

    @property
    def local(self) -> bool:
        """Whether the database is a file of this machine."""
        return self._database.local

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """Read the database as of now; raises `StoreError` where it does not answer."""
        with self._database.read() as connection:
            yield Reading(connection, self._ledgers, self._types, self._fields, self._indexes)


class Reading:
    """One state of the database, in which any number of certificates is looked up; made by `Finding.reading`.

    What goes wrong in the midst is said in the store's errors here: whoever looks several up tells them apart.
    """

    def __init__(
        self,
        connection: Connection,
        ledgers: Collection[str],
        types: TypeCatalogue,
        fields: FieldKeys,
        indexes: IndexKeys,
    ) -> None:
        self._connection = connection
        self._ledgers = ledgers
        self._types = types
        self._fields = fields
        self._indexes = indexes
        self._index: KeyUse | None = key_uses.read(connection).get(Use.INDEX)

    def look_up(
        self,
        certificate_type: CertificateType,
        by: str,
        value: str,
        *,
        agency: str | None = None,
        serial: int | None = None,
    ) -> Found:
        """Find certificates of a type by a value, which is compared as it is between two certificates.

        Args:
            certificate_type: what is looked for.
            by: a field of the type that has a form, `number` (the type's number), `holder` (an id) or `identifier`.
            value: as people write it; a citizen id of 15 digits finds the same as its 18.
            agency: only what this agency issued.
            serial: only what has this serial.

        Raises:
            RequestRefused: the type is not found by that, or the value cannot be one of its field.
            KeyringError: a key that is in use is not here.
            CannotOpen: what is stored was changed.
            StoreError: the database does not answer.
        """
        wanted = _asked(Places.of(certificate_type), by, value)
        with translated():
            found = self._find(wanted, agency, serial)
            since: Mapping[str, int] = {}
            if not found and agency is None and serial is None:
                since = completeness.of_type(self._connection, self._ledgers, certificate_type.vct_hash)
        return self._opened(found, since)

    def by_document(
        self,
        sha256: bytes,
        types: Collection[CertificateType],
        *,
        agency: str | None = None,
        serial: int | None = None,
    ) -> Found:
        """Find the certificates of some types whose document has this hash; narrows and raises as `look_up`."""
        with translated():
            found = self._find(asked_document(sha256), agency, serial, {each.vct_hash for each in types})
        return self._opened(found, {})

    def _find(
        self,
        wanted: tuple[str, str, str],
        agency: str | None,
        serial: int | None,
        types: Collection[bytes] | None = None,
    ) -> Collection[CertificateRecord]:
        use = self._index
        if use is None:
            return ()
        numbers = [use.current] if use.former is None else [use.current, use.former]
        indexes = [lookup_index(self._indexes.key(number), *wanted) for number in numbers]
        return certificates.by_lookup(
            self._connection, self._ledgers, indexes, limit=MOST + 1, agency=agency, serial=serial, types=types
        )

    def _opened(self, found: Collection[CertificateRecord], since: Mapping[str, int]) -> Found:
        shown = tuple(
            FoundCertificate(
                agency=record.agency,
                serial=record.serial,
                certificate_type=self._types.by_hash(record.certificate_type),
                compact=self._fields.compact(record),
                live=record.live,
            )
            for record in list(found)[:MOST]
        )
        return Found(certificates=shown, complete_since=since, more=len(found) > MOST)


def _asked(places: Places, by: str, value: str) -> tuple[str, str, str]:
    try:
        wanted = places.asked(by, value)
    except UnreadableValue as error:
        flaw = Flaw(place="lookup.value", why=str(error.reason))
        raise RequestRefused(Code.NOT_UNDERSTOOD, "This cannot be a value of that field.", [flaw]) from error
    if wanted is None or not wanted[2]:
        flaw = (
            Flaw(place="lookup.value", why="missing")
            if wanted is not None
            else Flaw(place="lookup.by", why=f"one of {', '.join((NUMBER, HOLDER, *places.fields))} is due")
        )
        raise RequestRefused(Code.NOT_UNDERSTOOD, "This type is not found by that.", [flaw])
    return wanted
