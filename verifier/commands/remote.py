"""Asking a running service for a verdict, over plain HTTP, with what Python brings along."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Mapping
from typing import Any
from urllib.parse import SplitResult, urlsplit

from ecert.fields import Words
from verifier.errors import VerifierError
from verifier.system_words import why

TIMEOUT = 30.0
_OK = 200
_NOT_HTTP = Words(
    en="what is at this address is no such service, or it broke off", zh="该地址上不是此服务，或连接中途断开"
)
_NOT_JSON = Words(
    en="that is no verdict: is this the address of the service?", zh="不是核验结论：该地址是此服务的地址吗？"
)
_NO_VERDICT = Words(en="no verdict and no reason", zh="没有结论，也没有说明原因")


class ServiceUnusable(VerifierError):
    """The service did not answer, or not with a verdict."""


class RemoteService:
    """A verification service at an address; one connection is kept for all questions."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ServiceUnusable(Words(en=f"{url!r} is no http(s) address", zh=f"“{url}”不是 http(s) 地址"))
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
        except OSError as error:
            self._connection.close()
            raise ServiceUnusable(_silent(why(error))) from error
        except http.client.HTTPException as error:
            self._connection.close()
            raise ServiceUnusable(_silent(_NOT_HTTP)) from error
        except ValueError as error:
            self._connection.close()
            raise ServiceUnusable(_other(answer.status, _NOT_JSON)) from error
        if answer.status != _OK or not isinstance(said, dict) or "result" not in said:
            raise ServiceUnusable(_other(answer.status, _detail(said)))
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


def _silent(words: Words) -> Words:
    return Words(en=f"the service did not answer: {words.en}", zh=f"服务未应答：{words.zh}")


def _other(status: int, words: Words) -> Words:
    return Words(en=f"the service answered {status}: {words.en}", zh=f"服务应答 {status}：{words.zh}")


def _detail(said: object) -> Words:
    """Give what the service itself says, which is English."""
    detail = said.get("detail") if isinstance(said, dict) else None
    if not isinstance(said, dict) or detail is None:
        return _NO_VERDICT
    errors = said.get("errors")
    flaws = errors if isinstance(errors, list) else []
    places = "; ".join(f"{each.get('place')}: {each.get('why')}" for each in flaws if isinstance(each, dict))
    text = f"{detail} {places}".rstrip()
    return Words(en=text, zh=text)
