"""An indexer whose nodes hang is at work, and is given the time for it."""

from __future__ import annotations

import pytest

from chain.patience import NODE_SECONDS, WRITE_SECONDS, longest_silence


@pytest.mark.parametrize(("nodes", "poll", "seconds"), [(1, 0.5, 28), (2, 0.5, 38), (5, 0.5, 68), (1, 60, 146)])
def test_silence_is_as_long_as_the_settings_make_it(nodes: int, poll: float, seconds: int) -> None:
    assert longest_silence(nodes, poll) == seconds


def test_a_node_may_hang_while_a_block_is_waited_for_and_again_when_it_is_asked_for() -> None:
    assert longest_silence(1, 0.05) > 2 * NODE_SECONDS + WRITE_SECONDS
