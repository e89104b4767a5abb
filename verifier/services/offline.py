"""Verifying without a node, a database or a network: from a trust file, and what was fetched to go with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from chain.errors import FactsUnfit
from chain.facts_file import read_copies
from ecert.certificate import Certificate
from ecert.checks.question import CLOCK_TOLERANCE
from ecert.errors import MalformedToken, UntrustedRoots, UntrustedToken
from ecert.fields import Words
from ecert.status_token import MAX_SIZE, StatusToken, check_status_token
from ecert.trust import Trust
from ecert.types import TypeCatalogue
from ecert.verdict import Outcome, Reason, Verdict
from verifier.clock import seconds_now
from verifier.errors import Refused
from verifier.plain_text import plain
from verifier.publishing.trust_folder import read_trust_file
from verifier.services.copies_at_hand import CopiesAtHand, NoProof
from verifier.services.verification import Asked, Presented, Verification
from verifier.services.verifying import Verifying

_ANCHOR = 7
EVIDENCE = "evidence"
"""The note of a verdict that says why a certificate's evidence proves nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtHand:
    """What there is to judge by."""

    copies: CopiesAtHand
    ready: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Offline:
    """Judges from what a trust file says, while that is good: before and afterwards everything is UNKNOWN."""

    trust: Trust
    copies: CopiesAtHand
    verifying: Verifying
    clock: Callable[[], int] = seconds_now

    def verify(self, presented: Presented, asked: Asked) -> Verification:
        """Judge what is presented, as of the checkpoint of the trust file."""
        now = self.clock()
        if now >= self.trust.exp:
            return self.verifying.nothing(Reason.TRUST_EXPIRED, asked)
        if now < self.trust.iat - CLOCK_TOLERANCE:
            return self.verifying.nothing(Reason.CLOCK_WRONG, asked)
        found = self.verifying.verify(presented, asked)
        why = None if _is_anchored(found.verdict) else self._why_no_proof(found.certificate)
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
    """The files: without a facts file no batch is known."""

    trust: Path
    facts: Path | None = None
    status_lists: Sequence[Path] = ()


def open_offline(files: OfflineFiles, roots: str | None, *, clock: Callable[[], int] = seconds_now) -> Offline:
    """Read a trust file that the roots of the fingerprint `roots` have signed, and what goes with it.

    Raises:
        Refused: a file is none, nobody said which roots are trusted, it is not to be relied on by them, or the facts
            file does not go with it.
    """
    file = read_trust_file(files.trust)
    if not roots:
        named = file.trust.roots.fingerprint
        en = (
            f"whose word is {files.trust}? Its roots are {named}: compare that with what the bureau has told you by"
            " another way than this file came, and give it as --roots, or ECERT_TRUST_ROOTS"
        )
        zh = (
            f"{files.trust} 由谁签名？其根密钥指纹为 {named}：请与主管部门通过其他途径公布的指纹核对，"
            "再用 --roots 或 ECERT_TRUST_ROOTS 指定"
        )
        raise Refused(Words(en=en, zh=zh))
    try:
        trust = file.rely(roots)
        known = {} if files.facts is None else read_copies(files.facts, trust)
    except UntrustedRoots as error:
        zh = f"信任文件不可信：根密钥与所指定的不符，或签名不足（英文说明：{error}）"
        raise Refused(Words(en=str(error), zh=zh)) from error
    except FactsUnfit as error:
        zh = f"事实文件与信任文件不配套：请同时重新获取两个文件（英文说明：{error}）"
        raise Refused(Words(en=f"{error}; fetch both files anew", zh=zh)) from error
    newest, *before = (known.get(ledger.name) or ledger.copy() for ledger in trust.ledgers)
    tokens = sorted((_status_list(path, trust, clock()) for path in files.status_lists), key=lambda token: token.iat)
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
        with path.open("rb") as file:
            token = file.read(MAX_SIZE + 1).decode("ascii").strip()
        return check_status_token(token, trust.status_keys, uri=None, now=now)
    except UnicodeDecodeError as error:
        raise _no_list(path, "it is not ASCII") from error
    except (MalformedToken, UntrustedToken) as error:
        raise _no_list(path, plain(str(error))) from error


def _no_list(path: Path, why: str) -> Refused:
    en, zh = f"{path} is no status list to rely on: {why}", f"{path} 不是可信的状态列表（英文说明：{why}）"
    return Refused(Words(en=en, zh=zh))


def _is_anchored(verdict: Verdict) -> bool:
    return any(check.number == _ANCHOR and check.outcome is Outcome.PASS for check in verdict.checks)
