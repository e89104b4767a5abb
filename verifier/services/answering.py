"""One verification from what was handed in to the answer: matter, certificate, verdict, record, receipt.

What the matter does not allow is refused before anything is looked up. What is looked up is judged exactly like what
is handed in. A value is told only to a caller whose matter may read it, and only where everything that must be
compared was compared and is equal: a green tick on somebody else's title must not be had by guessing its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ecert.certificate import Value
from ecert.checks.demanded import HOLDER
from ecert.demands import Holder
from ecert.facts import AsOf
from ecert.ledger_copy import LedgerCopy
from ecert.verdict import Outcome, Reason, as_of_to_json
from verifier.callers import Caller, Occasion
from verifier.matters import Matters, Ruling
from verifier.observing.figures import Figures
from verifier.problems import Code, Flaw, RequestRefused
from verifier.record.recording import Kept, Recording
from verifier.services.choosing import Choice, chooses, chosen
from verifier.services.found import Finds, Found, OpensCodes
from verifier.services.lookup_values import NUMBER
from verifier.services.statements import refuse_incomparable
from verifier.services.submitted import LookUp, Submitted
from verifier.services.verifying import Asked, Presented, Verification, Verifying

AT_ONCE = 16
"""Certificates of a batch that are judged before others get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer. `values`: what the matter may read; `choices`: where several were found; `complete_since`: absence.

    `values` is None where the caller holds the certificate or may not be told. `more_choices`: older ones were found,
    and left out of `choices`.
    """

    verification: Verification
    values: Mapping[str, Value] | None = None
    choices: tuple[Choice, ...] = ()
    more_choices: bool = False
    complete_since: Mapping[str, int] = field(default_factory=dict)
    kept: Kept | None = None

    def recorded(self, kept: Kept | None) -> Answered:
        """Give it with what was recorded of it."""
        return Answered(
            verification=self.verification,
            values=self.values,
            choices=self.choices,
            complete_since=self.complete_since,
            kept=kept,
        )

    def to_json(self) -> dict[str, object]:
        """Give the verdict with what goes with it."""
        said = {**self.verification.to_json(), **receipt_json(self.kept)}
        if self.values is not None:
            said["values"] = dict(self.values)
        if self.choices:
            said["choices"] = [choice.to_json() for choice in self.choices]
            said["more_choices"] = self.more_choices
        if self.complete_since:
            said["complete_since"] = dict(self.complete_since)
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredBatch:
    """Several answers of one occasion, all as of one block, with one receipt."""

    answers: Sequence[Answered]
    as_of: AsOf
    kept: Kept | None

    def to_json(self) -> dict[str, object]:
        """Give it as JSON."""
        return {
            **receipt_json(self.kept),
            "as_of": as_of_to_json(self.as_of),
            "results": [answer.to_json() for answer in self.answers],
        }


def receipt_json(kept: Kept | None) -> dict[str, object]:
    """Give what is told of the record: the answer's id, its receipt, and the salt under what was stated."""
    if kept is None:
        return {}
    said: dict[str, object] = {"id": kept.id, "receipt": kept.receipt}
    return said if kept.salt is None else {**said, "stated_salt": kept.salt}


