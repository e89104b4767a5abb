"""Who may reach whom."""

from __future__ import annotations

import pytest

from clique.__main__ import groups
from clique.faults import NetworkError
from clique.record import Member, Record

MEMBERS = tuple(Member(number=n, address="", enode="", port=n, peer_port=-n) for n in range(1, 6))
WHOLE = Record(chain_id=1, fees="dynamic", archive=False, members=MEMBERS, groups=((1, 2, 3, 4, 5),))


def test_groups_are_read_from_numbers_or_letters() -> None:
    assert groups("1,2|3,4,5") == groups("A,B|C,D,E") == groups("a, b | c, d, e") == [[1, 2], [3, 4, 5]]


def test_only_nodes_of_one_group_are_linked() -> None:
    cut = WHOLE.regrouped([[5, 1], [2, 3, 4]])

    assert cut.groups == ((1, 5), (2, 3, 4))
    assert [other.number for other in cut.neighbours(3)] == [2, 4]
    assert cut.linked(1, 5)
    assert not cut.linked(1, 2)


@pytest.mark.parametrize("wrong", [[[1, 2], [3, 4]], [[1, 2], [2, 3, 4, 5]], [[1, 2, 3, 4, 5, 6]], []])
def test_every_node_is_in_exactly_one_group(wrong: list[list[int]]) -> None:
    with pytest.raises(NetworkError, match="exactly one group"):
        WHOLE.regrouped(wrong)
