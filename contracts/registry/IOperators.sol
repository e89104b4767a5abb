// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Operators: which accounts write to the ledger for an agency
/// @notice Purposes are bits: 1 anchor, 2 change statuses. They are separate, so that a stolen anchoring key cannot
/// revoke. What is set for an operator becomes active later; until then, what was active before stays so.
interface IOperators {
    /// @notice From `activeFrom` on, before `validUntil`, the operator may do `purposes`. Replaces what was active.
    event OperatorSet(
        bytes32 indexed agency,
        address indexed operator,
        uint8 purposes,
        uint64 activeFrom,
        uint64 validUntil,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );
    /// @notice The operator may do nothing for the agency, from this block on.
    event OperatorRemoved(
        bytes32 indexed agency,
        address indexed operator,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );

    /// @notice The account may not do this for the agency now: unknown, not yet active, expired, or other purposes.
    error NotAnOperator(bytes32 agency, address operator, uint8 purpose);
    /// @notice Purposes are 1, 2 or 3.
    error InvalidPurposes(uint8 purposes);

    /// @notice What an operator may do: now `purposes` until `validUntil`; from `nextFrom` on, unless that is zero,
    /// `nextPurposes` until `nextValidUntil`.
    struct Operator {
        uint8 purposes;
        uint64 validUntil;
        uint8 nextPurposes;
        uint64 nextFrom;
        uint64 nextValidUntil;
    }

    /// @notice Let an account write for the agency, {adminDelay} seconds from now, before `validUntil`.
    /// Agency's admin.
    function setOperator(bytes32 agency, address operator, uint8 purposes, uint64 validUntil) external;

    /// @notice Take everything from an operator, at once; harmless when it has nothing. Agency's admin.
    function removeOperator(bytes32 agency, address operator) external;

    /// @notice What an operator may do for an agency, with what is active by now in the first two fields.
    function operatorOf(bytes32 agency, address operator) external view returns (Operator memory);
}
