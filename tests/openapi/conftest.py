"""One desk for all tests here, and no longer: it makes four blocks a second, which all its processes read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.openapi.desk import Desk, open_desk


@pytest.fixture(scope="package")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The service, running, with one certificate issued."""
    with open_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk
