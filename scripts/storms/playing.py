"""The programme: every storm with its name, and how one is played."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from city import City, CityError
from clique.faults import NetworkError
from store.errors import StoreError
from storms import on_nodes, on_processes
from storms.ground import POSTGRESQL, SQLITE, Ground, check
from storms.load import Load, StormError


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What happens, to whom: the nodes that the service asks, the first one first, and the kind of its database."""

    name: str
    happens: Callable[[Ground, City, Load], str]
    nodes: tuple[int, ...] = (1, 2, 3)
    database: str = SQLITE

    @property
    def done(self) -> str:
        """What is done, in a sentence."""
        return (self.happens.__doc__ or "").strip()


STORMS = (
    Storm(name="two-stop", happens=on_nodes.two_stop),
    Storm(name="three-stop", happens=on_nodes.three_stop),
    Storm(name="all-stop", happens=on_nodes.all_stop),
    Storm(name="old-disk", happens=on_nodes.old_disk, nodes=(5, 1, 2)),
    Storm(name="cut", happens=on_nodes.cut_and_heal, nodes=(1,)),
    Storm(name="node-killed", happens=on_nodes.node_killed, nodes=(3, 4)),
    Storm(name="kills", happens=on_processes.killed_at_random),
    Storm(name="every-kill", happens=on_processes.killed_at_every_point),
    Storm(name="senders", happens=on_processes.two_senders),
    Storm(name="clock", happens=on_processes.clock_jumps),
    Storm(name="disk-full", happens=on_processes.disk_full),
    Storm(name="database-away", happens=on_processes.database_away, database=POSTGRESQL),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A storm, what was seen, how long it took, and whether everything held."""

    storm: Storm
    seen: str
    seconds: float
    ok: bool


def play(ground: Ground, storm: Storm) -> Played:
    """Let a storm blow over a city at work; then all is finished, counted and compared with the chain."""
    start = time.monotonic()
    try:
        seen, ok = _play(ground, storm), True
    except (StormError, CityError, NetworkError, StoreError, OSError) as error:
        seen, ok = f"{type(error).__name__}: {error}", False
        ground.forget(storm.database)
    return Played(storm=storm, seen=seen, seconds=time.monotonic() - start, ok=ok)


def _play(ground: Ground, storm: Storm) -> str:
    if ground.cities:
        ground.calm()
    city, load = ground.city(storm.database)
    ground.serve(city, load, storm.nodes)
    with load.working():
        seen = storm.happens(ground, city, load)
    ground.calm()
    return f"{seen}; {check(city, load)} in all, each anchored once; fsck clean"
