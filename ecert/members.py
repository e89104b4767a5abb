"""A JSON object read member by member: what is missing or of another kind is refused, with its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Self, TypeVar

from ecert import base64url
from ecert.certificate import Value
from ecert.errors import MalformedError, NotBase64Url

_T = TypeVar("_T")


class Members:
    """One JSON object at `place`; `error` is what its refusals raise."""

    __slots__ = ("_error", "_value", "place")

    def __init__(self, value: Value, place: str, error: type[MalformedError]) -> None:
        if not isinstance(value, dict):
            raise error(place, "not an object")
        self._value = value
        self._error = error
        self.place = place

    def names(self) -> Iterable[str]:
        """Give the names that are there."""
        return self._value.keys()

    def has(self, name: str) -> bool:
        """Tell whether a member is there and not null."""
        return self._value.get(name) is not None

    def number(self, name: str) -> int:
        """Give a whole number of at least 0: a time, a count, a serial."""
        value = self._value.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self.refusal(name, "not a whole number of at least 0")
        return value

    def text(self, name: str) -> str:
        """Give text."""
        value = self._value.get(name)
        if not isinstance(value, str):
            raise self.refusal(name, "not text")
        return value

    def flag(self, name: str) -> bool:
        """Give true or false."""
        value = self._value.get(name)
        if not isinstance(value, bool):
            raise self.refusal(name, "not true or false")
        return value

    def octets(self, name: str) -> bytes:
        """Give bytes, written in base64url."""
        try:
            return base64url.decode(self.text(name))
        except NotBase64Url as refused:
            raise self.refusal(name, str(refused)) from None

    def members(self, name: str) -> Self:
        """Give an object."""
        return type(self)(self._value.get(name), f"{self.place}.{name}", self._error)

    def items(self, name: str) -> list[Value]:
        """Give a list."""
        value = self._value.get(name)
        if not isinstance(value, list):
            raise self.refusal(name, "not a list")
        return value

    def each(self, name: str, read: Callable[[Self], _T]) -> tuple[_T, ...]:
        """Read every object of a list."""
        return tuple(
            read(type(self)(item, f"{self.place}.{name}[{index}]", self._error))
            for index, item in enumerate(self.items(name))
        )

    def maybe(self, name: str, read: Callable[[str], _T]) -> _T | None:
        """Read a member that may be absent or null: `members.maybe("exp", members.number)`."""
        return read(name) if self.has(name) else None

    def as_dict(self) -> dict[str, Value]:
        """Give the object as it stands."""
        return self._value

    def refusal(self, name: str, why: str) -> MalformedError:
        """Make the error that refuses a member."""
        return self._error(f"{self.place}.{name}", why)
