// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Accreditations: which agency may issue which certificate type, and when
/// @notice An accreditation says what holds from the block of its event on; it does not rewrite the time before.
interface IAccreditations {
    /// @notice The agency may issue the type at any time `t` with `from <= t < until`. Replaces what was said before.
    event AgencyAccredited(
        bytes32 indexed agency,
        bytes32 indexed certificateType,
        uint64 from,
        uint64 until,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );
    /// @notice The agency may no longer issue the type, from the time of this block on.
    event AccreditationEnded(
        bytes32 indexed agency,
        bytes32 indexed certificateType,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );

    /// @notice The agency may not issue the type now.
    error NotAccredited(bytes32 agency, bytes32 certificateType);
    /// @notice Not a certificate type: zero, or it has the tag of another type.
    error InvalidCertificateType(bytes32 certificateType);
    /// @notice No accredited type has this tag.
    error UnknownTypeTag(bytes16 tag);

    /// @notice When an agency may issue a type: from `from` on, before `until`. Both zero: never.
    struct Accreditation {
        uint64 from;
        uint64 until;
    }

    /// @notice Accredit an agency for a type, `from <= t < until`; the greatest uint64 is no end. Registrar.
    function accredit(bytes32 agency, bytes32 certificateType, uint64 from, uint64 until) external;

    /// @notice End an accreditation now; harmless when it is over. Registrar.
    function endAccreditation(bytes32 agency, bytes32 certificateType) external;

    /// @notice The latest accreditation of an agency for a type.
    function accreditationOf(bytes32 agency, bytes32 certificateType) external view returns (Accreditation memory);

    /// @notice Whether the agency is accredited for the type now.
    function isAccredited(bytes32 agency, bytes32 certificateType) external view returns (bool);

    /// @notice The accredited type whose `typeTag` this is. Reverts if there is none.
    function certificateTypeOf(bytes16 tag) external view returns (bytes32);
}
