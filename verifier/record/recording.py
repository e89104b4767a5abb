"""Recording: a verification gets its line and its signed receipt, and nothing is answered before both are on the disk.

`keep` is quick and does not wait; `durable` waits. An answer goes out after `durable` alone:

    kept = recording.keep(caller, occasion, [verification])
    await recording.durable(kept)
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from ecert import base64url
from ecert.receipt import Receipt, sign_receipt
from ecert.suite import SigningKey
from store.verifications import Shipment
from verifier.callers import Caller, Occasion
from verifier.clock import seconds_now
from verifier.errors import Refused, said_of
from verifier.faults import KeyringError
from verifier.keys.living_key import LivingKey
from verifier.keys.receipt_key import Answerer
from verifier.observing.figures import Figures
from verifier.problems import Code, RequestRefused
from verifier.record.closing import Closing, close_segment
from verifier.record.group import Group
from verifier.record.journal import End, Journal, Limits
from verifier.record.lineage import Lineage
from verifier.record.lines import Place, receipt_line, verification_line
from verifier.record.segments import RecordFolder, Segment
from verifier.services.verification import Verification

_LOG = logging.getLogger(__name__)
SALT_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """How a process signs: as which kind of process, with which key, and what it calls itself (`iss`)."""

    process: Answerer
    key: LivingKey
    iss: str
    clock: Callable[[], int] = seconds_now


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was recorded: the receipt and its `id` (its `jti`), and where it stands.

    `salt`: base64url, under which the receipt hashes what was stated; goes to the caller alone, None where nothing
    was stated. A batch has one for all.
    """

    id: str
    receipt: str
    salt: str | None
    place: Place
    group: Group = field(repr=False, compare=False)


class Recording:
    """The record that one process keeps, from `begin` to `close`."""

    def __init__(self, lineage: Lineage, signing: Signing, limits: Limits, figures: Figures | None = None) -> None:
        self.lineage = lineage
        self.figures = figures or Figures()
        """Where all is counted that this process does."""
        self._signing = signing
        self._trouble: str | None = None
        lineage.close_all(self.close_segment)
        segment, before = lineage.ending()
        self._unclosed = segment
        self._journal = Journal(lineage.folder, segment, before, limits, self.figures)

    @classmethod
    def begin(
        cls,
        folder: Path,
        signing: Signing,
        limits: Limits | None = None,
        figures: Figures | None = None,
        copied: Mapping[str, Shipment] | None = None,
    ) -> Self:
        """Take a lineage, close what its last process left open, and go on in a new segment; `figures` count lines.

        `copied`: what the database has of each lineage, None where it is away.

        Raises:
            Refused: the folder cannot be written.
            KeyringError: there is no receipt key.
        """
        signing.key.at(signing.clock())
        try:
            lineage = Lineage.take(RecordFolder(folder), signing.process, copied or {})
            try:
                return cls(lineage, signing, limits or Limits(), figures)
            except BaseException:
                lineage.release()
                raise
        except OSError as error:
            raise Refused(f"the record cannot be written: {said_of(error)}") from error

    @property
    def process(self) -> Answerer:
        """The kind of this process."""
        return self._signing.process

    @property
    def writable(self) -> bool:
        """Whether lines are taken now: the disk took what it was given last, and a key signs."""
        try:
            self._key(self._signing.clock())
        except KeyringError:
            return False
        return self._journal.writable

    @property
    def ended(self) -> End:
        """How far the disk has what this process recorded."""
        return self._journal.durable

    def keep(
        self, caller: Caller, occasion: Occasion, verifications: Sequence[Verification], *, batch: bool = False
    ) -> Kept:
        """Record one verification, or a batch of them as one, and sign its receipt. Not durable yet.

        Raises:
            RequestRefused: `not_recorded`: nothing can be written now, or no key signs.
        """
        now = self._signing.clock()
        salt = os.urandom(SALT_BYTES) if any(each.states for each in verifications) else None
        receipt = Receipt(
            iss=self._signing.iss,
            jti=str(uuid.uuid4()) if batch else verifications[0].id,
            iat=now,
            judged=tuple(each.judged(salt) for each in verifications),
            batch=batch,
            relying_party=caller.relying_party,
            office=caller.office,
            operator=caller.operator or occasion.operator,
            matter=occasion.matter,
            case=occasion.case,
            ground=occasion.ground,
            nonce=occasion.nonce,
        )
        settled = [each.settled_block for each in verifications]
        try:
            signed, place, group = self._append(receipt, verification_line(receipt, caller.name, settled))
        except (OSError, KeyringError) as error:
            raise _not_recorded() from error
        return Kept(
            id=receipt.jti,
            receipt=signed,
            salt=None if salt is None else base64url.encode(salt),
            place=place,
            group=group,
        )

    async def durable(self, kept: Kept) -> None:
        """Wait until what was kept is on the disk.

        Raises:
            RequestRefused: `not_recorded`: it is not there, and must not be answered.
        """
        try:
            await kept.group.durable()
        except OSError as error:
            raise _not_recorded() from error

    def tend(self) -> None:
        """End a segment that is old enough, and close those that have ended; raises OSError, KeyringError."""
        self._journal.roll(self._signing.clock())
        while self._unclosed.number < self._journal.durable.segment.number:
            if self.lineage.folder.lines(self._unclosed).exists():
                self.close_segment(self._unclosed)
            else:
                _LOG.error("%s is gone before it was closed: run `ecert audit verify`", self._unclosed)
            self._unclosed = self._unclosed.following

    def close_segment(self, segment: Segment) -> Closing:
        """Close a segment that nobody writes any more, of this lineage or of an orphan's of this kind of process."""
        now = self._signing.clock()
        return close_segment(self.lineage.folder, segment, self._signing.key.at(now), now)

    def close(self) -> None:
        """Write what is left, close the segment, and let the lineage go; harmless where that cannot be done now."""
        self._journal.close()
        try:
            self.lineage.close_all(self.close_segment)
        except (OSError, KeyringError):
            pass  # whoever takes the lineage next closes it
        finally:
            self.lineage.release()

    def _key(self, now: int) -> SigningKey:
        """Give the key that signs now; that there is none is logged when it begins."""
        try:
            key = self._signing.key.at(now)
        except KeyringError as error:
            if self._trouble != str(error):
                _LOG.error("nothing can be recorded, so nothing is answered: %s", error)
            self._trouble = str(error)
            raise
        self._trouble = None
        return key

    def _append(self, receipt: Receipt, line: bytes) -> tuple[str, Place, Group]:
        key = self._key(receipt.iat)
        signed = ""

        def second(place: Place) -> bytes:
            nonlocal signed
            signed = sign_receipt(receipt, key, audit=place.to_json())
            return receipt_line(receipt.jti, signed)

        place, group = self._journal.append(line, second, receipt.iat)
        return signed, place, group


def _not_recorded() -> RequestRefused:
    return RequestRefused(Code.NOT_RECORDED, "What is not recorded is not answered; try again in a while.")
