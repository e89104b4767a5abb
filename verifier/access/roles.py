"""Roles of people, and the scopes that they give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from verifier.access.directory import OF_AGENCIES
from verifier.callers import Scope


class Role(StrEnum):
    """What a person is here; one may be several."""

    CLERK = "clerk"
    ISSUER = "issuer"
    AGENCY_ADMIN = "agency-admin"
    AUDITOR = "auditor"
    BUREAU = "bureau"


SCOPES: Mapping[Role, frozenset[Scope]] = MappingProxyType(
    {
        Role.CLERK: frozenset({Scope.VERIFY}),
        Role.ISSUER: frozenset({Scope.ISSUE}),
        Role.AGENCY_ADMIN: frozenset({Scope.ISSUE, Scope.STATUS}),
        Role.AUDITOR: frozenset({Scope.AUDIT}),
        Role.BUREAU: frozenset({Scope.ADMIN, Scope.AUDIT}),
    }
)


def scopes_of(roles: Iterable[str], agency: str | None) -> frozenset[Scope]:
    """Give what roles allow; nothing that is an agency's where there is none."""
    found = frozenset[Scope]().union(*(SCOPES[Role(role)] for role in roles))
    return found if agency is not None else found - OF_AGENCIES
