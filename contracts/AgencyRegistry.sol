// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAgencyRegistry} from "./IAgencyRegistry.sol";
import {Accreditations} from "./registry/Accreditations.sol";
import {Agencies} from "./registry/Agencies.sol";
import {Keys} from "./registry/Keys.sol";
import {Operators} from "./registry/Operators.sol";

/// @dev See {IAgencyRegistry}.
contract AgencyRegistry is Accreditations, Keys, Operators, IAgencyRegistry {
    /// @param authority The AccessManager that holds the roles.
    /// @param adminDelay Seconds until what an agency's admin adds becomes active.
    constructor(address authority, uint32 adminDelay) Agencies(adminDelay) AccessManaged(authority) {}

    /// @inheritdoc IAgencyRegistry
    function canAnchor(address operator, bytes32 agency, bytes32 certificateType) external view returns (bool) {
        return _may(agency, operator, ANCHOR) && isAccredited(agency, certificateType) && !_known(agency).suspended;
    }

    /// @inheritdoc IAgencyRegistry
    function canChangeStatus(address operator, bytes32 agency) external view returns (bool) {
        return _may(agency, operator, STATUS);
    }

    /// @inheritdoc IAgencyRegistry
    function checkAnchor(address operator, bytes32 agency, bytes32 certificateType) external view {
        _checkNotSuspended(agency);
        if (!isAccredited(agency, certificateType)) revert NotAccredited(agency, certificateType);
        _checkOperator(agency, operator, ANCHOR);
    }

    /// @inheritdoc IAgencyRegistry
    function checkStatusChange(address operator, bytes32 agency) external view {
        _checkOperator(agency, operator, STATUS);
    }

    /// @inheritdoc IAgencyRegistry
    function checkReinstatement(address operator, bytes32 agency) external view {
        _checkOperator(agency, operator, STATUS);
        _checkNotSuspended(agency);
    }

    function _checkNotSuspended(bytes32 agency) private view {
        if (_known(agency).suspended) revert AgencyIsSuspended(agency);
    }
}
