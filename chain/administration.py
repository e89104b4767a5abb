"""The registry's administration: agencies, accreditations, keys, operators.

Each function writes one step; `Administration.carry_out` sends steps and waits for them. The registrar's and the
guardian's steps are signed by the bureau's keys, the others by the agency's own admin. Steps that are already so do no
harm, but for registering an agency twice, which `carry_out` passes over, so a run that was cut off is run again whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chain.answers import TransactionReceipt, to_hex
from chain.artifact import artifact
from chain.deployment import Deployment
from chain.errors import NodeRefused
from chain.event_fields import NO_END
from chain.headers import BlockHeader
from chain.ledger import refusal
from chain.node import Node
from chain.signer import Signer
from chain.transacting import Invocation, transact
from ecert.agency import to_bytes32

ANCHOR = 1
"""The purpose of an operator that anchors batches."""

STATUS = 2
"""The purpose of an operator that changes statuses."""

Step = bytes
"""A call of the registry, written."""


def register_agency(agency: str, name: str, admin: bytes) -> Step:
    """Admit an agency, administered by `admin` from now on. Registrar."""
    return _step("registerAgency", to_bytes32(agency), name, to_hex(admin))


def set_admin(agency: str, admin: bytes) -> Step:
    """Give an agency another admin, after the registry's delay. Registrar."""
    return _step("setAgencyAdmin", to_bytes32(agency), to_hex(admin))


def suspend_agency(agency: str) -> Step:
    """Let an agency anchor and reinstate no more. Registrar."""
    return _step("suspendAgency", to_bytes32(agency))


def reinstate_agency(agency: str) -> Step:
    """End a suspension. Registrar."""
    return _step("reinstateAgency", to_bytes32(agency))


def doubt_agency(agency: str, since: int) -> Step:
    """Suspend an agency and put its batches from `since` (seconds) on in doubt. Guardian."""
    return _step("doubtAgency", to_bytes32(agency), since)


def lift_doubt(agency: str) -> Step:
    """End a doubt; the agency stays suspended. Registrar."""
    return _step("liftDoubt", to_bytes32(agency))


def accredit(agency: str, certificate_type: bytes, *, since: int, until: int | None = None) -> Step:
    """Let an agency issue a type (32 bytes) from `since` until before `until` (seconds). Registrar."""
    return _step("accredit", to_bytes32(agency), certificate_type, since, NO_END if until is None else until)


def end_accreditation(agency: str, certificate_type: bytes) -> Step:
    """Let an agency issue a type no more. Registrar."""
    return _step("endAccreditation", to_bytes32(agency), certificate_type)


def add_key(agency: str, kid: bytes, suite: int, public_key: bytes) -> Step:
    """Add a certificate key, active after the registry's delay. The agency's admin."""
    return _step("addKey", to_bytes32(agency), kid, suite, public_key)


def retire_key(agency: str, kid: bytes) -> Step:
    """Let a key sign no more; what it signed stays good. The agency's admin."""
    return _step("retireKey", to_bytes32(agency), kid)


def revoke_key(agency: str, kid: bytes, *, compromised_since: int) -> Step:
    """Say that a key has been in wrong hands since then (seconds). The agency's admin."""
    return _step("revokeKey", to_bytes32(agency), kid, compromised_since)


def set_operator(agency: str, operator: bytes, purposes: int, *, until: int | None = None) -> Step:
    """Let an address write for an agency before `until` (seconds), after the registry's delay. The agency's admin."""
    valid_until = NO_END if until is None else until
    return _step("setOperator", to_bytes32(agency), to_hex(operator), purposes, valid_until)


def remove_operator(agency: str, operator: bytes) -> Step:
    """Take everything from an operator at once. The agency's admin."""
    return _step("removeOperator", to_bytes32(agency), to_hex(operator))


class Administration:
    """The registry of one deployment, for those who administer it."""

    def __init__(self, node: Node, deployment: Deployment) -> None:
        self._node = node
        self._registry = deployment.registry

    async def carry_out(self, signer: Signer, steps: Sequence[Step]) -> list[TransactionReceipt]:
        """Sign and send steps, and wait until all are mined; agencies that are registered already are passed over.

        Steps go out together, so the signer must not be in use elsewhere meanwhile.

        Raises:
            CallReverted: the registry refused a step, with the reason.
            NodeError: the node did not do its part; the same steps may be carried out again.
        """
        left = [step for step in steps if not await self._is_done(step)]
        return await transact(self._node, signer, [Invocation(to=self._registry, data=step) for step in left])

    async def counts_from(self, steps: Sequence[Step]) -> int | None:
        """Say from when all that steps have added, keys and operators, counts (seconds); None where it does already.

        Raises:
            NodeError: the node did not do its part.
        """
        head = await self._node.latest()
        begins = [await self._begin(step, head) for step in steps]
        return max((begin for begin in begins if begin is not None and begin > head.time), default=None)

    async def _begin(self, step: Step, head: BlockHeader) -> int | None:
        """Say from when what a step has added counts; None where it adds nothing, or changed nothing."""
        functions = artifact("AgencyRegistry").functions
        added, operator = functions["addKey"], functions["setOperator"]
        begin: int
        if step[:4] == added.selector:
            said = added.decode_input(step[4:])
            _, begin, *_ = await self._kept("keyOf", said["agency"], said["kid"], at=head)
            return begin
        if step[:4] == operator.selector:
            said = operator.decode_input(step[4:])
            kept = await self._kept("operatorOf", said["agency"], said["operator"], at=head)
            purposes, until, next_purposes, begin, next_until = kept
            return None if (purposes, until) == (next_purposes, next_until) else begin
        return None

    async def _kept(self, name: str, *values: object, at: BlockHeader) -> tuple[Any, ...]:
        """Read what the registry keeps, in the order of the contract's struct."""
        answer = await self._node.call(self._registry, _step(name, *values), at=at.hash)
        (kept,) = artifact("AgencyRegistry").functions[name].decode_output(answer)
        return tuple(kept)

    async def _is_done(self, step: Step) -> bool:
        register = artifact("AgencyRegistry").functions["registerAgency"]
        if step[:4] != register.selector:
            return False
        return await self._is_known(register.decode_input(step[4:])["agency"])

    async def _is_known(self, agency: bytes) -> bool:
        head = await self._node.latest()
        try:
            await self._node.call(self._registry, _step("agencyOf", agency), at=head.hash)
        except NodeRefused as error:
            said = refusal(error)
            if said is not None and said.reason == "UnknownAgency":
                return False
            raise
        return True


def _step(name: str, *values: object) -> Step:
    return artifact("AgencyRegistry").functions[name].encode(*values)
