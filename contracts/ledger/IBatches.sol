// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Batches: which certificates were issued
/// @notice A batch is `count` certificates of one agency and one type with consecutive serials, under one Merkle root
/// (RFC 9162); leaf `i` is serial `firstSerial + i`. An agency uses each serial once, for ever.
interface IBatches {
    /// @notice The batch's certificates were issued at `time`.
    event BatchAnchored(
        bytes32 indexed agency,
        bytes32 indexed certificateType,
        uint16 suite,
        bytes32 root,
        uint64 firstSerial,
        uint32 count,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );

    /// @notice Suites are numbered from 1.
    error InvalidSuite(uint16 suite);
    /// @notice A batch has 1 to 2^20 certificates.
    error InvalidCount(uint32 count);
    /// @notice A root that no tree has.
    error InvalidRoot(bytes32 root);
    /// @notice The agency has used `firstSerial`, for another batch or beyond it: its next one is `nextSerial`.
    error SerialsTaken(bytes32 agency, uint64 firstSerial, uint64 nextSerial);
    /// @notice More than 2^20 serials would be left out between `nextSerial` and `firstSerial`.
    error GapTooLarge(bytes32 agency, uint64 firstSerial, uint64 nextSerial);
    /// @notice Serials are below 2^53.
    error SerialOutOfRange(uint64 firstSerial, uint32 count);
    /// @notice No batch of the agency begins with this serial.
    error UnknownBatch(bytes32 agency, uint64 firstSerial);
    /// @notice The predecessor has not been retired in favour of this ledger.
    error PredecessorNotRetired(address predecessor);

    /// @notice What the ledger knows of a batch; `time` and `sequence` are those of its event.
    struct Batch {
        bytes32 certificateType;
        uint16 suite;
        bytes32 root;
        uint64 firstSerial;
        uint32 count;
        uint64 time;
        uint64 sequence;
    }

    /// @notice Anchor a batch. The same call again, by anyone, at any time, answers the same and changes nothing.
    /// Operator with purpose 1 of an agency that is not suspended and accredited for the type.
    /// @return sequence The `sequence` of the batch's event.
    function anchor(
        bytes32 agency,
        bytes32 certificateType,
        uint16 suite,
        bytes32 root,
        uint64 firstSerial,
        uint32 count
    ) external returns (uint64 sequence);

    /// @notice The batch that begins with this serial. Reverts if there is none.
    function batchAt(bytes32 agency, uint64 firstSerial) external view returns (Batch memory);

    /// @notice The lowest serial that the agency has not used, on this ledger or those before it.
    function nextSerial(bytes32 agency) external view returns (uint64);

    /// @notice Whether a batch here, or on a ledger that followed, has this serial.
    function isAnchored(bytes32 agency, uint64 serial) external view returns (bool);
}
