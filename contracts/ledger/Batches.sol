// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAgencyRegistry} from "../IAgencyRegistry.sol";
import {ICertificateLedger} from "../ICertificateLedger.sol";
import {typeTag} from "../typeTag.sol";
import {IBatches} from "./IBatches.sol";
import {Serials} from "./Serials.sol";

/// @dev See {IBatches}.
abstract contract Batches is Serials {
    uint32 private constant MAX_COUNT = 2 ** 20;

    /// @dev Two slots. The key of the mapping has the rest.
    struct Packed {
        bytes32 root;
        bytes16 tag;
        uint32 count;
        uint16 suite;
        uint40 time;
        uint40 sequence;
    }

    IAgencyRegistry private immutable _registry;

    mapping(bytes32 agency => mapping(uint64 firstSerial => Packed)) private _batches;

    constructor(IAgencyRegistry registry_) {
        if (address(registry_).code.length == 0) revert InvalidContract(address(registry_));
        _registry = registry_;
    }

    /// @inheritdoc IBatches
    function anchor(
        bytes32 agency,
        bytes32 certificateType,
        uint16 suite,
        bytes32 root,
        uint64 firstSerial,
        uint32 count
    ) external returns (uint64 sequence_) {
        Packed memory batch = _batches[agency][firstSerial];
        bytes16 tag = typeTag(certificateType);
        if (batch.count != 0) {
            if (batch.root == root && batch.tag == tag && batch.count == count && batch.suite == suite) {
                return batch.sequence;
            }
            revert SerialsTaken(agency, firstSerial, nextSerial(agency));
        }
        _checkNotRetired();
        if (suite == 0) revert InvalidSuite(suite);
        if (root == 0) revert InvalidRoot(root);
        if (count == 0 || count > MAX_COUNT) revert InvalidCount(count);
        _registry.checkAnchor(msg.sender, agency, certificateType);
        _take(agency, firstSerial, count);
        uint64 time;
        bytes32 head_;
        (sequence_, time, head_) = _advance(
            BatchAnchored.selector, abi.encode(agency, certificateType, suite, root, firstSerial, count)
        );
        _batches[agency][firstSerial] = Packed({
            root: root,
            tag: tag,
            count: count,
            suite: suite,
            time: uint40(time),
            sequence: uint40(sequence_)
        });
        emit BatchAnchored(
            agency, certificateType, suite, root, firstSerial, count, instance(), sequence_, time, head_
        );
    }

    /// @inheritdoc ICertificateLedger
    function registry() public view returns (IAgencyRegistry) {
        return _registry;
    }

    /// @inheritdoc IBatches
    function batchAt(bytes32 agency, uint64 firstSerial) external view returns (Batch memory) {
        Packed memory batch = _batches[agency][firstSerial];
        if (batch.count == 0) revert UnknownBatch(agency, firstSerial);
        return Batch({
            certificateType: _registry.certificateTypeOf(batch.tag),
            suite: batch.suite,
            root: batch.root,
            firstSerial: firstSerial,
            count: batch.count,
            time: batch.time,
            sequence: batch.sequence
        });
    }
}
