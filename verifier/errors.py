"""What can stop a command, a process or a request of this room, as one small tree.

    VerifierError
    ├── SettingsRefused      a setting is unknown, missing or inconsistent; the text says how to mend it
    ├── Refused              will not start or go on; the text says what to do
    ├── NotAsCopied          the record lacks what the database has copied of it; a person must look
    └── NotReady             no copy of the ledger yet, so nothing can be judged

`str()` of each is fit for people. What is wrong with rows to issue stands in `verifier.faults`, what is wrong with a
request in `verifier.problems`.
"""

from __future__ import annotations

from ecert.explaining import Language
from ecert.fields import Words
from verifier.system_words import why


class VerifierError(Exception):
    """The root of this room's errors; `words` say it in both languages, or in English alone where there is no more."""

    def __init__(self, said: str | Words) -> None:
        self.words = said if isinstance(said, Words) else Words(en=said, zh=said)
        super().__init__(self.words.en)


class SettingsRefused(VerifierError):
    """The settings cannot be used as they are."""


class Refused(VerifierError):
    """A command or process will not start or go on until somebody has done what the text says."""


class NotAsCopied(VerifierError):
    """The files of a `lineage` do not have what the database has copied of it."""

    def __init__(self, lineage: str) -> None:
        super().__init__(f"the record {lineage} lacks what the database has copied of it: run `ecert audit verify`")
        self.lineage = lineage


def said_of(error: OSError, language: Language = Language.EN) -> str:
    """Say in one line what the system refused, and of which file."""
    said = language.of(why(error))
    return said if error.filename is None else f"{error.filename}: {said}"


class NotReady(VerifierError):
    """There is no copy of the ledger to judge from; `why` says what is missing."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why
