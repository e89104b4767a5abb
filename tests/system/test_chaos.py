"""A short piece of `scripts/chaos`: the real service under load on five nodes that are cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from storms.ground import SQLITE, Ground, ground
from storms.load import OFFICES
from storms.on_nodes import cut_and_heal
from storms.playing import Storm, play

from clique.client import geth
from clique.faults import ClientMissing

pytestmark = [pytest.mark.system, pytest.mark.xdist_group("network")]


@pytest.fixture
def where(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    try:
        geth(print)
    except ClientMissing as missing:
        pytest.skip(str(missing))
    with ground(tmp_path_factory.mktemp("chaos"), print) as made:
        yield made


def test_after_a_storm_all_that_was_issued_is_anchored_once_and_the_database_agrees(where: Ground) -> None:
    where.city(SQLITE)[1].offices = OFFICES[:1]
    played = play(where, Storm(name="cut", happens=cut_and_heal, nodes=(1,)))
    assert played.ok, played.seen
