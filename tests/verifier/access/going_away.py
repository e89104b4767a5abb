"""A database that goes away while the service runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from store.errors import DatabaseAway
from tests.verifier.access.town import Town


def away(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every transaction fail from now on."""

    @contextmanager
    def gone() -> Iterator[None]:
        raise DatabaseAway("gone")
        yield

    monkeypatch.setattr(town.database, "read", gone)
    monkeypatch.setattr(town.database, "begin", gone)
