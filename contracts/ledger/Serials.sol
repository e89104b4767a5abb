// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IBatches} from "./IBatches.sol";
import {Succession} from "./Succession.sol";

/// @title Serials: which an agency has used, and which of them it left out
/// @dev Left-out serials are kept as a list of gaps, ascending, so that any serial can be looked up.
abstract contract Serials is Succession {
    uint64 private constant MAX_GAP = 2 ** 20;
    uint64 private constant SERIAL_LIMIT = 2 ** 53;

    /// @dev `first` is where the agency began here, `next` its next serial.
    struct Used {
        uint64 first;
        uint64 next;
        uint32 gaps;
        bool begun;
    }

    /// @dev Serials `from` to `to - 1` were left out.
    struct Gap {
        uint64 from;
        uint64 to;
    }

    mapping(bytes32 agency => Used) private _used;
    mapping(bytes32 agency => mapping(uint256 index => Gap)) private _gaps;

    /// @inheritdoc IBatches
    function nextSerial(bytes32 agency) public view returns (uint64) {
        Used storage used = _used[agency];
        return used.begun ? used.next : _inherited(agency);
    }

    /// @inheritdoc IBatches
    function isAnchored(bytes32 agency, uint64 serial) public view returns (bool) {
        Used memory used = _used[agency];
        if (serial >= used.next) return _isAnchoredBySuccessor(agency, serial);
        return serial >= used.first && !_isInGap(agency, serial, used.gaps);
    }

    /// @dev Takes the next serials of an agency. Reverts if they are taken or too far ahead.
    function _take(bytes32 agency, uint64 firstSerial, uint32 count) internal {
        Used memory used = _used[agency];
        if (!used.begun) {
            _checkPredecessorRetired();
            used.first = used.next = _inherited(agency);
            used.begun = true;
        }
        if (firstSerial < used.next) revert SerialsTaken(agency, firstSerial, used.next);
        if (firstSerial - used.next > MAX_GAP) revert GapTooLarge(agency, firstSerial, used.next);
        if (firstSerial + count > SERIAL_LIMIT) revert SerialOutOfRange(firstSerial, count);
        if (firstSerial > used.next) _gaps[agency][used.gaps++] = Gap({from: used.next, to: firstSerial});
        used.next = firstSerial + count;
        _used[agency] = used;
    }

    /// @dev The agency's serials here: from `first`, before `next`.
    function _usedBy(bytes32 agency) internal view returns (uint64 first, uint64 next) {
        Used storage used = _used[agency];
        return (used.first, used.next);
    }

    /// @dev Looks in the last gap that begins at or before the serial.
    function _isInGap(bytes32 agency, uint64 serial, uint256 gaps) private view returns (bool) {
        uint256 low = 0;
        uint256 high = gaps;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (_gaps[agency][middle].from <= serial) low = middle + 1;
            else high = middle;
        }
        return low != 0 && serial < _gaps[agency][low - 1].to;
    }
}
