"""One node's process: how it is started, whether it is ours, how it is ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path

from .founding import GAS_LIMIT, NODES
from .ports import LOOPBACK
from .record import Member, Record
from .rpc import SOCKET

APIS = "eth,net,web3,clique"
LOG = "geth.log"
PID = "pid"
STOP_TIMEOUT = 30.0
LAUNCH = f'cd "$0" && echo $$ >{PID} && exec "$@"'
"""The node's number of process is written by itself, before it is the client: whoever dies meanwhile, it is known."""


def start(client: Path, network: Path, record: Record, member: Member, dial: Iterable[Member]) -> None:
    """Start a node that dials the nodes in `dial` and lets all its neighbours in. It outlives us."""
    folder = member.folder(network)
    config = folder / "config.toml"
    config.write_text(peers(member, dial, record.neighbours(member.number)), encoding="utf-8")
    command: list[str | Path] = ["/bin/sh", "-c", LAUNCH, folder, client, *arguments(folder, config, record, member)]
    appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    os.posix_spawn(
        "/bin/sh",
        tuple(command),
        os.environ,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, folder / LOG, appending, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )


def peers(member: Member, dial: Iterable[Member], admit: Iterable[Member]) -> str:
    """Write the part of the settings that no option carries: addresses of peers, listening on loopback alone.

    The socket's path is relative to the node's folder, for a whole path may be longer than a socket's may.
    """
    dialled, admitted = (", ".join(f'"{other.enode}"' for other in others) for others in (dial, admit))
    return f"""[Node]
IPCPath = "./{SOCKET}"

[Node.P2P]
ListenAddr = "{LOOPBACK}:{member.peer_port}"
DialRatio = 1
StaticNodes = [{dialled}]
TrustedNodes = [{admitted}]
"""


def arguments(folder: Path, config: Path, record: Record, member: Member) -> list[str | Path]:
    """Give the client's options: small caches, no discovery, nothing but loopback."""
    return [
        *("--config", config, "--datadir", folder, "--nodekey", folder / "nodekey"),
        *("--networkid", str(record.chain_id), "--syncmode", "full", "--snapshot=false", "--cache", "32"),
        *("--gcmode", "archive" if record.archive else "full"),
        *("--nodiscover", "--bootnodes", "", "--nat", "none", "--netrestrict", "127.0.0.0/8"),
        # With fewer peers than it may have, a node waits up to ten seconds before it fetches a better chain.
        *("--maxpeers", str(NODES - 1)),
        *("--http", "--http.addr", LOOPBACK, "--http.port", str(member.port), "--http.api", APIS),
        # The client cannot leave its engine port closed: any free one, behind a secret of the node's own.
        *("--authrpc.addr", LOOPBACK, "--authrpc.port", "0"),
        *("--mine", "--miner.etherbase", member.address, "--miner.gaslimit", str(GAS_LIMIT)),
        *("--unlock", member.address, "--password", folder / "password", "--allow-insecure-unlock"),
        *("--verbosity", "3"),
    ]


def pid(network: Path, member: Member) -> int | None:
    """Give the number of a node's process; None if there is none, or it is somebody else's by now.

    It is ours if it is a client that works in the node's own folder.
    """
    folder = member.folder(network)
    try:
        number = int((folder / PID).read_text(encoding="ascii"))
        command = Path(f"/proc/{number}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return number if b"--datadir" in command and os.fsencode(folder) in command else None


def end(network: Path, members: Sequence[Member], how: signal.Signals = signal.SIGTERM) -> None:
    """Send a signal to those nodes that run, and wait until they are gone; after half a minute they are killed."""
    with contextlib.ExitStack() as held:
        handles = [handle for handle in (hold(network, member, held) for member in members) if handle is not None]
        for _, handle in handles:
            signal.pidfd_send_signal(handle, how)
        for number, handle in handles:
            if not gone(handle):
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                gone(handle)
            with contextlib.suppress(ChildProcessError):  # it is somebody else's child
                os.waitpid(number, 0)


def hold(network: Path, member: Member, held: contextlib.ExitStack) -> tuple[int, int] | None:
    """Take hold of a node's process, so that a number that was given anew is never hit; None if it does not run."""
    number = pid(network, member)
    if number is None:
        return None
    try:
        handle = os.pidfd_open(number)
    except ProcessLookupError:
        return None
    held.callback(os.close, handle)
    return (number, handle) if pid(network, member) == number else None


def gone(handle: int) -> bool:
    """Wait until a process has ended; False if it has not in good time."""
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    return bool(poll.poll(STOP_TIMEOUT * 1000))
