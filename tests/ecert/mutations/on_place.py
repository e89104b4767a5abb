"""Paths that lead elsewhere, and facts of elsewhere: a certificate counts at its own place in its own batch alone."""

from __future__ import annotations

from random import Random

from ecert import base64url
from ecert.merkle import Tree
from tests.ecert.attacking import Attack, Parts
from tests.ecert.mutations.entered import mutation, other
from tests.ecert.specimens import (
    Specimen,
)


@mutation
def swapped_path(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    parts.path = list(other(random, specimen).whole["header"]["ecert"]["path"])
    return parts.attack()


@mutation
def truncated_path(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    length = random.randrange(len(parts.path))
    parts.path = parts.path[:length] if random.random() < 1 / 2 else parts.path[len(parts.path) - length :]
    return parts.attack()


@mutation
def extended_path(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    node = random.choice([*parts.path, base64url.encode(specimen.signed.leaf), base64url.encode(random.randbytes(32))])
    parts.path.insert(random.choice([0, len(parts.path), random.randrange(len(parts.path) + 1)]), node)
    return parts.attack()


@mutation
def shuffled_path(random: Random, specimen: Specimen) -> Attack:
    parts = Parts(specimen)
    random.shuffle(parts.path)
    return parts.attack()


@mutation
def inner_node_as_a_leaf(random: Random, specimen: Specimen) -> Attack:
    """A tree of one's own over the true leaf, whose root nobody anchored."""
    parts = Parts(specimen)
    leaves = [random.randbytes(32) for _ in range(7)]
    at = specimen.signed.serial % 7
    leaves[at] = specimen.signed.leaf
    parts.path = [base64url.encode(node) for node in Tree(leaves).path(at)]
    return parts.attack()
