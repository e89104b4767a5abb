// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Keys: with what an agency signs its certificates
/// @notice A key never disappears. It counts from `activeFrom` until it is retired or compromised, whichever is
/// earlier. `kid` is the key's RFC 7638 thumbprint; the registry does not recompute it, a verifier does.
interface IKeys {
    /// @notice The agency signs with this key from `activeFrom` on.
    event KeyAdded(
        bytes32 indexed agency,
        bytes32 indexed kid,
        uint16 suite,
        bytes publicKey,
        uint64 activeFrom,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );
    /// @notice The agency signs with this key no longer, from the time of this block on.
    event KeyRetired(
        bytes32 indexed agency, bytes32 indexed kid, bytes32 instance, uint64 sequence, uint64 time, bytes32 head
    );
    /// @notice Somebody else may have this key since `compromisedSince`. Replaces an earlier, later time.
    event KeyRevoked(
        bytes32 indexed agency,
        bytes32 indexed kid,
        uint64 compromisedSince,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );

    /// @notice The agency has no such key.
    error UnknownKey(bytes32 agency, bytes32 kid);
    /// @notice The agency has another key of this id, or has retired or revoked it.
    error KeyAlreadyAdded(bytes32 agency, bytes32 kid);
    /// @notice A key id that no key has.
    error InvalidKid(bytes32 kid);
    /// @notice Suites are numbered from 1.
    error InvalidSuite(uint16 suite);
    /// @notice A public key has 1 to 4,096 bytes; this one has `length`.
    error InvalidPublicKeyLength(uint256 length);
    /// @notice The time of compromise only ever moves earlier.
    error CompromiseMovedLater(bytes32 agency, bytes32 kid, uint64 compromisedSince, uint64 requested);

    /// @notice What the registry knows of a key.
    /// @param suite How it signs; 1 is ES256.
    /// @param activeFrom From when on it counts.
    /// @param retiredAt When it was retired, or zero.
    /// @param compromisedSince Since when somebody else may have it, or zero.
    /// @param publicKey Opaque here. In suite 1 the uncompressed point of SEC 1: 0x04, x, y.
    struct Key {
        uint16 suite;
        uint64 activeFrom;
        uint64 retiredAt;
        uint64 compromisedSince;
        bytes publicKey;
    }

    /// @notice Add a key, active {adminDelay} seconds from now. The same key again is harmless. Agency's admin.
    function addKey(bytes32 agency, bytes32 kid, uint16 suite, bytes calldata publicKey) external;

    /// @notice Retire a key, at once; harmless when it is retired. Agency's admin.
    function retireKey(bytes32 agency, bytes32 kid) external;

    /// @notice Revoke a key. The same time again is harmless, an earlier one replaces it, a later one reverts.
    /// Agency's admin.
    function revokeKey(bytes32 agency, bytes32 kid, uint64 compromisedSince) external;

    /// @notice What is known of a key. Reverts if the agency has no such key.
    function keyOf(bytes32 agency, bytes32 kid) external view returns (Key memory);
}
