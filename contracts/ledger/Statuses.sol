// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batches} from "./Batches.sol";
import {IStatuses} from "./IStatuses.sol";

/// @dev See {IStatuses}.
abstract contract Statuses is Batches {
    uint8 private constant VALID = 0;
    uint8 private constant REVOKED = 1;
    uint8 private constant SUSPENDED = 2;
    uint8 private constant SUPERSEDED = 3;
    uint256 private constant MAX_SUCCESSORS = 256;

    mapping(bytes32 agency => mapping(uint256 wordIndex => uint256 word)) private _words;
    mapping(bytes32 agency => mapping(uint64 serial => bytes32)) private _successorsHashes;

    /// @inheritdoc IStatuses
    function suspend(bytes32 agency, uint64[] calldata serials) external {
        registry().checkStatusChange(msg.sender, agency);
        _change(agency, serials, VALID, VALID, SUSPENDED);
    }

    /// @inheritdoc IStatuses
    function reinstate(bytes32 agency, uint64[] calldata serials) external {
        registry().checkReinstatement(msg.sender, agency);
        _change(agency, serials, SUSPENDED, SUSPENDED, VALID);
    }

    /// @inheritdoc IStatuses
    function revoke(bytes32 agency, uint64[] calldata serials) external {
        registry().checkStatusChange(msg.sender, agency);
        _change(agency, serials, VALID, SUSPENDED, REVOKED);
    }

    /// @inheritdoc IStatuses
    function supersede(bytes32 agency, uint64 serial, uint64[] calldata successors) external {
        registry().checkStatusChange(msg.sender, agency);
        (uint256 wordIndex, uint256 shift) = _place(agency, serial);
        uint256 word = _words[agency][wordIndex];
        uint8 current = uint8((word >> shift) & 3);
        bytes32 hash = keccak256(abi.encode(successors));
        if (current == SUPERSEDED) {
            bytes32 recorded = _successorsHashes[agency][serial];
            if (recorded != hash) revert SupersededByOthers(agency, serial, recorded);
            return;
        }
        if (current != VALID) revert StatusConflict(agency, serial, current, SUPERSEDED);
        _checkSuccessors(agency, serial, successors);
        _words[agency][wordIndex] = word | (uint256(SUPERSEDED) << shift);
        _successorsHashes[agency][serial] = hash;
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(CertificateSuperseded.selector, abi.encode(agency, serial, successors));
        emit CertificateSuperseded(agency, serial, successors, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IStatuses
    function statusWord(bytes32 agency, uint256 wordIndex) external view returns (uint256) {
        return _words[agency][wordIndex];
    }

    /// @inheritdoc IStatuses
    function statusOf(bytes32 agency, uint64 serial) external view returns (uint8) {
        (uint256 wordIndex, uint256 shift) = _place(agency, serial);
        return uint8((_words[agency][wordIndex] >> shift) & 3);
    }

    /// @inheritdoc IStatuses
    function successorsHash(bytes32 agency, uint64 serial) external view returns (bytes32) {
        return _successorsHashes[agency][serial];
    }

    /// @dev Gives the serials status `to`. Passes over those that have it; reverts for those that have neither of the
    /// two statuses from which it can be reached. A word is read and written once for neighbouring serials.
    function _change(bytes32 agency, uint64[] calldata serials, uint8 from, uint8 orFrom, uint8 to) private {
        (uint64 first, uint64 next) = _usedBy(agency);
        mapping(uint256 wordIndex => uint256 word) storage words = _words[agency];
        uint64[] memory changed = new uint64[](serials.length);
        uint256 count = 0;
        uint256 wordIndex = type(uint256).max;
        uint256 before = 0;
        uint256 word = 0;
        for (uint256 i = 0; i < serials.length; ++i) {
            uint64 serial = serials[i];
            if (serial < first || serial >= next) revert UnknownSerial(agency, serial, first, next);
            if (serial / 128 != wordIndex) {
                if (word != before) words[wordIndex] = word;
                wordIndex = serial / 128;
                before = word = words[wordIndex];
            }
            uint256 shift = (serial % 128) * 2;
            uint8 current = uint8((word >> shift) & 3);
            if (current == to) continue;
            if (current != from && current != orFrom) revert StatusConflict(agency, serial, current, to);
            word ^= uint256(current ^ to) << shift;
            changed[count++] = serial;
        }
        if (count == 0) return;
        if (word != before) words[wordIndex] = word;
        _emitChanged(agency, to, changed, count);
    }

    function _emitChanged(bytes32 agency, uint8 status, uint64[] memory serials, uint256 count) private {
        if (count != serials.length) serials = _firstOf(serials, count);
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(StatusChanged.selector, abi.encode(agency, status, serials));
        emit StatusChanged(agency, status, serials, instance(), sequence_, time, head_);
    }

    function _checkSuccessors(bytes32 agency, uint64 serial, uint64[] calldata successors) private view {
        uint256 count = successors.length;
        if (count == 0 || count > MAX_SUCCESSORS) revert InvalidSuccessorCount(count);
        for (uint256 i = 0; i < count; ++i) {
            uint64 successor_ = successors[i];
            bool ascends = i == 0 || successor_ > successors[i - 1];
            if (!ascends || successor_ == serial) revert InvalidSuccessor(agency, serial, successor_);
            if (!isAnchored(agency, successor_)) revert SuccessorNotAnchored(agency, successor_);
        }
    }

    /// @dev Where the status of a used serial is.
    function _place(bytes32 agency, uint64 serial) private view returns (uint256 wordIndex, uint256 shift) {
        (uint64 first, uint64 next) = _usedBy(agency);
        if (serial < first || serial >= next) revert UnknownSerial(agency, serial, first, next);
        return (serial / 128, (serial % 128) * 2);
    }

    function _firstOf(uint64[] memory serials, uint256 count) private pure returns (uint64[] memory kept) {
        kept = new uint64[](count);
        for (uint256 i = 0; i < count; ++i) {
            kept[i] = serials[i];
        }
    }
}
