"""A vector: what goes in and what must come out, as JSON that any implementation can run (tests/vectors/README.md)."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from typing import Any

from ecert import base64url
from ecert.certificate import Value
from ecert.certificate_type import CertificateType
from ecert.demands import NO_DEMANDS, Demands
from ecert.errors import MalformedCertificate
from ecert.facts import Facts
from ecert.facts_json import facts_to_json
from ecert.gbt36906 import result_number
from ecert.judging import judge, judge_malformed
from ecert.parsing import parse
from ecert.verdict import Outcome, Reason, Verdict, verdict_to_json
from vectors.world import HEALTH, NOW

Piece = tuple[bytes, int]
"""Bytes, and how many times they stand there."""


def vector(
    name: str,
    about: str,
    presented: bytes | str | Sequence[Piece],
    facts: Facts | None,
    expected: str,
    *,
    certificate_type: CertificateType | None = HEALTH,
    documents: Sequence[bytes] = (),
    demands: Demands = NO_DEMANDS,
    at: int | None = None,
    now: int = NOW,
    nearly: Reason | None = None,
) -> dict[str, Any]:
    """Make one vector. `expected` says the result, then the reasons: it is known before anything is judged.

    `nearly` names the reason that a certificate like this one would have with one more step in its direction.
    """
    pieces = _pieces(presented)
    verdict = _judged(
        b"".join(data * times for data, times in pieces),
        facts,
        certificate_type=certificate_type,
        documents=documents,
        demands=demands,
        at=at,
        now=now,
    )
    found = " ".join([verdict.result, *verdict.reasons])
    if found != expected or (nearly is not None and nearly in verdict.reasons):
        raise AssertionError(f"{name}: {expected} was expected, {found} found")
    return {
        "name": name,
        "about": about,
        **({} if nearly is None else {"nearly": nearly.value}),
        "presented": [_piece_to_json(*piece) for piece in pieces],
        "type": None if certificate_type is None else certificate_type.slug,
        "facts": None if facts is None else facts_to_json(facts),
        "documents": [base64url.encode(digest) for digest in documents],
        "demands": demands_to_json(demands),
        "at": at,
        "now": now,
        "verdict": verdict_in_vector(verdict),
        "gbt36906": result_number(verdict),
    }


def verdict_in_vector(verdict: Verdict) -> dict[str, Any]:
    """Write a verdict: of its checks those that did not pass, and of a malformed certificate the place alone.

    The words that say why it is malformed are each program's own.
    """
    whole: dict[str, Any] = verdict_to_json(verdict)
    told = [check for check in whole["checks"] if check["outcome"] != Outcome.PASS]
    for check in told:
        if check["number"] == 1:
            del check["detail"]["why"]
    whole["checks"] = [{name: said for name, said in check.items() if said not in ([], {})} for check in told]
    return whole


def demands_to_json(demands: Demands) -> dict[str, Value]:
    """Write demands."""
    holder, challenge = demands.holder, demands.key_binding
    return {
        "expect": dict(demands.expect),
        "must_compare": list[Value](sorted(demands.must_compare)),
        "holder": None if holder is None else {"id": holder.id, "name": holder.name},
        "key_binding": None if challenge is None else {"nonce": challenge.nonce, "audience": challenge.audience},
        "max_age": demands.max_age,
        **({} if demands.max_status_age is None else {"max_status_age": demands.max_status_age}),
    }


def group_text(about: str, vectors: Iterable[dict[str, Any]]) -> str:
    """Write a file of vectors: one line for each member of each, so that a change can be read."""
    entries = ",\n".join([_entry_text(each) for each in vectors])
    return f'{{\n"about": {_line(about)},\n"vectors": [\n{entries}\n]\n}}\n'


def _entry_text(entry: dict[str, Any]) -> str:
    members = [f" {_line(name)}: {_line(value)}" for name, value in entry.items()]
    return "{\n" + ",\n".join(members) + "\n}"


def _line(value: Any) -> str:  # noqa: ANN401 - any JSON
    return json.dumps(value, ensure_ascii=True, separators=(", ", ": "))


def _pieces(presented: bytes | str | Sequence[Piece]) -> list[Piece]:
    if isinstance(presented, str):
        return [(presented.encode(), 1)]
    return [(presented, 1)] if isinstance(presented, bytes) else list(presented)


def _piece_to_json(data: bytes, times: int) -> dict[str, Value]:
    repeated: dict[str, Value] = {} if times == 1 else {"times": times}
    try:
        return {"text": data.decode("utf-8"), **repeated}
    except UnicodeDecodeError:
        return {"base64": b64encode(data).decode(), **repeated}


def _judged(
    data: bytes,
    facts: Facts | None,
    *,
    certificate_type: CertificateType | None,
    documents: Sequence[bytes],
    demands: Demands,
    at: int | None,
    now: int,
) -> Verdict:
    try:
        certificate = parse(data)
    except MalformedCertificate as error:
        return judge_malformed(error, as_of=None if facts is None else facts.as_of, at=at, now=now, demands=demands)
    if facts is None:
        raise AssertionError("only what is malformed is judged without facts")
    return judge(
        certificate, facts, documents=documents, demands=demands, at=at, now=now, certificate_type=certificate_type
    )
