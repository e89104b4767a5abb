// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICertificateLedger} from "../ICertificateLedger.sol";
import {Governed} from "../RunningHead.sol";

/// @title Succession: the ledger before this one, and the one after
abstract contract Succession is Governed, ICertificateLedger {
    address private immutable _predecessor;

    address private _successor;

    constructor(address predecessor_) {
        if (predecessor_ != address(0) && predecessor_.code.length == 0) revert InvalidContract(predecessor_);
        _predecessor = predecessor_;
    }

    /// @inheritdoc ICertificateLedger
    function retire(address successor_) external restricted {
        if (_successor == successor_ && successor_ != address(0)) return;
        _checkNotRetired();
        if (!_namesThisAsPredecessor(successor_)) revert NotASuccessor(successor_);
        _successor = successor_;
        (uint64 sequence_, uint64 time, bytes32 head_) = _advance(LedgerRetired.selector, abi.encode(successor_));
        emit LedgerRetired(successor_, instance(), sequence_, time, head_);
    }

    /// @inheritdoc ICertificateLedger
    function predecessor() external view returns (address) {
        return _predecessor;
    }

    /// @inheritdoc ICertificateLedger
    function successor() external view returns (address) {
        return _successor;
    }

    /// @dev Reverts if nothing can be anchored here any more.
    function _checkNotRetired() internal view {
        if (_successor != address(0)) revert RetiredInFavourOf(_successor);
    }

    /// @dev Reverts if the agencies could still anchor on the ledger before this one.
    function _checkPredecessorRetired() internal view {
        if (_predecessor != address(0) && ICertificateLedger(_predecessor).successor() != address(this)) {
            revert PredecessorNotRetired(_predecessor);
        }
    }

    /// @dev The agency's next serial on the ledgers before this one.
    function _inherited(bytes32 agency) internal view returns (uint64) {
        return _predecessor == address(0) ? 0 : ICertificateLedger(_predecessor).nextSerial(agency);
    }

    /// @dev Whether a ledger after this one has a batch with the serial.
    function _isAnchoredBySuccessor(bytes32 agency, uint64 serial) internal view returns (bool) {
        return _successor != address(0) && ICertificateLedger(_successor).isAnchored(agency, serial);
    }

    function _namesThisAsPredecessor(address account) private view returns (bool) {
        if (account.code.length == 0) return false;
        try ICertificateLedger(account).predecessor() returns (address named) {
            return named == address(this);
        } catch {
            return false;
        }
    }
}
