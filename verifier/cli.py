"""The command `ecert`. A command's module is loaded only when asked for, so that none pays for another's needs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from inspect import getdoc
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "serve": "verifier.commands.serve",
        "api": "verifier.commands.api",
        "office": "verifier.commands.office_service",
        "sender": "verifier.commands.sender",
        "indexer": "verifier.commands.indexer",
        "migrate": "verifier.commands.migrate",
        "keys": "verifier.commands.keys",
        "receipt": "verifier.commands.receipt",
        "audit": "verifier.commands.audit",
        "deploy": "verifier.commands.deploy",
        "agency": "verifier.commands.agency",
        "organisation": "verifier.commands.organisation",
        "client": "verifier.commands.client",
        "account": "verifier.commands.account",
        "fsck": "verifier.commands.fsck",
        "rebuild": "verifier.commands.rebuild",
        "reindex": "verifier.commands.reindex",
        "code": "verifier.commands.code",
        "issue": "verifier.commands.issue",
        "reissue": "verifier.commands.reissue",
        "status": "verifier.commands.status",
        "matter": "verifier.commands.matter",
        "verify": "verifier.commands.verify",
        "present": "verifier.commands.present",
        "trust": "verifier.commands.trust",
        "evidence": "verifier.commands.evidence",
    }
)
"""Each command and its module, which has `register(app)`."""

UNREAD = 2
"""Exit code where whoever read what it says has gone."""
INTERRUPTED = 130
"""Exit code of Ctrl+C before anything was begun."""


class _Ecert(TyperGroup):
    """The command itself, which ends with 2 where nobody reads what it says: nothing was found to be INVALID."""

    def invoke(self, ctx: Any) -> object:  # noqa: ANN401 - the library keeps its type to itself
        """Run the command."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            for stream in (sys.stdout, sys.stderr):
                os.dup2(nowhere, stream.fileno())
            raise typer.Exit(UNREAD) from None


def build(arguments: Sequence[str]) -> typer.Typer:
    """Make the application with the command that `arguments` begin with, or with all where they begin otherwise."""
    app = typer.Typer(
        name="ecert",
        cls=_Ecert,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def ecert() -> None:
        """Certificates on a ledger: issue them, verify them, serve those who ask."""

    asked = arguments[0] if arguments else ""
    for name in [asked] if asked in COMMANDS else COMMANDS:
        import_module(COMMANDS[name]).register(app)
    _let_help_flow(app)
    return app


def _let_help_flow(app: typer.Typer) -> None:
    """Break the paragraphs of help where the terminal ends, and not where the source did."""
    for command in app.registered_commands:
        paragraphs = (getdoc(command.callback) or "").split("\n\n")
        command.help = "\n\n".join(each.replace("\n", " ") for each in paragraphs)
    for group in app.registered_groups:
        if group.typer_instance is not None:
            _let_help_flow(group.typer_instance)


def main() -> None:
    """Run `ecert` with the arguments of this process."""
    try:
        app = build(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    app(prog_name="ecert")
