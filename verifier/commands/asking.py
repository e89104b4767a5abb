"""What is asked about certificates on the command line, checked before any file is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ecert import base64url, strict_json
from ecert.certificate import Value
from ecert.demands import Demands, Holder
from ecert.errors import MalformedError
from ecert.fields import Words
from verifier.errors import VerifierError
from verifier.services.verification import Asked
from verifier.times import read_time


class NotAsked(VerifierError):
    """An option cannot be understood; the text names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Statements and demands; `max_age` None: as the settings, or the service asked, have it."""

    expect: dict[str, Value]
    holder: Holder | None
    at: int | None
    max_age: int | None
    documents: tuple[bytes, ...]

    def asked(self, default_max_age: int) -> Asked:
        """Give it as the service takes it."""
        max_age = default_max_age if self.max_age is None else self.max_age
        demands = Demands(expect=self.expect, holder=self.holder, max_age=max_age)
        return Asked(demands=demands, documents=self.documents, at=self.at)

    def form(self) -> dict[str, object]:
        """Give it as the parts of the API's form."""
        form: dict[str, object] = {}
        if self.expect:
            form["expect"] = self.expect
        if self.holder is not None:
            form["holder"] = {"id": self.holder.id} | ({} if self.holder.name is None else {"name": self.holder.name})
        if self.at is not None:
            form["at"] = self.at
        if self.max_age is not None:
            form["max_age"] = self.max_age
        if self.documents:
            form["documents"] = [base64url.encode(digest) for digest in self.documents]
        return form


def asking(
    *,
    expect: Sequence[str],
    holder_id: str | None,
    holder_name: str | None,
    at: str | None,
    max_age: int | None,
    documents: Sequence[bytes],
) -> Asking:
    """Read the options of `ecert verify`.

    Raises:
        NotAsked: one of them cannot be understood.
    """
    if holder_name is not None and holder_id is None:
        en = "--holder-name needs --holder-id: a name alone names nobody"
        raise NotAsked(Words(en=en, zh="--holder-name 须与 --holder-id 一起使用：仅凭姓名无法确定是谁"))
    stated: dict[str, Value] = {}
    for text in expect:
        name, value = _stated(text)
        if name in stated:
            raise NotAsked(Words(en=f"--expect names {name} twice", zh=f"--expect 中 {name} 出现了两次"))
        stated[name] = value
    return Asking(
        expect=stated,
        holder=None if holder_id is None else Holder(id=holder_id, name=holder_name),
        at=None if at is None else _moment(at),
        max_age=max_age,
        documents=tuple(documents),
    )


def _stated(text: str) -> tuple[str, Value]:
    name, equals, value = text.partition("=")
    if not equals or not name.rstrip(":"):
        en = f"--expect {text!r}: NAME=VALUE is due, such as --expect area_m2=98.44"
        raise NotAsked(Words(en=en, zh=f"--expect“{text}”：应为 字段=值，例如 --expect area_m2=98.44"))
    if not name.endswith(":"):
        return name, value
    try:
        return name[:-1], strict_json.loads(value, name[:-1])
    except MalformedError as error:
        raise NotAsked(Words(en=f"--expect {error}", zh=f"--expect 的值不是可用的 JSON（英文）：{error}")) from error


def _moment(text: str) -> int:
    try:
        return read_time(text)
    except ValueError as error:
        en = f"--at {text!r}: a day (2026-05-03), a moment (2026-05-03T09:00:00+08:00) or seconds since 1970 are due"
        zh = f"--at“{text}”：应为日期（2026-05-03）、时刻（2026-05-03T09:00:00+08:00）或自 1970 年起的秒数"
        raise NotAsked(Words(en=en, zh=zh)) from error
