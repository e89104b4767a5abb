"""The command line as its users see it, with networks that live side by side."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from clique import node
from clique.chain import wait
from clique.faults import NetworkError
from clique.network import Network

pytestmark = pytest.mark.xdist_group("network")

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
COMMAND = [sys.executable, "-m", "clique"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(SCRIPTS)}


def run(*arguments: str | Path, code: int = 0) -> str:
    done = subprocess.run([*COMMAND, *arguments], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    return done.stdout if code == 0 else done.stderr


def begin(folder: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, "up", "--until-stdin-closes", "--data", folder, *options],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def urls(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().strip() for _ in range(5)]


def gone(folder: Path, pids: Sequence[int]) -> bool:
    assert len(pids) == 5
    return not any(os.fsencode(folder) in commands(pid) for pid in pids)


def commands(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def pids(folder: Path) -> list[int]:
    network = Network(folder)
    return [pid for member in network.record.members if (pid := node.pid(network.folder, member))]


def test_two_networks_live_side_by_side_and_end_apart(client: Path, tmp_path: Path) -> None:
    assert client.exists()
    one, other = tmp_path / "one", tmp_path / ("deep" * 20) / ("deeper" * 10) / "other"  # too deep for a socket's path
    with begin(one, "--chain-id", "4242") as first, begin(other, "--fees", "legacy") as second:
        assert not set(urls(first)) & set(urls(second))
        mine, theirs = pids(one), pids(other)
        told = json.loads(run("status", "--json", "--data", one))
        assert [seen["pid"] for seen in told["nodes"]] == mine
        assert told["chain_id"] == json.loads((one / "network.json").read_text())["chain_id"] == 4242
        legacy = Network(other).ask(1, "eth_getBlockByNumber", "latest", False)
        assert "baseFeePerGas" not in legacy

        refused = run("up", "--data", one, "--fund", "0x" + "00" * 20, code=2)
        assert refused.startswith("network: there is a network")

        run("wipe", "--data", one)
        assert gone(one, mine)
        assert [path.name for path in one.iterdir()] == [".clique-network"]
        assert pids(other) == theirs

        second.send_signal(signal.SIGKILL)  # whoever started it need not live to end it
        wait("the other one's end", lambda: gone(other, theirs) or None, 60)


def test_a_folder_with_something_else_is_left_alone(client: Path, tmp_path: Path) -> None:
    assert client.exists()
    (tmp_path / "thesis.txt").write_text("mine")

    assert str(tmp_path) in run("wipe", "--data", tmp_path, code=2)
    with pytest.raises(NetworkError, match="holds something else already"):
        Network(tmp_path).up()

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
