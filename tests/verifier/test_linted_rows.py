"""Rows are linted once, however long their table is, and given again as they were found."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from ecert import strict_json
from ecert.documents import LARGEST, hash_document
from ecert.draft import MAX_FACE, lint
from tests.ecert.making import TITLE, TITLE_ROW
from tests.verifier.test_issuing import HEADER, HEALTH, row
from verifier.faults import IssuingStopped
from verifier.tables import linted_rows
from verifier.tables.document_folder import DocumentFolder
from verifier.tables.linted_rows import BadRow, LintedRow, LintedRows, columns_of
from verifier.tables.rows import Table
from verifier.tables.spool import Spool
from verifier.tables.survey import survey

LINES = [
    row(1),
    row(2, holder_name=""),
    row(3),
    row(1),
    row(5, valid_until=""),
    "cells,too,few",
    *(row(n) for n in range(6, 20)),
]
BAD = {3: "missing", 5: "duplicate_number", 7: "wrong_number_of_cells"}
TABLE = "\n".join([HEADER, *LINES, ""])


@pytest.fixture(name="spool")
def spool_(tmp_path: Path) -> Iterator[Spool]:
    with closing(Spool(tmp_path)) as spool:
        yield spool


@pytest.fixture(name="lints")
def lints_(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The numbers of the rows that were linted, in that order."""
    seen: list[str] = []

    def counted(*arguments: Any, **options: Any) -> Any:
        seen.append(arguments[1]["certificate_number"])
        return lint(*arguments, **options)

    monkeypatch.setattr(linted_rows, "lint", counted)
    return seen


def rows_of(spool: Spool, text: str = TABLE, documents: Path | None = None) -> LintedRows:
    file = io.BytesIO(text.encode("utf-8"))
    table = Table(file, survey(file, "t.csv"), columns_of(HEALTH))
    return LintedRows(table, HEALTH, DocumentFolder(documents), spool)


@pytest.mark.parametrize("kept", [0, 1, 3, 4, 19, 20, 21])
def test_every_row_is_linted_once_and_given_again_as_it_was(
    spool: Spool, lints: list[str], monkeypatch: pytest.MonkeyPatch, kept: int
) -> None:
    expected = list(rows_of(spool).read())
    assert {each.line: each.faults[0].reason for each in expected if isinstance(each, BadRow)} == BAD
    lints.clear()
    monkeypatch.setattr(linted_rows, "KEPT", kept)
    rows = rows_of(spool)
    assert list(rows.read()) == expected
    assert len(lints) == len(LINES) - 1
    for _ in range(2):
        assert list(rows.read()) == expected
    assert len(lints) == len(LINES) - 1
    assert bool(list(spool.read())) is (kept < len(LINES))


def test_a_reading_that_was_given_up_leaves_nothing(
    spool: Spool, lints: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = list(rows_of(spool).read())
    lints.clear()
    monkeypatch.setattr(linted_rows, "KEPT", 3)
    rows = rows_of(spool)
    given_up = rows.read()
    assert [next(given_up) for _ in range(11)] == expected[:11]
    assert list(spool.read())
    lints.clear()
    assert list(rows.read()) == expected
    assert len(lints) == len(LINES) - 1
    assert list(rows.read()) == expected


@pytest.mark.parametrize("kept", [0, 10])
def test_documents_are_hashed_when_the_row_is_signed(
    spool: Spool, lints: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kept: int
) -> None:
    monkeypatch.setattr(linted_rows, "KEPT", kept)
    folder = tmp_path / "originals"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF-1.7 one")
    text = f"{HEADER},document\n{row(1)},a.pdf\n{row(2)},\n"
    rows = rows_of(spool, text, folder)
    list(rows.read())
    (folder / "a.pdf").write_bytes(b"%PDF-1.7 changed")
    first, second = (each for each in rows.read() if isinstance(each, LintedRow))
    said = rows.with_document(first).said()
    assert said["document"] == hash_document(io.BytesIO(b"%PDF-1.7 changed")).value()
    assert said == first.linted.said() | {"document": said["document"]}
    assert rows.with_document(second) == second.linted
    assert len(lints) == 2


def test_a_document_whose_name_is_no_text_is_found_again(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(linted_rows, "KEPT", 0)
    folder = tmp_path / "originals"
    folder.mkdir()
    path = folder / os.fsdecode(b"420111201700000001.\xff")
    path.write_bytes(b"PK\3\4 something")
    rows = rows_of(spool, f"{HEADER}\n{row(1)}\n", folder)
    for _ in range(2):
        (found,) = rows.read()
        assert isinstance(found, LintedRow)
        assert found.document == path


@pytest.mark.parametrize("at", [10, -1])
def test_what_somebody_changed_on_the_disk_is_not_signed(
    spool: Spool, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    monkeypatch.setattr(linted_rows, "KEPT", 0)
    rows = rows_of(spool, f"{HEADER}\n{row(1)}\n")
    list(rows.read())
    (record,) = spool.read()
    changed = bytearray(record)
    changed[at] ^= 1
    spool.clear()
    spool.add(bytes(changed))
    spool.flush()
    with pytest.raises(IssuingStopped, match="were changed by somebody"):
        list(rows.read())


def test_a_row_without_room_for_its_document_is_too_large_before_anything_is_signed(
    spool: Spool, tmp_path: Path
) -> None:
    folder = tmp_path / "originals"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF-1.7 one")
    holders = [{"name": "字" * 400, "id_number": "420102199003071232"}] * 90

    def read(remarks: int, document: str) -> LintedRow | BadRow:
        cells = {**TITLE_ROW, "holders": json.dumps(holders, ensure_ascii=False), "remarks": "b" * remarks}
        text = io.StringIO()
        table = csv.DictWriter(text, [*cells, "valid_from", "valid_until", "document"])
        table.writeheader()
        table.writerow({**cells, "valid_from": "2026-07-01", "valid_until": "", "document": document})
        file = io.BytesIO(text.getvalue().encode())
        rows = Table(file, survey(file, "t.csv"), columns_of(TITLE))
        (found,) = LintedRows(rows, TITLE, DocumentFolder(folder), spool).read()
        return found

    small = read(1, "")
    assert isinstance(small, LintedRow)
    used = sum(len(strict_json.canonical(each).encode()) for each in small.linted.values)
    room = MAX_FACE - used - len(strict_json.canonical(LARGEST.value()).encode()) + len("null")
    assert isinstance(read(1 + room, "a.pdf"), LintedRow)
    full = read(2 + room, "a.pdf")
    assert isinstance(full, BadRow)
    assert [each.reason for each in full.faults] == ["too_large"]
    assert isinstance(read(2 + room, ""), LintedRow)
