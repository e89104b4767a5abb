"""What issuing says of certificates that it does not hand out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import typer

from ecert.verdict import Reason

MOST_WITHHELD = 20
"""Withheld certificates that get a line of their own."""

Reasons = Mapping[int, tuple[Reason, ...]]


def kept_back(withdrawn: Reasons, withheld: Reasons, *, waiting: int = 0) -> str:
    """Say why there are fewer files than certificates, where there are."""
    why = Counter(" and ".join(reasons) for reasons in [*withdrawn.values(), *withheld.values()])
    told = [f"{number} {reason}" for reason, number in sorted(why.items())]
    if waiting:
        told.append(f"{waiting} waiting for the ledger")
    return f" ({', '.join(told)}: not handed out)" if told else ""


def print_withheld(withheld: Reasons) -> None:
    """Name on stderr those that our own verifier does not find good."""
    for serial, reasons in list(withheld.items())[:MOST_WITHHELD]:
        typer.echo(f"withheld: serial {serial}: {', '.join(reasons)}", err=True)
