// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../RunningHead.sol";
import {IAgencies} from "./IAgencies.sol";

/// @dev See {IAgencies}.
abstract contract Agencies is Governed, IAgencies {
    uint256 private constant MAX_NAME_LENGTH = 256;

    uint32 private immutable _adminDelay;

    mapping(bytes32 agency => Agency) private _agencies;

    constructor(uint32 adminDelay_) {
        _adminDelay = adminDelay_;
    }

    /// @dev Lets only the agency's admin through.
    modifier onlyAdmin(bytes32 agency) {
        if (msg.sender != _adminOf(_known(agency))) revert NotAgencyAdmin(agency, msg.sender);
        _;
    }

    /// @inheritdoc IAgencies
    function registerAgency(bytes32 agency, string calldata name, address admin) external restricted {
        _checkCode(agency);
        uint256 length = bytes(name).length;
        if (length == 0 || length > MAX_NAME_LENGTH) revert InvalidNameLength(length);
        if (admin == address(0)) revert InvalidAccount(admin);
        Agency storage record = _agencies[agency];
        if (record.registeredAt != 0) revert AgencyAlreadyRegistered(agency);
        record.name = name;
        record.admin = admin;
        record.registeredAt = uint64(block.timestamp);
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(AgencyRegistered.selector, abi.encode(agency, name, admin));
        emit AgencyRegistered(agency, name, admin, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IAgencies
    function setAgencyAdmin(bytes32 agency, address admin) external restricted {
        Agency storage record = _known(agency);
        if (admin == address(0)) revert InvalidAccount(admin);
        record.admin = _adminOf(record);
        record.nextAdmin = admin;
        uint64 activeFrom = _afterDelay();
        record.nextAdminFrom = activeFrom;
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(AgencyAdminSet.selector, abi.encode(agency, admin, activeFrom));
        emit AgencyAdminSet(agency, admin, activeFrom, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IAgencies
    function suspendAgency(bytes32 agency) external restricted {
        _suspend(agency, _known(agency));
    }

    /// @inheritdoc IAgencies
    function reinstateAgency(bytes32 agency) external restricted {
        Agency storage record = _known(agency);
        if (record.doubtSince != 0) revert AgencyInDoubt(agency, record.doubtSince);
        if (!record.suspended) return;
        record.suspended = false;
        (uint64 sequence_, uint64 time, bytes32 head_) = _advance(AgencyReinstated.selector, abi.encode(agency));
        emit AgencyReinstated(agency, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IAgencies
    function doubtAgency(bytes32 agency, uint64 doubtSince) external restricted {
        Agency storage record = _known(agency);
        _checkPast(doubtSince);
        uint64 before = record.doubtSince;
        if (before != 0 && doubtSince > before) revert DoubtMovedLater(agency, before, doubtSince);
        _suspend(agency, record);
        if (doubtSince == before) return;
        record.doubtSince = doubtSince;
        (uint64 sequence_, uint64 time, bytes32 head_) =
            _advance(AgencyDoubted.selector, abi.encode(agency, doubtSince));
        emit AgencyDoubted(agency, doubtSince, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IAgencies
    function liftDoubt(bytes32 agency) external restricted {
        Agency storage record = _known(agency);
        if (record.doubtSince == 0) return;
        record.doubtSince = 0;
        (uint64 sequence_, uint64 time, bytes32 head_) = _advance(DoubtLifted.selector, abi.encode(agency));
        emit DoubtLifted(agency, instance(), sequence_, time, head_);
    }

    /// @inheritdoc IAgencies
    function adminDelay() external view returns (uint32) {
        return _adminDelay;
    }

    /// @inheritdoc IAgencies
    function agencyOf(bytes32 agency) external view returns (Agency memory record) {
        record = _known(agency);
        if (_isActive(record.nextAdminFrom)) {
            (record.admin, record.nextAdmin, record.nextAdminFrom) = (record.nextAdmin, address(0), 0);
        }
    }

    /// @dev The record of a registered agency; reverts for any other.
    function _known(bytes32 agency) internal view returns (Agency storage record) {
        record = _agencies[agency];
        if (record.registeredAt == 0) revert UnknownAgency(agency);
    }

    /// @dev When that which is added now becomes active.
    function _afterDelay() internal view returns (uint64) {
        return uint64(block.timestamp) + _adminDelay;
    }

    /// @dev Whether something that becomes active at `from`, zero for never, is so by now.
    function _isActive(uint64 from) internal view returns (bool) {
        return from != 0 && from <= block.timestamp;
    }

    /// @dev Refuses a time that is none or not yet.
    function _checkPast(uint64 time) internal view {
        if (!_isActive(time)) revert InvalidTime(time, uint64(block.timestamp));
    }

    function _adminOf(Agency storage record) private view returns (address) {
        return _isActive(record.nextAdminFrom) ? record.nextAdmin : record.admin;
    }

    function _suspend(bytes32 agency, Agency storage record) private {
        if (record.suspended) return;
        record.suspended = true;
        (uint64 sequence_, uint64 time, bytes32 head_) = _advance(AgencySuspended.selector, abi.encode(agency));
        emit AgencySuspended(agency, instance(), sequence_, time, head_);
    }

    /// @dev Characters first, at least one; then zeros only.
    function _checkCode(bytes32 agency) private pure {
        bool ended = agency[0] == 0;
        if (ended) revert InvalidAgencyCode(agency);
        for (uint256 i = 0; i < 32; ++i) {
            bytes1 c = agency[i];
            bool allowed = c == "-" || (c >= "0" && c <= "9") || (c >= "A" && c <= "Z");
            if (c == 0) ended = true;
            else if (ended || !allowed) revert InvalidAgencyCode(agency);
        }
    }
}
