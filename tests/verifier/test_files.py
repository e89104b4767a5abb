"""What is written about people is for its owner alone, whatever the system lets others read by itself."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from verifier.keys.secret_files import make_secret_folder, write_secret
from verifier.written_files import assure_writable, write_files, writing


@pytest.fixture(autouse=True)
def usual_umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_folders(top: Path) -> list[str]:
    """Name the folders below that others may enter."""
    return [path.name for path in top.rglob("*") if path.is_dir() and stat.S_IMODE(path.stat().st_mode) & 0o077]


def test_every_folder_that_is_made_for_secrets_is_closed(tmp_path: Path) -> None:
    make_secret_folder(tmp_path / "a" / "b" / "c")
    write_secret(tmp_path / "keys" / "service" / "field-1.key", b"x")
    assert open_folders(tmp_path) == []


def test_every_folder_that_is_made_for_certificates_is_closed(tmp_path: Path) -> None:
    write_files(tmp_path / "certificates" / "REGISTRY-1" / "title", [("0.ecert.json", b"{}")])
    assure_writable(tmp_path / "more" / "REGISTRY-1" / "title")
    with writing(tmp_path / "results" / "table.csv") as file:
        file.write("line,number\n")
    assert open_folders(tmp_path) == []


def test_a_folder_that_is_there_stays_as_somebody_made_it(tmp_path: Path) -> None:
    shared = tmp_path / "certificates"
    shared.mkdir(mode=0o750)
    write_files(shared / "title", [("0.ecert.json", b"{}")])
    assert stat.S_IMODE(shared.stat().st_mode) == 0o750
    assert open_folders(tmp_path) == ["certificates"]
