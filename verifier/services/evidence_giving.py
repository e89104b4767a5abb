"""Giving files that were handed out the evidence of their anchor, so that they can be verified without a node.

A file gets it only where our verifier finds its anchor good (check 7): the batch is settled, and the leaf at its place.
What is written is proved before. Files of one batch have the same evidence, which is made once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chain.anchor_evidence import AnchorEvidence
from chain.deployment import Deployment
from chain.errors import AnchorUnproved
from chain.evidence_making import agrees, make_evidence
from chain.identity import verify
from chain.network import find_network
from chain.node import Node
from ecert.carried_evidence import with_evidence
from ecert.certificate import Certificate
from ecert.errors import MalformedCertificate, MalformedEvidence
from ecert.parsing import parse
from ecert.verdict import Check, Outcome, Reason
from store import blocks
from store.database import Database
from verifier.errors import Refused
from verifier.services.evidence_given import (
    BLOCK_LOST,
    COMPACT,
    IN_DOUBT,
    NO_CERTIFICATE,
    NOT_ANCHORED,
    NOT_SEALED,
    UNPROVED,
    UNWRITABLE,
    Given,
    GivenState,
    NotGiven,
    told,
)
from verifier.services.verifying import Verifying
from verifier.system_words import why
from verifier.written_files import write_files

_WANTED = frozenset({2, 3, 7})
"""Checks that a file must pass; the others say nothing of where it was anchored."""


@dataclass(slots=True, kw_only=True)
class EvidenceGiving:
    """Gives evidence from one node; `made` has that of every batch, or why there is none."""

    database: Database
    verifying: Verifying
    node: Node
    deployment: Deployment
    made: dict[tuple[str, str, int], AnchorEvidence | AnchorUnproved] = field(default_factory=dict)

    async def begin(self) -> None:
        """See that the node is of our chain, and that the chain's blocks are sealed.

        Raises:
            Refused: they are not.
            ChainError: it is another chain, or the node is away.
        """
        await verify(self.node, self.deployment)
        if not (await find_network(self.node)).sealed:
            raise Refused(NOT_SEALED)

    async def give(self, files: Mapping[str, bytes]) -> list[Given]:
        """Write evidence into files, by name and content, each whole or not at all; none keeps back another.

        Raises:
            ChainError: the node went away, or cannot be believed.
            StoreError: the database does not answer.
        """
        found: dict[str, Given] = {}
        due: dict[Path, dict[str, bytes]] = {}
        for name, presented in files.items():
            try:
                content = await self._content(presented)
            except NotGiven as stop:
                found[name] = Given(name=name, state=stop.state, fault=stop.fault)
                continue
            found[name] = Given(name=name, state=GivenState.THERE if content is None else GivenState.ADDED)
            if content is not None:
                path = _target(name)
                due.setdefault(path.parent, {})[path.name] = content
        unwritten = _write(due)
        return [_after_writing(one, unwritten) for one in found.values()]

    async def _content(self, presented: bytes) -> bytes | None:
        """Give what a file should hold; None where it has good evidence."""
        certificate = self._anchored(presented)
        evidence = await self._of_batch(certificate)
        if certificate.evidence is not None and self._is_good(certificate, evidence):
            return None
        try:
            return with_evidence(presented, evidence.to_json())
        except MalformedCertificate as error:
            raise NotGiven(GivenState.FAILED, NO_CERTIFICATE, str(error)) from error

    def _anchored(self, presented: bytes) -> Certificate:
        try:
            certificate = parse(presented)
        except MalformedCertificate as error:
            raise NotGiven(GivenState.NOT_ANCHORED, NO_CERTIFICATE, str(error)) from error
        if certificate.path is None:
            raise NotGiven(GivenState.FAILED, COMPACT)
        verdict = self.verifying.verify(presented).verdict
        wanted = [check for check in verdict.checks if check.number in _WANTED]
        if any(check.outcome is Outcome.FAIL for check in wanted):
            raise NotGiven(GivenState.NOT_ANCHORED, NOT_ANCHORED, _reasons(wanted))
        if any(check.outcome is not Outcome.PASS for check in wanted):
            raise NotGiven(GivenState.FAILED, IN_DOUBT, _reasons(wanted))
        return certificate

    async def _of_batch(self, certificate: Certificate) -> AnchorEvidence:
        ledger, agency = certificate.iss.ledger, certificate.iss.agency
        batch = self.verifying.copies.of(ledger).batch(agency, certificate.serial)
        if batch is None:
            raise NotGiven(GivenState.NOT_ANCHORED, NOT_ANCHORED, Reason.NOT_ANCHORED.value)
        key = (ledger, agency, batch.first_serial)
        if key not in self.made:
            with self.database.read() as connection:
                block = blocks.read(connection, ledger, batch.block)
            if block is None:
                raise NotGiven(GivenState.FAILED, BLOCK_LOST)
            deployment = self.deployment.of(ledger)
            try:
                self.made[key] = await make_evidence(self.node, deployment, agency, batch, block_hash=block.hash)
            except AnchorUnproved as error:
                self.made[key] = error
        found = self.made[key]
        if isinstance(found, AnchorUnproved):
            raise NotGiven(GivenState.FAILED, UNPROVED, str(found))
        return found

    def _is_good(self, certificate: Certificate, made: AnchorEvidence) -> bool:
        try:
            there = AnchorEvidence.from_json(dict(certificate.evidence or {}))
        except MalformedEvidence:
            return False
        return agrees(there, made, self.deployment.of(certificate.iss.ledger))


def _reasons(checks: Sequence[Check]) -> str:
    return ", ".join(reason.value for check in checks for reason in check.reasons)


def _target(name: str) -> Path:
    """Say which file is written: a link goes on leading to it."""
    return Path(name).resolve()


def _write(due: Mapping[Path, Mapping[str, bytes]]) -> dict[Path, OSError]:
    """Write files, by folder and name; give the folders whose files could not be, and why."""
    unwritten = {}
    for folder, files in due.items():
        try:
            write_files(folder, files.items())
        except OSError as error:
            unwritten[folder] = error
    return unwritten


def _after_writing(one: Given, unwritten: Mapping[Path, OSError]) -> Given:
    error = unwritten.get(_target(one.name).parent)
    if error is None or one.state is not GivenState.ADDED:
        return one
    return Given(name=one.name, state=GivenState.FAILED, fault=told(UNWRITABLE, why(error)))
