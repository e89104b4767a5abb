"""What can be done next with a call: `chain.lifecycle` decides it, `chain.deeds` does it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Give it a nonce, not below this one, sign, store, send."""

    gas: int
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resend:
    """Send the stored bytes again; `undone`: the block that it was in is gone; `stuck`: somebody should look."""

    undone: bool = False
    stuck: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace:
    """Sign it again with the same nonce and a higher price, store, send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mine:
    """Write down that it is in this block."""

    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Leave it as it is; `reason` is for people, None where there is nothing to say."""

    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """It is done; `block`: the one in which."""

    block: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fail:
    """It will never be done."""

    reason: str
    said: str = field(default="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAgain:
    """Its nonce is lost to a stranger's transaction: it needs another, and somebody must look at the key.

    It is looked at as if it were queued: what the ledger refuses for good has failed.
    """


Step = Send | Resend | Replace | Mine | Wait | Settle | Fail | SignAgain
