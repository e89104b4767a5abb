"""The folder `trust` of a data directory: the trust file and facts file that are published, and the next ones.

    trust.json, facts.bin            what everybody may fetch
    next/trust.json, next/facts.bin  made by `ecert trust export`, until enough roots have signed
    lock                             held by whoever makes or publishes the next ones

Trust: none of the files is secret. Who can change the published ones can keep verifiers from what is new, and make them
believe nothing: they look for the signatures of the roots that they pinned.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecert.errors import MalformedError
from ecert.fields import Words
from ecert.trust_file import MAX_SIZE, TrustFile
from verifier.errors import Refused
from verifier.plain_text import plain
from verifier.written_files import writing

TRUST, FACTS = "trust.json", "facts.bin"


class TrustFolder:
    """The folder at `path`; every method reads the files when asked and keeps nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def facts(self) -> Path:
        """The facts file that is published."""
        return self._path / FACTS

    @property
    def trust(self) -> Path:
        """The trust file that is published."""
        return self._path / TRUST

    @property
    def next_trust(self) -> Path:
        """The trust file that is being signed."""
        return self._next / TRUST

    @property
    def next_facts(self) -> Path:
        """The facts file that goes with it."""
        return self._next / FACTS

    @property
    def _next(self) -> Path:
        return self._path / "next"

    def published(self) -> TrustFile | None:
        """Read the trust file that is published, if any; `Refused` where it is none."""
        return read_trust_file(self.trust) if self.trust.exists() else None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make room for the next files and keep all others from making or publishing any; `Refused` where one does."""
        self._next.mkdir(parents=True, exist_ok=True)
        with (self._path / "lock").open("a+", encoding="ascii") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                said = f"another `ecert trust export` or `publish` is running on {self._path}: wait for its end"
                raise Refused(said) from error
            yield


def read_trust_file(path: Path) -> TrustFile:
    """Read a trust file; `Refused` where it is none, OSError where it cannot be read."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_SIZE + 1)
        if len(content) > MAX_SIZE:
            raise _no_trust_file(path, "it is larger than any")
        return TrustFile.read(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise _no_trust_file(path, "it is not UTF-8") from error
    except MalformedError as error:
        raise _no_trust_file(path, plain(str(error))) from error


def _no_trust_file(path: Path, why: str) -> Refused:
    return Refused(Words(en=f"{path} is no trust file: {why}", zh=f"{path} 不是信任文件（英文说明：{why}）"))


def write_trust_file(path: Path, file: TrustFile) -> None:
    """Write a trust file, whole or not at all."""
    with writing(path) as out:
        out.write(file.to_text())
