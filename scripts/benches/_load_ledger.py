"""A process of its own that loads a ledger from a database, as the service does at its start, and says what it took.

Its argument is the database's URL; the answer is a line of JSON.
"""

from __future__ import annotations

import json
import resource
import sys
import time

from store.database import Database
from verifier.ledger_view import LedgerView

if __name__ == "__main__":
    start = time.perf_counter()
    with Database.open(sys.argv[1]) as database:
        view = LedgerView(database)
        view.refresh()
    spent = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": spent, "mebibytes": peak, "block": view.copy.as_of.block}))
