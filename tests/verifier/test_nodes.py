"""The first node that answers is asked; the others are those to turn to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_chain import LocalChain
from verifier.processes.nodes import open_node

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def chain() -> Iterator[LocalChain]:
    with LocalChain(accounts=1) as started:
        yield started


async def test_one_that_answers_is_asked_first_and_the_others_stay_known(chain: LocalChain) -> None:
    async with open_node([NOBODY, chain.url, "http://127.0.0.1:10"]) as node:
        assert node.url == chain.url
        assert node.others == ("http://127.0.0.1:10", NOBODY)


async def test_where_none_answers_the_first_is_waited_for() -> None:
    async with open_node([NOBODY, "http://127.0.0.1:10"]) as node:
        assert node.url == NOBODY
        assert node.others == ("http://127.0.0.1:10",)


async def test_a_single_node_is_taken_unseen() -> None:
    async with open_node([NOBODY]) as node:
        assert node.url == NOBODY
        assert not node.others
