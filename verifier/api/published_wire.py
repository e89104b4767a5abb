"""What crosses the wire of what is published."""

from __future__ import annotations

from pydantic import BaseModel, Field

from verifier.api.answers_wire import AsOfBlock, StatusWord


class PublishedAsOf(AsOfBlock):
    """The block; `contested`: the chain's validators have sealed two histories, and nothing here may be relied on."""

    contested: bool


class SerialBatch(BaseModel):
    """The batch that a serial is in, and the block that anchored it."""

    first_serial: int
    count: int
    block: int
    time: int


class SerialChange(BaseModel):
    """One change of a serial's status. `successors` with superseded only."""

    status: StatusWord
    block: int
    time: int
    settled: bool
    successors: list[int] | None = None


class SerialStatusAnswer(BaseModel):
    """What the ledger says of one serial."""

    ledger: str = Field(examples=["eip155:31337:0x5fbdb2315678afecb367f032d93f642f64180aa3"])
    agency: str
    serial: int
    status: StatusWord = Field(description="Withdrawals count at once, reinstatements once settled.")
    settled: bool = Field(description="Whether its batch is too deep in the chain to be undone.")
    as_of: PublishedAsOf
    batch: SerialBatch
    changes: list[SerialChange] = Field(description="Oldest first.")


class LeavesAnswer(BaseModel):
    """The leaves of a batch, those of its serials in their order."""

    agency: str
    first_serial: int
    count: int
    root: str = Field(description="The tree head on the ledger, base64url.")
    leaves: list[str] = Field(description="SHA-256 digests, base64url.")
