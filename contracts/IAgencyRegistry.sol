// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRunningHead} from "./IRunningHead.sol";
import {IAccreditations} from "./registry/IAccreditations.sol";
import {IAgencies} from "./registry/IAgencies.sol";
import {IKeys} from "./registry/IKeys.sol";
import {IOperators} from "./registry/IOperators.sol";

/// @title The registry: who may do what
/// @notice Roles, held in an AccessManager: the registrar registers and accredits agencies, the guardian may put an
/// agency in doubt and nothing else. An agency's own admin, held here, looks after its keys and operators.
interface IAgencyRegistry is IRunningHead, IAgencies, IAccreditations, IKeys, IOperators {
    /// @notice Whether `operator` may anchor certificates of that type for the agency now.
    function canAnchor(address operator, bytes32 agency, bytes32 certificateType) external view returns (bool);

    /// @notice Whether `operator` may suspend, revoke and supersede the agency's certificates now.
    function canChangeStatus(address operator, bytes32 agency) external view returns (bool);

    /// @notice Reverts with the reason if `operator` may not anchor certificates of that type for the agency now:
    /// {UnknownAgency}, {AgencyIsSuspended}, {NotAccredited} or {NotAnOperator}, in this order.
    function checkAnchor(address operator, bytes32 agency, bytes32 certificateType) external view;

    /// @notice Reverts with {NotAnOperator} if `operator` may not withdraw the agency's certificates now. An agency
    /// that is suspended or no longer accredited can always withdraw.
    function checkStatusChange(address operator, bytes32 agency) external view;

    /// @notice Reverts with the reason if `operator` may not make the agency's suspended certificates valid again:
    /// as {checkStatusChange}, and {AgencyIsSuspended}.
    function checkReinstatement(address operator, bytes32 agency) external view;
}
