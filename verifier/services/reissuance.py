"""An order to issue again what the ledger refused, and what came of it: values alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from store.records import Job
from verifier.services.anchoring import Anchored


@dataclass(frozen=True, slots=True, kw_only=True)
class ReissueOrder:
    """Whose refused rows to issue again (None: every agency's), and where the files go."""

    folder: Path
    agency: str | None = None
    batch_size: int = 1000
    wait: bool = True
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reissued:
    """One job of which rows were issued again, now (`serials`) or before, and what came of all its batches.

    `passed_over`: refused serials that are not issued again, since what they replace cannot be replaced now, and why.
    `stopped`: a sentence about what ended the work on this job before its end, if anything did.
    """

    job: Job
    serials: tuple[int, ...]
    anchored: Anchored
    passed_over: Mapping[int, str] = field(default_factory=dict)
    stopped: str | None = None

    @property
    def complete(self) -> bool:
        """Whether nothing is left to do or to wait for, and nothing was withheld or passed over."""
        left = self.stopped or self.anchored.withheld or self.passed_over
        return self.anchored.complete and not left
