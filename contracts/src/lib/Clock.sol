// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice Block time as the suite's words keep it: 32 bits.
library Clock {
    uint256 internal constant LAST = type(uint32).max;

    /// @return block time, at most what its field holds: from 2106 on interest stands still rather than count twice
    function time() internal view returns (uint256) {
        return block.timestamp < LAST ? block.timestamp : LAST;
    }
}
