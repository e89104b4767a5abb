"""New keys for what is stored: every certificate sealed or indexed anew, a piece at a time, beside a running service.

A rotation makes a key, lets the database name it, and then takes row after row over from the former key. Killed at any
moment nothing is lost: the former key stays until `retire` finds that nothing needs it, how far the sweep is stands in
the database, and the same command goes on from there. While it lasts, certificates are found under both keys.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ecert.errors import MalformedCertificate
from ecert.parsing import parse
from ecert.types import TypeCatalogue
from store import key_uses, sweeping
from store.database import Database
from store.key_uses import KeyUse, Position, Use
from store.records import CertificateRecord
from store.sweeping import NewIndexes, Swept
from verifier.faults import CannotOpen, KeyringError
from verifier.keys.field_key import FieldKeys
from verifier.keys.index_key import IndexKeys
from verifier.keys.numbered_keys import NumberedKeys
from verifier.services.at_rest import start_uses
from verifier.services.blind_indexes import BlindIndexes, number_of, said_by
from verifier.services.progress import Progress, Silence

PIECE = 200
"""Certificates that one transaction takes over: others wait a tenth of a second for it at most."""

_LOG = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class SweptAll:
    """What a sweep did: the number of the key that is current, how many certificates it took over.

    `passed_over`: (agency, serial) of those that do not open, which stay as they are.
    """

    use: Use
    number: int
    taken_over: int = 0
    passed_over: list[tuple[str, int]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Numbers of the keys that were thrown away, and of those before the current one that something still needs."""

    use: Use
    gone: tuple[int, ...]
    needed: tuple[int, ...]


class Sweeping:
    """Takes all certificates of a database over to new keys of the uses `field` and `index`.

    `pause`: lets others write between two pieces.
    """

    def __init__(
        self, database: Database, keys_dir: Path, *, pause: Callable[[], None], progress: Progress | None = None
    ) -> None:
        self._database = database
        self._fields = FieldKeys.under(keys_dir)
        self._indexes = IndexKeys.under(keys_dir)
        self._catalogue = TypeCatalogue.bundled()
        self._pause = pause
        self._progress = progress or Silence()

    def rotate(self, use: Use) -> SweptAll:
        """Put a new key in the place of the current one, or finish a rotation that was cut off.

        Raises:
            KeyringError: a key cannot be written, or a new one cannot be read.
            StoreError: the database does not answer; the same again goes on.
        """
        now = self._now(use)
        if now.swept is not None and now.former is None:
            self._sweep(use)
            now = self._now(use)
        if now.swept is None:
            number = self._keys(use).make(now.current + 1)
            with self._database.begin() as connection:
                key_uses.rotate(connection, use, before=now.current, after=number)
        return self._sweep(use)

    def reindex(self) -> SweptAll:
        """Make all indexes anew under the current key, or finish what was cut off; raises as `rotate`."""
        now = self._now(Use.INDEX)
        if now.swept is None:
            with self._database.begin() as connection:
                key_uses.begin_sweep(connection, Use.INDEX, current=now.current)
        return self._sweep(Use.INDEX)

    def retire(self, use: Use) -> Retired:
        """Throw away the keys before the current one that nothing needs any more."""
        now = self._now(use)
        needed = {now.former} if now.former is not None else set()
        if use is Use.FIELD:
            with self._database.read() as connection:
                needed |= sweeping.keys_in_rows(connection)
        keys = self._keys(use)
        before = [number for number in keys.numbers() if number < now.current]
        gone = tuple(number for number in before if number not in needed)
        for number in gone:
            keys.remove(number)
        return Retired(use=use, gone=gone, needed=tuple(number for number in before if number in needed))

    def _keys(self, use: Use) -> NumberedKeys:
        return self._fields.keys if use is Use.FIELD else self._indexes

    def _now(self, use: Use) -> KeyUse:
        return start_uses(self._database, self._fields, self._indexes)[use]

    def _sweep(self, use: Use) -> SweptAll:
        """Take piece after piece over, until none is left."""
        done = SweptAll(use=use, number=self._now(use).current)
        with self._database.read() as connection:
            self._progress.begin("certificates", sweeping.count(connection))
        while self._take_piece(use, done):
            self._progress.reach(done.taken_over + len(done.passed_over))
            self._pause()
        forget_what_was(self._database)
        return done

    def _take_piece(self, use: Use, done: SweptAll) -> bool:
        """Take one piece over in one transaction; False where the sweep is at its end, here or by somebody else."""
        with self._database.begin() as connection:
            now = key_uses.hold(connection, use)
            if now.swept is None:
                return False
            done.number = now.current
            rows = sweeping.piece(connection, now.swept, PIECE)
            if not rows:
                key_uses.finish(connection, use)
                return False
            failed: list[tuple[str, int]] = []
            if use is Use.FIELD:
                made = self._sealed(rows, now.current, failed)
                sweeping.seal(connection, made)
            else:
                sweeping.index(connection, self._indexed(rows, now.current, failed))
            key_uses.advance(connection, use, rows[-1].position)
        done.taken_over += len(rows) - len(failed)
        done.passed_over += failed
        return True

    def _sealed(self, rows: Sequence[Swept], number: int, failed: list[tuple[str, int]]) -> dict[Position, bytes]:
        made: dict[Position, bytes] = {}
        for row in rows:
            record = row.record
            try:
                shown = self._fields.open(record)
            except (CannotOpen, KeyringError):
                failed.append((record.agency, record.serial))
                continue
            made[row.position] = self._fields.seal(
                shown, number=number, ledger=record.ledger, agency=record.agency, serial=record.serial
            )
        return made

    def _indexed(self, rows: Sequence[Swept], number: int, failed: list[tuple[str, int]]) -> dict[Position, NewIndexes]:
        key = self._indexes.key(number)
        made: dict[Position, NewIndexes] = {}
        for row in rows:
            try:
                made[row.position] = self._indexes_of(row.record, key)
            except (CannotOpen, KeyringError, MalformedCertificate):
                failed.append((row.record.agency, row.record.serial))
        return made

    def _indexes_of(self, record: CertificateRecord, key: bytes) -> NewIndexes:
        certificate = parse(self._fields.compact(record))
        certificate_type = self._catalogue.by_vct(certificate.vct)
        if certificate_type is None:
            return NewIndexes(number_index=None, lookups=())
        blind = BlindIndexes(key=key, former=None, agency=record.agency, certificate_type=certificate_type)
        return NewIndexes(
            number_index=blind.number(number_of(certificate, certificate_type)),
            lookups=blind.lookups(said_by(certificate)),
        )


def forget_what_was(database: Database) -> None:
    """See that what a rotation wrote over is nowhere any more, or log that it still is."""
    if not database.write_out():
        _LOG.warning("what was written over is in the database's log still: somebody reads an older state")
