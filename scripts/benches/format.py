"""The format alone, on one core: issue, judge from bytes, and the same beside OpenAttestation.

Issue is everything between a row and a certificate file: lint, sign (ES256), leaf, tree, path. Judge is everything
between the bytes of a file and a verdict: parse, facts from a copy of the ledger, 14 checks, one ES256 verification.
What that verification takes alone is measured in the same run, since no verifier here can be faster. Of judging and
verifying the best of three rounds counts. All seconds, theirs like ours, are those that the processor worked for it:
what one core does, whatever else the machine is doing.
"""

from __future__ import annotations

import csv
import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ecert.agency import parse_issuer
from ecert.draft import lint
from ecert.events import AgencyAccredited, AgencyRegistered, BatchAnchored, KeyAdded, Place
from ecert.facts import AsOf
from ecert.issuing import SignedCertificate, salt_bytes, sign, split_compact
from ecert.judging import judge
from ecert.ledger_copy import LedgerCopy
from ecert.merkle import Tree
from ecert.parsing import parse
from ecert.suite import SUITE, SigningKey, verify_jws
from ecert.types import bundled_types
from ecert.verdict import Result

if TYPE_CHECKING:
    from bench import Report

HERE = Path(__file__).resolve().parent
PEER = HERE / "open_attestation"
ROOT = HERE.parent.parent
SAMPLE = ROOT / "samples" / "real-estate-title.csv"
LEDGER = "eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"
AGENCY = "BENCH-REGISTRY"
BATCH = 65_536
PIECE = 1_000
SIZES = (1_000, 10_000, 100_000, 1_000_000)
SIDE_BY_SIDE = 10_000
JUDGED = 10_000
ROUNDS = 3
NOW = 1_795_000_000

TITLE = bundled_types()["real-estate-title"]
ISSUER = parse_issuer(f"{LEDGER}/{AGENCY}")


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Give `count` titles: the sample's rows over and over, each with a title number of its own."""
    with SAMPLE.open(encoding="utf-8", newline="") as file:
        sample = [row | {"holders": json.loads(row["holders"])} for row in csv.DictReader(file)]
    for number in range(count):
        row = dict(sample[number % len(sample)])
        row["title_number"] = f"{row['title_number'].partition('第')[0]}第{number:07d}号"
        yield row


def signed(key: SigningKey, some: list[dict[str, Any]], first_serial: int) -> Iterator[SignedCertificate]:
    """Lint and sign rows."""
    size = salt_bytes(TITLE)
    salts = os.urandom(size * len(some))
    for at, row in enumerate(some):
        valid_from, valid_until = row.pop("valid_from"), row.pop("valid_until") or None
        yield sign(
            lint(TITLE, row, valid_from=valid_from, valid_until=valid_until),
            serial=first_serial + at,
            iat=NOW - 3600,
            issuer=ISSUER,
            status_base="https://ecert.example",
            key=key,
            salts=salts[at * size : (at + 1) * size],
        )


def issue(key: SigningKey, count: int) -> float:
    """Issue `count` titles, files and all, and throw them away; gives the seconds it took.

    As the service does: a thousand rows at a time, each certificate kept as text until its batch is full, and then the
    tree, the paths and the files.
    """
    source, spent = rows(count), 0.0
    for first in range(0, count, BATCH):
        texts: list[str] = []
        leaves: list[bytes] = []
        while some := list(islice(source, min(PIECE, BATCH - len(texts)))):
            start = time.process_time()
            for each in signed(key, some, first + len(texts)):
                texts.append(each.compact())
                leaves.append(each.leaf)
            spent += time.process_time() - start
        start = time.process_time()
        tree = Tree(leaves)
        for at, text in enumerate(texts):
            split_compact(text, first + at).file(tree.path(at))
        spent += time.process_time() - start
    return spent


