"""The log: a line for what happened, on stderr, in UTC. Nothing about a person: no field, no name, no number.

Lines are for people (`text`) or, one JSON object a line, for machines (`json`): `time`, `process`, `level`, `message`,
`request` where one is being answered, and what the line names besides (`extra`). Of an error that is logged with its
trace, type and places are written and not its text, which may hold what somebody sent.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
import time
from types import TracebackType
from typing import Literal

from verifier.observing.places import places_of
from verifier.observing.request_names import request_name

_LOG = logging.getLogger(__name__)
LogFormat = Literal["text", "json"]

_CHATTY = (
    "aiohttp",
    "alembic",
    "asyncio",
    "authlib",
    "httpcore",
    "httpx",
    "oauthlib",  # would write tokens
    "urllib3",
    "uvicorn.access",
    "uvicorn.error",
    "web3",
)
_VALUES = re.compile(r"[<(\n]")
_OURS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_Trace = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class _Lines(logging.Formatter):
    """Lines for people."""

    def __init__(self, process: str) -> None:
        super().__init__(f"%(asctime)s {process} %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 # logging's own name
        """Put the request's name behind the line."""
        name = request_name.get()
        told = super().formatMessage(record)
        return told if name is None else f"{told} (request {name})"

    def formatException(self, ei: _Trace) -> str:  # noqa: N802 # logging's own name
        """Say what kind of error it was and where, and not its text."""
        return "\n".join(places_of(ei[1]))


class _Objects(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Give the object."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        said: dict[str, object] = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "process": self._process,
            "level": record.levelname,
            "message": record.getMessage(),
        }
        name = request_name.get()
        if name is not None:
            said["request"] = name
        said |= {name: value for name, value in vars(record).items() if name not in _OURS}
        if record.exc_info:
            said["error"] = places_of(record.exc_info[1])
        return json.dumps(said, ensure_ascii=False, separators=(",", ":"), default=str)


def _first_words(record: logging.LogRecord) -> bool:
    """Keep the first words of what asyncio says: behind them stand arguments, and the text of an error."""
    record.msg, record.args = _VALUES.split(record.getMessage(), maxsplit=1)[0].rstrip(), ()
    return True


def _falls(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Log what ends this process."""
    if not issubclass(kind, Exception):
        sys.__excepthook__(kind, error, trace)
        return
    _LOG.critical("unforeseen %s: this process ends", kind.__name__, exc_info=(kind, error, trace))


def _thread_falls(args: threading.ExceptHookArgs) -> None:
    _LOG.error("unforeseen %s in a thread", args.exc_type.__name__, exc_info=args.exc_value)


def _passed_over(args: sys.UnraisableHookArgs) -> None:
    _LOG.error("unforeseen %s, passed over", args.exc_type.__name__, exc_info=args.exc_value)


def start_log(process: str, level: str, form: LogFormat = "text") -> None:
    """Set up this process's log; `process` is its name in every line. What ends the process stands in it, too."""
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(_Lines(process) if form == "text" else _Objects(process))
    logging.basicConfig(level=level, handlers=[lines], force=True)
    for chatty in _CHATTY:
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    logging.getLogger("asyncio").addFilter(_first_words)
    sys.excepthook, threading.excepthook, sys.unraisablehook = _falls, _thread_falls, _passed_over
