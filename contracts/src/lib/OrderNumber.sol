// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The one form of an order's number, so that no re-formatting makes a second order of it (P01).
library OrderNumber {
    // One byte repeated; all 32 characters are tested at once.
    uint256 private constant EACH = type(uint256).max / 0xFF;
    uint256 private constant TOP = EACH * 0x80;

    /// @return whether `number` is 1..32 of A-Z 0-9 without a leading zero
    function isCanonical(string calldata number) internal pure returns (bool) {
        uint256 length = bytes(number).length;
        if (length == 0 || length > 32) return false;
        uint256 text;
        assembly {
            text := calldataload(number.offset)
        }
        if (text >> 248 == 0x30) return false;
        unchecked {
            // Below 0x80 no sum carries into the next character: its top bit says "at least 0, :, A, [".
            uint256 seven = text & ~TOP;
            uint256 isDigit = (seven + EACH * (0x80 - 0x30)) & ~(seven + EACH * (0x80 - 0x3A));
            uint256 isLetter = (seven + EACH * (0x80 - 0x41)) & ~(seven + EACH * (0x80 - 0x5B));
            uint256 isFine = (isDigit | isLetter) & ~text & TOP;
            // What lies behind the string is shifted out.
            return isFine >> (256 - 8 * length) == TOP >> (256 - 8 * length);
        }
    }
}
