"""Surveying a text file that somebody's spreadsheet wrote, before a line of it is read.

A survey reads the file through in pieces and settles its encoding (UTF-8 with or without a mark, or GB18030), its hash,
and what ends its lines: a line feed or, where there is none at all, the carriage return of old programs. It stops at
the first thing that no table contains, so that a gigabyte of anything is refused soon. No more than a piece is held in
memory.
"""

from __future__ import annotations

import codecs
import hashlib
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from verifier.faults import RowFault, RowsRefused
from verifier.system_words import why

PIECE = 1 << 20
RETURN = b"\r"
LONGEST_LINE = 1 << 19
"""Bytes. A certificate has at most 256 KiB, so no honest row is longer."""

OTHER_KINDS = (
    (b"PK\x03\x04", "an Excel workbook or another packed file", "Excel 工作簿或其他压缩文件"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook or another Office file", "Excel 工作簿或其他 Office 文件"),
    (b"%PDF-", "a PDF", "PDF 文件"),
)
"""How files begin that people take for tables, and what they are."""
UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """What a file is: its name for messages, `sha256`, `size` in bytes, `encoding`, where its text begins.

    `end`: what ends a line.
    """

    name: str
    sha256: bytes
    size: int
    encoding: str
    start: int
    end: bytes = b"\n"


def open_plain(path: Path) -> BinaryIO:
    """Open a regular file for reading; refuse what is missing, unreadable, a folder, a pipe or a device."""
    try:
        plain = stat.S_ISREG(path.stat().st_mode)
        file = path.open("rb") if plain else None
    except OSError as error:
        words = why(error)
        raise refused(path.name, None, "unreadable", f"cannot be read: {words.en}", f"无法读取：{words.zh}") from error
    if file is None:
        raise refused(path.name, None, "not_a_file", "is not a plain file", "不是普通文件")
    return file


def survey(file: BinaryIO, name: str) -> Survey:
    """Read the file through once.

    Raises:
        RowsRefused: it is empty, holds a NUL byte or an endless line, or is neither UTF-8 nor GB18030.
    """
    file.seek(0)
    head = file.read(len(b"%PDF-"))
    if not head:
        raise refused(name, None, "empty_file", "the file is empty", "文件为空")
    for begin, en, zh in OTHER_KINDS:
        if head.startswith(begin):
            how, how_zh = (
                "save the table as CSV (UTF-8) with the program that made it",
                "请在原程序中另存为 CSV（UTF-8）",
            )
            raise refused(name, None, "not_csv", f"this is {en}: {how}", f"这是{zh}：{how_zh}")
    if head.startswith(UTF_16_MARKS):
        raise refused(
            name, 1, "wrong_encoding", "this is UTF-16; save it as UTF-8", "文件为 UTF-16 编码，请另存为 UTF-8"
        )
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    end = _line_end(file)
    digest, size, broken = _scan(file, name, end)
    encoding = "utf-8"
    if broken is not None:
        if start or _is_damaged_utf8(file, broken):
            raise _wrong_encoding(file, name, broken, size, end)
        _check_gb18030(file, name, size, end)
        encoding = "gb18030"
    return Survey(name=name, sha256=digest, size=size, encoding=encoding, start=start, end=end)


def _line_end(file: BinaryIO) -> bytes:
    """Look for a line feed where the first lines must end; without any, a carriage return does it, if there is one."""
    file.seek(0)
    piece = file.read(LONGEST_LINE)
    return RETURN if b"\n" not in piece and RETURN in piece else b"\n"


def _scan(file: BinaryIO, name: str, end: bytes) -> tuple[bytes, int, int | None]:
    """Give the hash, the size, and the offset of the first byte that is not UTF-8."""
    file.seek(0)
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    size = line = 0
    broken: int | None = None
    while piece := file.read(PIECE):
        digest.update(piece)
        if (nul := piece.find(b"\0")) >= 0:
            place = line + piece.count(end, 0, nul) + 1
            raise refused(
                name,
                place,
                "nul_byte",
                f"there is a NUL byte at offset {size + nul}: this is no text, or UTF-16; save it as UTF-8",
                f"第 {size + nul} 字节为 NUL：不是文本文件，或为 UTF-16 编码，请另存为 UTF-8",
            )
        breaks = piece.count(end)
        if not breaks and len(piece) > LONGEST_LINE:
            raise line_too_long(name, line + 1)
        line += breaks
        if broken is None:
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(piece)
            except UnicodeDecodeError as error:
                broken = size - pending + error.start
        size += len(piece)
    if broken is None and (pending := len(decoder.getstate()[0])):
        broken = size - pending
    return digest.digest(), size, broken


def _is_damaged_utf8(file: BinaryIO, broken: int) -> bool:
    """Tell UTF-8 with a wrong byte from GB18030, which would read almost any bytes as characters nobody wrote.

    Chinese takes three bytes in UTF-8 and such triples hardly arise by chance in GB18030, so the majority decides.
    """
    file.seek(max(0, broken - PIECE // 16))
    text = file.read(PIECE).decode("utf-8", errors="replace")
    wrong = text.count("\N{REPLACEMENT CHARACTER}")
    right = sum(1 for character in text if character >= "\u0800") - wrong
    return right > wrong


def _check_gb18030(file: BinaryIO, name: str, size: int, end: bytes) -> None:
    file.seek(0)
    decoder = codecs.getincrementaldecoder("gb18030")()
    done = 0
    while piece := file.read(PIECE):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(piece)
        except UnicodeDecodeError as error:
            raise _wrong_encoding(file, name, done - pending + error.start, size, end) from error
        done += len(piece)
    if pending := len(decoder.getstate()[0]):
        raise _wrong_encoding(file, name, done - pending, size, end)


def _wrong_encoding(file: BinaryIO, name: str, offset: int, size: int, end: bytes) -> RowsRefused:
    line = _line_at(file, offset, end)
    if size - offset < len("\N{CJK UNIFIED IDEOGRAPH-4E00}".encode()) + 1 and not _has_break(file, offset, end):
        return refused(
            name,
            line,
            "truncated",
            f"the file ends in the middle of a character (byte {offset}): it was cut off",
            f"文件在字符中间结束（第 {offset} 字节），可能被截断",
        )
    return refused(
        name,
        line,
        "wrong_encoding",
        f"byte {offset} is neither UTF-8 nor GB18030; save the file as UTF-8",
        f"第 {offset} 字节既非 UTF-8 也非 GB18030，请另存为 UTF-8",
    )


def _has_break(file: BinaryIO, offset: int, end: bytes) -> bool:
    file.seek(offset)
    return end in file.read(4)


def _line_at(file: BinaryIO, offset: int, end: bytes) -> int:
    file.seek(0)
    line, left = 1, offset
    while left and (piece := file.read(min(PIECE, left))):
        line += piece.count(end)
        left -= len(piece)
    return line


def line_too_long(name: str, line: int) -> RowsRefused:
    """Make the refusal of a line that no table has."""
    return refused(
        name,
        line,
        "line_too_long",
        f"the line is longer than {LONGEST_LINE} bytes: this is no table of certificates",
        f"该行超过 {LONGEST_LINE} 字节，不是证照数据表",
    )


def refused(name: str, line: int | None, reason: str, en: str, zh: str) -> RowsRefused:
    """Make the refusal of a file; `line`: where."""
    return RowsRefused([RowFault(file=name, line=line, field=None, reason=reason, en=en, zh=zh)])
