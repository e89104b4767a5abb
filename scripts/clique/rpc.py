"""Asks a node: over HTTP as everybody may, and over the socket in its folder as only its owner may."""

from __future__ import annotations

import http.client
import json
import os
import socket
from pathlib import Path
from typing import Any

from .faults import NodeRefused, NodeSilent

TIMEOUT = 10.0
SOCKET = "admin.ipc"


def ask(host: str, port: int, method: str, *parameters: object, timeout: float = TIMEOUT) -> Any:  # noqa: ANN401 # JSON
    """Ask over HTTP on `host`:`port` and give the result.

    Raises:
        NodeSilent: nobody listens, or no whole answer came within `timeout` seconds.
        NodeRefused: the answer is an error.
    """
    connection = http.client.HTTPConnection(host, port, timeout=timeout)
    try:
        connection.request("POST", "/", question(method, parameters), {"content-type": "application/json"})
        answer = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NodeSilent(f"the node on port {port} did not answer {method}: {error!r}") from error
    finally:
        connection.close()
    return result(method, answer)


def ask_owner(folder: Path, method: str, *parameters: object, timeout: float = TIMEOUT) -> Any:  # noqa: ANN401 # JSON
    """Ask over the socket in a node's `folder`, where every method is open, and give the result.

    A socket's path may have some 100 letters only, so it is reached through the opened folder, however deep that is.

    Raises:
        NodeSilent: nobody listens, or no whole answer came within `timeout` seconds.
        NodeRefused: the answer is an error.
    """
    try:
        opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(timeout)
                connection.connect(f"/proc/self/fd/{opened}/{SOCKET}")
                connection.sendall(question(method, parameters))
                answer = json.loads(connection.makefile("rb").readline())
        finally:
            os.close(opened)
    except (OSError, ValueError) as error:
        raise NodeSilent(f"the node in {folder} did not answer {method}: {error!r}") from error
    return result(method, answer)


def question(method: str, parameters: tuple[object, ...]) -> bytes:
    """Write a JSON-RPC request, one line."""
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode() + b"\n"


def result(method: str, answer: dict[str, Any]) -> Any:  # noqa: ANN401 # JSON
    """Take the result out of a JSON-RPC answer."""
    if "error" in answer:
        raise NodeRefused(method, answer["error"]["code"], answer["error"]["message"])
    return answer["result"]
