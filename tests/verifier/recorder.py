"""A record in a folder, as `api` and `office` keep it, and something to record.

keys = made_keys(folder)
recording = begin(folder, keys)
kept = recording.keep(TAX, OCCASION, [verification(1)])

As a program it records until it is killed: `python -m tests.verifier.recorder FOLDER MOMENT`, see `main`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ecert.demands import Demands, Holder
from ecert.errors import MalformedCertificate
from ecert.facts import AsOf
from ecert.judging import judge_malformed
from ecert.jwks import KeySet
from ecert.verdict import Verdict
from store.verifications import Shipment
from tests.ecert.cases import HOLDER_ID, NOW, Case
from verifier.callers import Caller, Ground, Occasion, Scope
from verifier.keys.receipt_key import RECEIPT_KEYS, Answerer, receipt_key
from verifier.keys.service_keys import ServiceKeys
from verifier.record.journal import Limits
from verifier.record.recording import Kept, Recording, Signing
from verifier.services.verification import Verification

ISS = "https://verify.city.example"
TAX = Caller(
    name="tax-system", relying_party="tax", office="jiangan", scopes=frozenset({Scope.VERIFY}), operator="clerk-7"
)
OCCASION = Occasion(matter="deed-tax-home", case="（2026）税字第17号", ground=Ground.DUTY, nonce="n-1")
STATED = Demands(expect={"area_m2": "89.5"}, holder=Holder(id=HOLDER_ID, name="李明"))
GOOD = Case.good().but(demands=STATED)
SECRETS = ("89.5", HOLDER_ID, "李明", "江岸")


def made_keys(folder: Path, now: int = 0) -> ServiceKeys:
    keys = ServiceKeys(folder / "keys", folder / "keys" / "passwords")
    keys.make_missing(now)
    return keys


def key_sets(keys: ServiceKeys) -> dict[str, KeySet]:
    return {str(process): keys.published(kind) for process, kind in RECEIPT_KEYS.items()}


def begin(
    folder: Path,
    keys: ServiceKeys,
    *,
    process: Answerer = Answerer.API,
    limits: Limits | None = None,
    clock: Callable[[], int] = lambda: NOW,
    copied: Mapping[str, Shipment] | None = None,
) -> Recording:
    signing = Signing(process=process, key=receipt_key(keys, process), iss=ISS, clock=clock)
    return Recording.begin(folder / "record", signing, limits, copied=copied)


def verification(demands: Demands = STATED) -> Verification:
    """A good certificate, and what was stated about it."""
    return Verification(
        id=str(uuid.uuid4()),
        verdict=GOOD.judged() if demands is STATED else Case.good().judged(),
        certificate=GOOD.certificate,
        certificate_type=GOOD.certificate_type,
        agency_name="Housing",
        sd_hash="s" * 43,
        demands=demands,
    )


def malformed() -> Verification:
    """Bytes that were no certificate."""
    as_of = AsOf(chain="eip155:31337", block=7, hash=bytes(32), time=NOW)
    verdict: Verdict = judge_malformed(MalformedCertificate("certificate", "not JSON"), as_of=as_of, now=NOW)
    return Verification(
        id=str(uuid.uuid4()), verdict=verdict, certificate=None, certificate_type=None, agency_name=None
    )


def keep(recording: Recording, count: int = 1, caller: Caller = TAX) -> list[Kept]:
    """Record so many verifications, one by one, and wait until all are durable."""

    async def all_of_them() -> list[Kept]:
        kept = [recording.keep(caller, OCCASION, [verification()]) for _ in range(count)]
        for each in kept:
            await recording.durable(each)
        return kept

    return asyncio.run(all_of_them())


def lines(folder: Path) -> list[dict[str, Any]]:
    """All whole lines of all segments."""
    found = []
    for path in sorted((folder / "record").glob("*.jsonl")):
        whole, _, _ = path.read_bytes().rpartition(b"\n")
        found += [json.loads(line) for line in whole.split(b"\n") if line]
    return found


def main(folder: Path, moment: str) -> None:
    """Record two and say their ids; then come to a moment of a third, say `here`, and wait to be killed.

    `appended`: its lines have a place, and nothing is written. `torn`: a part of them is written. `written`: all of
    them are, not synced. `synced`: they are durable, and not answered.
    """
    recording = begin(folder, ServiceKeys(folder / "keys", folder / "keys" / "passwords"))
    for kept in keep(recording, 2):
        print(kept.id, flush=True)  # noqa: T201
    real_write, real_fsync = os.write, os.fsync

    def here() -> int:
        print("here", flush=True)  # noqa: T201
        time.sleep(600)
        raise AssertionError

    def write(file: int, content: memoryview) -> int:
        if moment == "torn":
            real_write(file, content[: len(content) // 3])
        return here() if moment in {"appended", "torn"} else real_write(file, content)

    def fsync(file: int) -> None:
        if moment == "written":
            here()
        real_fsync(file)

    os.write, os.fsync = write, fsync  # type: ignore[assignment]
    keep(recording, 1)
    here()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
