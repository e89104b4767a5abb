"""A small OpenID provider on loopback: it really redirects, checks PKCE, and signs id tokens with a key of its own."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeyParameters, OctKey, RSAKey
from joserfc.jws import JWSRegistry

CLIENT = "ecert"
SECRET = "the provider's secret for us"


@cache
def made_key(kind: str) -> ECKey | RSAKey:
    """A provider's key, one for all tests of a process: to make it takes as long as many a test."""
    parameters: KeyParameters = {"kid": "k1", "use": "sig"}
    return RSAKey.generate_key(2048, parameters) if kind == "RS256" else ECKey.generate_key("P-256", parameters)


class Provider:
    """What it knows, and how it misbehaves when it is told to."""

    def __init__(self, kind: str, now: int) -> None:
        self.now = now
        self.key = made_key(kind)
        self.algorithm = kind
        self.algorithms: list[str] = [kind]
        self.subject = "sub-1"
        self.claims: dict[str, object] = {}
        self.forge: str | None = None
        self.issuer = ""
        self.says_it_is: str | None = None
        self.asked: dict[str, str] = {}
        self.checked_pkce = 0

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.says_it_is or self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": self.algorithms,
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        }

    def jwks(self) -> dict[str, Any]:
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, query: dict[str, str]) -> str:
        """Log somebody in at once, and send the browser back."""
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        assert query["client_id"] == CLIENT
        self.asked = query
        return f"{query['redirect_uri']}?{urlencode({'code': 'code-1', 'state': query['state']})}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any]:
        assert base64.b64decode(authorization.removeprefix("Basic ")).decode().startswith(f"{CLIENT}:")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=")
        assert challenge.decode() == self.asked["code_challenge"]
        self.checked_pkce += 1
        said: dict[str, Any] = {
            "iss": self.issuer,
            "sub": self.subject,
            "aud": CLIENT,
            "iat": self.now,
            "exp": self.now + 300,
            "nonce": self.asked["nonce"],
        } | self.claims
        said = {name: value for name, value in said.items() if value is not None}
        answer = {"access_token": "opaque", "token_type": "Bearer", "expires_in": 300}
        return answer if self.forge == "absent" else {**answer, "id_token": self.sign(said)}

    def sign(self, said: dict[str, Any]) -> str:
        if self.forge == "another key":
            other = type(self.key).generate_key(*((2048,) if self.algorithm == "RS256" else ("P-256",)))
            return jwt.encode({"alg": self.algorithm, "kid": "k1"}, said, other)
        if self.forge == "none":
            parts = (json.dumps(each).encode() for each in ({"alg": "none"}, said))
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        if self.forge == "HS256":
            key = OctKey.import_key(json.dumps(self.key.as_dict(private=False)))
            return jwt.encode({"alg": "HS256", "kid": "k1"}, said, key, registry=JWSRegistry(algorithms=["HS256"]))
        return jwt.encode({"alg": self.algorithm, "kid": "k1"}, said, self.key)


@contextmanager
def running(kind: str, now: int) -> Iterator[Provider]:
    """Run a provider on a free port."""
    provider = Provider(kind, now)

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                self.send_response(302)
                self.send_header("location", provider.authorize(query))
                self.send_header("content-length", "0")
                self.end_headers()
                return
            self._json(provider.jwks() if parts.path == "/jwks" else provider.metadata())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._json(provider.token(form, self.headers["authorization"]))

        def _json(self, value: dict[str, Any]) -> None:
            content = json.dumps(value).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the library's own name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        provider.issuer = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
