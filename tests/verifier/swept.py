"""Takes certificates over to a new key in a process of its own that is killed at a chosen write transaction.

python -m tests.verifier.swept FOLDER URL field|index|reindex NUMBER before|after
"""

from __future__ import annotations

import sys
from pathlib import Path

from store.key_uses import Use
from tests.verifier.killed import KilledDatabase
from verifier.services import sweeping

PIECE = 2


def main(folder: str, url: str, what: str, number: str, when: str) -> None:
    sweeping.PIECE = PIECE
    KilledDatabase.left, KilledDatabase.when = int(number), when
    work = sweeping.Sweeping(KilledDatabase.open(url), Path(folder) / "keys", pause=lambda: None)
    if what == "reindex":
        work.reindex()
    else:
        work.rotate(Use(what))


if __name__ == "__main__":
    main(*sys.argv[1:])
