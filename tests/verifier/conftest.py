"""Real chains for whoever issues on one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.local_chain import LocalChain


@pytest.fixture(scope="module", name="chain")
def chain_() -> Iterator[LocalChain]:
    """A chain for all tests of a module."""
    with LocalChain() as chain:
        yield chain
