"""Loading libraries without the recursion limit that one of them sets.

py_ecc comes with web3 and eth-account, for a kind of key file that we have no use for, and raises Python's limit to
100,000 when it is loaded. From then on JSON that is nested deeply enough does not end in a RecursionError but overflows
the stack: whoever may send some, a node or a caller, could kill the process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def limit_kept() -> Iterator[None]:
    """Leave the limit as it was before."""
    limit = sys.getrecursionlimit()
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
