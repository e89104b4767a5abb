"""What a verification is answered with: verdict, permitted values or choices, and what was recorded of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ecert.certificate import Value
from ecert.facts import AsOf
from ecert.verdict import as_of_to_json
from verifier.problems import RequestRefused
from verifier.record.recording import Kept
from verifier.services.choosing import Choice
from verifier.services.verification import Verification


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
            more_choices=self.more_choices,
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

    def entry_to_json(self) -> dict[str, object]:
        """Give it as one of several: without an id of its own, which would find nothing; the record has one for all."""
        return {name: value for name, value in self.to_json().items() if name != "id"}


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
            "results": [answer.entry_to_json() for answer in self.answers],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredLines:
    """What became of each of several, with one receipt for those that were answered; `kept` is None where none was."""

    answers: Sequence[Answered | RequestRefused]
    kept: Kept | None


def receipt_json(kept: Kept | None) -> dict[str, object]:
    """Give what is told of the record: the answer's id, its receipt, and the salt under what was stated."""
    if kept is None:
        return {}
    said: dict[str, object] = {"id": kept.id, "receipt": kept.receipt}
    return said if kept.salt is None else {**said, "stated_salt": kept.salt}