class Answering:
    """Answers verifications, and records every one before it is answered.

    Args:
        verifying: judges.
        matters: what verifications may be for.
        codes: opens codes; None: this process opens none.
        finding: looks certificates up; None: this process may not.
        recording: the record, and what signs receipts; None: nothing is recorded (in tests alone).
        figures: where verdicts are counted.
    """

    def __init__(
        self,
        *,
        verifying: Verifying,
        matters: Matters,
        codes: OpensCodes | None = None,
        finding: Finds | None = None,
        recording: Recording | None = None,
        figures: Figures | None = None,
    ) -> None:
        self._verifying = verifying
        self._matters = matters
        self._codes = codes
        self._finding = finding
        self._recording = recording
        self._figures = figures or Figures()

    @property
    def verifying(self) -> Verifying:
        """What judges."""
        return self._verifying

    @property
    def writable(self) -> bool | None:
        """Whether the record takes lines; None where nothing is recorded."""
        return None if self._recording is None else self._recording.writable

    async def answer(self, caller: Caller, submitted: Submitted) -> Answered:
        """Answer one verification.

        Raises:
            RequestRefused: the matter or the caller's standing does not allow it, something is not as it must be, or
                it could not be recorded.
            NotReady: there is no ledger copy to judge from.
            StoreError: what must be looked up cannot be.
        """
        occasion = submitted.occasion.of(caller)
        self._see_standing(caller, submitted)
        ruling = self._matters.rule(caller, occasion)
        answered = await self._answered(submitted, ruling, None)
        kept = await self._kept(caller, occasion, [answered], batch=False)
        self._figures.verdict(submitted.way, answered.verification.verdict)
        return answered.recorded(kept)

    async def answer_all(
        self, caller: Caller, submitted: Sequence[Submitted], *, copy: LedgerCopy | None = None
    ) -> AnsweredBatch:
        """Answer several of one occasion from one block (None: the newest), with one receipt; raises like `answer`."""
        copy = copy or self._verifying.copy
        occasion = submitted[0].occasion.of(caller)
        ruling = self._matters.rule(caller, occasion)
        answers = []
        for number, each in enumerate(submitted, 1):
            self._see_standing(caller, each)
            answers.append(await self._answered(each, ruling, copy))
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)
        kept = await self._kept(caller, occasion, answers, batch=True)
        self._figures.batch()
        for each, answered in zip(submitted, answers, strict=True):
            self._figures.verdict(each.way, answered.verification.verdict)
        return AnsweredBatch(answers=answers, as_of=copy.as_of, kept=kept)

    async def _kept(
        self, caller: Caller, occasion: Occasion, answers: Sequence[Answered], *, batch: bool
    ) -> Kept | None:
        """Record what was judged, and wait until it is on disk."""
        if self._recording is None:
            return None
        kept = self._recording.keep(caller, occasion, [each.verification for each in answers], batch=batch)
        await self._recording.durable(kept)
        return kept

    def _see_standing(self, caller: Caller, submitted: Submitted) -> None:
        """Refuse what the caller, or this process, may not do whatever the matter."""
        looked_up = submitted.lookup is not None or submitted.document is not None
        if looked_up and not caller.known:
            raise RequestRefused(Code.UNAUTHENTICATED, "Who has not the certificate must say who it is.")
        if (looked_up and self._finding is None) or (submitted.code is not None and self._codes is None):
            flaw = Flaw(place=_within(submitted, "lookup"), why="this address looks nothing up: ask the office's")
            raise RequestRefused(Code.FORBIDDEN, "Look-ups are answered at the office's address.", [flaw])

    async def _answered(self, submitted: Submitted, ruling: Ruling | None, copy: LedgerCopy | None) -> Answered:
        asked = submitted.asked.under(ruling)
        try:
            if submitted.certificate is not None:
                return await self._in_hand(submitted.certificate, asked, copy)
            return await asyncio.to_thread(self._looked_up, submitted, asked, ruling, copy)
        except RequestRefused as refused:
            raise _placed(refused, submitted) from refused

    async def _in_hand(self, certificate: Presented, asked: Asked, copy: LedgerCopy | None) -> Answered:
        verification = await self._verifying.verify_soon(certificate, asked, copy=copy)
        self._refuse_incomparable(verification, asked)
        return Answered(verification=verification)

    def _looked_up(
        self, submitted: Submitted, asked: Asked, ruling: Ruling | None, copy: LedgerCopy | None
    ) -> Answered:
        if submitted.code is not None:
            return self._by_code(submitted.code, asked, ruling, copy)
        if submitted.lookup is not None and ruling is not None:
            return self._by_lookup(submitted.lookup, asked, ruling, copy)
        return self._by_document(submitted.document or b"", asked, ruling, copy)

    def _by_code(self, code: str, asked: Asked, ruling: Ruling | None, copy: LedgerCopy | None) -> Answered:
        opened = None if self._codes is None else self._codes.open(code)
        if opened is None:
            return Answered(verification=self._verifying.nothing(Reason.NOT_FOUND, asked))
        return self._told(opened, asked, ruling, copy)

    def _by_document(self, digest: bytes, asked: Asked, ruling: Ruling | None, copy: LedgerCopy | None) -> Answered:
        found = self._found().by_document(digest)
        asked = replace(asked, documents=(*asked.documents, digest))
        return self._of_found(found, None, asked, ruling, copy, missing=Reason.DOCUMENT_UNKNOWN)

    def _by_lookup(self, lookup: LookUp, asked: Asked, ruling: Ruling, copy: LedgerCopy | None) -> Answered:
        certificate_type = self._verifying.types.by_slug(lookup.type)
        if certificate_type is None:
            flaw = Flaw(place="lookup.type", why="there is no such certificate type")
            raise RequestRefused(Code.NOT_UNDERSTOOD, "The type is not known.", [flaw])
        by = certificate_type.number if lookup.by == NUMBER else lookup.by
        ruling.look_up_by(certificate_type, by)
        found = self._found().look_up(certificate_type, by, lookup.value)
        return self._of_found(found, lookup, _stating(asked, by, lookup.value), ruling, copy, missing=Reason.NOT_FOUND)

    def _of_found(
        self,
        found: Found,
        lookup: LookUp | None,
        asked: Asked,
        ruling: Ruling | None,
        copy: LedgerCopy | None,
        *,
        missing: Reason,
    ) -> Answered:
        among = chosen(found.certificates, lookup)
        if not among and found.more:
            among = chosen(found.certificates, None)  # what was chosen may be among those that were left out
        elif len(among) == 1 and (chooses(lookup) or not found.more):
            return self._told(among[0].compact, asked, ruling, copy)
        if not among:
            nothing = self._verifying.nothing(missing, asked)
            return Answered(verification=nothing, complete_since=found.complete_since)
        now = copy or self._verifying.copy
        several = self._verifying.nothing(Reason.SEVERAL_FOUND, asked)
        choices = tuple(Choice.of(each, now, ruling) for each in among)
        return Answered(verification=several, choices=choices, more_choices=found.more)

    def _told(self, compact: bytes, asked: Asked, ruling: Ruling | None, copy: LedgerCopy | None) -> Answered:
        verification = self._verifying.verify(compact, asked, copy=copy)
        self._refuse_incomparable(verification, asked)
        return Answered(verification=verification, values=_values(verification, ruling))

    def _found(self) -> Finds:
        if self._finding is None:
            raise RequestRefused(Code.FORBIDDEN, "Look-ups are answered at the office's address.")
        return self._finding

    def _refuse_incomparable(self, verification: Verification, asked: Asked) -> None:
        refuse_incomparable(verification.certificate_type, asked.demands.expect, self._verifying.types)


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


def _within(submitted: Submitted, place: str) -> str:
    return f"{submitted.place}.{place}" if submitted.place else place


def _placed(refused: RequestRefused, submitted: Submitted) -> RequestRefused:
    """Say of a refusal where in a batch its cause stands."""
    if not submitted.place:
        return refused
    flaws = [replace(flaw, place=_within(submitted, flaw.place)) for flaw in refused.flaws]
    return RequestRefused(refused.code, f"{submitted.place}: {refused.detail}", flaws)
