"""Twenty agencies, each with a key of its own, that anchor at once on five real nodes, through the real service."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from eth_account import Account

from city import Agency, City, ExistingChain, claimed, found
from clique.network import Network
from ecert.types import bundled_types
from store import calls, cursors
from store.database import Database
from verifier.keys.keyring import Purpose

if TYPE_CHECKING:
    from bench import Report

CROWD = 20
RATE = 10
SECONDS = 15
TITLE = "real-estate-title"
BAR = 5


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
                mined, settled, seconds = measure(city, network)
            finally:
                city.stop()
    note = f"of {len(settled)} anchors by {CROWD} keys; a block is a second"
    report.add("anchors a second, all settled", len(settled) / seconds, "anchors/s", at_least=RATE - 1, note=note)
    report.add("blocks from call to settled, median", settled[len(settled) // 2], "blocks", note=note)
    report.add("blocks from call to settled, most", settled[-1], "blocks", at_most=BAR, note=note)
    within = sum(one <= BAR for one in settled) / len(settled)
    report.add("settled within 5 blocks", 100 * within, "%", note="the network takes three blocks on top of its own")
    report.add("blocks from call to mined, most", mined[-1], "blocks", note=note)


def measure(city: City, network: Network) -> tuple[list[int], list[int], float]:
    """Write calls at the rate, and see when each is settled; blocks to mined, blocks to settled, seconds of writing."""
    count = RATE * SECONDS
    written: dict[int, int] = {}
    settled: dict[int, int] = {}
    with Database.open(f"sqlite:///{city.folder / 'ecert.sqlite'}") as database:
        wait_for_cursor(database, city, network.head(2).number)
        start, last = time.monotonic(), 0.0
        while len(settled) < count:
            head = network.head(2).number
            while len(written) < min(count, (time.monotonic() - start) * RATE):
                written[anchor(database, city, len(written))] = head
                last = time.monotonic()
            with database.read() as connection:
                still_open = {call.id for call in calls.open_calls(connection, city.deployment.name)}
            settled |= dict.fromkeys(written.keys() - still_open - settled.keys(), network.head(2).number)
            if time.monotonic() - start > SECONDS + 120:
                raise AssertionError(f"{len(written) - len(settled)} anchors did not settle")
            time.sleep(0.05)
        with database.read() as connection:
            blocks = {call: calls.read(connection, call).block or 0 for call in written}
    mined = sorted(blocks[call] - head for call, head in written.items())
    return mined, sorted(settled[call] - written[call] for call in written), last - start


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
            sender=city.keyring.address(agency, Purpose.ANCHOR),
            now=int(time.time()),
        ).id
