// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract whose events are numbered and chained
/// @notice Every event of such a contract ends with the same four fields:
///
///   - `instance`: what {instance} answers, the same in every event;
///   - `sequence`: 1 for the contract's first event, then 2, 3, ... without a gap;
///   - `time`: the time of the event's block, in seconds;
///   - `head`: the running head after this event.
///
/// The running head is computed by one rule for every event. `topic` is the event's first topic, the hash of its
/// signature; `fields` are all its parameters before `instance`, indexed or not, in the order of their declaration;
/// `hash | n` is the first 27 bytes of a hash, followed by `n` in 5 bytes, most significant first:
///
///     head(0) = instance = keccak256(abi.encode(chain id, address of the contract, hash of the block before)) | 0
///     head(n) = keccak256(abi.encode(head(n-1), sequence, time, topic, keccak256(abi.encode(fields...)))) | sequence
///
/// A reader who recomputes it notices an event that a node dropped, changed, added or moved to another time.
/// `AuthorityUpdated`, which OpenZeppelin's AccessManaged emits, is not part of the chain; {AuthorityChanged}, emitted
/// with it, is.
interface IRunningHead {
    /// @notice The contract now takes its orders from `authority`, an AccessManager. The first event of every contract.
    event AuthorityChanged(address authority, bytes32 instance, uint64 sequence, uint64 time, bytes32 head);

    /// @notice This contract on this chain, and no other: a rehearsal with the same keys and addresses has another one.
    function instance() external view returns (bytes32);

    /// @notice The number of events so far, which is the sequence of the latest one.
    function sequence() external view returns (uint64);

    /// @notice The running head after the latest event.
    function head() external view returns (bytes32);
}
