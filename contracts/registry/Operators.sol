// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Agencies} from "./Agencies.sol";
import {IOperators} from "./IOperators.sol";

/// @dev See {IOperators}. One slot holds what is active and what comes next, so that renewing a right does not
/// interrupt it and asking for one costs a single read.
abstract contract Operators is Agencies, IOperators {
    uint8 internal constant ANCHOR = 1;
    uint8 internal constant STATUS = 2;

    mapping(bytes32 agency => mapping(address operator => Operator)) private _operators;

    /// @inheritdoc IOperators
    function setOperator(bytes32 agency, address operator, uint8 purposes, uint64 validUntil)
        external
        onlyAdmin(agency)
    {
        if (operator == address(0)) revert InvalidAccount(operator);
        if (purposes == 0 || purposes > (ANCHOR | STATUS)) revert InvalidPurposes(purposes);
        uint64 activeFrom = _afterDelay();
        if (validUntil <= activeFrom) revert InvalidPeriod(activeFrom, validUntil);
        Operator memory record = operatorOf(agency, operator);
        (record.nextPurposes, record.nextFrom, record.nextValidUntil) = (purposes, activeFrom, validUntil);
        _operators[agency][operator] = record;
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(OperatorSet.selector, abi.encode(agency, operator, purposes, activeFrom, validUntil));
        emit OperatorSet(agency, operator, purposes, activeFrom, validUntil, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IOperators
    function removeOperator(bytes32 agency, address operator) external onlyAdmin(agency) {
        Operator storage record = _operators[agency][operator];
        if (record.purposes == 0 && record.nextPurposes == 0) return;
        delete _operators[agency][operator];
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(OperatorRemoved.selector, abi.encode(agency, operator));
        emit OperatorRemoved(agency, operator, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IOperators
    function operatorOf(bytes32 agency, address operator) public view returns (Operator memory record) {
        record = _operators[agency][operator];
        if (_isActive(record.nextFrom)) {
            record = Operator({
                purposes: record.nextPurposes,
                validUntil: record.nextValidUntil,
                nextPurposes: 0,
                nextFrom: 0,
                nextValidUntil: 0
            });
        }
    }

    /// @dev Whether the operator may do this for the agency now.
    function _may(bytes32 agency, address operator, uint8 purpose) internal view returns (bool) {
        Operator memory record = operatorOf(agency, operator);
        return record.purposes & purpose != 0 && block.timestamp < record.validUntil;
    }

    /// @dev Reverts if it may not.
    function _checkOperator(bytes32 agency, address operator, uint8 purpose) internal view {
        if (!_may(agency, operator, purpose)) revert NotAnOperator(agency, operator, purpose);
    }
}
