"""The ledger and the registry as contracts: how a call is written, and what a refusal means.

A call is what the outbox holds: a kind and its arguments as JSON. Here it becomes the data of a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from eth_abi.exceptions import EncodingError

from chain.artifact import Artifact, artifact
from chain.errors import CallMalformed, CallReverted, NodeRefused
from ecert.agency import from_bytes32, to_bytes32
from ecert.errors import EcertError
from ecert.events import Reading

ANCHOR = "anchor"
"""The kind of call that anchors a batch."""

SERIALS_IN_WORD = 128
"""Statuses in one word, two bits each, the first in the lowest."""

_MOST_GAS = 2**24  # for one transaction, since the Osaka hardfork (EIP-7825)
_GAS_FOR_WORD = 22_100  # a word that another call empties in the meantime is written from zero

Args = Mapping[str, object]


HEAD_SLOT = 0
"""Where both contracts keep their running head: it is the first that their first base, `RunningHead`, declares."""
_NUMBER_BYTES = 5


def encode_call(kind: str, args: Args) -> bytes:
    """Write a call of the ledger, `args` as the outbox holds them; `CallMalformed` for what is no call of it."""
    function = artifact("CertificateLedger").functions.get(kind)
    read = _ARGUMENTS.get(kind)
    if function is None or read is None:
        raise CallMalformed(f"{kind!r} is no call of the ledger")
    try:
        return function.encode(*read(args))
    except (KeyError, TypeError, ValueError, EcertError, EncodingError) as error:
        raise CallMalformed(f"{kind}: its arguments are malformed: {error!r}") from error


def gas_limit(args: Args, estimate: int, block_limit: int) -> int:
    """The gas that a call is given: what it would burn now, and room for what happens before it is mined."""
    words = {serial // SERIALS_IN_WORD for serial in _serials(args)}
    wanted = estimate * 5 // 4 + 30_000 + len(words) * _GAS_FOR_WORD
    return min(wanted, max(estimate, _MOST_GAS), block_limit)


def refusal(error: NodeRefused) -> CallReverted | None:
    """What a contract said when it refused, or None where the node refused and no contract was asked."""
    data = error.data
    if data:
        return decode_refusal(data)
    if "revert" in error.message.lower():
        return CallReverted("reverted", {"message": error.message})
    return None


def decode_refusal(data: bytes) -> CallReverted:
    """Name a custom error of ours (or of the AccessManager), or Solidity's own two, with its values."""
    for contract in _contracts():
        known = contract.errors.get(data[:4])
        if known is not None:
            said = known.decode_input(data[4:])
            return CallReverted(known.name, {name: _shown(name, value) for name, value in said.items()})
    return CallReverted("unknown_error", {"data": "0x" + data.hex()})


def reading_calls(contract: bytes) -> list[tuple[bytes, bytes]]:
    """The two calls that a `Reading` is made from."""
    functions = artifact("CertificateLedger").functions
    return [(contract, functions["sequence"].encode()), (contract, functions["head"].encode())]


def decode_reading(sequence: bytes, head: bytes) -> Reading:
    """Read what the two calls answered."""
    functions = artifact("CertificateLedger").functions
    return Reading(
        sequence=functions["sequence"].decode_output(sequence)[0], head=functions["head"].decode_output(head)[0]
    )


def reading_of(head: bytes) -> Reading:
    """Read the word that a contract keeps in `HEAD_SLOT`: the running head, whose last five bytes are the number."""
    return Reading(sequence=int.from_bytes(head[-_NUMBER_BYTES:]), head=head)


def _contracts() -> tuple[Artifact, ...]:
    return artifact("CertificateLedger"), artifact("AgencyRegistry"), artifact("AccessManager")


def _shown(name: str, value: object) -> str | int:
    if isinstance(value, bytes):
        if name == "agency":
            try:
                return from_bytes32(value)
            except EcertError:
                return "0x" + value.hex()
        return "0x" + value.hex()
    if isinstance(value, int):
        return value
    return str(value)


def _hash(args: Args, name: str) -> bytes:
    return bytes.fromhex(str(args[name]).removeprefix("0x"))


def _serials(args: Args) -> set[int]:
    found = args.get("serials", ())
    return {one for one in found if isinstance(one, int)} if isinstance(found, Iterable) else set()


def _agency(args: Args) -> bytes:
    return to_bytes32(str(args["agency"]))


def _anchor(args: Args) -> tuple[object, ...]:
    certificate_type, root = _hash(args, "certificate_type"), _hash(args, "root")
    return _agency(args), certificate_type, args["suite"], root, args["first_serial"], args["count"]


def _change(args: Args) -> tuple[object, ...]:
    return _agency(args), args["serials"]


def _supersede(args: Args) -> tuple[object, ...]:
    return _agency(args), args["old"], args["successors"]


_ARGUMENTS: Mapping[str, Callable[[Args], tuple[object, ...]]] = {
    ANCHOR: _anchor,
    "suspend": _change,
    "reinstate": _change,
    "revoke": _change,
    "supersede": _supersede,
}
