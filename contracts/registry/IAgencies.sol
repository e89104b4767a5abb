// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Agencies: who they are, who administers them, whether they may issue
/// @notice An agency is named by its code: 1 to 32 characters of `A-Z 0-9 -`, left-aligned and padded with zeros.
interface IAgencies {
    /// @notice An agency was registered. `admin` administers it at once.
    event AgencyRegistered(
        bytes32 indexed agency,
        string name,
        address admin,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );
    /// @notice From `activeFrom` on `admin` administers the agency, and whoever did before no longer does.
    event AgencyAdminSet(
        bytes32 indexed agency,
        address admin,
        uint64 activeFrom,
        bytes32 instance,
        uint64 sequence,
        uint64 time,
        bytes32 head
    );
    /// @notice The agency may not anchor or reinstate from now on. It can still withdraw.
    event AgencySuspended(bytes32 indexed agency, bytes32 instance, uint64 sequence, uint64 time, bytes32 head);
    /// @notice The agency is no longer suspended.
    event AgencyReinstated(bytes32 indexed agency, bytes32 instance, uint64 sequence, uint64 time, bytes32 head);
    /// @notice The agency's batches from `doubtSince` on are in doubt. It replaces an earlier `doubtSince`.
    event AgencyDoubted(
        bytes32 indexed agency, uint64 doubtSince, bytes32 instance, uint64 sequence, uint64 time, bytes32 head
    );
    /// @notice None of the agency's batches is in doubt any more.
    event DoubtLifted(bytes32 indexed agency, bytes32 instance, uint64 sequence, uint64 time, bytes32 head);

    /// @notice No such agency is registered.
    error UnknownAgency(bytes32 agency);
    /// @notice The agency is there already.
    error AgencyAlreadyRegistered(bytes32 agency);
    /// @notice Not an agency code, left-aligned and padded with zeros.
    error InvalidAgencyCode(bytes32 agency);
    /// @notice A name has 1 to 256 bytes; this one has `length`.
    error InvalidNameLength(uint256 length);
    /// @notice An account that nobody has.
    error InvalidAccount(address account);
    /// @notice The caller does not administer the agency.
    error NotAgencyAdmin(bytes32 agency, address caller);
    /// @notice The agency is suspended.
    error AgencyIsSuspended(bytes32 agency);
    /// @notice The agency cannot be reinstated before the doubt is lifted.
    error AgencyInDoubt(bytes32 agency, uint64 doubtSince);
    /// @notice Doubt only ever moves earlier, until it is lifted.
    error DoubtMovedLater(bytes32 agency, uint64 doubtSince, uint64 requested);
    /// @notice `time` is zero or later than now.
    error InvalidTime(uint64 time, uint64 now_);
    /// @notice A period that is empty or over.
    error InvalidPeriod(uint64 from, uint64 until);

    /// @notice What the registry knows of an agency.
    /// @param name Its name, as it stands in law.
    /// @param admin Who administers it now.
    /// @param nextAdmin Who will, or zero.
    /// @param nextAdminFrom From when on, or zero.
    /// @param registeredAt When it was registered.
    /// @param suspended Whether it may not anchor.
    /// @param doubtSince From when on its batches are in doubt, or zero.
    struct Agency {
        string name;
        address admin;
        address nextAdmin;
        uint64 nextAdminFrom;
        uint64 registeredAt;
        bool suspended;
        uint64 doubtSince;
    }

    /// @notice Register an agency. Registrar.
    function registerAgency(bytes32 agency, string calldata name, address admin) external;

    /// @notice Give an agency another admin, {adminDelay} seconds from now. Registrar.
    function setAgencyAdmin(bytes32 agency, address admin) external;

    /// @notice Suspend an agency; harmless when it is suspended. Registrar.
    function suspendAgency(bytes32 agency) external;

    /// @notice End a suspension; harmless when there is none. Reverts while there is doubt. Registrar.
    function reinstateAgency(bytes32 agency) external;

    /// @notice Suspend an agency and put its batches from `doubtSince` on in doubt. The same time
    /// again is harmless, an earlier one replaces it, a later one reverts. Guardian.
    function doubtAgency(bytes32 agency, uint64 doubtSince) external;

    /// @notice Lift the doubt; harmless when there is none. The agency stays suspended. Registrar.
    function liftDoubt(bytes32 agency) external;

    /// @notice Seconds until keys and operators that an agency's admin adds, and another admin, become active.
    function adminDelay() external view returns (uint32);

    /// @notice What is known of an agency. Reverts if it is not registered.
    function agencyOf(bytes32 agency) external view returns (Agency memory);
}
