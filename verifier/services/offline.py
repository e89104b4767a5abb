"""Verifying without a node, a database or a network: from a trust file and the facts file that goes with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chain.facts_file import read_copies
from ecert.ledger_copies import LedgerCopies
from ecert.trust import Trust
from ecert.types import TypeCatalogue
from ecert.verdict import Reason
from verifier.errors import Refused
from verifier.publishing.trust_folder import read_trust_file
from verifier.services.verification import Asked, Presented, Verification
from verifier.services.verifying import Verifying, seconds_now


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesAtHand:
    """Ledger copies that stay as they are."""

    copies: LedgerCopies
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """Judges from what a trust file says; once that has expired, everything is UNKNOWN."""

    trust: Trust
    verifying: Verifying
    clock: Callable[[], int] = seconds_now

    def verify(self, presented: Presented, asked: Asked) -> Verification:
        """Judge what is presented, as of the checkpoint of the trust file."""
        if self.clock() >= self.trust.exp:
            return self.verifying.nothing(Reason.TRUST_EXPIRED, asked)
        return self.verifying.verify(presented, asked)


def open_offline(
    trust_file: Path, facts_file: Path | None, roots: str | None, *, clock: Callable[[], int] = seconds_now
) -> Offline:
    """Read a trust file that the roots of the fingerprint `roots` have signed, and the facts file that goes with it.

    Without a facts file no batch is known, and no certificate can be VALID by these two alone.

    Raises:
        Refused: the file is none, or nobody said which roots are trusted.
        UntrustedRoots: its roots are others, or too few of them have signed it.
        FactsUnfit: the facts file does not go with it.
    """
    file = read_trust_file(trust_file)
    if roots is None:
        raise Refused(
            f"whose word is {trust_file}? Its roots are {file.trust.roots.fingerprint}: compare that with what the"
            " bureau has told you by another way than this file came, and give it as --roots, or ECERT_TRUST_ROOTS"
        )
    trust = file.rely(roots)
    known = {} if facts_file is None else read_copies(facts_file, trust)
    newest, *before = (known.get(ledger.name) or ledger.copy() for ledger in trust.ledgers)
    copies = CopiesAtHand(copies=LedgerCopies(newest, tuple(before)))
    return Offline(
        trust=trust, verifying=Verifying(view=copies, types=TypeCatalogue.bundled(), clock=clock), clock=clock
    )
