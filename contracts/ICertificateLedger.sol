// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAgencyRegistry} from "./IAgencyRegistry.sol";
import {IRunningHead} from "./IRunningHead.sol";
import {IBatches} from "./ledger/IBatches.sol";
import {IStatuses} from "./ledger/IStatuses.sol";

/// @title The ledger: what is true
/// @notice It cannot be changed. It can be retired in favour of a successor, which goes on with the agencies' serials;
/// statuses of its certificates can be changed for ever after.
interface ICertificateLedger is IRunningHead, IBatches, IStatuses {
    /// @notice Nothing is anchored here any more, but on `successor`.
    event LedgerRetired(address successor, bytes32 instance, uint64 sequence, uint64 time, bytes32 head);

    /// @notice Nothing can be anchored here any more, and no other successor can be named.
    error RetiredInFavourOf(address successor);
    /// @notice Not a ledger that names this one as its predecessor.
    error NotASuccessor(address successor);
    /// @notice Not a contract.
    error InvalidContract(address account);

    /// @notice Retire this ledger; the same successor again is harmless. Administrator of the AccessManager.
    function retire(address successor) external;

    /// @notice The registry that this ledger asks who may do what.
    function registry() external view returns (IAgencyRegistry);

    /// @notice The ledger before this one, or zero.
    function predecessor() external view returns (address);

    /// @notice The ledger after this one, or zero.
    function successor() external view returns (address);
}
