"""Verifying without a node, a database or a network: from a trust file, and what was fetched to go with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chain.facts_file import read_copies
from ecert.certificate import Certificate
from ecert.errors import MalformedToken, UntrustedToken
from ecert.status_token import StatusToken, check_status_token
from ecert.trust import Trust
from ecert.types import TypeCatalogue
from ecert.verdict import Reason
from verifier.errors import Refused
from verifier.publishing.trust_folder import read_trust_file
from verifier.services.copies_at_hand import CopiesAtHand, NoProof
from verifier.services.verification import Asked, Presented, Verification
from verifier.services.verifying import Verifying, seconds_now

EVIDENCE = "evidence"
"""The note of a verdict that says why a certificate's evidence proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """What there is to judge by."""

    copies: CopiesAtHand
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """Judges from what a trust file says; once that has expired, everything is UNKNOWN."""

    trust: Trust
    copies: CopiesAtHand
    verifying: Verifying
    clock: Callable[[], int] = seconds_now

    def verify(self, presented: Presented, asked: Asked) -> Verification:
        """Judge what is presented, as of the checkpoint of the trust file."""
        if self.clock() >= self.trust.exp:
            return self.verifying.nothing(Reason.TRUST_EXPIRED, asked)
        found = self.verifying.verify(presented, asked)
        why = self._why_no_proof(found.certificate)
        if why is None:
            return found
        return replace(found, verdict=replace(found.verdict, notes={**found.verdict.notes, EVIDENCE: why}))

    def _why_no_proof(self, certificate: Certificate | None) -> str | None:
        """Say why the evidence of a certificate does not help, where its batch is not known otherwise."""
        if certificate is None or certificate.evidence is None:
            return None
        if self.copies.of(certificate.iss.ledger).batch(certificate.iss.agency, certificate.serial) is not None:
            return None
        try:
            self.copies.proved(certificate, certificate.evidence)
        except NoProof as error:
            return str(error)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineFiles:
    """The files: without a facts file no batch is known that a certificate does not prove itself."""

    trust: Path
    facts: Path | None = None
    status_lists: Sequence[Path] = ()


def open_offline(files: OfflineFiles, roots: str | None, *, clock: Callable[[], int] = seconds_now) -> Offline:
    """Read a trust file that the roots of the fingerprint `roots` have signed, and what goes with it.

    Raises:
        Refused: a file is none, or nobody said which roots are trusted.
        UntrustedRoots: its roots are others, or too few of them have signed it.
        FactsUnfit: the facts file does not go with it.
    """
    file = read_trust_file(files.trust)
    if roots is None:
        raise Refused(
            f"whose word is {files.trust}? Its roots are {file.trust.roots.fingerprint}: compare that with what the"
            " bureau has told you by another way than this file came, and give it as --roots, or ECERT_TRUST_ROOTS"
        )
    trust = file.rely(roots)
    known = {} if files.facts is None else read_copies(files.facts, trust)
    newest, *before = (known.get(ledger.name) or ledger.copy() for ledger in trust.ledgers)
    tokens = [_status_list(path, trust, clock()) for path in files.status_lists]
    copies = CopiesAtHand(
        newest,
        tuple(before),
        lists={token.uri: token for token in tokens},
        trusted={ledger.name: ledger for ledger in trust.ledgers},
    )
    verifying = Verifying(view=AtHand(copies=copies), types=TypeCatalogue.bundled(), clock=clock)
    return Offline(trust=trust, copies=copies, verifying=verifying, clock=clock)


def _status_list(path: Path, trust: Trust, now: int) -> StatusToken:
    try:
        return check_status_token(path.read_text("ascii").strip(), trust.status_keys, uri=None, now=now)
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no status list: it is not ASCII") from error
    except (MalformedToken, UntrustedToken) as error:
        raise Refused(f"{path} is no status list to rely on: {error}") from error
