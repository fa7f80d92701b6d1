// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Shares of a pool against its capital. Twin: settlement/pool_shares.py. Holds: I-27.
///
/// The price counts VIRTUAL shares and one unit of capital that nobody owns: whoever is alone in a pool and pays into
/// it without shares in return gives as much to them as to itself, so the next one's shares are never rounded to
/// nothing (P28).
library PoolShares {
    uint256 internal constant VIRTUAL = 1e6;

    /// @return shares for `amount`, rounded down: the price of the others never falls
    function forAmountDown(uint256 amount, uint256 capital, uint256 total) internal pure returns (uint256 shares) {
        return amount * (total + VIRTUAL) / (capital + 1);
    }

    /// @return amount for `shares`, rounded down: the price of the others never falls
    function worthDown(uint256 shares, uint256 capital, uint256 total) internal pure returns (uint256 amount) {
        return shares * (capital + 1) / (total + VIRTUAL);
    }
}
