"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ecert.explaining import Language

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Data directory. Default: ECERT_DATA, else the folder `data` here.",
        show_default=False,
    ),
]
LanguageOption = Annotated[Language, typer.Option("--lang", help="Language of the sentences.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON on stdout and nothing else.")]
SupervisedOption = Annotated[
    bool, typer.Option("--supervised", hidden=True, help="End when standard input ends; given by `ecert serve`.")
]
FdOption = Annotated[int | None, typer.Option("--fd", hidden=True, help="A socket that listens already.")]
