// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The one form of an order's number, so that no re-formatting makes a second order of it (P01).
library OrderNumber {
    // One bit a character code: 0-9 are 48..57, A-Z are 65..90.
    uint256 private constant ALLOWED = (0x3FF << 48) | (0x3FFFFFF << 65);

    /// @return whether `number` is 1..32 of A-Z 0-9 without a leading zero
    function isCanonical(string calldata number) internal pure returns (bool) {
        uint256 length = bytes(number).length;
        if (length == 0 || length > 32) return false;
        uint256 text;
        assembly {
            text := calldataload(number.offset)
        }
        if (text >> 248 == 0x30) return false;
        // The window moves over the characters; what lies behind the string is never looked at.
        uint256 end = 256 - 8 * length;
        for (uint256 shift = 248;; shift -= 8) {
            if ((ALLOWED >> ((text >> shift) & 0xFF)) & 1 == 0) return false;
            if (shift == end) return true;
        }
        return false;
    }
}
