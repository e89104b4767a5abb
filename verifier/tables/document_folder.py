"""The folder in which an agency lays the original (PDF, OFD, image) of each row of a table.

A row names its file in the column `document`; without that column the file is named after the certificate's number.
Only files inside the folder are ever opened.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecert.documents import Document, hash_document
from ecert.fields import Words
from verifier.faults import IssuingStopped
from verifier.system_words import why
from verifier.tables.columns import DOCUMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMissing(Exception):
    """There is no one file for a row: why, as a word and as sentences."""

    reason: str
    en: str
    zh: str


@dataclass(slots=True)
class DocumentFolder:
    """A folder of documents; `None` as a path stands for no folder at all, so that no row may name one."""

    path: Path | None
    _by_number: dict[str, list[Path]] | None = field(default=None, init=False)

    def find(self, cells: Mapping[str, str], number: str | None) -> Path | None:
        """Find the file of a row; None where the row has none.

        Raises:
            DocumentMissing: the row must have a file and there is none, or not just one.
        """
        named = cells.get(DOCUMENT.name)
        if self.path is None:
            if named:
                raise DocumentMissing(
                    reason="documents_not_given",
                    en="names a document, but no folder was given (--documents)",
                    zh="指定了文件，但未给出文件夹（--documents）",
                )
            return None
        if named is None:
            return self._numbered(number)
        return self._inside(self.path, named) if named else None

    def hash(self, path: Path) -> Document:
        """Hash a file as a stream; raises `IssuingStopped` where it has gone or cannot be read."""
        try:
            with path.open("rb") as file:
                return hash_document(file)
        except OSError as error:
            words = why(error)
            en, zh = f"the document {path} cannot be read: {words.en}", f"无法读取文件 {path}：{words.zh}"
            raise IssuingStopped(Words(en=en, zh=zh)) from error

    def _inside(self, folder: Path, name: str) -> Path:
        try:
            path = (folder / name).resolve()
            if path.is_relative_to(folder.resolve()) and path.is_file():
                return path
        except (OSError, ValueError):
            pass
        raise DocumentMissing(
            reason="document_missing",
            en=f"there is no file {name!r} among the documents",
            zh=f"文件夹中没有“{name}”",
        )

    def _numbered(self, number: str | None) -> Path:
        if self._by_number is None:
            self._by_number = self._index()
        found = self._by_number.get(_fold(number or ""), [])
        if len(found) == 1:
            return found[0]
        if found:
            raise DocumentMissing(
                reason="document_ambiguous",
                en="several documents carry this number: " + ", ".join(path.name for path in found[:3]),
                zh="有多个文件使用该编号：" + "、".join(path.name for path in found[:3]),
            )
        raise DocumentMissing(
            reason="document_missing",
            en=f"no file in {self.path} is named after the number of this row, and no column document names one",
            zh=f"文件夹 {self.path} 中没有以本行编号命名的文件，也没有“{DOCUMENT.zh}”列指定文件",
        )

    def _index(self) -> dict[str, list[Path]]:
        if self.path is None or not self.path.is_dir():
            raise IssuingStopped(Words(en=f"{self.path} is no folder of documents", zh=f"{self.path} 不是文件夹"))
        index: dict[str, list[Path]] = {}
        for path in sorted(self.path.iterdir()):
            if path.is_file() and not path.name.startswith("."):
                index.setdefault(_fold(path.stem), []).append(path)
        return index


def _fold(number: str) -> str:
    """Fold a number as file names carry it: no spaces, hyphens, or slashes, which no file name can hold."""
    text = unicodedata.normalize("NFKC", number).upper()
    return "".join(character for character in text if character not in " -_/\\")
