"""What issuing says of certificates that it does not hand out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import typer

from ecert.explaining import Language
from ecert.fields import Words
from ecert.sentences import FAILED, UNKNOWN
from ecert.verdict import Reason

MOST_WITHHELD = 20
"""Withheld certificates that get a line of their own."""

Reasons = Mapping[int, tuple[Reason, ...]]


def kept_back(withdrawn: Reasons, withheld: Reasons, *, waiting: int = 0, language: Language = Language.EN) -> str:
    """Say why there are fewer files than certificates, where there are."""
    counted = Counter([*withdrawn.values(), *withheld.values()])
    if language is Language.ZH:
        told = sorted(f"{number} 份：{_in_chinese(reasons)}" for reasons, number in counted.items())
        told += [f"{waiting} 份正在等待账本"] if waiting else []
        return f"（未发放：{'；'.join(told)}）" if told else ""
    told = [f"{number} {reason}" for reason, number in sorted((" and ".join(why), n) for why, n in counted.items())]
    told += [f"{waiting} waiting for the ledger"] if waiting else []
    return f" ({', '.join(told)}: not handed out)" if told else ""


def print_withheld(withheld: Reasons, language: Language = Language.EN) -> None:
    """Name on stderr those that our own verifier does not find good."""
    for serial, reasons in list(withheld.items())[:MOST_WITHHELD]:
        en, zh = f"withheld: serial {serial}: {', '.join(reasons)}", f"未发放：序列号 {serial}：{_in_chinese(reasons)}"
        typer.echo(language.of(Words(en=en, zh=zh)), err=True)


def _in_chinese(reasons: tuple[Reason, ...]) -> str:
    wordings = [FAILED[reason] if reason in FAILED else UNKNOWN[reason] for reason in reasons]
    return "，".join(wording.so.zh.rstrip("。") for wording in wordings)
