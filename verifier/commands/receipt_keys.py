"""The public keys of receipts, from a file or from the service that published them."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx

from ecert import strict_json
from ecert.errors import MalformedError
from ecert.jwks import KeySet
from verifier.errors import Refused
from verifier.system_words import why

JWKS_HELP = "Keys: /.well-known/jwks.json."
TIMEOUT = 30.0


def read_keys(jwks: str) -> KeySet:
    """Read the keys of receipts from a file or an address; `Refused` where there are none, OSError for the file."""
    try:
        text = _fetched(jwks) if urlsplit(jwks).scheme in {"http", "https"} else Path(jwks).read_text("utf-8")
        return KeySet.from_json(strict_json.loads(text, "jwks"))
    except MalformedError as error:
        raise Refused(f"{jwks} is no list of keys: {error}") from error
    except UnicodeDecodeError as error:
        raise Refused(f"{jwks} is no list of keys: {why(error).en}") from error


def _fetched(url: str) -> str:
    try:
        return httpx.get(url, timeout=TIMEOUT, follow_redirects=True).raise_for_status().text
    except httpx.HTTPStatusError as error:
        raise Refused(f"{url} did not give the keys: it answered {error.response.status_code}") from error
    except httpx.TimeoutException as error:
        raise Refused(f"{url} did not give the keys: no answer in time") from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Refused(f"{url} did not give the keys: it cannot be reached") from error
