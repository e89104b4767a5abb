// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Agencies} from "./Agencies.sol";
import {IKeys} from "./IKeys.sol";

/// @dev See {IKeys}.
abstract contract Keys is Agencies, IKeys {
    uint256 private constant MAX_PUBLIC_KEY_LENGTH = 4096;

    mapping(bytes32 agency => mapping(bytes32 kid => Key)) private _keys;

    /// @inheritdoc IKeys
    function addKey(bytes32 agency, bytes32 kid, uint16 suite, bytes calldata publicKey) external onlyAdmin(agency) {
        if (kid == 0) revert InvalidKid(kid);
        if (suite == 0) revert InvalidSuite(suite);
        uint256 length = publicKey.length;
        if (length == 0 || length > MAX_PUBLIC_KEY_LENGTH) revert InvalidPublicKeyLength(length);
        Key storage key = _keys[agency][kid];
        if (key.suite != 0) {
            bool same = key.suite == suite && keccak256(key.publicKey) == keccak256(publicKey);
            if (same && key.retiredAt == 0 && key.compromisedSince == 0) return;
            revert KeyAlreadyAdded(agency, kid);
        }
        uint64 activeFrom = _afterDelay();
        key.suite = suite;
        key.publicKey = publicKey;
        key.activeFrom = activeFrom;
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(KeyAdded.selector, abi.encode(agency, kid, suite, publicKey, activeFrom));
        emit KeyAdded(agency, kid, suite, publicKey, activeFrom, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IKeys
    function retireKey(bytes32 agency, bytes32 kid) external onlyAdmin(agency) {
        Key storage key = _knownKey(agency, kid);
        if (key.retiredAt != 0) return;
        key.retiredAt = uint64(block.timestamp);
        (uint64 sequence_, uint64 time, bytes32 head_) = _advance(KeyRetired.selector, abi.encode(agency, kid));
        emit KeyRetired(agency, kid, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IKeys
    function revokeKey(bytes32 agency, bytes32 kid, uint64 compromisedSince) external onlyAdmin(agency) {
        Key storage key = _knownKey(agency, kid);
        _checkPast(compromisedSince);
        uint64 before = key.compromisedSince;
        if (compromisedSince == before) return;
        if (before != 0 && compromisedSince > before) {
            revert CompromiseMovedLater(agency, kid, before, compromisedSince);
        }
        key.compromisedSince = compromisedSince;
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(KeyRevoked.selector, abi.encode(agency, kid, compromisedSince));
        emit KeyRevoked(agency, kid, compromisedSince, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IKeys
    function keyOf(bytes32 agency, bytes32 kid) external view returns (Key memory) {
        return _knownKey(agency, kid);
    }

    function _knownKey(bytes32 agency, bytes32 kid) private view returns (Key storage key) {
        key = _keys[agency][kid];
        if (key.suite == 0) revert UnknownKey(agency, kid);
    }
}
