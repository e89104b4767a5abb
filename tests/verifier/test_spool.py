"""Records on the disk, in a file that nobody else sees."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

import pytest

from verifier.faults import IssuingStopped
from verifier.tables.spool import Spool

RECORDS = [b"", b"one", b"\n" * 100_000, b"last"]


def full_disk(dir: Path | None) -> BinaryIO:  # noqa: A002 # as the library has it
    """Make a file on a disk that takes nothing."""
    del dir
    return Path("/dev/full").open("r+b")


def fill(spool: Spool, *records: bytes) -> None:
    for record in records:
        spool.add(record)
    spool.flush()


def filled(folder: Path | None) -> Spool:
    spool = Spool(folder)
    fill(spool, *RECORDS)
    return spool


@pytest.mark.parametrize("given", [True, False])
def test_records_are_read_in_their_order_as_often_as_asked(tmp_path: Path, given: bool) -> None:  # noqa: FBT001
    with closing(filled(tmp_path if given else None)) as spool:
        assert list(spool.read()) == RECORDS
        beside = zip(spool.read(), spool.read(), strict=True)
        assert list(beside) == list(zip(RECORDS, RECORDS, strict=True))


def test_no_file_has_a_name(tmp_path: Path) -> None:
    with closing(filled(tmp_path)):
        assert list(tmp_path.iterdir()) == []


def test_without_records_nothing_is_made(tmp_path: Path) -> None:
    with closing(Spool(tmp_path / "absent")) as spool:
        spool.flush()
        assert list(spool.read()) == []


def test_what_was_cleared_is_not_read_again(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as spool:
        spool.clear()
        assert list(spool.read()) == []
        fill(spool, b"new")
        assert list(spool.read()) == [b"new"]


def test_what_was_closed_is_not_taken_for_empty(tmp_path: Path) -> None:
    spool = filled(tmp_path)
    spool.close()
    with pytest.raises(ValueError, match="closed file"):
        list(spool.read())


def test_a_folder_that_is_not_there_stops_it(tmp_path: Path) -> None:
    with (
        closing(Spool(tmp_path / "absent")) as spool,
        pytest.raises(IssuingStopped, match="nothing was stored") as caught,
    ):
        spool.add(b"one")
    assert f"{tmp_path}/absent: No such file or directory" in str(caught.value)


@pytest.mark.parametrize("size", [1, 1 << 20])
def test_a_full_disk_stops_it_before_anything_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr("verifier.tables.spool.TemporaryFile", full_disk)
    why = f"nothing was stored by this run: .* laid aside in {tmp_path}: No space left on device"
    with closing(Spool(tmp_path)) as spool, pytest.raises(IssuingStopped, match=why):
        fill(spool, bytes(size))


def test_what_was_cut_off_behind_our_back_stops_it(tmp_path: Path) -> None:
    with closing(filled(tmp_path)) as spool:
        assert spool._file is not None
        os.truncate(spool._file.fileno(), 50_000)
        with pytest.raises(IssuingStopped, match="cannot be read again: it ends early"):
            list(spool.read())
