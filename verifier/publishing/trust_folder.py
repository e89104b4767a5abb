"""The folder `trust` of a data directory: the trust file and facts file that are published, and the next ones.

    trust.json, facts.bin            what everybody may fetch
    next/trust.json, next/facts.bin  made by `ecert trust export`, until enough roots have signed

Trust: none of the files is secret. Who can change the published ones can keep verifiers from what is new, and make them
believe nothing: they look for the signatures of the roots that they pinned.
"""

from __future__ import annotations

from pathlib import Path

from ecert.errors import MalformedError
from ecert.trust_file import MAX_SIZE, TrustFile
from verifier.errors import Refused

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

    def begin(self) -> None:
        """Make room for the next files."""
        self._next.mkdir(parents=True, exist_ok=True)
        self.next_trust.unlink(missing_ok=True)


def read_trust_file(path: Path) -> TrustFile:
    """Read a trust file; `Refused` where it is none, OSError where it cannot be read."""
    try:
        if path.stat().st_size > MAX_SIZE:
            raise Refused(f"{path} is larger than any trust file")
        return TrustFile.read(path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise Refused(f"{path} is no trust file: it is not UTF-8") from error
    except MalformedError as error:
        raise Refused(f"{path} is no trust file: {error}") from error


def write_trust_file(path: Path, file: TrustFile) -> None:
    """Write a trust file, whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(file.to_text(), "utf-8")
    partial.replace(path)
