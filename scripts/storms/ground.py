"""Where the storms blow: five real nodes, and a city on them with its service, in processes of their own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eth_account import Account

from city import Agency, City, ExistingChain, claimed, found
from clique.network import Network
from storms.load import OFFICES, TITLE, Load, StormError, until
from tests.databases import Cluster, postgresql_programs

SQLITE, POSTGRESQL = "sqlite", "postgresql"
ALL = (1, 2, 3, 4, 5)
ASKED = 48
"""How many certificates are verified after each storm."""


@dataclass(slots=True, kw_only=True)
class Ground:
    """The network, and the city that lives on it at the moment."""

    folder: Path
    network: Network
    bureau_key: bytes
    cluster: Cluster | None = None
    cities: dict[str, tuple[City, Load]] = field(default_factory=dict)
    life: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def urls(self, numbers: Sequence[int]) -> tuple[str, ...]:
        """The addresses of nodes."""
        return tuple(self.network.record.member(number).url for number in numbers)

    def city(self, database: str) -> tuple[City, Load]:
        """The city with that kind of database; founded where there is none."""
        if database not in self.cities:
            folder = Path(tempfile.mkdtemp(prefix=f"{database}-", dir=self.folder))
            self.life.enter_context(claimed(folder))
            url = f"sqlite:///{folder / 'ecert.sqlite'}" if database == SQLITE else self._postgresql().new_database()
            chain = ExistingChain(urls=self.urls(ALL), bureau_key=self.bureau_key)
            agencies = [Agency(code=office, name=office, types=(TITLE,)) for office in OFFICES]
            city = found(folder, agencies, chain=chain, settings=[f'database_url = "{url}"'])
            self.cities[database] = (city, Load(city, url))
        return self.cities[database]

    def serve(self, city: City, load: Load, nodes: Sequence[int]) -> None:
        """Start the service (again) with these nodes, the first one first."""
        if city.service_process is not None:
            city.stop()
        city.write_settings(self.urls(nodes), [f'database_url = "{load.database_url}"'])
        city.serve()

    def calm(self) -> None:
        """Mend the network: no cut, all five run and agree."""
        self.network.heal()
        self.network.start(*ALL)
        self.network.agree()

    def forget(self, database: str) -> None:
        """Give a city up, so that what went wrong there does no harm to the next storm."""
        if database in self.cities:
            self.cities.pop(database)[0].stop()

    def _postgresql(self) -> Cluster:
        if self.cluster is None:
            programs = postgresql_programs()
            if programs is None:
                raise StormError("there is no PostgreSQL on this machine (no initdb)")
            folder = self.life.enter_context(tempfile.TemporaryDirectory(prefix="pg", dir="/tmp"))
            self.cluster = Cluster(programs, Path(folder))
            self.cluster.start()
            self.life.callback(self.cluster.stop)
        return self.cluster


@contextlib.contextmanager
def ground(folder: Path, say: Callable[[str], None]) -> Iterator[Ground]:
    """Start the network; everything ends with the block."""
    bureau = Account.create()
    network = Network(folder / "network", say)
    with network.living(fund=[bureau.address], archive=True):
        made = Ground(folder=folder, network=network, bureau_key=bytes(bureau.key))
        with made.life:
            try:
                yield made
            finally:
                for database in list(made.cities):
                    made.forget(database)
    network.wipe()


def verdict(city: City, file: Path) -> str:
    """Ask the service about a certificate."""
    request = urllib.request.Request(  # noqa: S310 # our own service
        f"{city.service}/v1/verifications",
        data=b'{"certificate":' + file.read_bytes() + b"}",
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 # the same
        return str(json.load(answer)["result"])


def files_of(city: City) -> list[Path]:
    """Every certificate file of the city, newest last."""
    return sorted((city.folder / "certificates").rglob("*.ecert.json"), key=lambda path: path.stat().st_mtime_ns)


def some_file(city: City) -> Path:
    """A certificate that was handed out; waits for the first."""
    until("a certificate is handed out", lambda: files_of(city))
    return files_of(city)[0]


def check(city: City, load: Load) -> str:
    """See that nothing is lost, doubled or different; says how much was looked at.

    Raises:
        StormError: what does not hold.
    """
    done = city.command("fsck", "--json", check=False)
    if done.returncode != 0:
        raise StormError(f"fsck ended with {done.returncode}: {' '.join(done.stdout.split())[:1500]}")
    times = Counter(
        (batch.agency, serial)
        for batch in load.anchored()
        for serial in range(batch.first_serial, batch.first_serial + batch.count)
    )
    twice = [serial for serial, count in times.items() if count != 1]
    files = files_of(city)
    handed_out = {(path.parent.parent.name, int(path.name.split(".", 1)[0])) for path in files}
    if twice:
        raise StormError(f"anchored twice: {twice[:5]}")
    if handed_out != set(times) or len(files) != sum(load.issued.values()):
        raise StormError(f"{sum(load.issued.values())} issued, {len(times)} anchored, {len(files)} handed out")
    answers = city.command("verify", "--json", *map(str, files[-ASKED:]), check=False).stdout.splitlines()
    results = Counter(json.loads(line)["result"] for line in answers)
    if set(results) != {"VALID"}:
        raise StormError(f"not all verify: {dict(results)}")
    return f"{len(files)} certificates"


def children(pid: int) -> dict[str, int]:
    """The processes that `ecert serve` has started: command -> number."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (path / "cmdline").read_bytes().split(b"\0")
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"verifier" in words:
                found[words[words.index(b"verifier") + 1].decode()] = int(path.name)
    return found


def kill(pid: int) -> None:
    """Kill a process without a warning."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def ends(pid: int) -> bool:
    """Whether a process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def rest(seconds: float) -> None:
    """Let a state of things last."""
    time.sleep(seconds)
