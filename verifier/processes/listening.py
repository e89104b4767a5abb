"""The socket that the service answers at: taken once by whoever starts it, so that a restart of `api` loses nobody."""

from __future__ import annotations

import errno
import socket
import time

from verifier.errors import Refused

PATIENCE = 5.0
"""Seconds to wait for a port that the processes of a killed service are just giving up."""
_PAUSE = 0.2
_BACKLOG = 2048
_UNSENT = 128 * 1024
"""Bytes that the system takes of an answer before it can send them. By itself it takes megabytes, and more only once a
third of those has gone: who takes 100 kbit/s would seem to take nothing for minutes (`verifier.processes.connection`).
"""


def listen(host: str, port: int, *, setting: str = "") -> socket.socket:
    """Take a port; 0 is a free one. `setting`: what stands before `host` and `port` in the settings' names.

    Raises:
        Refused: somebody else has the port, or the address is not ours.
    """
    variable = f"ECERT_{setting.upper()}"
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return _bound(host, port)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Refused(
                    f"cannot listen on {host}, port {port}: {error.strerror}; set {variable}HOST and {variable}PORT"
                ) from error
            if time.monotonic() > deadline:
                raise Refused(
                    f"port {port} of {host} is in use by another program: stop that one, or set another port"
                    f" ({variable}PORT, or {setting}port in ecert.toml; 0 takes a free one)"
                ) from error
        time.sleep(_PAUSE)


def address_of(taken: socket.socket) -> str:
    """Give the URL of a socket that listens."""
    host, port = taken.getsockname()[:2]
    if host in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT)
        taken.bind(address)
        taken.listen(_BACKLOG)
    except OSError:
        taken.close()
        raise
    return taken
