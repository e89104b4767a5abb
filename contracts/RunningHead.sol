// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IRunningHead} from "./IRunningHead.sol";

/// @title The numbering and chaining of events
/// @dev The number stands in the head itself, so that an event costs one write and not two. Its constructor must run
/// before any other that emits an event; so it stands first among the bases.
abstract contract RunningHead is IRunningHead {
    bytes32 private immutable _instance;

    bytes32 private _head;

    constructor() {
        _instance = _numbered(keccak256(abi.encode(block.chainid, address(this), blockhash(block.number - 1))), 0);
        _head = _instance;
    }

    /// @inheritdoc IRunningHead
    function instance() public view returns (bytes32) {
        return _instance;
    }

    /// @inheritdoc IRunningHead
    function sequence() external view returns (uint64) {
        return _sequenceOf(_head);
    }

    /// @inheritdoc IRunningHead
    function head() external view returns (bytes32) {
        return _head;
    }

    /// @dev Gives the next event its number and moves the head.
    /// @param topic The event's first topic.
    /// @param fields `abi.encode` of its parameters before `instance`.
    /// @return newSequence The event's `sequence`.
    /// @return time The event's `time`.
    /// @return newHead The event's `head`.
    function _advance(bytes32 topic, bytes memory fields)
        internal
        returns (uint64 newSequence, uint64 time, bytes32 newHead)
    {
        bytes32 before = _head;
        newSequence = _sequenceOf(before) + 1;
        time = uint64(block.timestamp);
        newHead = _numbered(keccak256(abi.encode(before, newSequence, time, topic, keccak256(fields))), newSequence);
        _head = newHead;
    }

    function _numbered(bytes32 hash, uint64 number) private pure returns (bytes32) {
        return bytes32(uint256(hash) & ~uint256(type(uint40).max) | number);
    }

    function _sequenceOf(bytes32 numberedHead) private pure returns (uint64) {
        return uint40(uint256(numberedHead));
    }
}

/// @title A contract that takes orders from an AccessManager, and says in its chain of events from which
abstract contract Governed is RunningHead, AccessManaged {
    /// @inheritdoc AccessManaged
    function _setAuthority(address newAuthority) internal override {
        super._setAuthority(newAuthority);
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(AuthorityChanged.selector, abi.encode(newAuthority));
        emit AuthorityChanged(newAuthority, instance(), sequence_, time, head_);
    }
}
