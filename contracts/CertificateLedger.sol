// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAgencyRegistry} from "./IAgencyRegistry.sol";
import {Batches} from "./ledger/Batches.sol";
import {Statuses} from "./ledger/Statuses.sol";
import {Succession} from "./ledger/Succession.sol";

/// @dev See {ICertificateLedger}. Built in layers: {Succession}, {Serials}, {Batches}, {Statuses}.
contract CertificateLedger is Statuses {
    /// @param authority The AccessManager whose administrator may retire this ledger.
    /// @param registry Says who may do what.
    /// @param predecessor The ledger before this one, or zero.
    constructor(address authority, IAgencyRegistry registry, address predecessor)
        AccessManaged(authority)
        Succession(predecessor)
        Batches(registry)
    {}
}
