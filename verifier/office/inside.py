"""What the office's routes work with."""

from __future__ import annotations

from dataclasses import dataclass, field

from ecert.types import TypeCatalogue
from verifier.access.idempotency import Idempotency
from verifier.callers import Gate
from verifier.services.drafting_orders import Drafting
from verifier.services.making_codes import CodeDesk
from verifier.services.office import Office
from verifier.services.single_issuing import SingleIssuing
from verifier.services.standing import Shelf
from verifier.services.status_asking import StatusAsking


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """The services behind the office's routes."""

    gate: Gate
    idempotency: Idempotency
    office: Office
    issuing: SingleIssuing
    shelf: Shelf
    statuses: StatusAsking
    codes: CodeDesk
    drafting: Drafting = field(default_factory=Drafting)

    @property
    def types(self) -> TypeCatalogue:
        """The certificate types that are known here."""
        return self.drafting.types
