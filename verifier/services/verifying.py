"""Verifying what somebody presents: bytes and what is asked about them become a verdict, from one ledger snapshot.

A certificate is judged from the copy of the ledger that it names; where that is none of ours, from the newest, which
does not know it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Protocol

from ecert import base64url, strict_json
from ecert.certificate import Certificate
from ecert.errors import MalformedCertificate
from ecert.facts import AsOf
from ecert.judging import judge, judge_malformed, judge_nothing
from ecert.key_binding import sd_hash
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from ecert.parsing import parse, parse_value
from ecert.types import TypeCatalogue
from ecert.verdict import Reason
from store.database import Database
from verifier.clock import seconds_now
from verifier.ledger_view import LedgerView
from verifier.services.paths import Paths
from verifier.services.verification import NOTHING_ASKED, Asked, Presented, Verification


class Copies(Protocol):
    """Where ledger copies come from; `copies` raises `NotReady` unless it is `ready`."""

    @property
    def ready(self) -> bool:
        """Whether there are any."""

    @property
    def copies(self) -> LedgerCopies:
        """The newest."""


class Verifying:
    """Judges whatever is presented against the newest ledger copies; keeps nothing of it.

    Args:
        view: the ledger copies.
        types: the certificate types that are known here.
        paths: where paths of compact forms are looked up; None: nowhere.
        clock: the time now.
    """

    def __init__(
        self,
        *,
        view: Copies,
        types: TypeCatalogue,
        paths: Paths | None = None,
        clock: Callable[[], int] = seconds_now,
    ) -> None:
        self._view = view
        self._types = types
        self._paths = paths
        self._clock = clock

    @property
    def types(self) -> TypeCatalogue:
        """The certificate types that are known here."""
        return self._types

    @property
    def copies(self) -> LedgerCopies:
        """The newest ledger copies; raises `NotReady`."""
        return self._view.copies

    def verify(
        self, presented: Presented, asked: Asked = NOTHING_ASKED, *, copies: LedgerCopies | None = None
    ) -> Verification:
        """Judge `presented`, whatever it is, from `copies` or the newest; what is no certificate is `malformed`.

        Raises:
            NotReady: there is no ledger copy to judge from.
            RequestRefused: the matter does not need such a certificate.
        """
        try:
            certificate = parse(presented) if isinstance(presented, bytes) else parse_value(presented)
        except MalformedCertificate as error:
            return self._malformed(presented, error, asked, copies)
        copies = copies or self._view.copies
        copy = copies.of(certificate.iss.ledger)
        return self._judged(self._with_path(certificate, copy), copies, copy, asked)

    def nothing(self, reason: Reason, asked: Asked, *, copies: LedgerCopies | None = None) -> Verification:
        """Answer a look-up that led to no one certificate, as of the newest of `copies`, or of all."""
        as_of = self._as_of(copies)
        verdict = judge_nothing(reason, as_of=as_of, at=asked.at, now=self._clock(), demands=asked.demands)
        return Verification(
            id=_new_id(),
            verdict=verdict,
            certificate=None,
            certificate_type=None,
            agency_name=None,
            demands=asked.demands,
        )

    async def verify_soon(
        self, presented: Presented, asked: Asked = NOTHING_ASKED, *, copies: LedgerCopies | None = None
    ) -> Verification:
        """Do the same without holding up the event loop: the database is asked in a thread, if at all."""
        if not isinstance(presented, bytes) or presented.lstrip()[:1] == b"{" or self._paths is None:
            return self.verify(presented, asked, copies=copies)
        return await asyncio.to_thread(self.verify, presented, asked, copies=copies)

    def _with_path(self, certificate: Certificate, copy: LedgerCopy) -> Certificate:
        if certificate.path is not None or self._paths is None or certificate.iss.ledger != copy.ledger:
            return certificate
        batch = copy.batch(certificate.iss.agency, certificate.serial)
        if batch is None:
            return certificate
        return replace(certificate, path=self._paths.find(certificate.iss, certificate.serial, batch))

    def _judged(self, certificate: Certificate, copies: LedgerCopies, copy: LedgerCopy, asked: Asked) -> Verification:
        certificate_type = self._types.by_vct(certificate.vct)
        verdict = judge(
            certificate,
            copies.facts(certificate),
            documents=asked.documents,
            demands=asked.demanded(certificate_type),
            at=asked.at,
            now=self._clock(),
            certificate_type=certificate_type,
        )
        agency = copy.agency(certificate.iss.agency) if certificate.iss.ledger == copy.ledger else None
        return Verification(
            id=_new_id(),
            verdict=verdict,
            certificate=certificate,
            certificate_type=certificate_type,
            agency_name=None if agency is None else agency.name,
            sd_hash=sd_hash(certificate),
            demands=asked.demands,
            settled_block=copy.settled_block if certificate.iss.ledger == copy.ledger else None,
        )

    def _as_of(self, copies: LedgerCopies | None) -> AsOf | None:
        """Give the block of the newest ledger's copy; None where there is none yet."""
        if copies is None and not self._view.ready:
            return None
        return (copies or self._view.copies).newest.as_of

    def _malformed(
        self, presented: Presented, error: MalformedCertificate, asked: Asked, copies: LedgerCopies | None
    ) -> Verification:
        as_of = self._as_of(copies)
        octets = presented if isinstance(presented, bytes) else strict_json.canonical(presented).encode()
        verdict = judge_malformed(error, as_of=as_of, at=asked.at, now=self._clock(), demands=asked.demands)
        return Verification(
            id=_new_id(),
            verdict=verdict,
            certificate=None,
            certificate_type=None,
            agency_name=None,
            sd_hash=base64url.encode(sha256(octets).digest()),
            demands=asked.demands,
        )


def open_verifying(database: Database, ledgers: Sequence[str] = ()) -> Verifying:
    """Set up verifying on a database, with the bundled types, as of now; `ledgers`: as `LedgerView` takes them.

    Raises:
        NotReady: the indexer has not read the chain yet.
        StoreError: the database does not answer.
    """
    view = LedgerView(database, ledgers)
    view.refresh()
    return Verifying(view=view, types=TypeCatalogue.bundled(), paths=Paths(database))


def _new_id() -> str:
    return str(uuid.uuid4())
