"""The service at city load: a city's titles issued, verified, looked up, and a day of calls in minutes.

Everything is as its users have it: processes of their own, receipts and record on, HTTP over loopback, the load from a
process of its own. What the stack alone can do is measured in the same run. `BENCH_TITLES` sets how many
titles the city has (default 670,000), `BENCH_CALLS` how many calls its day.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from benches._city_table import holder_id, unit_number, write_titles

from city import ROOT, City, claimed, end, found
from city_cases import AGENCIES, REGISTRY, TITLE
from offices import Desk, open_desks

if TYPE_CHECKING:
    from bench import Report

HERE = Path(__file__).resolve().parent
TITLES = int(os.environ.get("BENCH_TITLES", "670000"))
CALLS = int(os.environ.get("BENCH_CALLS", "605500"))
SMALL = 1_000
SAMPLED = 2_000
SECONDS = 10
COUNTERS = 64
"""Who ask at once: what they ask is put on the disk together, so that many wait no longer than one."""
RATE = 300
PEAK = 105
"""Calls a second of a whole city at its busiest: its look-ups are never more."""
BATCHES = 20
STRETCH = 50_000
"""Calls of a day that are put with one access token, which ends after ten minutes."""
CORES = os.cpu_count() or 1
UNLIMITED = "client_per_minute = 10000000"
OCCASION = {"matter": "title-transfer", "case": "2026-BENCH", "ground": "duty", "operator": "bench-1"}
MILLISECONDS = 1000


def issue(city: City, report: Report) -> None:
    """Issue a small table and the whole city while nothing else runs: a batch that is anchored would be handed out."""
    assert city.service_process is not None  # noqa: S101 # it was started
    end(city.service_process)
    per_second = {}
    for count in (SMALL, TITLES):
        table = write_titles(city.folder / f"{count}.csv", count)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        options = ("--type", TITLE, "--agency", REGISTRY, "--batch-size", "65536", "--no-wait", "--skip-bad", "--json")
        start = time.perf_counter()
        city.command("issue", str(table), *options)
        wall = time.perf_counter() - start
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        per_second[count] = count / spent
        report.say(f"{count:,} in {wall:.0f} s by the clock")
    report.add(
        f"issue {TITLES:,} titles",
        per_second[TITLES],
        "certificates/s",
        at_least=4000,
        note="processor seconds of `ecert issue`: check, sign, seal, index, leaf, tree, store",
    )
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    report.add("memory of issuing, at its peak", peak, "MiB", at_most=500)
    city.serve()


def settle(desk: Desk) -> None:
    """Wait until the last title is on the ledger as the service sees it."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        answer = look_up(desk, TITLES - 1)
        if answer["result"] == "VALID":
            return
        time.sleep(1)
    raise AssertionError(answer)


def copied(city: City) -> None:
    """Wait until what was recorded is in the database, too: what one measure left to do is not the next one's."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        with urlopen(f"{city.office}/metrics") as answer:  # noqa: S310 # our own service
            if "\necert_record_unshipped_bytes 0.0\n" in answer.read().decode():
                return
        time.sleep(1)
    raise AssertionError


def question(number: int) -> dict[str, Any]:
    """Look a title up by its unit, and say whose it must be."""
    lookup = {"type": TITLE, "by": "unit_number", "value": unit_number(number)}
    return {"lookup": lookup, "holder": {"id": holder_id(number)}, **OCCASION}


def look_up(desk: Desk, number: int) -> dict[str, Any]:
    """Look one up."""
    return dict(desk.call("POST", "/v1/verifications", question(number)))


def files(desk: Desk, numbers: Iterable[int]) -> dict[int, dict[str, Any]]:
    """Fetch certificate files as the agency does."""
    fetched = {}
    for number in numbers:
        serial = look_up(desk, number)["certificate"]["serial"]
        fetched[number] = dict(desk.call("GET", f"/v1/certificates/{REGISTRY}/{serial}"))
    return fetched


def request_bytes(desk: Desk, address: str, path: str, body: object) -> bytes:
    """Prepare a whole request."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nhost: {urlsplit(address).netloc}\r\nauthorization: Bearer {desk.token}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def load(folder: Path, address: str, requests: Iterable[bytes], *options: str, expect: str = "VALID") -> dict[str, Any]:
    """Put requests to a service from a process of its own, and give what it saw."""
    path = folder / "requests.bin"
    path.write_bytes(b"".join(len(each).to_bytes(8, "big") + each for each in requests))
    where = urlsplit(address)
    command = [sys.executable, HERE / "_load.py", where.hostname, str(where.port), path, "--expect", expect, *options]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seen = dict(json.loads(done.stdout))
    if seen["wrong"]:
        raise AssertionError(f"{seen['wrong']} of {seen['answered']} answers were not as expected")
    return seen


