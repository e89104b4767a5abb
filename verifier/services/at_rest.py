"""Certificates on their way into the database: disclosures sealed, and all that they are found by as keyed hashes.

The database says by number which keys are current. Whoever writes takes these, and assures in the transaction that
writes that they still are; where they were rotated meanwhile, it opens anew and makes its rows again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ecert.certificate import Value
from ecert.certificate_type import CertificateType
from ecert.issuing import SignedCertificate
from store import key_uses
from store.database import Connection, Database
from store.key_uses import KeyUse, Use
from store.records import NewCertificate
from verifier.keys.field_key import FieldKeys
from verifier.keys.index_key import IndexKeys
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRest:
    """The current keys: `field` and `index` by number, the index key itself, and the one that it replaces, if any."""

    fields: FieldKeys
    field: int
    index: int
    index_key: bytes
    former_index_key: bytes | None

    @classmethod
    def open(cls, database: Database, keys_dir: Path) -> Self:
        """Take the keys that the database names; the newest ones where it names none yet, made where there are none.

        Raises:
            KeyringError: a key that is current is not here.
        """
        fields, indexes = FieldKeys.under(keys_dir), IndexKeys.under(keys_dir)
        uses = start_uses(database, fields, indexes)
        fields.keys.key(uses[Use.FIELD].current)
        former = uses[Use.INDEX].former
        return cls(
            fields=fields,
            field=uses[Use.FIELD].current,
            index=uses[Use.INDEX].current,
            index_key=indexes.key(uses[Use.INDEX].current),
            former_index_key=None if former is None else indexes.key(former),
        )

    @classmethod
    def of(cls, office: Office) -> Self:
        """Take those of an office; raises like `open`."""
        return cls.open(office.database, office.keyring.folder)

    def assure(self, connection: Connection) -> None:
        """Make sure that rows made with these keys may be written in this transaction.

        Raises:
            KeyUseMoved: a key was rotated; make the rows again.
        """
        key_uses.assure(connection, {Use.FIELD: self.field, Use.INDEX: self.index})

    def blind(self, agency: str, certificate_type: CertificateType) -> BlindIndexes:
        """Give how an agency's certificates of a type are found."""
        return BlindIndexes(
            key=self.index_key, former=self.former_index_key, agency=agency, certificate_type=certificate_type
        )

    def row(
        self,
        signed: SignedCertificate,
        said: Mapping[str, Value],
        *,
        ledger: str,
        blind: BlindIndexes,
        number: str | None,
        line: int | None = None,
    ) -> NewCertificate:
        """Make the row of a certificate. `said`: its fields by name; `number`: its number in its normal form."""
        return NewCertificate(
            jwt=signed.jwt,
            disclosures=self.seal("~".join(signed.disclosures), ledger, blind.agency, signed.serial),
            leaf=signed.leaf,
            number_index=blind.number(number),
            former_index=blind.former_number(number),
            lookups=blind.lookups(said),
            line=line,
        )

    def seal(self, disclosures: str, ledger: str, agency: str, serial: int) -> bytes:
        """Seal a certificate's disclosures with the current key."""
        return self.fields.seal(disclosures, number=self.field, ledger=ledger, agency=agency, serial=serial)


def start_uses(database: Database, fields: FieldKeys, indexes: IndexKeys) -> Mapping[Use, KeyUse]:
    """Give what the database says of its keys; name the newest ones where nothing was ever written with any."""
    with database.read() as connection:
        uses = key_uses.read(connection)
    if uses.keys() >= {Use.FIELD, Use.INDEX}:
        return uses
    field, index = fields.keys.newest(), indexes.newest()
    with database.begin() as connection:
        key_uses.start(connection, Use.FIELD, field)
        key_uses.start(connection, Use.INDEX, index)
        return key_uses.read(connection)
