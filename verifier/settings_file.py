"""The data directory and its `ecert.toml`: where settings stand that are not in the environment."""

from __future__ import annotations

import difflib
import os
import stat
import tomllib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from verifier.errors import SettingsRefused

DATA_VARIABLE = "ECERT_DATA"
USUAL_FOLDER = "data"
FILE_NAME = "ecert.toml"
_OTHERS = 0o002


def data_folder(given: Path | None, environment: Mapping[str, str]) -> Path:
    """Find the data directory: the given one, else that of ECERT_DATA, else `./data` where that is a folder.

    Raises:
        SettingsRefused: nobody names one, or it is not there.
    """
    if given is None and (named := environment.get(DATA_VARIABLE)):
        given = Path(named)
    if given is None and Path(USUAL_FOLDER).is_dir():
        given = Path(USUAL_FOLDER)
    if given is None:
        raise SettingsRefused("which data directory? Give --data DIR or set ECERT_DATA")
    if not given.is_dir():
        raise SettingsRefused(f"the data directory {given} is not there: make it, or name another with --data DIR")
    return given.resolve()


def file_values(folder: Path, known: Collection[str]) -> dict[str, Any]:
    """Read the file of a data directory; empty where there is none.

    Raises:
        SettingsRefused: it cannot be read, others can change it, or it has a name that is not known.
    """
    path = folder / FILE_NAME
    try:
        with path.open("rb") as file:
            if os.name == "posix" and stat.S_IMODE(os.fstat(file.fileno()).st_mode) & _OTHERS:
                raise SettingsRefused(f"{path} can be changed by others than its owner: chmod o-w {path}")
            values = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsRefused(f"{path} is not TOML: {error}") from error
    except OSError as error:
        raise SettingsRefused(f"{path} cannot be read: {error.strerror}") from error
    refuse_unknown(values, known=known, where=str(path))
    return values


def refuse_unknown(names: Iterable[str], *, known: Collection[str], where: str) -> None:
    """Refuse names of no setting, with the one that may be meant."""
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            mend = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise SettingsRefused(f"{where} sets {name}, which is no setting: {mend}")
