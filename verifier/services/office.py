"""What an issuing office works with: the outbox, its copy of the ledger, its keys, a clock. Handed to each service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ecert.certificate_type import CertificateType
from ecert.facts import KeyFacts
from ecert.fields import Words
from ecert.ledger_copies import LedgerCopies
from ecert.ledger_copy import LedgerCopy
from store.database import Database
from verifier.errors import NotReady
from verifier.faults import IssuingStopped
from verifier.keys.keyring import Keyring
from verifier.ledger_view import LedgerView
from verifier.services.progress import Progress
from verifier.times import shown

NO_COPY = "there is no copy of the ledger yet: is the indexer running?"
NO_COPY_HERE = Words(
    en="there is no copy of the ledger yet: is the indexer (`ecert serve`) running?",
    zh="尚无账本副本：索引程序（`ecert serve`）是否在运行？",
)
"""The same, for who works at a terminal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """`ledgers` are the CAIP-10 names of the ledger that is issued on and of those that it follows, the newest first.

    `pause` waits so many seconds.

    `late_seconds`: for how long the indexer may be silent before it counts as dead.
    """

    database: Database
    view: LedgerView
    keyring: Keyring
    ledgers: tuple[str, ...]
    status_base: str
    late_seconds: int
    clock: Callable[[], int]
    pause: Callable[[float], None]
    progress: Progress

    @property
    def ledger(self) -> str:
        """The ledger that is issued on."""
        return self.ledgers[0]

    def copy(self) -> LedgerCopy | None:
        """Give the newest copy of the ledger that is issued on; None where there is none yet."""
        copies = self.copies()
        return None if copies is None else copies.newest

    def copies(self) -> LedgerCopies | None:
        """Give the newest copies of all ledgers; None where there are none yet."""
        try:
            self.view.refresh()
        except NotReady:
            return None
        return self.view.copies


@dataclass(slots=True)
class Patience:
    """How long to wait: `until` by the office's clock, or for ever."""

    office: Office
    timeout: float | None
    step: float = 0.25
    started: int = 0

    def __post_init__(self) -> None:
        self.started = self.office.clock()

    @property
    def waited(self) -> int:
        """Seconds since the waiting began."""
        return self.office.clock() - self.started

    @property
    def until(self) -> float | None:
        """When the time is over, by the office's clock; None: never."""
        return None if self.timeout is None else self.started + self.timeout

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return self.timeout is not None and self.waited >= self.timeout

    def wait(self, what: Words) -> None:
        """Wait a moment; raises `IssuingStopped` when the time is over."""
        if self.over:
            raise IssuingStopped(
                Words(
                    en=f"{what.en}: not done within {self.timeout:g} s; nothing is lost, the same command goes on",
                    zh=f"{what.zh}：{self.timeout:g} 秒内未完成；没有任何内容丢失，重新运行同一命令即可继续",
                )
            )
        self.office.pause(self.step)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why an agency cannot issue now, and from when it can, where waiting alone ends it."""

    why: Words
    ends: int | None = None

    def __str__(self) -> str:
        return self.why.en


def obstacle(
    copy: LedgerCopy | None, *, agency: str, certificate_type: CertificateType, kid: bytes, now: int
) -> Obstacle | None:
    """Say what on the ledger keeps an agency from issuing a type with a key now; None where nothing does."""
    if copy is None:
        return Obstacle(why=NO_COPY_HERE)
    known = copy.agency(agency)
    if known is None:
        return Obstacle(why=Words(en=f"{agency} is not registered on the ledger", zh=f"{agency} 未在账本登记"))
    if known.suspended:
        return Obstacle(why=Words(en=f"{agency} is suspended on the ledger", zh=f"{agency} 在账本上已被暂停"))
    accreditations = known.accreditations(certificate_type.vct_hash, copy.settled_block)
    if not any(each.since <= now and (each.until is None or now < each.until) for each in accreditations):
        en, zh = f"{agency} is not accredited for {certificate_type.slug}", f"{agency} 无权签发“{certificate_type.zh}”"
        return Obstacle(why=Words(en=en, zh=zh))
    return _key_obstacle(known.keys.get(kid), agency, now)


def _key_obstacle(key: KeyFacts | None, agency: str, now: int) -> Obstacle | None:
    if key is None:
        en, zh = f"the certificate key of {agency} is not on the ledger", f"{agency} 的签署密钥不在账本上"
        return Obstacle(why=Words(en=en, zh=zh))
    if key.retired is not None or key.compromised_since is not None:
        en = f"the certificate key of {agency} is retired or revoked on the ledger"
        return Obstacle(why=Words(en=en, zh=f"{agency} 的签署密钥在账本上已停用或失控"))
    if key.added > now:
        en = f"the certificate key of {agency} does not count yet, but from {shown(key.added)}"
        return Obstacle(why=Words(en=en, zh=f"{agency} 的签署密钥自 {shown(key.added)} 起才有效"), ends=key.added)
    return None
