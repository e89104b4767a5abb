"""Twenty agencies, each with a key of its own, that anchor at once on five real nodes, through the real service."""

from __future__ import annotations

import random
import secrets
import sys
import time
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eth_account import Account

from city import Agency, City, ExistingChain, claimed, found
from clique.network import Network
from ecert.types import bundled_types
from store import calls, cursors
from store.database import Database
from verifier.keys.keyring import LedgerKey

if TYPE_CHECKING:
    from bench import Report

CROWD = 20
RATE = 10
SECONDS = 30
TITLE = "real-estate-title"
BAR = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """When a call was written and seen settled, in seconds since 1970, and the block that it was in."""

    written: float
    mined: int
    settled: float


def crowd(report: Report, folder: Path) -> None:
    """Start the network and the city, let every agency anchor in turn, and count blocks."""
    bureau = Account.create()
    network = Network(folder / "network", report.say)
    with network.living(fund=[bureau.address]):
        chain = ExistingChain(urls=tuple(member.url for member in network.record.members), bureau_key=bytes(bureau.key))
        agencies = [Agency(code=f"CROWD-{number}", name="An office", types=(TITLE,)) for number in range(CROWD)]
        place = folder / "city"
        with claimed(place):
            city = found(place, agencies, chain=chain)
            try:
                city.serve()
                courses, seconds = measure(city, network)
                times, out_of_turn = times_of_blocks(network, courses)
            finally:
                city.stop()
    tell(report, courses, times, seconds)
    report.add("blocks made out of turn", out_of_turn, "blocks")


def tell(report: Report, courses: Sequence[Course], times: Sequence[tuple[float, int]], seconds: float) -> None:
    """Count blocks, and say of the late calls when they were written."""

    def head(moment: float) -> int:
        return times[bisect(times, (moment, sys.maxsize)) - 1][1]

    def left(moment: float) -> float:
        return times[bisect(times, (moment, sys.maxsize))][0] - moment

    took = sorted(head(one.settled) - head(one.written) for one in courses)
    late = [1000 * left(one.written) for one in courses if head(one.settled) - head(one.written) > BAR]
    note = f"of {len(courses)} anchors by {CROWD} keys; a block is a second"
    report.add("anchors a second, all settled", len(courses) / seconds, "anchors/s", at_least=RATE - 1, note=note)
    report.add("blocks from call to settled, median", took[len(took) // 2], "blocks", note=note)
    report.add("blocks from call to settled, most", took[-1], "blocks", at_most=BAR, note=note)
    for blocks, count in sorted(Counter(took).items()):
        report.add(f"settled after {blocks} blocks", count, "anchors")
    report.add("settled within 5 blocks", 100 * sum(one <= BAR for one in took) / len(took), "%")
    if late:
        report.add("late ones were written before the next block, at most", max(late), "ms")
    report.add("blocks from call to mined, most", max(one.mined - head(one.written) for one in courses), "blocks")


def measure(city: City, network: Network) -> tuple[list[Course], float]:
    """Write calls at the rate, each at a moment of its own, and see when each is settled; seconds of writing, too."""
    due = moments(RATE * SECONDS)
    written: dict[int, float] = {}
    settled: dict[int, float] = {}
    with Database.open(f"sqlite:///{city.folder / 'ecert.sqlite'}") as database:
        wait_for_cursor(database, city, network.head(2).number)
        start = time.monotonic()
        while len(settled) < len(due):
            while len(written) < len(due) and time.monotonic() - start >= due[len(written)]:
                written[anchor(database, city, len(written))] = time.time()
            with database.read() as connection:
                still_open = {call.id for call in calls.open_calls(connection, city.deployment.name)}
            settled |= dict.fromkeys(written.keys() - still_open - settled.keys(), time.time())
            if time.monotonic() - start > SECONDS + 120:
                raise AssertionError(f"{len(written) - len(settled)} anchors did not settle")
            time.sleep(0.01)
        with database.read() as connection:
            mined = {call: calls.read(connection, call).block or 0 for call in written}
    courses = [Course(written=written[call], mined=mined[call], settled=settled[call]) for call in written]
    return courses, max(written.values()) - min(written.values())


def moments(count: int) -> list[float]:
    """Spread calls over the seconds so that they meet every part of a block's time; the same ones every time."""
    draw = random.Random(1)  # noqa: S311 # no secret
    return [(number + draw.random()) / RATE for number in range(count)]


def times_of_blocks(network: Network, courses: Sequence[Course]) -> tuple[list[tuple[float, int]], int]:
    """Give time and number of every block that the calls lived to see, and how many were not made by whose turn it was.

    A block is sent out at the second that stands in it, unless it is made out of turn.
    """
    last = network.head(2).number
    blocks = [network.ask(2, "eth_getBlockByNumber", hex(number), False) for number in range(last - 2 * SECONDS, last)]
    times = sorted((float(int(block["timestamp"], 16)), int(block["number"], 16)) for block in blocks)
    if not times[0][0] < min(course.written for course in courses):
        raise AssertionError("the calls began before the blocks that were looked at")
    return times, sum(int(block["difficulty"], 16) == 1 for block in blocks)


def wait_for_cursor(database: Database, city: City, block: int) -> None:
    """Wait until the service has read the chain so far."""
    while True:
        with database.read() as connection:
            cursor = cursors.read(connection, city.deployment.name)
        if cursor is not None and cursor.block >= block:
            return
        time.sleep(0.1)


def anchor(database: Database, city: City, number: int) -> int:
    """Write an anchor of the agency whose turn it is; the call's number."""
    agency = f"CROWD-{number % CROWD}"
    with database.begin() as connection:
        return calls.add(
            connection,
            ledger=city.deployment.name,
            agency=agency,
            kind="anchor",
            args={
                "agency": agency,
                "certificate_type": "0x" + bundled_types()[TITLE].vct_hash.hex(),
                "suite": 1,
                "root": "0x" + secrets.token_bytes(32).hex(),
                "first_serial": number // CROWD * 10,
                "count": 10,
            },
            sender=city.keyring.address(agency, LedgerKey.ANCHOR),
            now=int(time.time()),
        ).id
