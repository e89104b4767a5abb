"""What can go wrong with a network.

NetworkError
├── ClientMissing   there is no geth and none can be built
├── NodeSilent      a node does not answer
└── NodeRefused     a node answers with an error
"""

from __future__ import annotations


class NetworkError(Exception):
    """The network could not do what was asked; the text says why and where to look."""


class ClientMissing(NetworkError):
    """No go-ethereum client is at hand and none can be built here; the text names what is missing."""


class NodeSilent(NetworkError):
    """A node is not there, or did not answer in time."""


class NodeRefused(NetworkError):
    """A node answered with an error.

    Attributes:
        code: JSON-RPC's number for it.
        message: the node's own words.
    """

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.code = code
        self.message = message