def ledger_with(key: SigningKey, tree: Tree) -> LedgerCopy:
    """Make the copy of a ledger that has anchored the batch."""

    def place(sequence: int) -> Place:
        return Place(block=sequence, time=NOW - 3000, sequence=sequence)

    as_of = AsOf(chain="eip155:31337", block=10, hash=bytes(32), time=NOW)
    return LedgerCopy.empty(LEDGER, as_of).advance(
        [
            AgencyRegistered(place=place(1), agency=AGENCY, name="Registry", admin=bytes(20)),
            AgencyAccredited(
                place=place(2), agency=AGENCY, certificate_type=TITLE.vct_hash, since=NOW - 4000, until=None
            ),
            KeyAdded(
                place=place(3), agency=AGENCY, kid=key.kid, suite=SUITE, public_key=key.public_key, added=NOW - 4000
            ),
            BatchAnchored(
                place=place(4),
                agency=AGENCY,
                certificate_type=TITLE.vct_hash,
                suite=SUITE,
                root=tree.root,
                first_serial=0,
                count=tree.count,
            ),
        ],
        as_of,
        settled_block=10,
    )


def judge_all(files: list[bytes], copy: LedgerCopy) -> float:
    """Judge every file from its bytes; gives the seconds. Each must be VALID."""
    start = time.process_time()
    for file in files:
        certificate = parse(file)
        verdict = judge(certificate, copy.facts(certificate), now=NOW, certificate_type=TITLE)
        if verdict.result is not Result.VALID:
            raise AssertionError(verdict)
    return time.process_time() - start


def signatures_alone(key: SigningKey, files: list[bytes]) -> float:
    """Verify the signature of every file and nothing else; gives the seconds."""
    tokens = [parse(file).signed for file in files]
    start = time.process_time()
    for token in tokens:
        if not verify_jws(key.public_key, token):
            raise AssertionError(token)
    return time.process_time() - start


def peer(count: int) -> dict[str, float]:
    """Let OpenAttestation issue and verify the same records; installs its npm packages the first time."""
    if not (PEER / "node_modules").exists():
        npm = ROOT / ".venv" / "bin" / "npm"
        environment = os.environ | {"PATH": f"{npm.parent}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(
            [npm, "ci", "--ignore-scripts", "--silent"], cwd=PEER, check=True, env=environment, stdin=subprocess.DEVNULL
        )
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records.json"
        records.write_text(json.dumps(list(rows(count))), encoding="utf-8")
        done = subprocess.run(
            [ROOT / ".venv" / "bin" / "node", PEER / "measure.mjs", records, str(JUDGED), str(ROUNDS)],
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return dict(json.loads(done.stdout))


def run(report: Report) -> None:
    """Measure issuing at every size, judging, and OpenAttestation in between."""
    key = SigningKey.generate()
    issue(key, 200)
    side_by_side(report, key)
    rates = {}
    for size in SIZES:
        rates[size] = size / issue(key, size)
        report.add(f"issue {size:,}", rates[size], "certificates/s", at_least=6_000, note="one core, 16 slots")
    report.add(
        "issue 1,000,000 beside 1,000",
        rates[SIZES[-1]] / rates[SIZES[0]],
        "ratio",
        at_least=0.8,
        note="linear is 1",
    )
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report.add("peak memory", peak, "MiB", at_most=500, note="of all the above")


def side_by_side(report: Report, key: SigningKey) -> None:
    """Issue and verify 10,000 with each, in turn."""
    ours = SIDE_BY_SIDE / issue(key, SIDE_BY_SIDE)
    certificates = list(signed(key, list(rows(JUDGED)), 0))
    tree = Tree([each.leaf for each in certificates])
    files = [each.file(tree.path(at)) for at, each in enumerate(certificates)]
    copy = ledger_with(key, tree)
    theirs = peer(SIDE_BY_SIDE)
    judged = len(files) / min(judge_all(files, copy) for _ in range(ROUNDS))
    alone = len(files) / min(signatures_alone(key, files) for _ in range(ROUNDS))
    their_issue = theirs["issued"] / theirs["issue_seconds"]
    their_verify = theirs["verified"] / theirs["verify_seconds"]
    report.add("judge from bytes", judged, "certificates/s", at_least=5_500, note="one core, 16 slots")
    report.add("ES256 verification alone", alone, "signatures/s", note="what judging cannot exceed")
    report.add("OpenAttestation: wrapDocuments 10,000", their_issue, "certificates/s", note="no signature in it")
    report.add("OpenAttestation: verifySignature", their_verify, "certificates/s", note="digest and proof only")
    report.add("issue beside OpenAttestation", ours / their_issue, "ratio", at_least=3, note="10,000 each")
    report.add("judge beside verifySignature", judged / their_verify, "ratio", at_least=1, note="10,000 each")
