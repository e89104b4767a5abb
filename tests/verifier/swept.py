"""Takes certificates over to a new key in a process of its own that is killed at a chosen write transaction."""

from __future__ import annotations

from pathlib import Path

from store.key_uses import Use
from tests.verifier.killed import KilledDatabase
from verifier.services import sweeping

PIECE = 2


def main(folder: Path, url: str, what: str, number: int, when: str) -> None:
    """Do `what`: `field`, `index` or `reindex`; `number` counts write transactions."""
    sweeping.PIECE = PIECE
    KilledDatabase.left, KilledDatabase.when = number, when
    work = sweeping.Sweeping(KilledDatabase.open(url), folder / "keys", pause=lambda: None)
    if what == "reindex":
        work.reindex()
    else:
        work.rotate(Use(what))
