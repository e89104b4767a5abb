"""One frozen `Settings`, read once from the environment and the data directory's `ecert.toml`, and handed down.

The environment (`ECERT_PORT=0`) goes before the file (`port = 0`). There is no default secret: passwords and keys are
files that somebody made. Whoever can write the file or the environment decides which ledger is believed.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from chain.patience import longest_silence
from ecert.demands import DEFAULT_MAX_AGE
from verifier.errors import SettingsRefused
from verifier.settings_addresses import LOOPBACK, Address, Base, Hosts, Keys, Nodes, Provider
from verifier.settings_file import DATA_VARIABLE, FILE_NAME, data_folder, file_values, refuse_unknown
from verifier.settings_places import Places

PREFIX = "ECERT_"
NOT_SETTINGS = frozenset({DATA_VARIABLE, "ECERT_PYTHON", "ECERT_LOCAL_FUND", "ECERT_TRUST_ROOTS"})
"""Variables of this prefix that belong to the scripts around the service, or are read before the settings."""

Network = IPv4Network | IPv6Network


class Settings(Places, BaseSettings):
    """All that can be set. Paths are absolute; every path has a default inside `data_dir`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Field(description="where database, keys and certificate files are")
    database_url: str = Field(default="", description="sqlite:///... or postgresql://...; default: a file in data_dir")
    node_urls: Annotated[Nodes, NoDecode] = Field(
        default=("http://127.0.0.1:8545",), min_length=1, description="JSON-RPC addresses of chain nodes"
    )
    signer_url: Address | None = Field(
        default=None, description="signing service (eth_signTransaction, as Web3Signer) that has the keys signer_keys"
    )
    signer_keys: Annotated[Keys, NoDecode] = Field(
        default=(), description="addresses of keys that the signing service has, in the place of key files"
    )
    settled_depth: int | None = Field(
        default=None, ge=0, le=10_000, description="blocks on top until settled; default: by the kind of network"
    )
    max_age: int = Field(
        default=DEFAULT_MAX_AGE, ge=1, le=86_400, description="seconds that facts may be old, unless the caller says"
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="address to listen on")
    port: int = Field(default=8080, ge=0, le=65_535, description="port to listen on; 0: a free one")
    api_processes: int = Field(default=1, ge=1, le=64, description="how many processes answer at that port")
    office_host: str = Field(default="127.0.0.1", min_length=1, description="address that the office listens on")
    office_port: int = Field(default=8081, ge=0, le=65_535, description="port of the office; 0: a free one")
    trusted_proxies: Annotated[tuple[Network, ...], NoDecode] = Field(
        default=(), description="networks of proxies whose X-Forwarded-For is believed, such as 10.0.0.0/8"
    )
    access_seconds: float = Field(
        default=2.0, gt=0, le=60, description="how often clients are read again and usage is written"
    )
    client_per_minute: int = Field(
        default=12_000, ge=1, description="calls of a person, and of a client that has no figure of its own"
    )
    address_per_minute: int = Field(default=600, ge=1, description="calls from one address by nobody we know")
    tries_per_minute: int = Field(default=20, ge=1, description="wrong secrets and passwords from one address")
    batch_size: int = Field(
        default=1000, ge=1, le=65_536, description="certificates issued one by one that are anchored together at most"
    )
    batch_seconds: float = Field(
        default=2, ge=0, le=3600, description="how long the first of them waits for others before they are anchored"
    )
    secure_cookies: bool | None = Field(
        default=None, description="sessions over https alone; default: yes, but for a service on loopback with http"
    )
    session_idle: int = Field(default=1800, ge=60, le=86_400, description="seconds after which an idle session is over")
    session_lifetime: int = Field(default=43_200, ge=60, le=604_800, description="seconds after which each is over")
    password_memory: int = Field(default=65_536, ge=1024, le=1 << 21, description="argon2: KiB for each password")
    password_passes: int = Field(default=3, ge=1, le=100, description="argon2: passes over it")
    password_lanes: int = Field(default=4, ge=1, le=64, description="argon2: lanes")
    oidc_issuer: Provider | None = Field(default=None, description="OpenID provider with whose word people log in")
    oidc_client_id: str | None = Field(default=None, description="what the provider calls this service")
    oidc_secret_file: Path | None = Field(default=None, description="file with the secret that the provider gave us")
    status_base: Base | None = Field(
        default=None, description="address under which status lists are published; is written into every certificate"
    )
    status_ttl: int = Field(default=60, ge=1, le=86_400, description="seconds for which a status list may be kept")
    status_lifetime: int = Field(
        default=3600, ge=2, le=604_800, description="seconds after its block in which a status list is good; over ttl"
    )
    webhook_hosts: Annotated[Hosts, NoDecode] = Field(
        default=(), description="the only hosts that webhooks go to, inner ones too; default: all with public addresses"
    )
    changes_days: int = Field(
        default=365, ge=7, le=36_500, description="days for which changes and what became of their webhooks are kept"
    )
    passwords_file: Path = Field(default=Path(), description="what opens the keys; default: keys/passwords")
    deployment_file: Path = Field(default=Path(), description="which contracts; default: deployment.json")
    poll_seconds: float = Field(default=0.5, gt=0, le=60, description="how often processes look for what is new")
    service_base: Base | None = Field(
        default=None, description="address that the service is known by, `iss` of what it signs; default: status_base"
    )
    segment_bytes: int = Field(
        default=64 << 20, ge=4096, le=1 << 30, description="size at which a segment of the record is closed"
    )
    segment_seconds: int = Field(
        default=86_400, ge=1, le=31 * 86_400, description="age at which a segment of the record is closed"
    )
    stall_seconds: int = Field(
        default=300,
        ge=10,
        le=86_400,
        description="seconds without a new block after which the chain has stalled; over the time between empty blocks",
    )
    metrics_open: bool = Field(
        default=False, description="whether anybody may read /metrics; else this machine and trusted_proxies"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    log_format: Literal["text", "json"] = Field(default="text", description="lines for people, or JSON for machines")

    @property
    def issuer(self) -> str:
        """What the service calls itself in what it signs."""
        return self.service_base or self.status_base or f"http://{self.host}:{self.port}"

    @property
    def cookies_are_secure(self) -> bool:
        """Whether browsers are told to send session cookies over https alone."""
        if self.secure_cookies is not None:
            return self.secure_cookies
        parts = urlsplit(self.issuer)
        return not (parts.scheme == "http" and parts.hostname in LOOPBACK)

    @property
    def late_seconds(self) -> int:
        """For how many seconds an indexer that is at work may be silent."""
        return longest_silence(len(self.node_urls), self.poll_seconds)

    def required_status_base(self) -> str:
        """Give `status_base`; raises `SettingsRefused` where nobody has chosen one."""
        if self.status_base is None:
            raise SettingsRefused(
                "status_base is not set: it is written into every certificate, so choose the address at which this"
                f' service will stay; put status_base = "https://..." into {self.data_dir / FILE_NAME}'
            )
        return self.status_base

    @field_validator("node_urls", "signer_keys", "trusted_proxies", "webhook_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if (self.oidc_issuer is None) != (self.oidc_client_id is None):
            raise ValueError("oidc_issuer and oidc_client_id belong together: set both or neither")
        if (self.signer_url is None) != (not self.signer_keys):
            raise ValueError("signer_url and signer_keys belong together: set both or neither")
        if self.secure_cookies is False and urlsplit(self.issuer).scheme == "https":
            raise ValueError("secure_cookies is off, and the service is at https: leave it out")
        return self

    @model_validator(mode="after")
    def _status_times(self) -> Self:
        if self.status_lifetime < 2 * self.status_ttl:
            raise ValueError("status_lifetime must be at least twice status_ttl: lists are made again before they end")
        return self

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill in what lies in the data directory unless set, and make paths absolute."""
        folder = Path(str(values.get("data_dir", "."))).resolve()
        places = {"passwords_file": "keys/passwords", "deployment_file": "deployment.json"}
        paths = {name: folder / str(values.get(name, place)) for name, place in places.items()}
        url = values.get("database_url") or f"sqlite:///{folder / 'ecert.sqlite'}"
        return {**values, **paths, "data_dir": folder, "database_url": url}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - we read no .env file
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - nor a folder of secrets
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take the data directory from the caller, then the environment, then the file in that directory."""
        found = file_values(Path(init_settings()["data_dir"]), _names())
        return init_settings, env_settings, InitSettingsSource(settings_cls, found)


def load_settings(data_dir: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of a data directory: `data_dir`, else ECERT_DATA, else `./data` where that is a folder.

    Raises:
        SettingsRefused: something is missing, unknown, wrong or inconsistent; the text says what and how to mend it.
    """
    known = os.environ if environment is None else environment
    refuse_unknown(
        (name for name in known if name.startswith(PREFIX) and name not in NOT_SETTINGS),
        known=[PREFIX + name.upper() for name in _names()],
        where="the environment",
    )
    try:
        return Settings(data_dir=data_folder(data_dir, known))
    except ValidationError as error:
        raise SettingsRefused(_sentences(error)) from error


def _names() -> list[str]:
    """Name what can be set in the environment and in the file."""
    return [name for name in Settings.model_fields if name != "data_dir"]


def _sentences(error: ValidationError) -> str:
    faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
    return "settings: " + "; ".join(faults) + f" (set in the environment as {PREFIX}NAME or in {FILE_NAME})"
