// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAgencyRegistry} from "./IAgencyRegistry.sol";
import {ICertificateLedger} from "./ICertificateLedger.sol";
import {Batches} from "./ledger/Batches.sol";
import {Statuses} from "./ledger/Statuses.sol";
import {Succession} from "./ledger/Succession.sol";

/// @dev See {ICertificateLedger}.
contract CertificateLedger is Statuses {
    /// @param authority The AccessManager whose administrator may retire this ledger.
    /// @param registry_ Says who may do what.
    /// @param predecessor_ The ledger before this one, or zero.
    constructor(address authority, IAgencyRegistry registry_, address predecessor_)
        AccessManaged(authority)
        Succession(predecessor_)
        Batches(registry_)
    {}

    /// @inheritdoc ICertificateLedger
    function registry() external view returns (address) {
        return address(_registry);
    }
}
