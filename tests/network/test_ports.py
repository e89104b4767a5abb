"""Ports that stay with their network."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from clique import ports
from clique.faults import NetworkError
from clique.ports import reserve


@pytest.fixture(autouse=True)
def few_ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(ports, "FIRST", 21000)
    monkeypatch.setattr(ports, "LAST", 21021)


def test_networks_get_different_ports_until_none_are_left(tmp_path: Path) -> None:
    one, other = reserve(tmp_path / "one", 10), reserve(tmp_path / "other", 10)

    assert not set(one) & set(other)
    with pytest.raises(NetworkError, match="no 10 ports in a row are free"):
        reserve(tmp_path / "third", 10)


def test_a_wiped_network_gives_its_ports_back(tmp_path: Path) -> None:
    reserve(tmp_path / "one", 10)
    given = reserve(tmp_path / "other", 10)
    (tmp_path / "other").unlink()

    assert reserve(tmp_path / "third", 10) == given


def test_a_port_that_somebody_listens_on_is_passed_over(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 21003))
        other.listen()
        assert 21003 not in reserve(tmp_path / "one", 10)
