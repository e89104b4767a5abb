"""Logging in by the word of an OpenID provider: OpenID Connect Core 1.0, authorization code with PKCE, by authlib.

What the provider says is believed only where it is signed by one of its keys with an algorithm of ours, for us (`aud`),
now, and for the log-in that this browser began (`state`, `nonce`). The person is then who has that `sub` here; the
provider decides nothing else, and an account is never made of what it says. Who holds the provider's key can log in as
anybody who logs in this way.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from verifier.access.log_ins import LogInRefused
from verifier.errors import VerifierError

ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Signatures with a public key; a provider that says `none` or HS256 is not heard."""
START = "/login/oidc"
CALLBACK = "/login/oidc/callback"
_LEEWAY = 30
_TIMEOUT = 10.0
_LONGEST_SUBJECT = 255


class ProviderAway(VerifierError):
    """The provider does not answer, or not as a provider does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """An OpenID provider, and what it knows us by.

    `here`: our own address. `cookie_key`: signs the cookie in which a browser remembers the log-in that it began.
    """

    issuer: str
    client_id: str
    secret: str | None
    here: str
    cookie_key: str


class OpenId:
    """Sends people to the provider and hears what it says of them."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.cookie_key = provider.cookie_key
        self._app, self._away, self._wrong = _loaded(provider)

    async def redirect(self, request: Request) -> Response:
        """Send a person to the provider; state, nonce and PKCE's secret stay in the browser's log-in cookie.

        Raises:
            ProviderAway: it does not answer, or is another one than the settings name.
        """
        try:
            await self._assure_provider()
            answer: Response = await self._app.authorize_redirect(request, self._provider.here + CALLBACK)
        except self._wrong as error:
            raise ProviderAway("the OpenID provider does not answer as one") from error
        return answer

    async def subject(self, request: Request) -> str:
        """Give the `sub` of the person who comes back from the provider.

        Raises:
            LogInRefused: what came back is not the provider's word for this log-in.
            ProviderAway: the provider does not answer.
        """
        claims = {
            "iss": {"essential": True, "value": self._provider.issuer},
            "aud": {"essential": True, "value": self._provider.client_id},
        }
        try:
            await self._assure_provider()
            token = await self._app.authorize_access_token(request, claims_options=claims, leeway=_LEEWAY)
            subject = token["userinfo"]["sub"]
        except self._away as error:
            raise ProviderAway("the OpenID provider does not answer") from error
        except self._wrong as error:
            raise LogInRefused("what came back is not the provider's word for this log-in") from error
        if not isinstance(subject, str) or not 0 < len(subject) <= _LONGEST_SUBJECT:
            raise LogInRefused("the provider names nobody")
        return subject

    async def _assure_provider(self) -> None:
        """Read what the provider says of itself, once, and keep of its algorithms those that are ours."""
        metadata = await self._app.load_server_metadata()
        if metadata.get("issuer") != self._provider.issuer:
            self._app.server_metadata.clear()
            raise ProviderAway("the OpenID provider calls itself otherwise than oidc_issuer")
        said = metadata.get("id_token_signing_alg_values_supported") or ["RS256"]
        metadata["id_token_signing_alg_values_supported"] = [each for each in said if each in ALGORITHMS] or ["RS256"]


def _loaded(provider: Provider) -> tuple[Any, type[Exception], tuple[type[Exception], ...]]:
    """Give authlib's client, what it raises where the provider is away, and what where anything is not as due.

    They are loaded only where there is a provider: they take as long to load as all the rest.
    """
    import httpx  # noqa: PLC0415
    from authlib.deprecate import AuthlibDeprecationWarning  # noqa: PLC0415

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AuthlibDeprecationWarning)  # it prefers another HTTP client than ours
        from authlib.integrations.starlette_client import OAuth, OAuthError  # noqa: PLC0415
    from joserfc.errors import JoseError  # noqa: PLC0415

    kept = {"verify": httpx.create_ssl_context()}  # else every request would read the certificates of all authorities
    app = OAuth().register(
        "provider",
        client_id=provider.client_id,
        client_secret=provider.secret,
        server_metadata_url=provider.issuer.rstrip("/") + "/.well-known/openid-configuration",
        client_kwargs={"scope": "openid", "code_challenge_method": "S256", "timeout": _TIMEOUT} | kept,
    )
    return app, httpx.HTTPError, (httpx.HTTPError, OAuthError, JoseError, KeyError, TypeError, ValueError, RuntimeError)
