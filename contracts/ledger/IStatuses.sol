// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Statuses: which certificates still count
/// @notice 0 valid, 1 revoked, 2 suspended, 3 superseded; 1 and 3 are final. Two bits for each serial.
interface IStatuses {
    /// @notice These serials, in this order, now have this status: 0, 1 or 2. Serials that had it before are left out.
    event StatusChanged(
        bytes32 indexed agency,
        uint8 status,
        uint64[] serials,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );
    /// @notice The certificate now has status 3: these replace it.
    event CertificateSuperseded(
        bytes32 indexed agency,
        uint64 serial,
        uint64[] successors,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );

    /// @notice The agency has not used the serial on this ledger: it used those from `firstSerial`, before `nextSerial`.
    error UnknownSerial(bytes32 agency, uint64 serial, uint64 firstSerial, uint64 nextSerial);
    /// @notice A certificate with status `current` cannot get status `requested`.
    error StatusConflict(bytes32 agency, uint64 serial, uint8 current, uint8 requested);
    /// @notice The certificate is superseded by others. `recorded` is {successorsHash}.
    error SupersededByOthers(bytes32 agency, uint64 serial, bytes32 recorded);
    /// @notice No batch has the serial that should replace another.
    error SuccessorNotAnchored(bytes32 agency, uint64 successor);
    /// @notice Successors ascend, each once, and none is the certificate itself.
    error InvalidSuccessor(bytes32 agency, uint64 serial, uint64 successor);
    /// @notice A superseded certificate has 1 to 256 successors.
    error InvalidSuccessorCount(uint256 count);

    /// @notice Suspend certificates: 0 becomes 2. Passes over those that are suspended, reverts for those that are
    /// final. Operator with purpose 2.
    function suspend(bytes32 agency, uint64[] calldata serials) external;

    /// @notice Reinstate certificates: 2 becomes 0. Passes over those that are valid, reverts for those that are
    /// final. Operator with purpose 2 of an agency that is not suspended.
    function reinstate(bytes32 agency, uint64[] calldata serials) external;

    /// @notice Revoke certificates: 0 or 2 becomes 1. Passes over those that are revoked, reverts for those that are
    /// superseded. Operator with purpose 2.
    function revoke(bytes32 agency, uint64[] calldata serials) external;

    /// @notice Say which certificates replace a valid one: 0 becomes 3. All must be anchored, here or on a ledger that
    /// followed. The same successors again are harmless; others revert. Operator with purpose 2.
    /// @param serial The certificate that is replaced.
    /// @param successors The serials of those that replace it, ascending.
    function supersede(bytes32 agency, uint64 serial, uint64[] calldata successors) external;

    /// @notice The statuses of serials `128 * wordIndex` to `128 * wordIndex + 127`; that of the serial at place `i` is
    /// in bits `2 * i` and `2 * i + 1`. Written as 32 bytes, least significant first, it is a piece of a Token Status
    /// List with two bits.
    function statusWord(bytes32 agency, uint256 wordIndex) external view returns (uint256);

    /// @notice The status of a serial. Reverts if the agency has not used it on this ledger.
    function statusOf(bytes32 agency, uint64 serial) external view returns (uint8);

    /// @notice `keccak256(abi.encode(successors))` of a superseded certificate; zero for any other.
    function successorsHash(bytes32 agency, uint64 serial) external view returns (bytes32);
}
