// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The short name under which a batch remembers its certificate type, so that a batch fits in two slots.
/// @dev The registry gives no two types the same tag, and finds the type of a tag.
function typeTag(bytes32 certificateType) pure returns (bytes16) {
    return bytes16(keccak256(abi.encode(certificateType)));
}
