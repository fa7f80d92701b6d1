// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Shares of a split order and the undertaking behind it, as stored.
///
/// split        the order's face before the split 56 | shares 8 | supplier 32, once another holds the order
/// undertaking  cash left 56 | the guarantor's claim 56 | expiry 32 | guarantor 32
///
/// Share number i has the order's id with i in its low byte. It is kept in sums and terms of its own, laid out as an
/// order's: face, reduced, paid and settlements; buyer, holder and what was signed. The rest is the whole order's.
library ShareWords {
    uint256 internal constant MOST = 8;
    /// @dev So many are paid in the settlement itself, the others' money is set aside.
    uint256 internal constant AT_ONCE = 4;
    uint256 private constant NUMBER = 0xFF;

    function packSplit(uint256 whole, uint256 count, uint256 supplier) internal pure returns (uint256) {
        return whole | count << 56 | supplier << 64;
    }

    function wholeOf(uint256 split) internal pure returns (uint256) {
        return uint56(split);
    }

    function countOf(uint256 split) internal pure returns (uint256) {
        return uint8(split >> 56);
    }

    function supplierOf(uint256 split) internal pure returns (uint256) {
        return uint32(split >> 64);
    }

    function numberOf(uint256 id) internal pure returns (uint256) {
        return id & NUMBER;
    }

    function orderOf(uint256 id) internal pure returns (uint256) {
        return id & ~NUMBER;
    }

    function packUndertaking(uint256 left, uint256 claim, uint256 expiry, uint256 guarantor)
        internal
        pure
        returns (uint256)
    {
        return left | claim << 56 | expiry << 112 | guarantor << 144;
    }

    function unpackUndertaking(uint256 word)
        internal
        pure
        returns (uint256 left, uint256 claim, uint256 expiry, uint256 guarantor)
    {
        return (uint56(word), uint56(word >> 56), uint32(word >> 112), uint32(word >> 144));
    }

    /// @return the ledger's account that holds the undertaking's cash
    function accountOf(uint256 order) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("undertaking", order)));
    }
}
