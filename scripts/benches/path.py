"""The whole path: a table through `ecert issue` onto a local chain, and each certificate through the service.

Everything is as its users have it: processes of their own, a database on disk, HTTP over loopback. The chain makes a
block every second, so issuing includes the wait for blocks; verifying asks no node.
"""

from __future__ import annotations

import csv
import http.client
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benches.format import rows

from city import City, claimed, found
from city_cases import AGENCIES

if TYPE_CHECKING:
    from bench import Report

ISSUED = 5_000
ASKED = 2_000
COUNTERS = 4


def table(folder: Path) -> Path:
    """Write a table of titles."""
    path = folder / "titles.csv"
    some = list(rows(ISSUED))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(some[0]))
        writer.writeheader()
        writer.writerows(row | {"holders": json.dumps(row["holders"], ensure_ascii=False)} for row in some)
    return path


def ask(service: str, bodies: list[bytes]) -> None:
    """Put certificates to the service one after another over one connection, as a counter does."""
    connection = http.client.HTTPConnection(urlsplit(service).netloc, timeout=30)
    try:
        for body in bodies:
            connection.request("POST", "/v1/verifications", body, {"Content-Type": "application/json"})
            verdict = json.loads(connection.getresponse().read())
            if verdict["result"] != "VALID":
                raise AssertionError(verdict)
    finally:
        connection.close()


def issue(city: City, report: Report) -> None:
    """Issue the table once."""
    path = table(city.folder)
    start = time.perf_counter()
    arguments = ["issue", str(path), "--type", "real-estate-title", "--agency", "DEMO-REGISTRY", "--json"]
    city.command(*arguments)
    spent = time.perf_counter() - start
    report.add(
        f"issue {ISSUED:,} titles",
        ISSUED / spent,
        "certificates/s",
        note="from the command to the last file: lint, sign, store, anchor, settle, verify, write",
    )


def verify(city: City, report: Report) -> None:
    """Verify through the service, by one counter and by several at once."""
    files = sorted((city.folder / "certificates").rglob("*.ecert.json"))[:ASKED]
    bodies = [b'{"certificate":' + path.read_bytes() + b"}" for path in files]
    ask(city.service, bodies[:100])
    start = time.perf_counter()
    ask(city.service, bodies)
    one = time.perf_counter() - start
    report.add("verify, one counter", len(bodies) / one, "verifications/s", note="one request after another")
    with ThreadPoolExecutor(COUNTERS) as counters:
        start = time.perf_counter()
        for done in [counters.submit(ask, city.service, bodies[at::COUNTERS]) for at in range(COUNTERS)]:
            done.result()
    all_together = time.perf_counter() - start
    report.add(f"verify, {COUNTERS} counters", len(bodies) / all_together, "verifications/s", note="one api process")


def run(report: Report) -> None:
    """Found a city in a folder that goes away, issue and verify."""
    with tempfile.TemporaryDirectory() as folder, claimed(Path(folder)):
        city = found(Path(folder), AGENCIES)
        try:
            city.serve()
            issue(city, report)
            city.catch_up()
            verify(city, report)
        finally:
            city.stop()