@contextmanager
def ceiling(answer_bytes: int) -> Iterator[str]:
    """Run the handler that only parses, verifies, signs and writes; gives its address."""
    command = [sys.executable, HERE / "_ceiling.py", str(answer_bytes)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as server:
        assert server.stdout is not None  # noqa: S101 # we asked for a pipe
        assert server.stdin is not None  # noqa: S101 # the same
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()
        server.wait(20)


def stated(number: int) -> dict[str, Any]:
    """Say whose a title must be, and of which unit."""
    return {"holder": {"id": holder_id(number)}, "expect": {"unit_number": unit_number(number)}}


def in_hand(city: City, desk: Desk, some: dict[int, dict[str, Any]]) -> list[bytes]:
    """Prepare the requests of who has the certificates."""
    return [
        request_bytes(desk, city.service, "/v1/verifications", {"certificate": file, **stated(number), **OCCASION})
        for number, file in some.items()
    ]


def verify(city: City, desk: Desk, some: dict[int, dict[str, Any]], report: Report) -> None:
    """Verify files one by one through `api`, beside the ceiling in turns, then at a steady rate."""
    asked = in_hand(city, desk, some)
    options = ("--connections", str(COUNTERS), "--seconds", str(SECONDS))
    seen = load(city.folder, city.service, asked, *options)
    short = ("--connections", str(COUNTERS), "--seconds", "4")
    with ceiling(int(seen["bytes"]) - 200) as address:
        bounds, ours = [], []
        for _ in range(3):
            bounds.append(load(city.folder, address, asked, *short)["per_second"])
            ours.append(load(city.folder, city.service, asked, *short)["per_second"])
    best, bound = max(ours), max(bounds)
    report.add("verify, one api process", best, "verifications/s", note="receipt and record on; best of 3")
    report.add("the stack alone", bound, "requests/s", note="parse, one ES256 verify, one sign, write; best of 3")
    report.add("verify beside the stack alone", best / bound, "", at_least=0.5)
    copied(city)
    steady = load(city.folder, city.service, asked, "--connections", "32", "--rate", str(RATE), "--seconds", "10")
    report.add(f"p99 at {RATE} a second", steady["p99"] * MILLISECONDS, "ms", at_most=50)


def batch(city: City, desk: Desk, some: dict[int, dict[str, Any]], report: Report) -> Desk:
    """Verify a thousand at a time, in one process and then on all cores; the desk at the new addresses."""
    asked = [{"certificate": file, **stated(number)} for number, file in list(some.items())[:1000]]
    body = request_bytes(desk, city.service, "/v1/verifications/batch", {**OCCASION, "verifications": asked})
    seen = load(city.folder, city.service, [body], "--connections", "1", "--count", str(BATCHES))
    rate = seen["per_second"] * len(asked)
    report.add("batch endpoint, one api process", rate, "certificates/s", note="1,000 in a call, one call at a time")
    desk = spread(city, desk)
    body = request_bytes(desk, city.service, "/v1/verifications/batch", {**OCCASION, "verifications": asked})
    at_once = 6 * CORES  # whichever process takes a connection, each will have some
    seen = load(city.folder, city.service, [body], "--connections", str(at_once), "--count", str(CORES * BATCHES))
    rate = seen["per_second"] * len(asked)
    note = f"1,000 in a call, {at_once} at a time; an api process on each of {CORES} cores, who asks on the same"
    report.add("batch endpoint", rate, "certificates/s", at_least=5000, note=note)
    return desk


def spread(city: City, desk: Desk) -> Desk:
    """Let as many `api` processes answer as there are cores; the desk at the new addresses."""
    assert city.service_process is not None  # noqa: S101 # it was started
    end(city.service_process)
    city.write_settings([city.chain_url], [UNLIMITED, f"api_processes = {CORES}"])
    city.serve()
    desk.service = city.office
    return desk


def look_ups(city: City, desk: Desk, report: Report) -> None:
    """Look titles up all over the city, as fast as it goes and at a steady rate."""
    chosen = random.Random(7).sample(range(TITLES), min(TITLES, 20_000))  # noqa: S311 # the same every time
    asked = [request_bytes(desk, city.office, "/v1/verifications", question(number)) for number in chosen]
    options = ("--connections", str(COUNTERS), "--seconds", str(2 * SECONDS))
    copied(city)
    seen = load(city.folder, city.office, asked, *options)
    report.add(f"look-up among {TITLES:,}", seen["per_second"], "look-ups/s", at_least=500)
    for rate, most in ((PEAK, 50), (2 * PEAK, None)):
        copied(city)
        paced = ("--connections", "32", "--rate", str(rate), "--seconds", "10")
        steady = load(city.folder, city.office, asked[::-1], *paced)
        report.add(f"p99 of look-ups at {rate} a second", steady["p99"] * MILLISECONDS, "ms", at_most=most)


def a_day(city: City, desk: Desk, some: dict[int, dict[str, Any]], report: Report) -> None:
    """Put a day's calls to the service: certificates in hand, as fast as it takes them."""
    spent = 0.0
    for done in range(0, CALLS, STRETCH):
        asked, count = in_hand(city, desk, some), min(STRETCH, CALLS - done)
        seen = load(city.folder, city.service, asked, "--connections", str(COUNTERS), "--count", str(count))
        spent += seen["seconds"]
        report.say(f"{done + count:,} calls in {spent / 60:.1f} minutes")
    report.add(f"a day's {CALLS:,} calls", spent / 60, "minutes", note=f"as fast as {CORES} api processes take them")
    segments = sum(path.stat().st_size for path in (city.folder / "record").rglob("*") if path.is_file())
    report.add("record of all that", segments / 2**20, "MiB")


def run(report: Report) -> None:
    """Found a city in a folder that goes away, fill it, and ask it."""
    with tempfile.TemporaryDirectory() as folder, claimed(Path(folder)):
        city = found(Path(folder), AGENCIES)
        city.write_settings([city.chain_url], [UNLIMITED])
        try:
            city.serve()
            desk = open_desks(city)[REGISTRY]
            issue(city, report)
            desk.service = city.office
            settle(desk)
            some = files(desk, random.Random(3).sample(range(TITLES), min(TITLES, SAMPLED)))  # noqa: S311
            verify(city, desk, some, report)
            desk = batch(city, desk, some, report)
            look_ups(city, desk, report)
            a_day(city, desk, some, report)
        finally:
            city.stop()
