"""Who calls: a system, a person, or anybody; and what a verification is for. Values, made at the door.

Whoever makes a `Caller` vouches for it: a gate that has checked a token or a session. Nothing inside asks again who
somebody is, only what the caller may do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Protocol

from starlette.requests import Request


class Scope(StrEnum):
    """What a caller may do. The first four are OAuth scopes; people have them through their roles."""

    VERIFY = "verify"
    ISSUE = "issue"
    STATUS = "status"
    AUDIT = "audit"
    ADMIN = "admin"


class Ground(StrEnum):
    """What entitles somebody to use another's certificate: consent, duty by law (names its operator), delegation."""

    CONSENT = "consent"
    DUTY = "duty"
    DELEGATION = "delegation"


class Act(StrEnum):
    """What callers do, as it is counted; all but `refused` counts against a client's quota of the day."""

    VERIFICATION = "verification"
    BATCH_ITEM = "batch_item"
    LOOK_UP = "look_up"
    ISSUANCE = "issuance"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """One caller. `name` is the client's or the account's, None for anybody on the public page.

    `relying_party`, `office`: codes of the organisation and its office. `operator`: the account's name where a person
    sits there; a system says its operator with each call. `agency`: as which it may issue. `defaults`: matter, ground
    and the like that a call need not say.
    """

    name: str | None
    relying_party: str | None = None
    office: str | None = None
    operator: str | None = None
    agency: str | None = None
    scopes: frozenset[Scope] = frozenset()
    defaults: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def known(self) -> bool:
        """Whether we know who it is."""
        return self.name is not None


ANYBODY = Caller(name=None)
"""Somebody with a certificate in hand, who is answered without a matter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What a verification is for, as the caller said it or its defaults do; `nonce` is repeated in the receipt."""

    matter: str | None = None
    case: str | None = None
    ground: Ground | None = None
    operator: str | None = None
    nonce: str | None = None

    def of(self, caller: Caller) -> Occasion:
        """Fill in what the caller's defaults say and the call does not; a person is always its own operator."""
        ground = caller.defaults.get("ground")
        return Occasion(
            matter=self.matter or caller.defaults.get("matter"),
            case=self.case,
            ground=self.ground or (None if ground is None else Ground(ground)),
            operator=caller.operator or self.operator,
            nonce=self.nonce,
        )


class Gate(Protocol):
    """Tells who sends a request, and counts what callers do."""

    async def caller(self, request: Request) -> Caller:
        """Give the caller; `ANYBODY` where the request names nobody.

        Raises:
            RequestRefused: it names somebody wrongly (401), lacks a session's CSRF token (403), or calls too often
                (429).
        """
        ...

    def count(self, request: Request) -> None:
        """Count a call of what anybody may have, whoever calls, against the address that it comes from.

        Raises:
            RequestRefused: too many come from there (429).
        """
        ...

    def spend(self, caller: Caller, act: Act, count: int = 1) -> None:
        """Count what a caller is about to do, before it is done.

        Raises:
            RequestRefused: the caller's quota of the day has not so much left (429); never for `refused`.
        """
        ...


class OpenGate:
    """Knows nobody: everybody is `ANYBODY`."""

    async def caller(self, request: Request) -> Caller:  # noqa: ARG002 # nothing of it matters
        """Give `ANYBODY`."""
        return ANYBODY

    def count(self, request: Request) -> None:
        """Count nothing."""

    def spend(self, caller: Caller, act: Act, count: int = 1) -> None:
        """Count nothing."""
