// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Parametric payout between attach and exhaust. Twin: settlement/payout.py. Holds: I-23.
library Payout {
    /// @return payout nothing below attach, the sum at exhaust and above, linear between, rounded down
    /// (the remainder stays with the pool)
    function linear(uint256 sum, uint256 index, uint256 attach, uint256 exhaust) internal pure returns (uint256 payout) {
        if (index < attach) return 0;
        if (index >= exhaust) return sum;
        return sum * (index - attach) / (exhaust - attach);
    }
}
