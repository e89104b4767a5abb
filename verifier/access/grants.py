"""Giving out access tokens: OAuth 2.0 client credentials (RFC 6749 section 4.4), carried out by oauthlib.

The client says who it is by HTTP Basic or in the form (section 2.3.1), never both. Whether there is no such client, or
it is disabled, or the secret is wrong, the answer and its timing are the same.
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import unquote_plus

from oauthlib.common import Request
from oauthlib.oauth2 import BackendApplicationServer, InvalidRequestError, OAuth2Error, RequestValidator

from verifier.access.access_tokens import LIFETIME, AccessTokens
from verifier.access.client_secrets import matches
from verifier.access.directory import ClientDirectory, KnownClient
from verifier.callers import Scope

_NO_CLIENT = (secrets.token_bytes(32),)
"""What is compared with where there is no such client."""
_TOLD = frozenset({"error", "error_description"})
_BASIC = {"www-authenticate": 'Basic realm="ecert", charset="UTF-8"'}


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """An answer of the token endpoint, as sections 5.1 and 5.2 have it; no value of the request is repeated."""

    status: int
    members: Mapping[str, object]
    headers: Mapping[str, str]

    @property
    def refused_client(self) -> bool:
        """The client is none that we know, or its secret is none that is good."""
        return self.status == HTTPStatus.UNAUTHORIZED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Authenticated:
    """The client of a request, in the shape that oauthlib asks for."""

    client_id: str
    known: KnownClient


class Grants:
    """The token endpoint."""

    def __init__(self, tokens: AccessTokens, directory: ClientDirectory, clock: Callable[[], int]) -> None:
        def make(request: Request) -> str:
            return tokens.make(request.client_id, [Scope(word) for word in request.scopes], clock())

        self._directory = directory
        validator = _Validator(directory, clock)
        self._server = BackendApplicationServer(validator, token_generator=make, token_expires_in=LIFETIME)
        self._server.credentials_grant.custom_validators.pre_token.append(_refuse_doubled)

    async def answer_newest(self, uri: str, body: str, authorization: str | None) -> Granted:
        """Answer like `answer`; a client that is not known is looked for anew first, at most once a second."""
        granted = self.answer(uri, body, authorization)
        if granted.refused_client and await self._directory.look_again():
            return self.answer(uri, body, authorization)
        return granted

    def answer(self, uri: str, body: str, authorization: str | None) -> Granted:
        """Answer a request: its address, its form as it came, and its Authorization header."""
        headers = {} if authorization is None else {"Authorization": authorization}
        try:
            _, text, status = self._server.create_token_response(uri, "POST", body, headers)
        except OAuth2Error as error:
            text, status = error.json, error.status_code
        members: dict[str, object] = json.loads(text)
        if status == HTTPStatus.OK:
            return Granted(status=status, members=members, headers={})
        told = {name: said for name, said in members.items() if name in _TOLD}
        return Granted(status=status, members=told, headers=_BASIC if status == HTTPStatus.UNAUTHORIZED else {})


class _Validator(RequestValidator):  # type: ignore[misc]  # oauthlib has no types
    """What oauthlib asks us: who the client is, and what it may have."""

    def __init__(self, directory: ClientDirectory, clock: Callable[[], int]) -> None:
        self._directory = directory
        self._clock = clock

    def authenticate_client(self, request: Request, *_: object) -> bool:
        """Find the client and check its secret."""
        name, secret = _credentials(request)
        known = self._directory.find(name)
        good = matches(secret, _NO_CLIENT if known is None else known.good_hashes(self._clock()))
        if known is None or not good:
            return False
        request.client = _Authenticated(client_id=known.name, known=known)
        request.client_id = known.name
        return True

    def validate_grant_type(self, *_: object) -> bool:
        """Every client has this grant, the only one."""
        return True

    def get_default_scopes(self, client_id: str, *_: object) -> list[str]:
        """Give all that the client may do, where it does not say."""
        known = self._directory.find(client_id)
        return [] if known is None else sorted(known.scopes)

    def validate_scopes(self, client_id: str, scopes: list[str], *_: object) -> bool:
        """Let a client have what it may do and nothing else."""
        known = self._directory.find(client_id)
        return known is not None and bool(scopes) and set(scopes) <= set(known.scopes)

    def save_token(self, *_: object) -> None:
        """Keep nothing: a token speaks for itself."""


def _refuse_doubled(request: Request) -> None:
    if request.duplicate_params:
        raise InvalidRequestError("A parameter is there twice.", request=request)


def _credentials(request: Request) -> tuple[str, str]:
    """Read name and secret from the header or the form; empty where they are not there."""
    header = request.headers.get("Authorization")
    if header is None:
        return request.client_id or "", request.client_secret or ""
    if request.client_secret is not None:
        raise InvalidRequestError("The client says who it is twice.", request=request)
    name, secret = _basic(header)
    if request.client_id is not None and request.client_id != name:
        return "", ""
    return name, secret


def _basic(header: str) -> tuple[str, str]:
    """Read HTTP Basic, whose two parts are form-encoded first (section 2.3.1)."""
    scheme, _, encoded = header.partition(" ")
    try:
        name, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    if scheme.lower() != "basic" or not colon:
        return "", ""
    return unquote_plus(name), unquote_plus(secret)
