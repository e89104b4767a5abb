"""Asking a running service for a verdict, over plain HTTP, with what Python brings along."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from verifier.errors import VerifierError

TIMEOUT = 30.0
_OK = 200


class ServiceUnusable(VerifierError):
    """The service did not answer, or not with a verdict."""


class RemoteService:
    """A verification service at an address; one connection is kept for all questions."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ServiceUnusable(f"{url!r} is no http(s) address")
        self._path = parts.path.rstrip("/") + "/v1/verifications"
        self._connection = _connection(parts, parts.hostname)

    def verify(self, presented: bytes, asked: Mapping[str, object]) -> dict[str, Any]:
        """Ask about one certificate; `asked` has the members of the API's form.

        Raises:
            ServiceUnusable: no answer, or another one than a verdict; the text says which.
        """
        boundary = uuid.uuid4().hex
        body = _form(presented, asked, boundary)
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", "Accept": "application/json"}
        try:
            self._connection.request("POST", self._path, body, headers)
            answer = self._connection.getresponse()
            said = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            raise ServiceUnusable(f"the service did not answer: {type(error).__name__}: {error}") from error
        if answer.status != _OK or not isinstance(said, dict) or "result" not in said:
            raise ServiceUnusable(f"the service answered {answer.status}: {_detail(said)}")
        return said


def _connection(parts: SplitResult, host: str) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    return kind(host, parts.port, timeout=TIMEOUT)


def _form(presented: bytes, asked: Mapping[str, object], boundary: str) -> bytes:
    parts = [_part("file", presented, boundary, '; filename="certificate"')]
    for name, value in asked.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        parts.append(_part(name, text.encode(), boundary))
    return b"".join([*parts, f"--{boundary}--\r\n".encode()])


def _part(name: str, content: bytes, boundary: str, more: str = "") -> bytes:
    head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + content + b"\r\n"


def _detail(said: object) -> str:
    if isinstance(said, dict):
        errors = said.get("errors")
        return f"{said.get('detail', 'no reason given')}{f' {errors}' if errors else ''}"
    return "no verdict"
