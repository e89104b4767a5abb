// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {typeTag} from "../typeTag.sol";
import {Agencies} from "./Agencies.sol";
import {IAccreditations} from "./IAccreditations.sol";

/// @dev See {IAccreditations}.
abstract contract Accreditations is Agencies, IAccreditations {
    mapping(bytes32 agency => mapping(bytes32 certificateType => Accreditation)) private _accreditations;
    mapping(bytes16 tag => bytes32 certificateType) private _types;

    /// @inheritdoc IAccreditations
    function accredit(bytes32 agency, bytes32 certificateType, uint64 from, uint64 until) external restricted {
        _known(agency);
        if (from >= until || until <= block.timestamp) revert InvalidPeriod(from, until);
        bytes16 tag = typeTag(certificateType);
        bytes32 tagged = _types[tag];
        if (certificateType == 0 || (tagged != 0 && tagged != certificateType)) {
            revert InvalidCertificateType(certificateType);
        }
        _types[tag] = certificateType;
        _accreditations[agency][certificateType] = Accreditation({from: from, until: until});
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(AgencyAccredited.selector, abi.encode(agency, certificateType, from, until));
        emit AgencyAccredited(agency, certificateType, from, until, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IAccreditations
    function endAccreditation(bytes32 agency, bytes32 certificateType) external restricted {
        _known(agency);
        Accreditation storage accreditation = _accreditations[agency][certificateType];
        if (accreditation.until <= block.timestamp) return;
        accreditation.until = uint64(block.timestamp);
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(AccreditationEnded.selector, abi.encode(agency, certificateType));
        emit AccreditationEnded(agency, certificateType, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IAccreditations
    function accreditationOf(bytes32 agency, bytes32 certificateType) external view returns (Accreditation memory) {
        return _accreditations[agency][certificateType];
    }

    /// @inheritdoc IAccreditations
    function isAccredited(bytes32 agency, bytes32 certificateType) public view returns (bool) {
        Accreditation storage accreditation = _accreditations[agency][certificateType];
        return accreditation.from <= block.timestamp && block.timestamp < accreditation.until;
    }

    /// @inheritdoc IAccreditations
    function certificateTypeOf(bytes16 tag) external view returns (bytes32 certificateType) {
        certificateType = _types[tag];
        if (certificateType == 0) revert UnknownTypeTag(tag);
    }
}
