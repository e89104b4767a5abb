"""One verification from what was handed in to the answer: matter, certificate, verdict, record, receipt.

What the matter does not allow is refused before anything is looked up. What is looked up is judged exactly like what
is handed in. A value is told only to a caller whose matter may read it, and only where everything that must be
compared was compared and is equal: a green tick on somebody else's title must not be had by guessing its number.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from ecert.ledger_copies import LedgerCopies
from verifier.callers import Caller, Occasion
from verifier.matters import Matters, Ruling
from verifier.observing.figures import Figures
from verifier.problems import Code, Flaw, RequestRefused
from verifier.record.recording import Kept, Recording
from verifier.services.answered import Answered, AnsweredBatch, AnsweredLines
from verifier.services.found import OpensCodes, OpensFinding
from verifier.services.looking_up import LookingUp
from verifier.services.statements import refuse_incomparable
from verifier.services.submitted import Submitted
from verifier.services.verification import Asked, Presented
from verifier.services.verifying import Verifying

AT_ONCE = 16
"""Certificates of a batch that are judged before others get their turn."""


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
        finding: OpensFinding | None = None,
        recording: Recording | None = None,
        figures: Figures | None = None,
    ) -> None:
        self._verifying = verifying
        self._matters = matters
        self._looking_up = LookingUp(verifying, codes, finding)
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
        await _in_step()
        answered = await self._answered(submitted, ruling, None)
        await _in_step()
        kept = await self._kept(caller, occasion, [answered], batch=False)
        self._figures.verdict(submitted.way, answered.verification.verdict)
        return answered.recorded(kept)

    async def answer_all(self, caller: Caller, submitted: Sequence[Submitted]) -> AnsweredBatch:
        """Answer several of one occasion from one block, with one receipt, all or none; raises like `answer`.

        `as_of` is that of the newest ledger; each answer has that of the ledger that its certificate names.
        """
        copies, occasion = self._verifying.copies, submitted[0].occasion.of(caller)
        answers = []
        async for answer in self._in_turn(caller, occasion, submitted, copies):
            if isinstance(answer, RequestRefused):
                raise answer
            answers.append(answer)
        kept = await self._kept_batch(caller, occasion, submitted, answers)
        return AnsweredBatch(answers=answers, as_of=copies.newest.as_of, kept=kept)

    async def answer_each(
        self, caller: Caller, occasion: Occasion, lines: Sequence[Submitted | RequestRefused]
    ) -> AnsweredLines:
        """Answer several of one occasion from one block; where one is refused, or was before, that is its answer.

        Raises:
            RequestRefused: the matter does not allow it, or it could not be recorded.
            StoreError: what must be looked up cannot be.
        """
        copies, occasion = self._verifying.copies, occasion.of(caller)
        answers = [answer async for answer in self._in_turn(caller, occasion, lines, copies)]
        return AnsweredLines(answers=answers, kept=await self._kept_batch(caller, occasion, lines, answers))

    async def _in_turn(
        self, caller: Caller, occasion: Occasion, lines: Sequence[Submitted | RequestRefused], copies: LedgerCopies
    ) -> AsyncIterator[Answered | RequestRefused]:
        """Judge one after the other, and now and then let others have their turn."""
        ruling = self._matters.rule(caller, occasion)
        for number, each in enumerate(lines, 1):
            yield each if isinstance(each, RequestRefused) else await self._tried(caller, each, ruling, copies)
            if number % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _tried(
        self, caller: Caller, submitted: Submitted, ruling: Ruling | None, copies: LedgerCopies
    ) -> Answered | RequestRefused:
        try:
            self._see_standing(caller, submitted)
            return await self._answered(submitted, ruling, copies)
        except RequestRefused as refused:
            return refused

    async def _kept_batch(
        self,
        caller: Caller,
        occasion: Occasion,
        lines: Sequence[Submitted | RequestRefused],
        answers: Sequence[Answered | RequestRefused],
    ) -> Kept | None:
        """Record what was judged of several, and count it; None where nothing was."""
        good = [answer for answer in answers if isinstance(answer, Answered)]
        if not good:
            return None
        kept = await self._kept(caller, occasion, good, batch=True)
        self._figures.batch()
        for each, answer in zip(lines, answers, strict=True):
            if isinstance(each, Submitted) and isinstance(answer, Answered):
                self._figures.verdict(each.way, answer.verification.verdict)
        return kept

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
        if (looked_up and not self._looking_up.finds) or (
            submitted.code is not None and not self._looking_up.opens_codes
        ):
            flaw = Flaw(place=_within(submitted, "lookup"), why="this address looks nothing up: ask the office's")
            raise RequestRefused(Code.FORBIDDEN, "Look-ups are answered at the office's address.", [flaw])

    async def _answered(self, submitted: Submitted, ruling: Ruling | None, copies: LedgerCopies | None) -> Answered:
        asked = submitted.asked.under(ruling)
        try:
            if ruling is not None:
                ruling.see_challenge(asked.demands)
            if submitted.certificate is not None:
                return await self._in_hand(submitted.certificate, asked, copies)
            return await self._looking_up.answer(submitted, asked, ruling, copies)
        except RequestRefused as refused:
            raise _placed(refused, submitted) from refused

    async def _in_hand(self, certificate: Presented, asked: Asked, copies: LedgerCopies | None) -> Answered:
        verification = await self._verifying.verify_soon(certificate, asked, copies=copies)
        known = verification.certificate_type
        refuse_incomparable(() if known is None else (known,), asked.demands.expect, self._verifying.types)
        return Answered(verification=verification)


async def _in_step() -> None:
    """Let requests that came together do each step one after the other: code that has just run runs a tenth quicker."""
    await asyncio.sleep(0)


def _within(submitted: Submitted, place: str) -> str:
    return f"{submitted.place}.{place}" if submitted.place else place


def _placed(refused: RequestRefused, submitted: Submitted) -> RequestRefused:
    """Say of a refusal where in a batch its cause stands."""
    if not submitted.place:
        return refused
    flaws = [replace(flaw, place=_within(submitted, flaw.place)) for flaw in refused.flaws]
    return RequestRefused(refused.code, f"{submitted.place}: {refused.detail}", flaws)
