"""What becomes of a file that is to have the evidence of its anchor, and how people are told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ecert.fields import Words

NOT_SEALED = Words(
    en="no evidence can be made on this network: its blocks are not sealed by validators (QBFT), so that nobody without"
    " a node could check it",
    zh="该网络的区块没有验证者（QBFT）印章，没有节点的一方无法核对，因此不能生成上链证据",
)
UNPROVED = Words(en="no evidence can be made: {}", zh="无法生成上链证据（英文）：{}")
NOT_ANCHORED = Words(en="the ledger does not have it: {}", zh="账本上没有该证照：{}")
IN_DOUBT = Words(
    en="it cannot be said yet whether the ledger has it: {}; try again when the indexer has gone on",
    zh="目前无法确定账本上是否有该证照：{}；请待索引程序继续后重试",
)
COMPACT = Words(
    en="the compact form has no place for evidence; give the file form (*.ecert.json)",
    zh="紧凑格式没有存放证据的位置，请使用文件格式（*.ecert.json）",
)
NO_CERTIFICATE = Words(en="it is no certificate: {}", zh="不是电子证照（英文）：{}")
UNREADABLE = Words(en="cannot be read: {}", zh="无法读取：{}")
UNWRITABLE = Words(en="cannot be written: {}", zh="无法写入：{}")
BLOCK_LOST = Words(
    en="the block of its batch is not among those that were read: run `ecert fsck`",
    zh="其批次所在区块不在已读取的区块之中，请运行 `ecert fsck`",
)


class GivenState(StrEnum):
    """What became of a file."""

    ADDED = "added"
    THERE = "there"
    NOT_ANCHORED = "not_anchored"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A file, what became of it, and why nothing did."""

    name: str
    state: GivenState
    fault: Words | None = None


class NotGiven(Exception):
    """A file stays without evidence: `said`, in a sentence that has a place for it, is not ours to translate."""

    def __init__(self, state: GivenState, words: Words, said: Words | str = "") -> None:
        super().__init__()
        self.state = state
        self.fault = told(words, said)


def told(words: Words, said: Words | str) -> Words:
    """Put into a sentence what it has a place for."""
    said = said if isinstance(said, Words) else Words(en=said, zh=said)
    return Words(en=words.en.format(said.en), zh=words.zh.format(said.zh))
