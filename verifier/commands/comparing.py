"""How `ecert fsck` and `ecert rebuild` say what they found different."""

from __future__ import annotations

import typer

from verifier.agreement.findings import Findings

MOST_LINES = 200
"""Differences that are printed; `--json` gives all."""


def findings_to_json(findings: Findings) -> dict[str, object]:
    """Give what was compared and found as JSON."""
    return {
        "checked": dict(findings.checked),
        "differences": [one.to_json() for one in findings.differences],
    }


def print_findings(findings: Findings) -> None:
    """Print what was compared and found."""
    for one in findings.differences[:MOST_LINES]:
        typer.echo(str(one))
    if len(findings.differences) > MOST_LINES:
        typer.echo(f"... and {len(findings.differences) - MOST_LINES} more; --json lists all")
    compared = ", ".join(f"{count} {what}" for what, count in findings.checked.items())
    count = len(findings.differences)
    typer.echo(f"{count or 'no'} {'difference' if count == 1 else 'differences'}; compared: {compared}")
