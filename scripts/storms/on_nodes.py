"""Storms over the nodes: they stop, are killed, come back with an old disk, and are cut from each other."""

from __future__ import annotations

import shutil

from city import City
from storms.ground import ALL, Ground, rest, some_file, verdict
from storms.load import Load, StormError, until

CUTS = 6


def two_stop(ground: Ground, _city: City, load: Load) -> str:
    """One node is stopped, then a second one; issuing must go on."""
    load.goes_on(1, "before the storm")
    ground.network.stop(5)
    four = load.goes_on(3, "with four nodes")
    ground.network.stop(4)
    three = load.goes_on(3, "with three nodes")
    ground.network.start(4, 5)
    return f"{four} batches settled with four nodes, {three} with three"


def three_stop(ground: Ground, city: City, load: Load) -> str:
    """Three nodes are stopped: writes must wait, verification must go on; they come back."""
    file = some_file(city)
    ground.network.stop(3, 4, 5)
    rest(5)
    before = load.settled()
    rest(6)
    if load.settled() != before:
        raise StormError("something settled on a network that has halted")
    said = verdict(city, file)
    if said != "VALID":
        raise StormError(f"verification said {said} while the network halted")
    ground.network.start(3, 4, 5)
    load.goes_on(2, "after they came back", 200)
    return "nothing settled, verdicts VALID; went on when they came back"


def all_stop(ground: Ground, city: City, load: Load) -> str:
    """All five nodes are killed at once and come back with the disks they had."""
    file = some_file(city)
    ground.network.kill(*ALL)
    rest(4)
    said = verdict(city, file)
    if said != "VALID":
        raise StormError(f"verification said {said} without a network")
    ground.network.start(*ALL)
    ground.network.agree()
    load.goes_on(2, "after they came back", 200)
    return "verdicts VALID meanwhile; went on when they came back"


def old_disk(ground: Ground, _city: City, load: Load) -> str:
    """The node that we ask comes back with a disk of some time ago."""
    network, node = ground.network, ground.network.record.member(5).folder(ground.network.folder)
    kept = ground.folder / "old-disk"
    network.stop(5)
    shutil.copytree(node / "geth", kept, symlinks=True)
    network.start(5)
    began = network.head(1).number
    until("fifteen blocks pass", lambda: network.head(1).number >= began + 15)
    load.goes_on(1, "meanwhile")
    network.stop(5)
    shutil.rmtree(node / "geth")
    shutil.move(kept, node / "geth")
    behind = network.head(1).number - began
    network.start(5)
    load.goes_on(3, "with the old disk", 200)
    network.agree()
    return f"the node came back {behind} blocks behind and caught up"


def cut_and_heal(ground: Ground, _city: City, load: Load) -> str:
    """Our node and one other are cut from three, and what the two mined is undone when the cut heals."""
    load.goes_on(1, "before the storm")
    before, cuts = load.cursor()[2], 0
    while load.cursor()[2] == before and cuts < CUTS:
        cuts += 1
        head = ground.network.head(1).number
        turn = head % 5
        partner = next(one for one in (turn + 1, turn + 2) if one % 5 + 1 != 1) % 5 + 1
        ground.network.cut([[1, partner], [number for number in ALL if number not in (1, partner)]])
        rest(5)
        ground.network.heal()
        ground.network.agree()
        until("our copy follows", lambda high=head + 4: load.cursor()[0] >= high)
    undone = load.cursor()[2] - before
    if not undone:
        raise StormError(f"{cuts} cuts undid no block that we had read")
    load.goes_on(2, "after the cut")
    return f"{cuts} cut{'s' if cuts > 1 else ''}, {undone} reorganisation{'s' if undone > 1 else ''} of our copy"


def node_killed(ground: Ground, _city: City, load: Load) -> str:
    """The node that we ask is killed; another must be asked."""
    load.goes_on(1, "before the storm")
    ground.network.kill(3)
    settled = load.goes_on(4, "through another node")
    ground.network.start(3)
    return f"{settled} batches settled through the other node"
