"""What the tests with strangers share."""

from __future__ import annotations

import pytest

from tests.strangers.packages import install


@pytest.fixture(scope="session")
def npm() -> None:
    """Have the npm packages."""
    install()
