"""A network of five nodes in one folder, and everything that may befall it.

    with Network(folder).living(fund=[address]) as network:
        network.stop(4, 5)
        network.cut([[1, 2], [3, 4, 5]])
        network.heal()

The folder holds all of it: `network.json`, `genesis.json`, and for each node its keys, database, settings and log. Each
change holds the folder's lock, so that several programs may work on one network; what runs is read from /proc every
time, never remembered.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Self

from . import chain, links, node
from .chain import Block
from .client import Say, alone, geth
from .faults import NetworkError
from .founding import DYNAMIC, found
from .ports import LOOPBACK
from .record import FILE, Member, Record, load, save
from .rpc import ask, ask_owner

MARKER = ".clique-network"
START_TIMEOUT = 240.0
BECOMING = 0.5
"""Seconds within which a process that was started has become the client for certain."""
AGREE_TIMEOUT = 300.0


class Network:
    """The network in `folder`; nothing is made or started until `up`. `say` is told what takes long."""

    def __init__(self, folder: Path, say: Say = lambda _: None) -> None:
        self.folder = folder.resolve()
        self._say = say

    @property
    def exists(self) -> bool:
        """Whether there is a network in the folder, up or down."""
        return (self.folder / FILE).exists()

    @property
    def record(self) -> Record:
        """What is written down about the network.

        Raises:
            NetworkError: there is none in this folder.
        """
        return load(self.folder)

    @property
    def running(self) -> list[Member]:
        """The nodes whose processes are there."""
        return [member for member in self.record.members if node.pid(self.folder, member)]

    def up(
        self, *, fund: Sequence[str] = (), chain_id: int | None = None, fees: str = DYNAMIC, archive: bool = False
    ) -> Record:
        """Make the network if there is none, start what does not run, heal every cut, and wait until all five agree.

        `fund` are addresses that own a million ether from the first block on; `fees` is "dynamic" (London) or "legacy"
        (Berlin); with `archive` nodes keep all states, else those of the last 128 blocks. All four are for a new
        network: what was made once keeps what it was made with.

        Raises:
            NetworkError: it did not start; what was started has ended again.
        """
        client = geth(self._say)
        with self._held(make=True):
            if not self.exists:
                self._empty()
                chain_id = chain_id or 10**6 + secrets.randbelow(2**31)
                record = found(self.folder, client, chain_id=chain_id, fees=fees, archive=archive, fund=fund)
                save(self.folder, record, {})
            fresh = [member for member in self.record.members if member not in self.running]
            try:
                self._regroup([[member.number for member in self.record.members]])
                self._start(client, fresh)
                chain.await_agreement(self.record.members, AGREE_TIMEOUT)
            except BaseException:
                self._end(fresh)
                raise
            return self.record

    def down(self) -> None:
        """End every node that runs, and keep the chain."""
        with self._held():
            if self.exists:
                self._end(self.record.members)

    def stop(self, *numbers: int) -> None:
        """Ask nodes to end, and wait until they have: they write to disk what they know."""
        with self._held():
            self._end([self.record.member(number) for number in numbers])

    def kill(self, *numbers: int) -> None:
        """End nodes without a warning (SIGKILL). Without `archive` they come back with an old state of the chain."""
        with self._held():
            self._end([self.record.member(number) for number in numbers], signal.SIGKILL)

    def start(self, *numbers: int) -> None:
        """Start nodes that do not run, and wait until they answer. They need not have caught up by then."""
        client = geth(self._say)
        with self._held():
            named = [self.record.member(number) for number in numbers]
            self._start(client, [member for member in named if member not in self.running])

    def cut(self, groups: Sequence[Sequence[int]]) -> None:
        """Part the network: from now on nodes of different groups cannot reach each other, also if started anew.

        Raises:
            NetworkError: a node is not in exactly one group.
        """
        with self._held():
            self._regroup(groups)

    def heal(self) -> None:
        """Connect all nodes again, and wait until those that run are connected; they agree a little later."""
        with self._held():
            self._regroup([[member.number for member in self.record.members]])

    def wipe(self) -> None:
        """End every node and forget the network with its chain and keys."""
        with self._held():
            if self.exists:
                self._end(self.record.members)
            self._empty()

    def agree(self, *numbers: int, timeout: float = AGREE_TIMEOUT) -> Block:
        """Wait until nodes (without numbers: all that run) agree on a block that is not older than this call."""
        members = [self.record.member(number) for number in numbers] or self.running
        return chain.await_agreement(members, timeout)

    def head(self, number: int) -> Block:
        """Ask a node for its newest block."""
        return chain.head(self.record.member(number))

    def ask(self, number: int, method: str, *parameters: object) -> Any:  # noqa: ANN401 # JSON
        """Ask a node over HTTP, where `eth`, `net`, `web3` and `clique` are open."""
        return ask(LOOPBACK, self.record.member(number).port, method, *parameters)

    def ask_owner(self, number: int, method: str, *parameters: object) -> Any:  # noqa: ANN401 # JSON
        """Ask a node over the socket in its folder, where every method is open."""
        return ask_owner(self.record.member(number).folder(self.folder), method, *parameters)

    @contextlib.contextmanager
    def living(
        self, *, fund: Sequence[str] = (), chain_id: int | None = None, fees: str = DYNAMIC, archive: bool = False
    ) -> Iterator[Self]:
        """Keep the network up within a `with` block; it ends with it, and also with our process if that is killed."""
        with guarded(self.folder):
            self.up(fund=fund, chain_id=chain_id, fees=fees, archive=archive)
            yield self

    @contextlib.contextmanager
    def _held(self, *, make: bool = False) -> Iterator[None]:
        """Hold the folder's lock; whoever else changes the network waits."""
        marker = self.folder / MARKER
        if not marker.exists():
            if not make:
                raise NetworkError(f"there is no network in {self.folder}; `up` makes one")
            self.folder.mkdir(parents=True, exist_ok=True)
            if any(self.folder.iterdir()):
                raise NetworkError(f"{self.folder} holds something else already; name an empty folder or a new one")
        with alone(marker):
            yield

    def _start(self, client: Path, members: Sequence[Member]) -> None:
        """Start nodes at once. They dial those that run by then; one another only when all of them listen."""
        record, dial = self.record, self.running
        for member in members:
            neighbours = [one for one in dial if record.linked(one.number, member.number)]
            node.start(client, self.folder, record, member, neighbours)
        for member in members:
            chain.wait(f"node {member.number} runs", partial(node.pid, self.folder, member), START_TIMEOUT)
            self._await_answer(record, member)
        self._save(record)
        links.join(self.folder, record, self.running)

    def _await_answer(self, record: Record, member: Member) -> None:
        def look() -> bool | None:
            if self._has_ended(member):
                raise NetworkError(f"node {member.number} ended at once:\n{self.log(member.number)}")
            mine = ask_owner(member.folder(self.folder), "eth_chainId")
            return True if mine == ask(LOOPBACK, member.port, "eth_chainId") == hex(record.chain_id) else None

        chain.wait(f"node {member.number} answers", look, START_TIMEOUT)

    def _has_ended(self, member: Member) -> bool:
        """Tell whether a node has no process; one that is just becoming the client has no name for a moment."""
        if node.pid(self.folder, member) is not None:
            return False
        time.sleep(BECOMING)
        return node.pid(self.folder, member) is None

    def log(self, number: int, lines: int = 20) -> str:
        """Give the last lines of a node's log."""
        path = self.record.member(number).folder(self.folder) / node.LOG
        return "\n".join(path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _end(self, members: Sequence[Member], how: signal.Signals = signal.SIGTERM) -> None:
        node.end(self.folder, members, how)
        self._save(self.record)

    def _regroup(self, groups: Sequence[Sequence[int]]) -> None:
        """Write down the groups first, so that a node that starts meanwhile keeps to them; then make it so."""
        record = self.record.regrouped(groups)
        self._save(record)
        links.cut(self.folder, record, self.running)
        links.heal(self.folder, record, self.running)

    def _save(self, record: Record) -> None:
        save(self.folder, record, {member.number: node.pid(self.folder, member) for member in record.members})

    def _empty(self) -> None:
        """Remove everything from the folder but its lock."""
        for path in self.folder.iterdir():
            if path.name != MARKER:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


@contextlib.contextmanager
def guarded(folder: Path) -> Iterator[None]:
    """End the network in `folder` after the block, even if our process does not live to see its end.

    A second process waits for the end of a pipe that only we hold open.
    """
    with subprocess.Popen(
        [sys.executable, "-m", __package__, "down", "--when-stdin-closes", "--data", folder],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    ) as guard:
        try:
            yield
        finally:
            assert guard.stdin is not None  # noqa: S101 # we asked for a pipe
            guard.stdin.close()
            if guard.wait() != 0:
                raise NetworkError(f"the nodes in {folder} may still run; `down` ends them")
