"""An agency looks through what it issued: by type, number, holder, status and time; nothing of a face is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from ecert.agency import STATUS_LIST_SIZE
from ecert.certificate_type import CertificateType
from ecert.errors import UnreadableValue
from ecert.facts import Status
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from store import listing, supersessions
from store.database import Connection, Database
from store.listing import Filter, Listed
from store.pieces import PIECE
from verifier.problems import not_as_described
from verifier.services.at_rest import AtRest
from verifier.services.blind_indexes import BlindIndexes
from verifier.services.lookup_values import HOLDER, NUMBER
from verifier.services.office import Office
from verifier.services.standing import Standing, standing_of

MOST_READ = 5_000
"""Certificates that are looked at for one page; where few have the wanted status the page is short, and goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One certificate of a page: its serial, its type's name on the ledger, when it was stored, where it is."""

    serial: int
    certificate_type: bytes
    stored: int
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Certificates in the order of their serials; `after`: where the next page goes on, None where there is none."""

    found: tuple[Shown, ...]
    after: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What a certificate says, as far as somebody knows: its number, its holder's id."""

    number: str | None = None
    holder: str | None = None


def blind_filter(office: Office, agency: str, certificate_type: CertificateType | None, sought: Sought) -> Filter:
    """Give what is looked for, as it stands in the database.

    Raises:
        RequestRefused: a number or a holder without a type, or that can be none of it.
        KeyringError: a key is not here.
    """
    if certificate_type is None:
        if sought != Sought():
            raise not_as_described("type", "this is missing: numbers and holders are looked for within a type")
        return Filter()
    found = Filter(certificate_type=certificate_type.vct_hash)
    if sought == Sought():
        return found
    blind = AtRest.of(office).blind(agency, certificate_type)
    values = ((NUMBER, sought.number), (HOLDER, sought.holder))
    return replace(found, lookups=tuple(_indexes(blind, by, value) for by, value in values if value is not None))


def _indexes(blind: BlindIndexes, by: str, value: str) -> tuple[bytes, ...]:
    try:
        found = blind.asked(by, value)
    except UnreadableValue as error:
        raise not_as_described(by, f"this cannot be the {by} of a certificate of this type") from error
    if not found:
        raise not_as_described(by, f"certificates of this type are not found by their {by}")
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What an agency looks for among its certificates, as of ledger copies; `status` None: whatever became of them.

    A ledger goes on with the serials of the one that it follows, so that those of the oldest come first.
    """

    copies: LedgerCopies
    agency: str
    wanted: Filter
    status: Status | None

    def page(self, database: Database, *, after: int, limit: int) -> Page:
        """Give the next page, of `limit` certificates at most, from the first serial above `after`.

        Raises:
            StoreError: the database does not answer.
        """
        found: list[Shown] = []
        read = 0
        with database.read() as connection:
            for copy, rows, reached in self._groups(connection, after, limit):
                serials = [row.serial for row in rows]
                replacing = supersessions.of_serials(connection, copy.ledger, self.agency, serials)
                for row in rows:
                    standing = standing_of(row.batch, replacing.get(row.serial, ()), copy, row.serial)
                    if self.status is None or standing.status is self.status:
                        found.append(_found(row, standing))
                    if len(found) == limit:
                        return Page(found=tuple(found), after=row.serial)
                read += max(limit, len(rows))
                if read >= MOST_READ:
                    return Page(found=tuple(found), after=reached)
        return Page(found=tuple(found), after=None)

    def _groups(
        self, connection: Connection, after: int, limit: int
    ) -> Iterator[tuple[LedgerCopy, Sequence[Listed], int | None]]:
        """Give certificates to look at, and each time the serial up to which all were given; None with the last."""
        for copy in reversed(tuple(self.copies)):
            for rows, reached in self._groups_of(copy, connection, after, limit):
                if rows and reached is None and copy is not self.copies.newest:
                    yield copy, rows, rows[-1].serial
                elif rows or reached is not None:
                    yield copy, rows, reached

    def _groups_of(
        self, copy: LedgerCopy, connection: Connection, after: int, limit: int
    ) -> Iterator[tuple[Sequence[Listed], int | None]]:
        if self.status in {None, Status.VALID} or self.wanted.lookups:
            at: int | None = after
            while at is not None:
                rows = listing.page(connection, copy.ledger, self.agency, self.wanted, after=at, limit=limit)
                at = rows[-1].serial if len(rows) == limit else None
                yield rows, at
            return
        # Few are of another status, and the ledger copy names them: no need to look through a million that are valid.
        serials = self._of_status(copy, after)
        piece = tuple(islice(serials, PIECE))
        while piece:
            these = replace(self.wanted, serials=piece)
            rows = listing.page(connection, copy.ledger, self.agency, these, after=after, limit=len(piece))
            following = tuple(islice(serials, PIECE))
            yield rows, piece[-1] if following else None
            piece = following

    def _of_status(self, copy: LedgerCopy, after: int) -> Iterator[int]:
        """Give the serials of a status that is not valid, above `after`, in their order."""
        for number in copy.status_lists(self.agency):
            if (number + 1) * STATUS_LIST_SIZE > after:
                changed = sorted(copy.statuses(self.agency, number).items())
                yield from (serial for serial, now in changed if serial > after and now is self.status)


def _found(row: Listed, standing: Standing) -> Shown:
    return Shown(
        serial=row.serial,
        certificate_type=row.batch.certificate_type,
        stored=row.batch.created_at,
        standing=standing,
    )
