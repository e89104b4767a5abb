"""An order to issue a table of certificates, the plan made of it, and what came of it: values alone."""

from __future__ import annotations

import os
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from ecert.certificate_type import CertificateType
from ecert.suite import SigningKey
from ecert.verdict import Reason
from store.records import BatchRecord
from verifier.faults import RowFault
from verifier.tables.linted_rows import LintedRows


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What to issue, and how. `folder`: certificate files go under it; `timeout`: seconds to wait, None for ever.

    `spool`: the folder where rows of a long table lie between checking and signing; None: the system's own for that.
    """

    file: Path
    certificate_type: CertificateType
    agency: str
    folder: Path
    batch_size: int = 1000
    skip_bad: bool = False
    dry_run: bool = False
    documents: Path | None = None
    spool: Path | None = None
    wait: bool = True
    timeout: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be filled: the rows of an open file of which so many are good, and the others on `bad` lines.

    `before` is how the file was before it was first read.
    """

    file: BinaryIO
    before: os.stat_result
    rows: LintedRows
    bad: AbstractSet[int | None]
    good: int
    batch_size: int
    key: SigningKey
    anchor_address: bytes
    certificate_type: CertificateType


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOutcome:
    """What came of an order. `issued` counts certificates of this file whose batches are closed.

    `faults` are those of the rows that were passed over, up to a limit, `bad` how many rows that is. `complete`: every
    good row is anchored and its file handed out, unless the agency has withdrawn it since (`withdrawn`). `done_before`:
    when an earlier run had done all of it, if one had.
    """

    order: Order
    job: int | None
    rows: int
    bad: int
    faults: tuple[RowFault, ...]
    issued: int = 0
    handed_out: int = 0
    withheld: dict[int, tuple[Reason, ...]] = field(default_factory=dict)
    withdrawn: dict[int, tuple[Reason, ...]] = field(default_factory=dict)
    batches: tuple[BatchRecord, ...] = ()
    complete: bool = False
    results: Path | None = None
    done_before: int | None = None
