"""Looking up: a code, a document or a value leads to a stored certificate, which is judged as if it were handed in.

Look-ups that come together are made together, in one reading of the database: what costs most of one is beginning to
read. They are made in one thread, since threads that take turns would cost more than all; or in none, where the
database is a file of this machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from contextvars import copy_context
from dataclasses import replace

from ecert.certificate import Value
from ecert.checks.demanded import HOLDER
from ecert.demands import Holder
from ecert.ledger_copies import LedgerCopies
from ecert.verdict import Outcome, Reason
from store.errors import StoreError
from verifier.matters import Ruling
from verifier.problems import Code, Flaw, RequestRefused
from verifier.services.answered import Answered
from verifier.services.choosing import Choice, chosen
from verifier.services.found import Finds, Found, FoundCertificate, OpensCodes, OpensFinding
from verifier.services.gathering import Gathering
from verifier.services.lookup_values import NUMBER
from verifier.services.statements import refuse_incomparable
from verifier.services.submitted import DocumentAlone, LookUp, Submitted
from verifier.services.verification import Asked, Verification
from verifier.services.verifying import Verifying

_Look = Callable[[Finds | None], Answered]
_NO_DOCUMENT = DocumentAlone(sha256=b"")

HERE = 8
"""Look-ups that are made one after the other on the event loop, where the database is a file: some 15 ms of work."""


class LookingUp:
    """Answers who has not the certificate itself.

    Args:
        verifying: judges.
        codes: opens codes; None: this process opens none.
        finding: looks certificates up; None: this process may not.
    """

    def __init__(self, verifying: Verifying, codes: OpensCodes | None, finding: OpensFinding | None) -> None:
        self._verifying = verifying
        self._codes = codes
        self._finding = finding
        here = HERE if finding is not None and finding.local else None
        self._together: Gathering[None, _Look, Answered | Exception] = Gathering(self._look_all, pause=0, here=here)

    @property
    def opens_codes(self) -> bool:
        """Whether this process opens codes."""
        return self._codes is not None

    @property
    def finds(self) -> bool:
        """Whether this process looks certificates up."""
        return self._finding is not None

    async def answer(
        self, submitted: Submitted, asked: Asked, ruling: Ruling | None, copies: LedgerCopies | None
    ) -> Answered:
        """Answer from the certificate that is found; from `copies`, or the newest.

        Raises:
            RequestRefused: what is looked up by cannot be, or the matter does not allow it.
            NotReady: there is no ledger copy to judge from.
            StoreError: the database does not answer.
        """
        context = copy_context()  # what is logged names the request that it is for

        def look(finds: Finds | None) -> Answered:
            return context.run(self._looked_up, submitted, asked, ruling, copies, finds)

        answered = await self._together.put(None, look)
        if isinstance(answered, Exception):
            raise answered
        return answered

    def _look_all(self, _: None, looks: Sequence[_Look]) -> Sequence[Answered | Exception]:
        with nullcontext() if self._finding is None else self._finding.reading() as finds:
            return [_tried(look, finds) for look in looks]

    def _looked_up(
        self,
        submitted: Submitted,
        asked: Asked,
        ruling: Ruling | None,
        copies: LedgerCopies | None,
        finds: Finds | None,
    ) -> Answered:
        if submitted.lookup is None:
            refuse_incomparable(tuple(self._verifying.types), asked.demands.expect, self._verifying.types)
        if submitted.code is not None:
            return self._by_code(submitted.code, asked, ruling, copies)
        if finds is None or ruling is None:
            raise RequestRefused(Code.FORBIDDEN, "Look-ups are answered for a matter, at the office's address.")
        if submitted.lookup is not None:
            return self._by_lookup(finds, submitted.lookup, asked, ruling, copies)
        return self._by_document(finds, submitted.document or _NO_DOCUMENT, asked, ruling, copies)

    def _by_code(self, code: str, asked: Asked, ruling: Ruling | None, copies: LedgerCopies | None) -> Answered:
        opened = None if self._codes is None else self._codes.open(code)
        if opened is None:
            return Answered(verification=self._verifying.nothing(Reason.NOT_FOUND, asked, copies=copies))
        return self._told(opened, asked, ruling, copies)

    def _by_document(
        self, finds: Finds, document: DocumentAlone, asked: Asked, ruling: Ruling, copies: LedgerCopies | None
    ) -> Answered:
        needed = tuple(filter(ruling.needs, self._verifying.types))
        found = finds.by_document(document.sha256, needed, agency=document.agency, serial=document.serial)
        asked = replace(asked, documents=(*asked.documents, document.sha256))
        return self._of_found(found, document.serial, asked, ruling, copies, missing=Reason.DOCUMENT_UNKNOWN)

    def _by_lookup(
        self, finds: Finds, lookup: LookUp, asked: Asked, ruling: Ruling, copies: LedgerCopies | None
    ) -> Answered:
        certificate_type = self._verifying.types.by_slug(lookup.type)
        if certificate_type is None:
            flaw = Flaw(place="lookup.type", why="there is no such certificate type")
            raise RequestRefused(Code.NOT_UNDERSTOOD, "The type is not known.", [flaw])
        by = certificate_type.number if lookup.by == NUMBER else lookup.by
        ruling.look_up_by(certificate_type, by)
        refuse_incomparable((certificate_type,), asked.demands.expect, self._verifying.types)
        found = finds.look_up(certificate_type, by, lookup.value, agency=lookup.agency, serial=lookup.serial)
        asked = _stating(asked, by, lookup.value)
        return self._of_found(found, lookup.serial, asked, ruling, copies, missing=Reason.NOT_FOUND)

    def _of_found(
        self,
        found: Found,
        serial: int | None,
        asked: Asked,
        ruling: Ruling,
        copies: LedgerCopies | None,
        *,
        missing: Reason,
    ) -> Answered:
        among = chosen(found.certificates, serial)
        if len(among) == 1 and not found.more:
            return self._told(among[0].compact, asked, ruling, copies)
        if not among:
            nothing = self._verifying.nothing(missing, asked, copies=copies)
            return Answered(verification=nothing, complete_since=found.complete_since)
        now = copies or self._verifying.copies
        several = self._verifying.nothing(Reason.SEVERAL_FOUND, asked, copies=now)
        choices = tuple(self._choice(each, asked, ruling, now) for each in among)
        return Answered(verification=several, choices=choices, more_choices=found.more)

    def _choice(self, found: FoundCertificate, asked: Asked, ruling: Ruling, copies: LedgerCopies) -> Choice:
        """Describe one of several; its number is told by the rule by which the values of one alone are told."""
        need, known = ruling.need(found.certificate_type), found.certificate_type
        values: Mapping[str, Value] = {}
        if known is not None and known.number in need.read:
            told = _values(self._verifying.verify(found.compact, asked, copies=copies), ruling) or {}
            values = {name: value for name, value in told.items() if name == known.number}
        return Choice.of(found, need.type, copies, values)

    def _told(self, compact: bytes, asked: Asked, ruling: Ruling | None, copies: LedgerCopies | None) -> Answered:
        verification = self._verifying.verify(compact, asked, copies=copies)
        return Answered(verification=verification, values=_values(verification, ruling))


def _tried(look: _Look, finds: Finds | None) -> Answered | Exception:
    """Look one up; what stands in its way alone is not in the way of the others."""
    try:
        return look(finds)
    except StoreError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised where it is waited for
        return error


def _values(verification: Verification, ruling: Ruling | None) -> Mapping[str, Value] | None:
    """Give what the matter may read, where all comparisons that it demands were made and none failed."""
    if ruling is None or verification.certificate is None:
        return None
    compared = verification.expectations
    if compared is None or compared.outcome not in {Outcome.PASS, Outcome.NOT_ASKED}:
        return None
    return ruling.readable(verification.certificate, verification.certificate_type)


def _stating(asked: Asked, by: str, value: str) -> Asked:
    """Take what a certificate was looked up by as stated, unless the caller states it itself."""
    demands = asked.demands
    if by == HOLDER:
        return (
            asked if demands.holder is not None else replace(asked, demands=replace(demands, holder=Holder(id=value)))
        )
    return replace(asked, demands=replace(demands, expect={by: value, **demands.expect}))
