"""A process that is killed at a point of its own choosing, without the cost of a process.

A point is passed before and after each commit and each transaction that is handed to the node. Killed before a commit
means that it is rolled back, which is what a database does when its client is gone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from chain.node import Node
from store.database import Connection, Database


class Killed(BaseException):
    """The process is gone: nobody in it can catch this and go on."""


class Life:
    """Ends when its `lasts`-th point is passed."""

    def __init__(self, lasts: int) -> None:
        self.left = lasts

    def point(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Killed

    @property
    def over(self) -> bool:
        return self.left <= 0


class DyingDatabase(Database):
    """A database whose user may be gone before or after a commit."""

    @classmethod
    def of(cls, database: Database, life: Life) -> Self:
        dying = cls(database._engine)
        dying.life = life
        return dying

    life: Life

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        with super().begin() as connection:
            yield connection
            self.life.point()
        self.life.point()


class DyingNode(Node):
    """A node whose user may be gone before or after it took a transaction."""

    def __init__(self, url: str, life: Life) -> None:
        super().__init__(url)
        self.life = life

    async def send(self, raw: bytes) -> bytes:
        self.life.point()
        sent = await super().send(raw)
        self.life.point()
        return sent
